#include "consume_queue.h"

#include <algorithm>

namespace millrace {

bool ConsumeQueue::Push(const QueueEntry& entry) {
  std::lock_guard lock(mutex_);
  const bool was_empty = head_ == tail_.size();
  tail_.push_back(entry);
  next_++;
  return was_empty;
}

int64_t ConsumeQueue::Rollback(int64_t position) {
  std::lock_guard lock(mutex_);
  int64_t count = 0;
  while (tail_.size() > head_ && tail_.back().position >= position) {
    tail_.pop_back();
    count++;
  }
  next_ -= count;
  return count;
}

Status ConsumeQueue::Flush(QueueFiles& files, int64_t visible, int64_t* left, int64_t* written, int64_t* rewritten) {
  std::vector<QueueEntry> entries;
  int64_t offset;
  {
    std::lock_guard lock(mutex_);
    const auto begin = tail_.begin() + static_cast<std::ptrdiff_t>(head_);
    entries.assign(begin, begin + static_cast<std::ptrdiff_t>(VisibleTailLocked(visible)));
    offset = filed_;
    *left = static_cast<int64_t>(tail_.size() - head_);
    *written = 0;
  }
  if (entries.empty()) return Status::Ok();
  // Readers find the entries in the tail until they are in the file; only this thread moves filed_.
  Status status = files.Write(topic_, queue_id_, offset, entries, rewritten);
  if (!status.ok()) return status;
  std::lock_guard lock(mutex_);
  has_file_ = true;
  head_ += entries.size();
  filed_ += static_cast<int64_t>(entries.size());
  if (head_ == tail_.size()) {
    head_ = 0;
    tail_.clear();
    if (tail_.capacity() > 4096) tail_.shrink_to_fit();
  } else if (head_ > tail_.size() / 2) {
    tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  *written = static_cast<int64_t>(entries.size());
  *left = static_cast<int64_t>(tail_.size() - head_);
  return status;
}

void ConsumeQueue::Trim(int64_t queued) {
  std::lock_guard lock(mutex_);
  const size_t count = VisibleTailLocked(queued);
  tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(head_ + count));
  head_ = 0;
  filed_ += static_cast<int64_t>(count);
}

size_t ConsumeQueue::VisibleTailLocked(int64_t visible) const {
  if (tail_.size() == head_) return 0;
  if (tail_.back().end() <= visible) return tail_.size() - head_;
  const auto begin = tail_.begin() + static_cast<std::ptrdiff_t>(head_);
  const auto end = std::partition_point(begin, tail_.end(), [visible](const QueueEntry& entry) { return entry.end() <= visible; });
  return static_cast<size_t>(end - begin);
}

ConsumeQueue::Range ConsumeQueue::VisibleRange(int64_t visible) const {
  std::lock_guard lock(mutex_);
  return {min_offset_, filed_ + static_cast<int64_t>(VisibleTailLocked(visible))};
}

int64_t ConsumeQueue::tail_size() const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(tail_.size() - head_);
}

int64_t ConsumeQueue::filed() const {
  std::lock_guard lock(mutex_);
  return has_file_ ? filed_ : -1;
}

Status ConsumeQueue::Read(QueueFiles& files, int64_t offset, int64_t count, int64_t visible, ReadMode mode,
                          std::vector<QueueEntry>* entries) const {
  int64_t from_files;
  std::vector<QueueEntry> tail;
  {
    std::lock_guard lock(mutex_);
    const int64_t end = std::min(offset + count, filed_ + static_cast<int64_t>(VisibleTailLocked(visible)));
    from_files = std::min(end, filed_) - offset;
    for (int64_t at = std::max(offset, filed_); at < end; at++) tail.push_back(tail_[head_ + static_cast<size_t>(at - filed_)]);
  }
  if (from_files > 0) {
    const size_t before = entries->size();
    Status status = files.Read(topic_, queue_id_, offset, from_files, mode, entries);
    if (!status.ok()) return status;
    // A file that ends early is damage: what is missing is shown as an entry that is none, not as the end of the queue.
    entries->resize(before + static_cast<size_t>(from_files));
  }
  entries->insert(entries->end(), tail.begin(), tail.end());
  return Status::Ok();
}

}  // namespace millrace
