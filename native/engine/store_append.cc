// Appending: what a record or a batch goes through on the producer's thread, from its fields to a place in queue and log.
#include <algorithm>

#include "record_keys.h"
#include "store.h"

namespace millrace {

int32_t Store::OpenQueue(const std::string& topic, int32_t queue_id) {
  const int32_t found = queues_->Find(topic, queue_id);
  if (found != QueueTable::kNoQueue || config_.read_only) return found;
  int64_t next = 0;
  {
    std::lock_guard lock(mutex_);
    const auto deleted = deletions_.find(topic);
    if (deleted != deletions_.end() && deleted->second.next_offset.contains(queue_id)) next = deleted->second.next_offset[queue_id];
  }
  return queues_->Add(topic, queue_id, next, next, false);
}

ConsumeQueue* Store::ProducerQueue(int32_t handle) {
  if (handle < 0) return nullptr;
  const size_t at = static_cast<size_t>(handle);
  if (at >= producer_queues_.size()) producer_queues_.resize(at + 1);
  if (!producer_queues_[at]) producer_queues_[at] = queues_->Get(handle);
  return producer_queues_[at].get();
}

Status Store::Ready() const {
  if (config_.read_only) return Status(Code::kReadOnly);
  Status status = group_->Ready();
  if (status.ok() && queues_->tail_entries() > kMaxTailEntries) status = Status(Code::kBusy);
  return status;
}

Status Store::Append(int32_t handle, RecordFields fields, int64_t now, Want want, Appended* appended) {
  Status status = Ready();
  if (!status.ok()) return status;
  ConsumeQueue* const queue = ProducerQueue(handle);
  if (queue == nullptr) return Status(Code::kNotFound);
  fields.topic = queue->topic();
  fields.queue_id = queue->queue_id();
  fields.store_host = config_.store_host;
  if (StoredPropertiesBytes(fields, false) > format::kMaxPropertiesBytes) return Status(Code::kPropertiesTooLarge);
  const size_t size = EncodedBytes(fields, false);
  if (!log_->Fits(size)) return Status(Code::kTooLarge);

  const int32_t type = fields.sys_flag & format::kTransactionMask;
  const bool has_entry = type == 0 || type == format::kTransactionCommit;
  const int64_t offset = has_entry ? queue->next_offset() : 0;
  const CommitLog::Placed placed = log_->Place(size, now);
  const std::span<std::byte> record(placed.bytes, size);
  EncodeRecord(record, fields, false);
  PlaceRecord(record, offset, placed.position, placed.store_timestamp);
  if (has_entry) {
    const QueueEntry entry{placed.position, TagsCode(fields.properties), static_cast<int32_t>(size)};
    queues_->Push(handle, *queue, {&entry, 1});
  }
  if (key_index_ && !fields.properties.empty()) {
    keys_.clear();
    AddKeyHashes(fields.topic, fields.properties, fields.sys_flag, config_.index.with_tags, &keys_);
    if (!keys_.empty())
      key_index_->Push(keys_, placed.position, placed.position + static_cast<int64_t>(size), placed.store_timestamp);
  }
  log_->Commit(size, {placed.position, static_cast<int32_t>(size), placed.store_timestamp}, 1, want);
  *appended = {offset, placed.position, static_cast<int64_t>(size), placed.store_timestamp};
  return status;
}

Status Store::AppendInline(int32_t handle, const RecordFields& fields, int64_t now, bool sync, Appended* appended) {
  Status status = Append(handle, fields, now, Want::kNothing, appended);
  return status.ok() ? group_->WriteInline(sync) : std::move(status);
}

void Store::BeginBatch(int32_t queue) {
  batch_queue_ = queue;
  batch_.clear();
  batch_keys_.clear();
  batch_entries_.clear();
  batch_bytes_ = 0;
}

Status Store::AddToBatch(RecordFields fields) {
  ConsumeQueue* const queue = ProducerQueue(batch_queue_);
  if (queue == nullptr) return Status(Code::kNotFound);
  fields.topic = queue->topic();
  fields.queue_id = queue->queue_id();
  fields.store_host = config_.store_host;
  const bool first = batch_.empty();
  if (StoredPropertiesBytes(fields, first) > format::kMaxPropertiesBytes) return Status(Code::kPropertiesTooLarge);
  const size_t size = EncodedBytes(fields, first);
  if (!log_->Fits(batch_bytes_ + size)) return Status(Code::kTooLarge);
  std::byte* const draft = group_->Draft(batch_bytes_, size);
  if (draft == nullptr) return Status(Code::kInvalid);
  EncodeRecord({draft + batch_bytes_, size}, fields, first);
  const int32_t type = fields.sys_flag & format::kTransactionMask;
  const bool has_entry = type == 0 || type == format::kTransactionCommit;
  if (key_index_) AddKeyHashes(fields.topic, fields.properties, fields.sys_flag, config_.index.with_tags, &batch_keys_);
  batch_.push_back({batch_bytes_, static_cast<int64_t>(size), TagsCode(fields.properties), has_entry, batch_keys_.size()});
  batch_bytes_ += size;
  return Status::Ok();
}

// The draft stands where its records will be staged, unless it has to make way for the BLANK that closes a file.
CommitLog::Placed Store::PlaceBatch(int64_t now) {
  if (log_->FitsHere(batch_bytes_)) return log_->Place(batch_bytes_, now);
  const std::byte* const draft = group_->Draft(batch_bytes_, 0);
  const std::vector<std::byte> copy(draft, draft + batch_bytes_);
  const CommitLog::Placed placed = log_->Place(batch_bytes_, now);
  std::copy(copy.begin(), copy.end(), placed.bytes);
  return placed;
}

Status Store::CommitBatch(size_t count, int64_t now, Want want, Appended* first) {
  Status status = Ready();
  if (!status.ok()) return status;
  ConsumeQueue* const queue = ProducerQueue(batch_queue_);
  if (queue == nullptr || count == 0 || batch_.size() != count || group_->drafted() != batch_bytes_) return Status(Code::kInvalid);
  const CommitLog::Placed placed = PlaceBatch(now);
  int64_t offset = queue->next_offset();
  *first = {offset, placed.position, batch_[0].size, placed.store_timestamp};
  MarkBatch({placed.bytes, static_cast<size_t>(batch_[0].size)}, static_cast<uint32_t>(count), static_cast<uint32_t>(batch_bytes_));
  size_t keys_from = 0;
  for (const BatchRecord& one : batch_) {
    const int64_t position = placed.position + static_cast<int64_t>(one.at);
    const std::span<const int32_t> keys = std::span(batch_keys_).subspan(keys_from, one.keys_end - keys_from);
    if (!keys.empty()) key_index_->Push(keys, position, position + one.size, placed.store_timestamp);
    keys_from = one.keys_end;
    PlaceRecord({placed.bytes + one.at, static_cast<size_t>(one.size)}, one.has_entry ? offset : 0, position,
                placed.store_timestamp);
    if (!one.has_entry) continue;
    batch_entries_.push_back({position, one.tags_code, static_cast<int32_t>(one.size)});
    offset++;
  }
  queues_->Push(batch_queue_, *queue, batch_entries_);
  const BatchRecord& end = batch_.back();
  const LastRecord last{placed.position + static_cast<int64_t>(end.at), static_cast<int32_t>(end.size), placed.store_timestamp};
  log_->Commit(batch_bytes_, last, static_cast<int64_t>(count), want);
  return status;
}

void Store::AcceptRejection() {
  const Mark mark = group_->AcceptRejection();
  log_->GoBack(mark.position);
  queues_->Rollback(mark.position);
  if (key_index_) key_index_->Rollback(mark.position);
}

}  // namespace millrace
