// Walks the records of the commit log in order, through one window of memory that grows only for a record that needs it.
//
// Look says what stands at a position and believes nothing it has not checked; where to go from there is the caller's decision
// (recovery.h, follower.h). One thread. A view is valid until the next call.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "file_set.h"
#include "record_codec.h"
#include "side_car.h"

namespace millrace {

// Where a missing `__CRC32#` is damage: in what we wrote ourselves.
ChecksumRule RuleAt(const std::vector<OwnRange>& own, int64_t position);

class LogScanner {
 public:
  LogScanner(Platform& platform, FileSet& files) : platform_(platform), files_(files) {}

  struct Seen {
    RecordKind kind = RecordKind::kBad;
    RecordView view;            // of a record
    bool file_missing = false;  // with kBad: there is no such file
    bool plausible = false;     // with kBad: the head looks like a record's, so a checksum did not hold
  };
  // An error is an error of reading, never of what was read.
  Status Look(int64_t position, ChecksumRule rule, Seen* seen);
  // First position at or after `from`, below `end`, where a whole record begins; -1 when there is none. Looks into this file only.
  Status FindRecord(int64_t from, int64_t end, const std::vector<OwnRange>& own, int64_t* found);
  // First position at or after `from`, below `end`, whose byte is not zero; `end` when all are. One file.
  Status FindData(int64_t from, int64_t end, int64_t* found);
  // One past the last byte in [from, end) that is not zero; `from` when all are. One file.
  Status FindDataEnd(int64_t from, int64_t end, int64_t* found);
  // Forgets what was read: the file has been changed.
  void Forget() { bytes_ = 0; }

 private:
  // Makes [position, position + size) of one file available; fewer bytes at the file's end.
  Status Fill(int64_t position, size_t size, std::span<const std::byte>* view);

  static constexpr size_t kWindow = size_t{1} << 20;
  static constexpr size_t kMaxRecord = size_t{512} << 20;

  Platform& platform_;
  FileSet& files_;
  std::vector<std::byte> window_;
  int64_t from_ = 0;  // position of window_[0]
  size_t bytes_ = 0;  // valid bytes in window_
};

}  // namespace millrace
