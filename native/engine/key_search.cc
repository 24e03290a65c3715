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
  if (TakeRead(position)) return Status::Ok();
  stage_ = Stage::kFiles;
  return NextOfFiles(mode, position);
}

bool KeySearch::TakeRead(int64_t* position) {
  if (read_.empty()) return false;
  *position = read_.back();
  read_.pop_back();
  return true;
}

bool KeySearch::NextFile() {
  chain_.at = IndexFile::Walk::kNotBegun;
  file_.reset();
  for (;;) {
    if (!active_done_) {
      active_done_ = true;
      if (!snapshot_.active) continue;
      file_ = snapshot_.active;
      named_ = nullptr;
      header_ = file_->header();
    } else if (next_file_ > 0) {
      file_.reset();
      named_ = &(*snapshot_.files)[--next_file_];
      header_ = named_->proof.header;
    } else {
      return false;
    }
    const bool overlaps = header_.begin_timestamp <= query_.window.end && header_.end_timestamp >= query_.window.begin;
    if (overlaps && header_.end_position >= snapshot_.from) return true;
  }
}

Status KeySearch::NextOfFiles(ReadMode mode, int64_t* position) {
  for (;;) {
    *position = -1;
    if (!in_file_ && !NextFile()) return Status::Ok();
    in_file_ = true;
    Status status = NextOfFile(mode, position);
    if (IsIndexDamage(status)) {
      status = ReadInstead(mode);
      in_file_ = false;
      if (!status.ok() || TakeRead(position)) return status;
      continue;
    }
    if (!status.ok()) return status;
    if (*position >= snapshot_.below) continue;
    if (*position >= 0) return status;
    in_file_ = false;
  }
}

Status KeySearch::NextOfFile(ReadMode mode, int64_t* position) {
  Status status;
  if (!file_) status = pool_.Acquire(*named_, snapshot_.shape, snapshot_.epoch, mode, &file_);
  return status.ok() ? file_->Find(hash_, query_.window, mode, &chain_, position) : std::move(status);
}

Status KeySearch::ReadInstead(ReadMode mode) {
  damaged_.push_back(named_ != nullptr ? named_->name : file_->name());
  const int64_t from = next_file_ == 0 ? 0 : (*snapshot_.files)[next_file_ - 1].proof.header.end_position;
  // What the record says of the file is right even if the file is not.
  return ReadLog(from, std::min(last_, header_.end_position + 1), mode);
}

Status KeySearch::ReadLog(int64_t from, int64_t to, ReadMode mode) {
  from = std::max(from, snapshot_.from);
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
    if (read_.size() == 2 * kMaxRead) read_.erase(read_.begin(), read_.begin() + kMaxRead);
  }
  return Status::Ok();
}

}  // namespace millrace
