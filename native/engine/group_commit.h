// Group commit: what was staged is written by one thread, synced by one, and the watermarks move.
//
// Promises. `written` moves over whole extents after their pwrite; `durable` after an fdatasync that began after that write, file
// by file, never into a file whose predecessor failed. While one sync runs the next group gathers: no timer, no minimum wait.
// The first failed sync is final: `durable` and `visible` never move again, nothing is retried, every later call says kFlushFailed.
// A write that fails (a full disk) is not: what had been written of it is zeroed, everything staged behind it is rejected, and
// after AcceptRejection appends go on from `written`.
//
// Threads. One producer (Stage, HandOff, WriteInline, AcceptRejection). The writer service writes, and syncs in sync mode; the
// flusher service syncs in async mode. WriteInline does both on the producer's thread. Two mutexes, writing_ and syncing_, are held
// over the I/O of these roles. The listener is called by whichever thread made progress, with no lock held.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "block_reserve.h"
#include "chunk.h"
#include "file_set.h"
#include "platform.h"
#include "staging.h"
#include "status.h"

namespace millrace {

enum class Want { kNothing, kWritten, kDurable };

class CommitListener {
 public:
  virtual ~CommitListener() = default;
  // Completes records that are about to be written: whoever writes calls it, once for an extent, and keeps others from writing.
  // Returns the checksum of the last one.
  virtual uint32_t Seal(std::span<std::byte> records) = 0;
  // A watermark moved, or the log failed or rejected. `wake` is true when somebody waits for it.
  virtual void OnProgress(bool wake) = 0;
};

class GroupCommit {
 public:
  struct Policy {
    bool sync = true;
    bool mapped = false;
    bool visible_when_durable = true;
    int64_t interval_nanos = 500'000'000;
    int64_t max_unflushed_bytes = int64_t{16} << 20;
  };

  GroupCommit(Platform& platform, FileSet& files, BlockReserve& blocks, const Policy& policy, CommitListener& listener);
  ~GroupCommit() { StopServices(); }

  // The log ends, durably, at `end`. Services begin; kIoError (EAGAIN) when the process may have no more threads.
  Status Start(const Mark& end);
  void StopServices() {
    if (writer_thread_) writer_thread_->Stop();
    if (flusher_thread_) flusher_thread_->Stop();
  }

  // --- producer
  // kOk, the rejection that AcceptRejection has to take first, or the sticky failure.
  Status Ready() const;
  // Room for `bytes` that will stand at `position`. Valid until the next call.
  std::byte* Stage(int64_t position, size_t bytes);
  // Memory for a draft that has `used` bytes and grows by `more`; Stage gives it when the draft is finished. nullptr when the
  // draft is gone, because something else was done since it began (staging.h).
  std::byte* Draft(size_t used, size_t more);
  size_t drafted() const { return staging_.drafted(); }
  // What was staged last is complete: the log goes on at `end`.
  void Staged(int64_t end, const LastRecord& last, int64_t messages, Want want);
  // The turn is over: the writer may have it.
  void HandOff();
  // Writes everything staged, and syncs it if asked to, on this thread.
  Status WriteInline(bool sync);
  // Somebody waits until what is staged so far is durable.
  void RequestSync();
  // Forgets what was rejected; the log goes on at the returned mark.
  Mark AcceptRejection();

  // --- any thread
  int64_t written() const { return written_.load(std::memory_order_acquire); }
  int64_t durable() const { return durable_.load(std::memory_order_acquire); }
  int64_t visible() const { return visible_.load(std::memory_order_acquire); }
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  bool rejecting() const { return rejecting_.load(std::memory_order_acquire); }
  bool syncing() const { return sync_in_flight_.load(std::memory_order_relaxed); }
  Status failure() const { return Sample(failure_); }
  Status rejection() const { return Sample(rejection_); }
  Mark written_mark() const { return Sample(written_mark_); }
  Mark durable_mark() const { return Sample(durable_mark_); }  // position may lag durable() within a group that crosses files
  int64_t staged_bytes() const { return std::max<int64_t>(0, staged_end_.load(std::memory_order_relaxed) - written()); }
  // For the engine's own files (queues, side-car): their failed sync fails the log too.
  void Fail(Status status);

  struct Counters {
    std::atomic<int64_t> syncs{0};
    std::atomic<int64_t> sync_nanos{0};
    std::atomic<int64_t> sync_nanos_max{0};
    std::atomic<int64_t> writes{0};
  };
  const Counters& counters() const { return counters_; }

 private:
  class StepService;

  int64_t WriterStep();
  int64_t FlusherStep();
  // `written` was `before` until just now.
  void WakeFlusherIfDue(int64_t before);
  // With writing_ held: the next chunk that was passed on. True when it was written or rejected.
  bool WriteNext();
  Status WriteChunk(Chunk& chunk);
  Status WriteExtent(Extent& extent, std::span<std::byte> bytes);
  void Advance(const Extent& extent);
  void Reject(Status status);
  // With syncing_ held: everything written so far becomes durable.
  void SyncWritten();
  Status SyncOneFile(int64_t position);
  int64_t NanosUntilDue() const;

  template <typename Value>
  Value Sample(const Value& value) const {
    std::lock_guard lock(mutex_);
    return value;
  }

  Platform& platform_;
  FileSet& files_;
  BlockReserve& blocks_;
  const Policy policy_;
  CommitListener& listener_;

  std::mutex writing_;
  int64_t write_start_ = -1;  // with writing_ held: the file that is being written
  std::shared_ptr<OpenFile> write_file_;
  std::mutex syncing_;

  Staging staging_;
  std::atomic<int64_t> staged_end_{0};  // stored by the producer only

  mutable std::mutex mutex_;  // the marks, the rejection and the failure
  Mark written_mark_;
  Mark durable_mark_;
  Status rejection_;
  Status failure_;

  std::atomic<int64_t> written_{0};
  std::atomic<int64_t> durable_{0};
  std::atomic<int64_t> visible_{0};
  std::atomic<int64_t> sync_wanted_{0};     // somebody waits for `durable` to reach this
  std::atomic<int64_t> written_wanted_{0};  // somebody waits for `written` to reach this
  std::atomic<int64_t> dirty_since_{0};     // when `written` left `durable` behind
  std::atomic<bool> failed_{false};
  std::atomic<bool> rejecting_{false};
  std::atomic<bool> sync_in_flight_{false};
  Counters counters_;

  std::unique_ptr<Service> writer_;
  std::unique_ptr<Service> flusher_;
  std::unique_ptr<ServiceThread> writer_thread_;
  std::unique_ptr<ServiceThread> flusher_thread_;
};

}  // namespace millrace
