// Reads records of one queue into a span, whole and verified, and says what it stepped over.
//
// Every byte given out was copied (pread), so nothing a reader holds can be unmapped, cut or fault under it; neighbours in the log
// are read in one call. Nothing unverified is served: a record that does not hold goes into the loss map and is reported. Nothing
// at or above `visible` is shown. With kOnlyCached a read that would wait for the device gives kWouldBlock and nothing else. Any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "consume_queue.h"
#include "file_set.h"
#include "loss_map.h"
#include "side_car.h"
#include "store_config.h"
#include "verified_map.h"

namespace millrace {

// In RocketMQ's words; TypeScript has the same list.
enum class ReadStatus : int32_t {
  kFound = 0,
  kNoMatchedMessage = 1,
  kNoMessageInQueue = 2,
  kNoMatchedLogicQueue = 3,
  kOffsetTooSmall = 4,
  kOffsetOverflowOne = 5,
  kOffsetOverflowBadly = 6,
  kMessageWasRemoving = 7,
  kMessageLost = 8,
};

struct ReadLimits {
  int64_t max_messages = 32;
  int64_t max_bytes = 256 * 1024;
  int64_t max_scanned = 16384;
};

struct LostMessages {
  int64_t from_offset = 0;
  int64_t to_offset = 0;
  std::vector<LostRange> ranges;
};

struct ReadOutcome {
  ReadStatus status = ReadStatus::kFound;
  int64_t next_offset = 0;
  int64_t min_offset = 0;
  int64_t max_offset = 0;
  int64_t messages = 0;
  int64_t bytes = 0;         // written into the span
  int64_t bytes_needed = 0;  // kTooLarge: how large it has to be
  std::vector<LostMessages> lost;
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
  // The record that begins at `position`. kNotFound: none does; kCorruption: it is lost; kTooLarge as above.
  Status ReadAt(int64_t position, int64_t visible, ReadMode mode, std::span<std::byte> to, int64_t* bytes);

  // Whether the checksum of the record at `position` need not be computed (again).
  bool Known(int64_t position) const {
    return verify_ == VerifyMode::kNever || (verify_ == VerifyMode::kFirst && verified_.Has(position));
  }
  // Whether `bytes` are the whole record that the entry at `offset` of the queue speaks of. If not, *lost is filled in, and goes
  // into the loss map when it is the record that is damaged.
  bool Verify(const ConsumeQueue& queue, const QueueEntry& entry, int64_t offset, std::span<const std::byte> bytes,
              LostRange* lost);

 private:
  struct Picked {
    QueueEntry entry;
    int64_t offset = 0;
    size_t at = 0;
  };

  Status CopyRuns(const std::vector<Picked>& picked, ReadMode mode, std::span<std::byte> to);
  static void AddLost(int64_t offset, const LostRange* range, std::vector<LostMessages>* lost);

  Platform& platform_;
  FileSet& files_;
  QueueFiles& queue_files_;
  LossMap& losses_;
  const std::vector<OwnRange>& own_;
  const VerifyMode verify_;
  VerifiedMap verified_;
};

}  // namespace millrace
