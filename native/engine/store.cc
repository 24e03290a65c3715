#include "store.h"

#include "io.h"

namespace millrace {

// ------------------------------------------------------------------------------------------------ topics

Status Store::BeginDelete(const std::string& topic, int64_t* position) {
  if (config_.read_only) return Status(Code::kReadOnly);
  const int64_t written = group_->written();
  if (log_->next_position() > written) return Status(Code::kBusy);
  Deletion deletion;
  {
    std::lock_guard lock(mutex_);
    const auto before = deletions_.find(topic);
    if (before != deletions_.end()) deletion = before->second;
  }
  deletion.position = written;
  const std::vector<int32_t> handles = queues_->OfTopic(topic);
  for (const int32_t handle : handles) {
    const std::shared_ptr<ConsumeQueue> queue = queues_->Get(handle);
    deletion.next_offset[queue->queue_id()] = queue->next_offset();
  }
  for (const int32_t handle : handles) queues_->Forget(handle);
  std::lock_guard lock(mutex_);
  deletions_[topic] = deletion;
  *position = written;
  return Status::Ok();
}

Status Store::FinishDelete(const std::string& topic, int64_t position) {
  if (group_->durable() < position) return Status(Code::kBusy);
  std::map<std::string, Deletion> deletions;
  {
    std::lock_guard lock(mutex_);
    deletions = deletions_;
  }
  Status status = side_car_.SaveDeletions(deletions);
  for (const auto& [queue_id, next] : deletions[topic].next_offset) {
    if (!status.ok()) return status;
    status = queue_files_->Remove(topic, queue_id);
  }
  if (status.ok() && platform_.Kind(paths_.consume_queue + "/" + topic) == PathKind::kDirectory) {
    status = io::RemoveTree(platform_, paths_.consume_queue + "/" + topic);
  }
  return status.ok() ? io::SyncDirectory(platform_, paths_.consume_queue) : std::move(status);
}

// ------------------------------------------------------------------------------------------------ reading and numbers

Status Store::Read(int32_t handle, int64_t offset, const ReadLimits& limits, ReadMode mode, std::span<std::byte> to,
                   ReadOutcome* outcome) {
  const std::shared_ptr<ConsumeQueue> queue = queues_->Get(handle);
  if (!queue) return Status(Code::kNotFound);
  Status status = reader_->Read(*queue, offset, limits, visible(), first(), mode, to, outcome);
  if (status.ok() && !outcome->lost.empty() && maintenance_thread_) maintenance_thread_->Wake();
  return status;
}

Status Store::ReadAt(int64_t position, ReadMode mode, std::span<std::byte> to, int64_t* bytes) {
  Status status = reader_->ReadAt(position, visible(), mode, to, bytes);
  if (!status.ok()) return status;
  RecordView view;
  const std::span<const std::byte> record = to.first(static_cast<size_t>(*bytes));
  if (DecodeRecord(record, position, files_->EndOf(position) - position, ChecksumRule::kSkip, &view) != RecordKind::kRecord)
    return Status(Code::kNotFound);
  return IsNamed(view, mode);
}

Status Store::IsNamed(const RecordView& record, ReadMode mode) {
  if (!record.has_queue_entry()) return Status::Ok();
  const std::shared_ptr<ConsumeQueue> queue = queues_->Get(queues_->Find(std::string(record.topic), record.queue_id));
  if (!queue) return Status(Code::kNotFound);
  std::vector<QueueEntry> entry;
  Status status;
  if (record.queue_offset < queue->VisibleRange(visible()).max)
    status = queue->Read(*queue_files_, record.queue_offset, 1, visible(), mode, &entry);
  if (!status.ok()) return status;
  return !entry.empty() && entry[0].position == record.position ? std::move(status) : Status(Code::kNotFound);
}

Status Store::FindTime(int32_t handle, const TimeBorder& border, ReadMode mode, TimeSearch::Found* found) {
  const std::shared_ptr<ConsumeQueue> queue = queues_->Get(handle);
  if (!queue) return Status(Code::kNotFound);
  const int64_t known_losses = losses_.changes();
  const int64_t cuts = follower_ ? follower_->cuts() : 0;
  Status status = time_search_->Find(handle, *queue, border, {visible(), first(), cuts}, mode, found);
  if (losses_.changes() != known_losses && maintenance_thread_) maintenance_thread_->Wake();
  return status;
}

bool Store::Numbers(int32_t handle, QueueNumbers* numbers) const {
  const std::shared_ptr<ConsumeQueue> queue = queues_->Get(handle);
  if (!queue) return false;
  const ConsumeQueue::Range range = queue->VisibleRange(visible());
  *numbers = {range.min, range.max, queue->next_offset()};
  return true;
}

std::vector<Store::QueueName> Store::Queues(int32_t since) const {
  std::vector<QueueName> names;
  for (const int32_t handle : queues_->Since(since)) {
    const std::shared_ptr<ConsumeQueue> queue = queues_->Get(handle);
    names.push_back({queue->topic(), queue->queue_id(), handle});
  }
  return names;
}

Status Store::Follow() { return follower_ ? follower_->Catch() : Status::Ok(); }

Store::Marks Store::marks() const {
  Marks marks;
  if (follower_) {
    marks.visible = follower_->visible();
    marks.durable = follower_->durable();
    marks.written = follower_->written();
  } else if (group_) {
    // Each later one is read first: a snapshot never shows durable above written.
    marks.visible = group_->visible();
    marks.durable = group_->durable();
    marks.written = group_->written();
  }
  marks.first = files_->empty() ? marks.written : files_->first();
  return marks;
}

Store::Numbered Store::numbers() const {
  Numbered numbers{};
  if (group_) {
    numbers.synced_messages = group_->durable_mark().messages;
    numbers.syncs = group_->counters().syncs.load();
    numbers.sync_nanos = group_->counters().sync_nanos.load();
    numbers.sync_nanos_max = group_->counters().sync_nanos_max.load();
    numbers.writes = group_->counters().writes.load();
    numbers.late_blocks = blocks_->late();
  }
  numbers.log_bytes = marks().written - marks().first;
  numbers.open_files = files_->open_count() + queue_files_->open_count() + (config_.read_only ? 0 : 2);
  numbers.lost_bytes = losses_.bytes();
  numbers.tail_entries = queues_->tail_entries();
  const KeyIndex::Numbers index = key_index_ ? key_index_->numbers() : KeyIndex::Numbers{};
  numbers.index_files = index.files;
  numbers.index_entries = index.entries;
  numbers.index_gap = index.gap;
  numbers.open_files += index.open_files + (index_view_ ? static_cast<int64_t>(index_view_->pool().open_count()) : 0);
  return numbers;
}

int64_t Store::FreeBytes() const {
  const IoResult result = platform_.FreeBytes(paths_.root);
  return result.ok() ? result.value : -1;
}

Status Store::TakeBackgroundError() {
  std::lock_guard lock(mutex_);
  if (background_.empty()) return Status::Ok();
  Status status = std::move(background_.front());
  background_.erase(background_.begin());
  return status;
}

bool Store::WatchedMoved() {
  // A read-modify-write on both sides: either this one comes later and sees the watcher, or the watcher sees what `visible` is now.
  if (watched_.fetch_add(0, std::memory_order_acq_rel) == 0) return false;
  const int64_t now = visible();
  return told_visible_.exchange(now, std::memory_order_acq_rel) != now;
}

void Store::OnProgress(bool wake) {
  if (maintenance_) {
    if (wake)
      maintenance_->Publish();
    else
      maintenance_->PublishSoon();
    if (maintenance_thread_ && (maintenance_->Wanted() || failed())) maintenance_thread_->Wake();
  }
  if (listener_ == nullptr) return;
  const bool moved = WatchedMoved();
  if (wake || moved || rejecting() || failed()) listener_->OnProgress();
}

}  // namespace millrace
