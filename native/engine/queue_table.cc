#include "queue_table.h"

namespace millrace {

int32_t QueueTable::Find(const std::string& topic, int32_t queue_id) const {
  std::lock_guard lock(mutex_);
  const auto by_id = names_.find(topic);
  if (by_id == names_.end()) return kNoQueue;
  const auto found = by_id->second.find(queue_id);
  return found == by_id->second.end() ? kNoQueue : found->second;
}

int32_t QueueTable::Add(const std::string& topic, int32_t queue_id, int64_t min_offset, int64_t next_offset, bool has_file) {
  std::lock_guard lock(mutex_);
  const int32_t handle = static_cast<int32_t>(queues_.size());
  queues_.push_back(std::make_shared<ConsumeQueue>(topic, queue_id, min_offset, next_offset, has_file));
  forgotten_.push_back(false);
  names_[topic][queue_id] = handle;
  return handle;
}

void QueueTable::Forget(int32_t handle) {
  std::lock_guard lock(mutex_);
  const ConsumeQueue& queue = *queues_[static_cast<size_t>(handle)];
  forgotten_[static_cast<size_t>(handle)] = true;
  tail_entries_ -= queue.tail_size();
  const auto by_id = names_.find(queue.topic());
  if (by_id == names_.end()) return;
  const auto named = by_id->second.find(queue.queue_id());
  if (named != by_id->second.end() && named->second == handle) by_id->second.erase(named);
  if (by_id->second.empty()) names_.erase(by_id);
}

std::shared_ptr<ConsumeQueue> QueueTable::Get(int32_t handle) const {
  std::lock_guard lock(mutex_);
  if (handle < 0 || static_cast<size_t>(handle) >= queues_.size()) return nullptr;
  return queues_[static_cast<size_t>(handle)];
}

std::vector<int32_t> QueueTable::All() const {
  std::lock_guard lock(mutex_);
  std::vector<int32_t> handles;
  for (const auto& [topic, by_id] : names_) {
    for (const auto& [id, handle] : by_id) handles.push_back(handle);
  }
  return handles;
}

std::vector<int32_t> QueueTable::Since(int32_t handle) const {
  std::lock_guard lock(mutex_);
  std::vector<int32_t> handles;
  for (size_t i = static_cast<size_t>(handle); i < queues_.size(); i++) {
    if (!forgotten_[i]) handles.push_back(static_cast<int32_t>(i));
  }
  return handles;
}

std::vector<int32_t> QueueTable::OfTopic(const std::string& topic) const {
  std::lock_guard lock(mutex_);
  std::vector<int32_t> handles;
  const auto by_id = names_.find(topic);
  if (by_id == names_.end()) return handles;
  for (const auto& [id, handle] : by_id->second) handles.push_back(handle);
  return handles;
}

void QueueTable::Push(int32_t handle, ConsumeQueue& queue, std::span<const QueueEntry> entries) {
  if (entries.empty()) return;
  tail_entries_.fetch_add(static_cast<int64_t>(entries.size()), std::memory_order_relaxed);
  if (!queue.Push(entries)) return;
  std::lock_guard lock(mutex_);
  listed_.push_back(handle);
}

void QueueTable::Rollback(int64_t position) {
  std::lock_guard lock(mutex_);
  // All of them: the maintenance thread may hold the list of those with a tail just now.
  for (size_t i = 0; i < queues_.size(); i++) {
    if (!forgotten_[i]) tail_entries_ -= queues_[i]->Rollback(position);
  }
}

Status QueueTable::FlushTails(int64_t visible, int64_t* rewritten) {
  std::vector<int32_t> handles;
  {
    std::lock_guard lock(mutex_);
    handles.swap(listed_);
  }
  Status first;
  std::vector<int32_t> unfinished;
  for (const int32_t handle : handles) {
    std::shared_ptr<ConsumeQueue> queue;
    {
      std::lock_guard lock(mutex_);
      if (!forgotten_[static_cast<size_t>(handle)]) queue = queues_[static_cast<size_t>(handle)];
    }
    if (!queue) continue;
    int64_t left = 0;
    int64_t written = 0;
    Status status = queue->Flush(files_, visible, &left, &written, rewritten);
    tail_entries_ -= written;
    if (left > 0) unfinished.push_back(handle);
    if (!status.ok() && first.ok()) first = std::move(status);
  }
  std::lock_guard lock(mutex_);
  listed_.insert(listed_.end(), unfinished.begin(), unfinished.end());
  return first;
}

QueueCensus QueueTable::Census() const {
  std::lock_guard lock(mutex_);
  QueueCensus census;
  for (size_t i = 0; i < queues_.size(); i++) {
    const int64_t filed = forgotten_[i] ? -1 : queues_[i]->filed();
    if (filed < 0) continue;
    census.queues++;
    census.sum += filed;
  }
  return census;
}

}  // namespace millrace
