// The outcome of an engine call: a code, the operating system's errno behind it, where in the log, and which file.
//
// A Status is a value. It owns its path (shared, because a sticky failure is handed to many waiters) and allocates only when
// there is something to report. The codes are numbered: the binding hands the number to TypeScript, which alone makes errors
// out of it (ts/errors.ts holds the same list).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace millrace {

enum class Code : int32_t {
  kOk = 0,
  kBusy = 1,                 // too much is pending; wait and repeat
  kDiskFull = 2,             // ENOSPC or EDQUOT; nothing was stored
  kIoError = 3,              // any other error of the operating system
  kTooManyFiles = 4,         // EMFILE or ENFILE
  kCorruption = 5,           // the bytes on disk are not what was written
  kFormatMismatch = 6,       // the directory is laid out by somebody else, or differently
  kLocked = 7,               // another process, or another store in this one, holds the directory
  kNotFound = 8,             // no such store, file, queue or record
  kExists = 9,               // there is a store, and the caller asked for none
  kReadOnly = 10,            // the store was opened to look, not to touch
  kFlushFailed = 11,         // a sync failed: the store stays failed until it is opened again
  kTooLarge = 12,            // the record or batch cannot fit a file or a limit
  kNotOpen = 13,             // closed, closing or abandoned
  kAborted = 14,             // the caller gave up
  kWouldBlock = 15,          // the bytes are not in memory and the caller does not want to wait
  kInvalid = 16,             // an argument is out of range (TypeScript checks first: a bug in the caller)
  kPropertiesTooLarge = 17,  // more than 32 767 bytes of properties, checksum included
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  explicit Status(Code code, int error = 0, int64_t position = -1) : code_(code), error_(error), position_(position) {}

  static Status Ok() { return Status(); }
  // Chooses the code from an errno: full disks and used-up descriptors have their own, everything else is kIoError.
  static Status FromErrno(int error);

  Status At(int64_t position) && {
    position_ = position;
    return std::move(*this);
  }
  Status In(const std::string& path) && {
    path_ = std::make_shared<const std::string>(path);
    return std::move(*this);
  }

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  int error() const { return error_; }            // errno, 0 when none is behind it
  int64_t position() const { return position_; }  // byte position in the commit log, -1 when none applies
  const char* path() const { return path_ ? path_->c_str() : ""; }

 private:
  Code code_ = Code::kOk;
  int error_ = 0;
  int64_t position_ = -1;
  std::shared_ptr<const std::string> path_;
};

}  // namespace millrace
