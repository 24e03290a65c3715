// Everything that goes on beside appending: the next file, blocks ahead, queue tails to their files, keys to the index, Q, the
// side-car's slots, the loss map.
//
// One service, so that none of this ever happens twice at once. It never holds up an append: what it has not prepared is made by
// the writer, what it has not written stays in memory. A full disk or used-up descriptors are told in the background and tried
// again; any other error of a write, and every failed sync, fails the store. An idle store has nothing to wake for.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>

#include "block_reserve.h"
#include "group_commit.h"
#include "key_index.h"
#include "loss_map.h"
#include "queue_table.h"
#include "side_car.h"
#include "store_paths.h"

namespace millrace {

class Maintenance : public Service {
 public:
  struct Parts {
    Platform& platform;
    const StorePaths& paths;
    FileSet& files;
    BlockReserve& blocks;
    GroupCommit& group;
    QueueTable& queues;
    LossMap& losses;
    SideCar& side_car;
    KeyIndex* index = nullptr;
  };

  Maintenance(const Parts& parts, bool visible_when_durable) : parts_(parts), visible_when_durable_(visible_when_durable) {}

  // What does not change while the store is open; everything is durable up to `end`.
  void Start(const WatermarkSlot& base, const Mark& end);
  int64_t Step() override;

  // True when it has to be woken for the progress just made: cheap, for the threads that make it.
  bool Wanted() const;
  // Stores the watermarks where other processes, and a killed one's successor, find them. Any thread.
  void Publish();
  // The same, unless little has happened since: then the service does it within milliseconds.
  void PublishSoon();
  // The last of it, after all services have stopped: tails, queues, checkpoint, and the slot that says `clean`.
  Status Finish();

  // Called with errors that appends do not meet.
  std::function<void(Status)> on_background_error;

 private:
  int64_t StepNow();
  // Each does its part if that is due, and returns in how many nanoseconds it wants to be asked again.
  int64_t SaveLosses();
  int64_t FlushTailsWhenDue(int64_t now);
  int64_t IndexWhenDue(int64_t now);
  int64_t WriteSlotWhenDue(int64_t now);
  int64_t AdvanceQWhenDue(int64_t now);
  WatermarkSlot Slot() const;
  void PrepareNextFile();
  Status FlushQueues(Mark* reached);
  Status AdvanceQ();
  Status WriteCheckpoint(const Mark& queued);
  void Report(Status status);
  int64_t QDistance() const;

  static constexpr int64_t kMilli = 1'000'000;
  static constexpr int64_t kPublishNanos = 5 * kMilli;
  static constexpr int64_t kPublishBytes = 64 * 1024;
  static constexpr int64_t kTailNanos = 100 * kMilli;
  static constexpr int64_t kSlotNanos = 100 * kMilli;
  static constexpr int64_t kQNanos = 10'000 * kMilli;
  static constexpr int64_t kRetryNanos = 1'000 * kMilli;
  static constexpr int64_t kManyEntries = 16 * 1024;
  static constexpr size_t kManyKeys = 4096;
  static constexpr int64_t kQBytes = int64_t{256} << 20;
  static constexpr int64_t kRecoveryFiles = 8;  // RocketMQ looks at the last ten files

  const Parts parts_;
  const bool visible_when_durable_;
  WatermarkSlot base_;

  mutable std::mutex mutex_;  // queued_ to synced_census_
  int64_t queued_ = 0;
  QueueCensus queued_census_;
  int64_t synced_queues_ = 0;
  QueueCensus synced_census_;

  // The service's own.
  int64_t tails_since_ = 0;
  int64_t keys_since_ = 0;
  int64_t index_retry_ = 0;
  int64_t slot_since_ = 0;
  int64_t slot_durable_ = 0;
  bool slot_failed_ = false;
  int64_t q_since_ = 0;
  int64_t next_file_retry_ = 0;
  std::atomic<int64_t> flush_retry_{0};
  std::atomic<int64_t> next_file_at_{0};
  std::atomic<int64_t> published_written_{-1};
  std::atomic<int64_t> published_durable_{-1};
  std::atomic<int64_t> sleeps_for_{kForever};  // what is new now will be seen then
};

}  // namespace millrace
