#include "consume_queue.h"

#include <algorithm>
#include <cstring>

namespace millrace {

bool ConsumeQueue::Push(std::span<const QueueEntry> entries) {
  std::lock_guard lock(mutex_);
  const bool was_empty = head_ == tail_.size();
  tail_.insert(tail_.end(), entries.begin(), entries.end());
  next_.store(next_.load(std::memory_order_relaxed) + static_cast<int64_t>(entries.size()), std::memory_order_release);
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
  if (made_from_.load(std::memory_order_relaxed) < filed_) made_from_.store(filed_, std::memory_order_release);
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

Status ConsumeQueue::ReadBytes(QueueFiles& files, int64_t offset, int64_t visible, ReadMode mode, std::span<std::byte> to,
                               size_t* count) const {
  int64_t from_files;
  {
    std::lock_guard lock(mutex_);
    const int64_t end = std::min(offset + static_cast<int64_t>(to.size() / format::kEntryBytes),
                                 filed_ + static_cast<int64_t>(VisibleTailLocked(visible)));
    *count = static_cast<size_t>(std::max<int64_t>(end - offset, 0));
    from_files = std::min(end, filed_) - offset;
    for (int64_t at = std::max(offset, filed_); at < end; at++)
      tail_[head_ + static_cast<size_t>(at - filed_)].Encode(to.data() + static_cast<size_t>(at - offset) * format::kEntryBytes);
  }
  if (from_files <= 0) return Status::Ok();
  const std::span<std::byte> filed = to.first(static_cast<size_t>(from_files) * format::kEntryBytes);
  size_t bytes = 0;
  Status status = files.ReadBytes(topic_, queue_id_, offset, mode, filed, &bytes);
  // A file that ends early is damage: what is missing is shown as an entry that is none, not as the end of the queue.
  if (status.ok()) std::memset(filed.data() + bytes, 0, filed.size() - bytes);
  return status;
}

Status ConsumeQueue::Read(QueueFiles& files, int64_t offset, int64_t count, int64_t visible, ReadMode mode,
                          std::vector<QueueEntry>* entries) const {
  std::vector<std::byte> bytes(static_cast<size_t>(count) * format::kEntryBytes);
  size_t got = 0;
  Status status = ReadBytes(files, offset, visible, mode, bytes, &got);
  if (!status.ok()) return status;
  for (size_t i = 0; i < got; i++) entries->push_back(QueueEntry::Decode(bytes.data() + i * format::kEntryBytes));
  return status;
}

}  // namespace millrace
