#include "index_view.h"

#include <algorithm>

#include "record_keys.h"

namespace millrace {

IndexView::IndexView(Platform& platform, const StorePaths& paths, FileSet& log, const std::vector<OwnRange>& own, int64_t unchanged)
    : platform_(platform), paths_(paths), pool_(platform, paths), unchanged_(unchanged), walk_(platform, log, own) {
  IndexRecord record;
  if (record.Load(platform, paths).ok()) first_ = last_ = record.Encode();
}

Status IndexView::LoadRecord(IndexRecord* record) {
  Status status = record->Load(platform_, paths_);
  if (status.code() == Code::kNotFound || status.code() == Code::kCorruption) {
    *record = IndexRecord{};
    return Status::Ok();
  }
  if (!status.ok()) return status;
  std::vector<std::byte> bytes = record->Encode();
  if (bytes != first_) unchanged_ = INT64_MAX;  // a writer has opened the store since, and has seen to it
  if (bytes != last_) pool_.EndEpoch();
  last_ = std::move(bytes);
  record->indexed = std::min(record->indexed, unchanged_);
  return status;
}

Status IndexView::Snapshot(int32_t hash, const Log& log, KeySnapshot* snapshot) {
  std::lock_guard lock(mutex_);
  IndexRecord record;
  Status status = LoadRecord(&record);
  if (!status.ok()) return status;
  const int64_t from = std::min(record.indexed, log.visible);
  status = ReadLog(from, log, record.with_tags);
  if (!status.ok()) return status;
  *snapshot = KeySnapshot{};
  read_.Find(hash, log.visible, &snapshot->pending);
  snapshot->gap_from = snapshot->below = from;
  snapshot->gap_to = std::min(read_from_, log.visible);
  snapshot->shape = record.shape;
  snapshot->with_tags = record.with_tags;
  snapshot->epoch = pool_.epoch();
  snapshot->files = std::make_shared<const std::vector<IndexRecord::File>>(std::move(record.files));
  return status;
}

Status IndexView::ReadLog(int64_t from, const Log& log, bool with_tags) {
  const bool is_other = log.cuts != cuts_ || with_tags != with_tags_ || from > read_to_ || log.visible < read_to_;
  // An index that begins anew is behind what was read of the log: then the part between is read by each look-up, or all of it anew.
  if (is_other || from < read_from_) {
    const bool keeps = !is_other && read_.size() >= kMaxRead / 2;
    if (!keeps) {
      read_.Clear();
      read_from_ = read_to_ = from;
    }
    cuts_ = log.cuts;
    with_tags_ = with_tags;
  }
  while (!read_.empty() && read_.front().position < from) read_.PopFront();
  read_from_ = std::max(read_from_, from);
  walk_.Forget();
  for (int64_t at = std::max(read_to_, log.first); at < log.visible;) {
    RecordView record;
    bool found = false;
    Status status = walk_.Next(log.visible, &at, &record, &found);
    if (!status.ok()) return status;
    hashes_.clear();
    if (found) AddKeyHashes(record.topic, record.properties, record.sys_flag, with_tags, &hashes_);
    for (const int32_t hash : hashes_) read_.Push(hash, record.position, record.store_timestamp);
    while (read_.size() > kMaxRead) ForgetOldest();
    read_to_ = at;
  }
  return Status::Ok();
}

// All keys of the oldest record.
void IndexView::ForgetOldest() {
  const int64_t position = read_.front().position;
  while (!read_.empty() && read_.front().position == position) read_.PopFront();
  read_from_ = read_.empty() ? position + 1 : read_.front().position;
}

}  // namespace millrace
