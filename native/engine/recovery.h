// Brings a log back to one that can be trusted, and says what was found.
//
// The rules (docs/durability.md, "Recovery"): below the watermark W a bad record is damage: its range goes into the loss map,
// everything behind it stays. At or above W the first bad record ends the log, back to the start of an unfinished batch: what
// follows is kept aside, zeroed and synced before anything is served, and the generation grows. What is kept at or above W is
// written again, because the page cache may show what the disk never got. Crash-safe at every step, and doing it twice changes
// nothing more. Memory is bounded; progress is told a few times a second. One thread, before the store serves.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "chunk.h"
#include "file_set.h"
#include "log_repair.h"
#include "log_scanner.h"
#include "loss_map.h"
#include "queue_rebuild.h"
#include "side_car.h"

namespace millrace {

enum class RecoveryPhase : int32_t { kSync = 0, kScan = 1, kTruncate = 2, kQueues = 3 };
// False gives up: the next open recovers.
using RecoveryProgress = std::function<bool(RecoveryPhase phase, int64_t done, int64_t total)>;

// What is known before the log is looked at.
struct RecoveryStart {
  bool clean = false;          // closed in order, by us
  int64_t watermark = 0;       // W
  bool to_last_valid = false;  // everything up to the last valid record counts as durable: somebody closed this in order
  int64_t scan_from = 0;       // a record begins here, or the log ends
  int64_t queue_bound = 0;     // queue entries of positions below are trusted
  bool has_census = false;
  QueueCensus census;  // what the queues should hold below queue_bound
  LastRecord last;     // the newest record below scan_from
  std::vector<OwnRange> own;
  std::vector<OwnRange> own_before;  // what was ours before somebody else wrote
  bool foreign = false;              // somebody else wrote, and may have cut the log and gone on without erasing what it cut
  bool sync_failed = false;          // what the page cache shows may never have come to the disk
  bool read_only = false;
  bool refuse_damage = false;
  int64_t scan_limit = INT64_MAX;  // a read-only handle looks no further
};

struct RecoveryOutcome {
  Mark end;  // the log goes on here
  int64_t scanned_bytes = 0;
  int64_t recovered_messages = 0;
  int64_t truncated_from = -1;
  int64_t truncated_bytes = 0;
  int64_t rebuilt_queue_entries = 0;
  int64_t repaired_blanks = 0;
  std::vector<LostRange> newly_lost;
};

class Recovery {
 public:
  Recovery(Platform& platform, const StorePaths& paths, FileSet& files, QueueTable& queues, LossMap& losses,
           const std::map<std::string, Deletion>& deletions, const RecoveryProgress& progress, bool read_only);

  // Reads only: a foreign layout of the queues, and damage that is to be refused (kCorruption), are found before anything is
  // written.
  Status Check(const RecoveryStart& start);
  // Reads; with a store that may be written, also compares and writes queue entries.
  Status Scan(RecoveryOutcome* outcome);
  // The ranges that can still be told to be ours.
  const std::vector<OwnRange>& own() const { return start_.own; }
  // True when Repair is going to cut something: the generation has to grow, durably, before it.
  bool Cuts() const { return repair_.cuts(); }
  // True when there is anything to repair, also without a cut.
  bool Changed() const { return Cuts() || !blanks_.empty() || table_.tail_entries() > 0 || rebuild_.ahead(); }
  // Makes the disk what Scan said it is. The loss map has been saved.
  Status Repair(int64_t generation, RecoveryOutcome* outcome);

 private:
  struct Batch {
    int64_t begin = -1;
    int64_t end = -1;
    LastRecord last_before;
  };

  Status LoadQueues();
  void FromFirst();
  // One walk over the log, and where it is.
  struct Pass {
    const RecoveryStart& start;
    bool dispatch;    // queue entries are pushed; else it only looks
    bool from_first;  // it began with the first record there is
    RecoveryOutcome* outcome;
    int64_t at;
    int64_t flushed_at;
    LastRecord last;
    std::vector<int64_t> suspects;  // where a BLANK is bad, until a gap in a queue shows that more than a BLANK was lost
  };

  Status ScanLog(const RecoveryStart& start, bool dispatch, RecoveryOutcome* outcome);
  bool IsLeftOver(const RecordView& record) const;
  Status TakeRecord(const RecordView& record, Pass* pass);
  // A bad place that does not end the log by its position alone: goes on behind it, or says that the log *ends here after all.
  Status StepOver(const LogScanner::Seen& seen, Pass* pass, bool* ends);
  Status ScanAgain(RecoveryOutcome* outcome);
  // Behind a bad place: finds the next record, or none. *blank: the place is where a BLANK should be.
  Status Resynchronise(int64_t bad, const RecoveryStart& start, int64_t* next, bool* blank);
  void Lose(int64_t from, int64_t to, LossReason reason, RecoveryOutcome* outcome);
  Status FindCut(RecoveryOutcome* outcome);
  bool Tell(RecoveryPhase phase, int64_t done, int64_t total, bool always);

  static constexpr int64_t kCheckedEntries = 4096;           // of each queue, after an end that was not clean
  static constexpr int64_t kFlushBytes = int64_t{64} << 20;  // so much log's entries are kept in memory

  Platform& platform_;
  const StorePaths& paths_;
  FileSet& files_;
  QueueTable& table_;
  LossMap& losses_;
  const RecoveryProgress& progress_;
  LogScanner scanner_;
  LogRepair repair_;
  QueueRebuild rebuild_;
  RecoveryStart start_;
  Batch batch_;
  bool strange_ = false;
  int64_t rewrite_from_ = 0;
  std::vector<int64_t> blanks_;  // where a BLANK has to be written
  int64_t told_at_ = 0;
};

}  // namespace millrace
