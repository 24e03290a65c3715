// Reads records of one queue into a span, whole and verified, and says what it stepped over.
//
// Every byte given out was copied (pread), so nothing a reader holds can be unmapped, cut or fault under it; neighbours in the log
// are read in one call. Nothing unverified is served: a record that does not hold goes into the loss map and is reported. Nothing
// at or above `visible` is shown. With a tag filter only records with a wanted tag are given, and none is touched that its entry's
// hash rules out (entry_scan.h); nor is a loss of one reported. With kOnlyCached a read that would wait for the device, or keep its
// thread for long, gives kWouldBlock and nothing else. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "consume_queue.h"
#include "entry_scan.h"
#include "file_set.h"
#include "log_plan.h"
#include "loss_map.h"
#include "read_outcome.h"
#include "side_car.h"
#include "store_config.h"
#include "verified_map.h"

namespace millrace {

struct ReadLimits {
  int64_t max_messages = 32;
  int64_t max_bytes = 256 * 1024;
  int64_t max_scanned = 16384;
  const TagFilter* filter = nullptr;  // outlives the read; null: every message
};

class Reader {
 public:
  Reader(Platform& platform, FileSet& files, QueueFiles& queue_files, LossMap& losses, const std::vector<OwnRange>& own,
         VerifyMode verify)
      : platform_(platform), files_(files), queue_files_(queue_files), losses_(losses), own_(own), verify_(verify) {}

  VerifiedMap& verified() { return verified_; }

  // Records back to back in `to`. kTooLarge when they do not fit: nothing was read, bytes_needed says what would do.
  Status Read(const ConsumeQueue& queue, int64_t offset, const ReadLimits& limits, int64_t visible, int64_t first, ReadMode mode,
              std::span<std::byte> to, ReadOutcome* outcome);
  // The same records, not read into anything but found: they can be sent as they stand. Those that nobody verified yet are read for
  // it. On an event loop, kOnlyCached, only so much is read as it may wait for.
  Status Plan(const ConsumeQueue& queue, int64_t offset, const ReadLimits& limits, int64_t visible, int64_t first, ReadMode mode,
              LogPlan* plan);
  // Bytes of a plan from `at` on, as many as `to` has room for and the plan has left. kIoError when the log has them no more.
  Status ReadPlanned(const LogPlan& plan, int64_t at, ReadMode mode, std::span<std::byte> to);
  // The record that begins at `position`. kNotFound: none does; kCorruption: it is lost; kTooLarge as above.
  Status ReadAt(int64_t position, int64_t visible, ReadMode mode, std::span<std::byte> to, int64_t* bytes);
  // The same for what looks like a record by its head, and nothing of it is checked but that. One call of the platform when it is
  // no larger than `guess`.
  Status ReadUnchecked(int64_t position, int64_t visible, ReadMode mode, size_t guess, std::span<std::byte> to, int64_t* bytes);

  // Whether the checksum of the record at `position` need not be computed (again).
  bool Known(int64_t position) const {
    return verify_ == VerifyMode::kNever || (verify_ == VerifyMode::kFirst && verified_.Has(position));
  }
  // Whether `bytes` are the whole record that the entry at `offset` of the queue speaks of: then *view is the record's. If not,
  // *lost is filled in, and goes into the loss map when it is the record that is damaged.
  bool Verify(const ConsumeQueue& queue, const QueueEntry& entry, int64_t offset, std::span<const std::byte> bytes,
              RecordView* view, LostRange* lost);

 private:
  struct Picked {
    QueueEntry entry;
    int64_t offset = 0;
    size_t at = 0;
  };
  // A read picks entries, reads their records and keeps those that hold and match. Only if some did not match does it pick again.
  struct Round {
    std::vector<Picked> picked;
    int64_t let_through = 0;  // entries that count against max_messages
    int64_t unmatched = 0;    // of this round: the hash matched, the tag did not
    int64_t unmatched_bytes = 0;
    bool removing = false;
  };

  // False when the offset is not one of the queue's: then the outcome says so.
  static bool Begin(const ConsumeQueue& queue, int64_t offset, int64_t visible, ReadOutcome* outcome);
  Status Pick(const ReadLimits& limits, int64_t visible, int64_t first, EntryScan* scan, Round* round, ReadOutcome* outcome);
  void Keep(const ConsumeQueue& queue, const TagFilter* filter, std::span<std::byte> to, Round* round, ReadOutcome* outcome);
  Status CopyRuns(const std::vector<Picked>& picked, ReadMode mode, std::span<std::byte> to);
  static void Conclude(const Round& round, ReadOutcome* outcome);
  // The file that a plan has come to; records tend to lie in the one that the record before lies in.
  struct Lying {
    int64_t start = -1;
    OpenFile* file = nullptr;        // null: missing
    const std::byte* log = nullptr;  // its mapping, where records are compared in it
  };
  Status Locate(int64_t position, const TagFilter* filter, ReadMode mode, LogPlan* plan, Lying* lying);
  // Adds those picked that hold and match to the plan; `picked` are neighbours in one file. *read counts the bytes looked at.
  Status Sift(const ConsumeQueue& queue, const TagFilter* filter, ReadMode mode, std::span<const Picked> picked, const Lying& lying,
              Round* round, LogPlan* plan, int64_t* read);
  void SiftOne(const ConsumeQueue& queue, const TagFilter* filter, const Picked& one, std::span<const std::byte> record,
               OpenFile* file, Round* round, LogPlan* plan);
  // Whether what the mapping of the entry's file shows there is a record of this size, place, queue and offset.
  bool IsAsKnown(const ConsumeQueue& queue, const Picked& one, const Lying& lying);
  static void AddRun(OpenFile* file, const QueueEntry& entry, LogPlan* plan);
  Status ReadNeighbours(const OpenFile* file, int64_t position, ReadMode mode, std::span<std::byte> to);
  static void AddLost(int64_t offset, const LostRange* range, std::vector<LostMessages>* lost);

  // So much of what is thrown away an event loop waits for.
  static constexpr int64_t kMostUnmatchedAtOnce = 4 << 20;
  // And so much of what is verified for it and not copied.
  static constexpr int64_t kMostSiftedAtOnce = 256 * 1024;
  static constexpr int64_t kSiftedBytes = 256 * 1024;  // of one read

  Platform& platform_;
  FileSet& files_;
  QueueFiles& queue_files_;
  LossMap& losses_;
  const std::vector<OwnRange>& own_;
  const VerifyMode verify_;
  VerifiedMap verified_;
};

}  // namespace millrace
