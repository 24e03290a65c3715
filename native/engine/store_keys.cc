// Looking up by key: the part of store.h that opens the key index, and reads what it names.
//
// A candidate is believed for nothing but its position. The record that stands there has to be one that a queue names (or one that
// no queue does), of this topic, with this key, stored in this window, and newer than the topic's last deletion.
#include <algorithm>

#include "record_keys.h"
#include "store.h"

namespace millrace {

Status Store::OpenIndex(int64_t end) {
  if (config_.read_only) {
    if (config_.index.on) index_view_ = std::make_unique<IndexView>(platform_, paths_, std::min(log_unchanged_, end));
    return Status::Ok();
  }
  // Positions that this open cuts, and gives again, must not count as indexed whenever the index is kept again.
  if (!config_.index.on) return LowerIndexRecord(platform_, paths_, std::min(log_unchanged_, end));
  key_index_ = std::make_unique<KeyIndex>(platform_, paths_, *files_, own_, config_.index);
  return key_index_->Open(log_unchanged_, report_.clean, end);
}

Status Store::FindByKey(const KeyQuery& query, ReadMode mode, std::vector<std::byte>* bytes, int64_t* messages) {
  bytes->clear();
  *messages = 0;
  KeySnapshot snapshot;
  if (index_view_) {
    if (mode == ReadMode::kOnlyCached) return Status(Code::kWouldBlock);
    Status status = index_view_->Snapshot(visible(), &snapshot);
    if (!status.ok()) return status;
  } else if (key_index_) {
    snapshot = key_index_->Snapshot(IndexHash(query.topic, query.key), visible());
  } else {
    return Status(Code::kInvalid);
  }
  int64_t oldest = 0;
  {
    std::lock_guard lock(mutex_);
    const auto deleted = deletions_.find(query.topic);
    if (deleted != deletions_.end()) oldest = deleted->second.position;
  }
  const bool with_tags = snapshot.with_tags;
  const uint64_t epoch = snapshot.epoch;
  KeySearch search(platform_, *files_, own_, index_view_ ? index_view_->pool() : key_index_->pool(), query, std::move(snapshot));
  Status status;
  while (status.ok() && *messages < query.max_messages) {
    int64_t position = -1;
    status = search.Next(mode, &position);
    if (!status.ok() || position < oldest) break;
    bool taken = false;
    status = TakeIfAsked(query, with_tags, position, mode, bytes, &taken);
    *messages += taken ? 1 : 0;
  }
  if (key_index_) {
    for (const std::string& name : search.damaged()) key_index_->Distrust(name, epoch);
    if (!search.damaged().empty() && maintenance_thread_) maintenance_thread_->Wake();
  }
  return status;
}

Status Store::TakeIfAsked(const KeyQuery& query, bool with_tags, int64_t position, ReadMode mode, std::vector<std::byte>* bytes,
                          bool* taken) {
  constexpr size_t kGuess = 4096;
  const size_t before = bytes->size();
  int64_t size = 0;
  bytes->resize(before + kGuess);
  Status status = ReadAt(position, mode, std::span(*bytes).subspan(before), &size);
  if (status.code() == Code::kTooLarge) {
    bytes->resize(before + static_cast<size_t>(size));
    status = ReadAt(position, mode, std::span(*bytes).subspan(before), &size);
  }
  // An index that reaches beyond a log that was cut names places where no record is any more.
  if (status.code() == Code::kNotFound)
    status = Status::Ok();
  else if (status.ok()) {
    RecordView record;
    const std::span<const std::byte> found = std::span(*bytes).subspan(before, static_cast<size_t>(size));
    const int64_t left = files_->EndOf(position) - position;
    *taken = DecodeRecord(found, position, left, ChecksumRule::kSkip, &record) == RecordKind::kRecord &&
             record.topic == query.topic && record.store_timestamp >= query.window.begin &&
             record.store_timestamp <= query.window.end && HasKey(record.properties, record.sys_flag, with_tags, query.key);
  }
  bytes->resize(before + (*taken ? static_cast<size_t>(size) : 0));
  return status;
}

}  // namespace millrace
