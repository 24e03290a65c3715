#include "key_search.h"

#include <algorithm>

#include "record_keys.h"

namespace millrace {

Status KeySearch::Next(ReadMode mode, int64_t* position) {
  // Parts of what is looked through may overlap; positions only ever fall.
  do {
    Status status = NextOfAny(mode, position);
    if (!status.ok()) return status;
  } while (*position >= last_);
  if (*position >= 0) last_ = *position;
  return Status::Ok();
}

Status KeySearch::NextOfAny(ReadMode mode, int64_t* position) {
  if (stage_ == Stage::kPending) {
    if (next_pending_ < snapshot_.pending.size()) {
      *position = snapshot_.pending[next_pending_++];
      return Status::Ok();
    }
    Status status = ReadLog(snapshot_.gap_from, snapshot_.gap_to, mode);
    if (!status.ok()) return status;
    stage_ = Stage::kGap;
  }
  if (!read_.empty()) {
    *position = read_.back();
    read_.pop_back();
    return Status::Ok();
  }
  stage_ = Stage::kFiles;
  return NextOfFiles(mode, position);
}

bool KeySearch::NextFile() {
  chain_ = {};
  if (!active_done_) {
    active_done_ = true;
    file_ = snapshot_.active;
    if (file_) named_ = {snapshot_.active_name, {file_->header(), 0}};
    if (file_) return true;
  }
  if (next_file_ == 0) return false;
  named_ = (*snapshot_.files)[--next_file_];
  file_.reset();
  return true;
}

Status KeySearch::NextOfFiles(ReadMode mode, int64_t* position) {
  for (;;) {
    *position = -1;
    if (named_.name.empty() && !NextFile()) return Status::Ok();
    const IndexHeader& header = named_.proof.header;
    const bool overlaps = header.begin_timestamp <= query_.window.end && header.end_timestamp >= query_.window.begin;
    Status status;
    if (overlaps && !file_) status = pool_.Acquire(named_, snapshot_.shape, snapshot_.epoch, &file_);
    if (overlaps && status.ok()) status = file_->Find(hash_, query_.window, mode, &chain_, position);
    if (status.code() == Code::kCorruption || status.code() == Code::kNotFound) {
      status = ReadInstead(mode);
      named_ = {};
      if (!status.ok() || !read_.empty()) {
        *position = read_.empty() ? -1 : read_.back();
        if (!read_.empty()) read_.pop_back();
        return status;
      }
      continue;
    }
    if (!status.ok()) return status;
    if (*position >= snapshot_.below) continue;
    if (*position >= 0) return status;
    named_ = {};
  }
}

Status KeySearch::ReadInstead(ReadMode mode) {
  damaged_.push_back(named_.name);
  const int64_t from = next_file_ == 0 ? 0 : (*snapshot_.files)[next_file_ - 1].proof.header.end_position;
  // What the record says of the file is right even if the file is not.
  return ReadLog(from, std::min(last_, named_.proof.header.end_position + 1), mode);
}

Status KeySearch::ReadLog(int64_t from, int64_t to, ReadMode mode) {
  from = std::max(from, log_.empty() ? 0 : log_.first());
  if (from >= to) return Status::Ok();
  if (mode == ReadMode::kOnlyCached) return Status(Code::kWouldBlock);
  for (int64_t at = from; at < to;) {
    RecordView record;
    bool found = false;
    Status status = walk_.Next(to, &at, &record, &found);
    if (!status.ok()) return status;
    if (!found) break;
    const bool is_in_time = record.store_timestamp >= query_.window.begin && record.store_timestamp <= query_.window.end;
    if (!is_in_time || record.topic != query_.topic || !HasKey(record.properties, record.sys_flag, snapshot_.with_tags, query_.key))
      continue;
    read_.push_back(record.position);
    if (read_.size() > kMaxRead) read_.pop_front();
  }
  return Status::Ok();
}

}  // namespace millrace
