// One store: the parts of this folder put together. What the binding calls, and nothing of JavaScript.
//
// Threads. Open runs on any one thread. Then one thread is the producer: everything under "producer" belongs to it. Reading,
// flushing the last bytes (Close) and looking at numbers may happen on any thread; Close only when the producer is silent. The
// destructor lets go without closing: threads are joined, the lock is freed, `abort` stays, and the next open recovers. Promises:
// docs/durability.md. A write and a read step by step: docs/architecture.md.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "block_reserve.h"
#include "commit_log.h"
#include "follower.h"
#include "group_commit.h"
#include "index_view.h"
#include "key_answer.h"
#include "key_index.h"
#include "key_search.h"
#include "loss_map.h"
#include "maintenance.h"
#include "opening.h"
#include "queue_table.h"
#include "reader.h"
#include "recovery.h"
#include "side_car.h"
#include "store_config.h"
#include "time_search.h"
#include "transfer_service.h"

namespace millrace {

// What open found, beside the outcome of the scan.
struct OpenReport {
  RecoveryOutcome outcome;
  bool clean = true;  // whoever had it open last closed it in order
  bool created = false;
  bool foreign = false;             // another program wrote here since we did
  bool side_car_set_aside = false;  // it described another log, or did not verify
  int64_t index_entries = 0;        // that were missing from the key index, and are there again
  int64_t nanos = 0;
};

struct Appended {
  int64_t offset = 0;
  int64_t position = 0;
  int64_t size = 0;
  int64_t store_timestamp = 0;
};

// Progress for whoever waits: called by any thread of the engine, with no lock held.
class StoreListener {
 public:
  virtual ~StoreListener() = default;
  virtual void OnProgress() = 0;
};

class Store : private CommitListener {
  struct Private {};

 public:
  static Status Open(Platform& platform, const std::string& directory, const StoreConfig& config, const RecoveryProgress& progress,
                     StoreListener* listener, std::unique_ptr<Store>* store);
  Store(Private, Platform& platform, const std::string& directory, const StoreConfig& config, StoreListener* listener);
  ~Store() override;

  // --- producer
  // The handle of a queue, made in memory if it is new. A queue of a deleted topic goes on numbering where it ended.
  int32_t OpenQueue(const std::string& topic, int32_t queue_id);
  Status Append(int32_t queue, RecordFields fields, int64_t now, Want want, Appended* appended);
  // The same, and it is written (and synced) when it returns, by this thread.
  Status AppendInline(int32_t queue, const RecordFields& fields, int64_t now, bool sync, Appended* appended);
  // A batch is built one message at a time and appended whole; each BeginBatch forgets what was there. kInvalid when it has not
  // `count` messages, or anything else was appended or handed over since it began.
  void BeginBatch(int32_t queue);
  Status AddToBatch(RecordFields fields);
  // sizes(i) of the messages follow each other: the first one's place is given.
  Status CommitBatch(size_t count, int64_t now, Want want, Appended* first);
  int64_t BatchSize(size_t index) const { return batch_[index].size; }
  void EndTurn() { group_->HandOff(); }
  void RequestSync() { group_->RequestSync(); }
  // After an append or the listener said that the log rejected: everything not written is forgotten.
  void AcceptRejection();
  int64_t next_position() const { return log_->next_position(); }
  // kBusy while records of the topic are not written yet. Then its queues take no more messages; FinishDelete, on any thread and
  // once `position` is durable, makes it last.
  Status BeginDelete(const std::string& topic, int64_t* position);
  Status FinishDelete(const std::string& topic, int64_t position);

  // --- any thread
  Status Read(int32_t queue, int64_t offset, const ReadLimits& limits, ReadMode mode, std::span<std::byte> to,
              ReadOutcome* outcome);
  Status ReadAt(int64_t position, ReadMode mode, std::span<std::byte> to, int64_t* bytes);
  // What a transfer is going to send; then its bytes from `at` on, for whoever copies them.
  Status Plan(int32_t queue, int64_t offset, const ReadLimits& limits, ReadMode mode, LogPlan* plan);
  Status ReadPlanned(const LogPlan& plan, int64_t at, ReadMode mode, std::span<std::byte> to);
  Status FindTime(int32_t queue, const TimeBorder& border, ReadMode mode, TimeSearch::Found* found);
  // Whole records that have the key, newest first; no more once they take kMostKeyBytes. kInvalid in a store without the index;
  // kCorruption when a record that the index names is lost.
  Status FindByKey(const KeyQuery& query, ReadMode mode, KeyAnswer* answer);
  // Sends `header` and a plan of few bytes, as far as the socket takes them now; kWouldBlock: the rest is for Send, and a plan of
  // runs altogether. plan->sent says how much went.
  Status SendNow(FileHandle socket, std::span<const std::byte> header, LogPlan* plan);
  // Sends what is left from a thread; `done` is told once, by that thread, by the caller's, or by whoever ends the store. The
  // descriptor is duplicated before this returns. Producer's thread, as CancelSend.
  void Send(int32_t id, FileHandle socket, const std::shared_ptr<const LogPlan>& plan, SendPath path, TransferService::Done done);
  void CancelSend(int32_t id);
  struct QueueNumbers {
    int64_t min = 0;
    int64_t max = 0;
    int64_t next = 0;
  };
  bool Numbers(int32_t queue, QueueNumbers* numbers) const;
  struct QueueName {
    std::string topic;
    int32_t queue_id;
    int32_t handle;
  };
  // Those whose handle is `since` or later.
  std::vector<QueueName> Queues(int32_t since = 0) const;
  // Of a read-only handle: takes in what the writer has published.
  Status Follow();
  // While on, the listener hears of every group that `visible` moves over, also when no append waits for it. What became visible
  // before the call returns is there for whoever looks afterwards. Of a read-only handle nobody moves it but Follow.
  void WatchVisible(bool on) { watched_.exchange(on ? 1 : 0, std::memory_order_acq_rel); }

  struct Marks {
    int64_t first = 0;
    int64_t written = 0;
    int64_t durable = 0;
    int64_t visible = 0;
  };
  Marks marks() const;
  bool rejecting() const { return group_ && group_->rejecting(); }
  bool failed() const { return group_ && group_->failed(); }
  Status rejection() const { return group_->rejection(); }
  Status failure() const { return group_->failure(); }
  // The oldest error that no append met; kOk when there is none.
  Status TakeBackgroundError();
  std::vector<LostRange> losses() const { return losses_.All(); }
  int64_t generation() const { return generation_; }
  int64_t file_bytes() const { return files_->file_bytes(); }
  int64_t entries_per_file() const { return queue_files_->entries_per_file(); }
  const OpenReport& report() const { return report_; }

  struct Numbered {
    int64_t syncs, sync_nanos, sync_nanos_max, writes, log_bytes, open_files, lost_bytes, late_blocks, tail_entries,
        synced_messages, index_files, index_entries, index_gap;
  };
  Numbered numbers() const;
  int64_t FreeBytes() const;

  // Everything durable, queues complete, the shutdown marked clean, the lock freed. kFlushFailed (and not marked) when it cannot
  // be.
  Status Close();

 private:
  Status OpenNow(const RecoveryProgress& progress);
  Status Recover(Opening& opening, const RecoveryProgress& progress, Mark* end);
  // The generation is one more when positions will be given again; durable before anything is cut.
  Status GrowGeneration(const Opening& opening, const Recovery& recovery, const Mark& end);
  Status TakeOver(Opening& opening, const Mark& end);
  Status WriteOpen(Opening& opening);
  Status Ready() const;
  CommitLog::Placed PlaceBatch(int64_t now);
  ConsumeQueue* ProducerQueue(int32_t handle);
  // The key index, for a log that ends at `end`.
  Status OpenIndex(int64_t end);
  Status SnapshotIndex(const KeyQuery& query, ReadMode mode, KeySnapshot* snapshot);
  // Adds the record at `position` if it is one that was asked for.
  Status TakeIfAsked(const KeyQuery& query, bool with_tags, int64_t position, ReadMode mode, KeyAnswer* answer);
  // kNotFound unless the record is what its queue's entry points at: the bytes of a body may spell a whole record.
  Status IsNamed(const RecordView& record, ReadMode mode);
  Status StartServices(const WatermarkSlot& base, const Mark& end);
  uint32_t Seal(std::span<std::byte> records) override { return SealRecords(records); }
  void OnProgress(bool wake) override;
  // True once for each time `visible` has moved while it is watched.
  bool WatchedMoved();
  int64_t visible() const { return follower_ ? follower_->visible() : group_->visible(); }
  int64_t first() const { return files_->empty() ? marks().written : files_->first(); }

  struct BatchRecord {
    size_t at;
    int64_t size;
    int64_t tags_code;
    bool has_entry;
    size_t keys_end;  // in batch_keys_
  };

  // Beyond it appends are refused: tails are memory that only a queue file can take.
  static constexpr int64_t kMaxTailEntries = 2'000'000;
  // Of one look-up by key, and of one that an event loop waits for.
  static constexpr size_t kMostKeyBytes = size_t{32} << 20;
  static constexpr size_t kMostKeyBytesAtOnce = size_t{1} << 20;
  static constexpr int kMostKeysAtOnce = 2048;

  Platform& platform_;
  const StorePaths paths_;
  const StoreConfig config_;
  StoreListener* const listener_;

  FileHandle lock_ = kNoFile;
  int64_t generation_ = 0;
  WatermarkSlot base_slot_;
  OpenReport report_;
  LossMap losses_;
  std::vector<OwnRange> own_;
  SideCar side_car_;
  std::unique_ptr<FileSet> files_;
  std::unique_ptr<QueueFiles> queue_files_;
  std::unique_ptr<QueueTable> queues_;
  std::unique_ptr<BlockReserve> blocks_;
  std::unique_ptr<GroupCommit> group_;
  std::unique_ptr<CommitLog> log_;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<TimeSearch> time_search_;
  std::unique_ptr<Follower> follower_;
  std::unique_ptr<TransferService> transfers_;  // begun when first needed
  std::atomic<bool> plans_many_{false};         // the last plan was not of few bytes: the next one is not tried as such
  std::unique_ptr<KeyIndex> key_index_;
  std::unique_ptr<IndexView> index_view_;  // of a read-only handle
  int64_t log_unchanged_ = INT64_MAX;      // from here on somebody else may have written since the index was
  std::unique_ptr<Maintenance> maintenance_;
  std::unique_ptr<ServiceThread> maintenance_thread_;

  std::vector<std::shared_ptr<ConsumeQueue>> producer_queues_;  // by handle, so that an append takes no lock to find its queue
  int32_t batch_queue_ = QueueTable::kNoQueue;
  size_t batch_bytes_ = 0;
  std::vector<BatchRecord> batch_;
  std::vector<int32_t> batch_keys_;
  std::vector<QueueEntry> batch_entries_;
  std::vector<int32_t> keys_;

  std::atomic<size_t> key_record_bytes_{1024};  // of the record that a look-up by key read last

  std::atomic<int32_t> watched_{0};
  std::atomic<int64_t> told_visible_{0};

  mutable std::mutex mutex_;  // deletions_ and background_
  std::map<std::string, Deletion> deletions_;
  std::vector<Status> background_;
};

}  // namespace millrace
