// The key index of a store: RocketMQ's index files, kept up beside the log, and never trusted further than they were synced.
//
// Where a key is looked for, newest first:
//   pending   keys of records from pending_from_ on that are in no file yet. The producer pushes them, and nothing else, when it
//             stages a record; a bounded list. When it is full it is forgotten, and pending_from_ moves to where pushing goes on.
//   the gap   [indexed_, pending_from_): log that has to be read. It is there after a crash, while a damaged or missing index is
//             made again, and where the list was full. The maintenance thread reads it a piece at a time; a query reads it whole.
//   files     every key of every record below indexed_. After a clean end of another program the last of them may reach further:
//             while the gap is read they are compared with it (index_adoption.h), and kept if they are right.
// So an answer is right at every moment, and only slower while there is a gap. A record comes into a file when it is visible: what
// can be taken back is not indexed. The side-car's index record (index_record.h) says how far files that were synced reach.
//
// Threads: Open and CatchUp before the store serves. Push and Rollback: the producer. Advance, Save: the maintenance thread.
// Snapshot and Distrust: any.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "index_adoption.h"
#include "index_pool.h"
#include "index_record.h"
#include "log_walk.h"
#include "pending_keys.h"
#include "store_config.h"

namespace millrace {

// What a query looks through, as it was at one moment.
struct KeySnapshot {
  std::vector<int64_t> pending;  // positions of the hash, newest first
  int64_t gap_from = 0;
  int64_t gap_to = 0;
  std::shared_ptr<const std::vector<IndexRecord::File>> files;  // oldest first
  std::shared_ptr<IndexFile> active;                            // the last file, which is not among those
  IndexShape shape;
  bool with_tags = false;
  uint64_t epoch = 0;         // of the pool
  int64_t below = INT64_MAX;  // positions of files at or above do not count
  int64_t from = 0;           // no position below is asked for
};

class KeyIndex {
 public:
  KeyIndex(Platform& platform, const StorePaths& paths, FileSet& log, const std::vector<OwnRange>& own,
           const KeyIndexConfig& config)
      : platform_(platform),
        paths_(paths),
        log_(log),
        own_(own),
        config_(config),
        pool_(platform, paths),
        walk_(platform, log, own) {}

  // The log below `unchanged` is the one that was indexed; it ends at `end`. Files that are not believed are removed; after a clean
  // end those that may be right, and are to be compared with the log, wait.
  Status Open(int64_t unchanged, bool clean, int64_t end);
  // Closes a small gap before the store serves; a larger one is the maintenance thread's. Of a log that ends at `end`.
  Status CatchUp(int64_t end);

  // --- producer
  // The keys of the record that was staged at [position, end).
  void Push(std::span<const int32_t> hashes, int64_t position, int64_t end, int64_t store_timestamp);
  void Rollback(int64_t position);

  // --- maintenance
  // True when there is anything to do.
  bool Behind() const;
  size_t pending() const { return pending_count_.load(std::memory_order_relaxed); }
  // Brings some of what lies below `visible` into the files. *more: the rest is waiting already.
  Status Advance(int64_t visible, bool* more);
  // Everything that was put is durable, and the record says so.
  Status Save();
  // What waits is brought into the files, unless that would take long: then the next open goes on.
  Status Finish(int64_t visible);
  // Store time of the last item of the files that are full, which RocketMQ believes after a crash.
  int64_t sealed_timestamp() const;
  int64_t gap() const;

  // --- any thread
  KeySnapshot Snapshot(int32_t hash, int64_t visible) const;
  // A query found that the file does not hold together: it, and everything newer, is made again. Not if it was already.
  void Distrust(const std::string& name, uint64_t epoch);
  IndexPool& pool() { return pool_; }
  bool with_tags() const { return config_.with_tags; }

  struct Numbers {
    int64_t files = 0;
    int64_t entries = 0;  // put since it was opened
    int64_t gap = 0;      // bytes of the log that have to be read yet
    int64_t open_files = 0;
  };
  Numbers numbers() const;

 private:
  // The files of the record that hold together, cut to `limit`.
  struct Believed {
    std::vector<IndexRecord::File> files;
    bool all = true;        // of what the record says below the limit
    bool may_go_on = true;  // files behind these may be compared with the log
  };
  Status TakeFiles(const IndexRecord& record, int64_t limit, bool may_wait, bool as_they_are, Believed* believed);
  Status TakeFile(const IndexRecord::File& file, int64_t limit, bool as_it_is, IndexRecord::File* taken);
  // The files behind those that are believed, and the one at hand, are compared with the log from `limit` on.
  Status WaitForLog(int64_t limit);
  // A file of the record that is believed below `limit` is the one at hand, whatever else is in it, if it holds together.
  Status EnterPart(const IndexRecord::File& file, int64_t limit, bool* entered);
  Status ListOthers(std::vector<std::string>* names);
  Status RemoveOthers();
  Status Remove(const std::vector<std::string>& names);
  Status DropDistrusted();
  Status ReadGap(int64_t visible, bool* more);
  // The keys of one record are compared with the files that wait, or put. *agrees: false when the file at hand has others, and is
  // distrusted now.
  Status IndexRecordKeys(const RecordView& record, bool* agrees);
  // The next of them; *step is kTaken when it was put.
  Status TakeOrPut(int32_t hash, const RecordView& record, IndexAdoption::Step* step);
  // One that may be in the files, and is never put.
  Status PassTag(int32_t hash);
  // The next file that waits, when there is none at hand or that one is full; if none is left, what is to come is put.
  Status EnterNext();
  // The log is at its end, and so has the file at hand to be.
  Status EndAdoption();
  Status PutPending(int64_t visible, bool* more);
  Status Put(int32_t hash, int64_t position, int64_t store_timestamp);
  Status Roll(int64_t store_timestamp);
  Status MakeFolder();

  static constexpr size_t kMaxPending = 256 * 1024;
  static constexpr size_t kAtOnce = 4096;          // keys
  static constexpr size_t kAhead = 8;              // keys whose slots the processor is asked for early
  static constexpr size_t kUnwritten = 64 * 1024;  // keys of the last file that are in memory only: 1.5 MB
  static constexpr int64_t kGapAtOpen = int64_t{4} << 20;
  static constexpr int64_t kGapAtEnd = int64_t{64} << 20;
  static constexpr int64_t kGapAtOnce = int64_t{8} << 20;  // bytes of log

  Platform& platform_;
  const StorePaths& paths_;
  FileSet& log_;
  const std::vector<OwnRange>& own_;
  KeyIndexConfig config_;
  IndexPool pool_;

  // The maintenance thread's.
  LogWalk walk_;
  std::vector<int32_t> gap_hashes_;
  std::vector<int32_t> all_hashes_;
  bool had_gap_ = false;
  IndexAdoption adoption_;
  std::vector<std::byte> saved_;

  mutable std::mutex mutex_;  // held over memory only
  std::shared_ptr<const std::vector<IndexRecord::File>> files_ = std::make_shared<std::vector<IndexRecord::File>>();
  std::shared_ptr<IndexFile> active_;
  std::string active_name_;
  int64_t indexed_ = 0;
  int64_t pending_from_ = 0;
  PendingKeys pending_;
  std::string distrusted_;
  std::atomic<size_t> pending_count_{0};
  std::atomic<int64_t> entries_{0};
};

}  // namespace millrace
