// One queue of one topic: the numbers of its messages, and those of its entries that are not in a file yet.
//
// The producer pushes an entry the moment a record is staged; readers see it as soon as its record is below `visible`; the
// maintenance thread writes it to the queue's file within about 100 ms, and never before its record is visible, so that a file
// never points at a record that may be taken back. One mutex a queue, held over memory only. Files: queue_files.h.
#pragma once

#include <atomic>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "queue_entry.h"
#include "queue_files.h"
#include "status.h"

namespace millrace {

class ConsumeQueue {
 public:
  // Entries [min_offset, next_offset) are in files.
  ConsumeQueue(std::string topic, int32_t queue_id, int64_t min_offset, int64_t next_offset, bool has_file)
      : topic_(std::move(topic)),
        queue_id_(queue_id),
        min_offset_(min_offset),
        filed_(next_offset),
        next_(next_offset),
        made_from_(next_offset),
        has_file_(has_file) {}

  const std::string& topic() const { return topic_; }
  int32_t queue_id() const { return queue_id_; }

  // --- producer
  // True when the tail was empty: the queue has to be listed for the maintenance thread.
  bool Push(std::span<const QueueEntry> entries);
  bool Push(const QueueEntry& entry) { return Push({&entry, 1}); }
  // Takes back entries of records at or above `position`; they were never visible. Returns how many.
  int64_t Rollback(int64_t position);

  // --- maintenance
  // Writes what lies below `visible`. *left says how many entries stay in memory, *written how many went to the file.
  // `rewritten` as in QueueFiles::Write.
  Status Flush(QueueFiles& files, int64_t visible, int64_t* left, int64_t* written, int64_t* rewritten);
  // A read-only handle's: entries below `queued` are in the files by now, another process wrote them.
  void Trim(int64_t queued);

  // --- any thread
  struct Range {
    int64_t min = 0;
    int64_t max = 0;  // one past the newest visible message
  };
  Range VisibleRange(int64_t visible) const;
  int64_t next_offset() const { return next_.load(std::memory_order_acquire); }
  // Entries from here on were made by this process: they speak of the records that they name.
  int64_t made_from() const { return made_from_.load(std::memory_order_acquire); }
  int64_t tail_size() const;
  // Entries below are in files; -1 while the queue has no file.
  int64_t filed() const;
  // Entries from `offset` on that are visible, as they stand in files, as many as `to` has room for; *count says how many.
  Status ReadBytes(QueueFiles& files, int64_t offset, int64_t visible, ReadMode mode, std::span<std::byte> to, size_t* count) const;
  // The same, at most `count`, decoded and added to *entries.
  Status Read(QueueFiles& files, int64_t offset, int64_t count, int64_t visible, ReadMode mode,
              std::vector<QueueEntry>* entries) const;

 private:
  size_t VisibleTailLocked(int64_t visible) const;

  const std::string topic_;
  const int32_t queue_id_;

  mutable std::mutex mutex_;
  int64_t min_offset_;
  int64_t filed_;              // entries below are in files
  std::atomic<int64_t> next_;  // moved by the producer alone, under the mutex
  std::atomic<int64_t> made_from_;
  bool has_file_;
  // Entries [filed_, next_) are tail_[head_ ...].
  std::vector<QueueEntry> tail_;
  size_t head_ = 0;
};

}  // namespace millrace
