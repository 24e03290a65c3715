// Looking up by key: the part of store.h that opens the key index, and reads what it names.
//
// A candidate is believed for nothing but its position. The record that stands there has to be one that a queue names (or one that
// no queue does), of this topic, with this key, stored in this window, and newer than the topic's last deletion. What looks like a
// record there and does not verify is a loss, for it may have been one of these.
#include <algorithm>

#include "record_keys.h"
#include "store.h"

namespace millrace {

Status Store::OpenIndex(int64_t end) {
  if (config_.read_only) {
    if (config_.index.on) {
      index_view_ = std::make_unique<IndexView>(platform_, paths_, *files_, own_, std::min(log_unchanged_, end));
    }
    return Status::Ok();
  }
  // Positions that this open cuts, and gives again, must not count as indexed whenever the index is kept again.
  if (!config_.index.on) return LowerIndexRecord(platform_, paths_, std::min(log_unchanged_, end));
  key_index_ = std::make_unique<KeyIndex>(platform_, paths_, *files_, own_, config_.index);
  Status status = key_index_->Open(log_unchanged_, report_.clean, end);
  if (status.ok()) status = key_index_->CatchUp(end);
  report_.index_entries = key_index_->numbers().entries;
  return status;
}

Status Store::SnapshotIndex(const KeyQuery& query, ReadMode mode, KeySnapshot* snapshot) {
  Status status;
  if (index_view_) {
    if (mode == ReadMode::kOnlyCached) return Status(Code::kWouldBlock);
    const IndexView::Log log{follower_->cuts(), visible(), first()};
    status = index_view_->Snapshot(IndexHash(query.topic, query.key), log, snapshot);
  } else if (key_index_) {
    *snapshot = key_index_->Snapshot(IndexHash(query.topic, query.key), visible());
  } else {
    return Status(Code::kInvalid);
  }
  snapshot->from = first();
  std::lock_guard lock(mutex_);
  const auto deleted = deletions_.empty() ? deletions_.end() : deletions_.find(std::string(query.topic));
  if (deleted != deletions_.end()) snapshot->from = std::max(snapshot->from, deleted->second.position);
  return status;
}

Status Store::FindByKey(const KeyQuery& query, ReadMode mode, KeyAnswer* answer) {
  answer->Clear();
  KeySnapshot snapshot;
  Status status = SnapshotIndex(query, mode, &snapshot);
  if (!status.ok()) return status;
  const bool with_tags = snapshot.with_tags;
  const uint64_t epoch = snapshot.epoch;
  const int64_t oldest = snapshot.from;
  const int64_t known_losses = losses_.changes();
  KeySearch search(platform_, *files_, own_, index_view_ ? index_view_->pool() : key_index_->pool(), query, std::move(snapshot));
  for (int looked_at = 0; status.ok() && answer->messages() < query.max_messages; looked_at++) {
    // With what the next one takes, it is more than an answer may hold, or an event loop should wait for.
    const size_t most = mode == ReadMode::kOnlyCached ? kMostKeyBytesAtOnce : kMostKeyBytes;
    if (answer->bytes().size() >= most || (mode == ReadMode::kOnlyCached && looked_at > kMostKeysAtOnce)) {
      if (mode == ReadMode::kOnlyCached) status = Status(Code::kWouldBlock);
      break;
    }
    int64_t position = -1;
    status = search.Next(mode, &position);
    if (!status.ok() || position < oldest) break;
    status = TakeIfAsked(query, with_tags, position, mode, answer);
  }
  if (key_index_) {
    for (const std::string& name : search.damaged()) key_index_->Distrust(name, epoch);
  }
  if ((!search.damaged().empty() || losses_.changes() != known_losses) && maintenance_thread_) maintenance_thread_->Wake();
  return status;
}

Status Store::TakeIfAsked(const KeyQuery& query, bool with_tags, int64_t position, ReadMode mode, KeyAnswer* answer) {
  // Records of one store tend to be alike.
  const size_t guess = key_record_bytes_.load(std::memory_order_relaxed);
  int64_t size = 0;
  std::span<std::byte> room = answer->Room(guess);
  Status status = reader_->ReadUnchecked(position, visible(), mode, guess, room, &size);
  if (status.code() == Code::kTooLarge) {
    room = answer->Room(static_cast<size_t>(size));
    status = reader_->ReadUnchecked(position, visible(), mode, guess, room, &size);
  }
  if (status.code() == Code::kNotFound) {
    // A writer that cut the log beside us may not have cut its index yet. Our own index names a record, or is damaged itself.
    return index_view_ || position < first() ? Status::Ok() : Status(Code::kCorruption, 0, position).In(files_->PathOf(position));
  }
  if (!status.ok()) return status;
  if (static_cast<size_t>(size) != guess) key_record_bytes_.store(static_cast<size_t>(size), std::memory_order_relaxed);

  const bool is_seen = config_.verify != VerifyMode::kAlways && reader_->verified().Has(position);
  const ChecksumRule rule = reader_->Known(position) ? ChecksumRule::kSkip : RuleAt(own_, position);
  const std::span<const std::byte> bytes = room.first(static_cast<size_t>(size));
  RecordView record;
  if (DecodeRecord(bytes, position, files_->EndOf(position) - position, rule, &record) != RecordKind::kRecord) {
    // There was one, and perhaps it was asked for.
    losses_.Add({position, position + size, LossReason::kChecksum});
    return Status(Code::kCorruption, 0, position).In(files_->PathOf(position));
  }
  if (!is_seen) {
    status = IsNamed(record, mode);
    if (status.code() == Code::kNotFound) return Status::Ok();
    if (!status.ok()) return status;
    reader_->verified().Add(position);
  }
  const bool is_asked = record.topic == query.topic && record.store_timestamp >= query.window.begin &&
                        record.store_timestamp <= query.window.end &&
                        HasKey(record.properties, record.sys_flag, with_tags, query.key);
  if (is_asked) answer->Keep(bytes.size());
  return status;
}

}  // namespace millrace
