// All queues of a store, by topic and number and by a small handle.
//
// A handle names a queue object for the life of the store; a queue that was deleted keeps its handle but takes no more messages,
// and one made again under the same name gets a new one. The producer makes and deletes queues; any thread may look them up. The
// tails of all queues together are counted here, because they are memory that only the maintenance thread can free.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "consume_queue.h"
#include "watermark_slot.h"

namespace millrace {

class QueueTable {
 public:
  static constexpr int32_t kNoQueue = -1;

  explicit QueueTable(QueueFiles& files) : files_(files) {}

  int32_t Find(const std::string& topic, int32_t queue_id) const;
  // Adds a queue that is not there.
  int32_t Add(const std::string& topic, int32_t queue_id, int64_t min_offset, int64_t next_offset, bool has_file);
  // Takes a queue out of the names; its tail is dropped from what is to be written.
  void Forget(int32_t handle);
  // nullptr for a handle that was never given.
  std::shared_ptr<ConsumeQueue> Get(int32_t handle) const;
  // Handles of all queues that have a name, by topic and number.
  std::vector<int32_t> All() const;
  std::vector<int32_t> OfTopic(const std::string& topic) const;
  // Those from `handle` on that have a name, in the order they were added.
  std::vector<int32_t> Since(int32_t handle) const;

  // --- producer
  void Push(int32_t handle, ConsumeQueue& queue, std::span<const QueueEntry> entries);
  void Rollback(int64_t position);

  // --- maintenance
  // Writes every tail below `visible`. Returns the first error, after trying the others; a failed queue stays listed.
  Status FlushTails(int64_t visible, int64_t* rewritten);
  // What is in files now.
  QueueCensus Census() const;
  int64_t tail_entries() const { return tail_entries_.load(std::memory_order_relaxed); }

  QueueFiles& files() { return files_; }

 private:
  QueueFiles& files_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<ConsumeQueue>> queues_;
  std::vector<bool> forgotten_;
  std::map<std::string, std::map<int32_t, int32_t>, std::less<>> names_;
  std::vector<int32_t> listed_;  // queues with a tail
  std::atomic<int64_t> tail_entries_{0};
};

}  // namespace millrace
