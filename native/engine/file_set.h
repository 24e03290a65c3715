// The ordered, fixed-size files of the commit log: found by position, made ahead, opened when needed.
//
// A file enters the directory whole: made under a temporary name, given its full (sparse) size, synced, renamed in, directory
// synced. After Create returns OK the file survives a power cut, empty; before, it is not there. Files that still have something to
// sync stay open from their making on, so that an error of the background write-back cannot be missed; of the others a bounded
// number does. Any thread, and none waits while
// another opens a file; Create and Remove are serialised here. Naming and sizes: docs/format.md, "Files".
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "open_file.h"
#include "platform.h"
#include "status.h"

namespace millrace {

class FileSet {
 public:
  FileSet(Platform& platform, std::string directory, std::string temporary_directory, int64_t file_bytes, bool read_only);

  // Takes over what Inspect found. Nothing is opened yet.
  void Load(const std::vector<int64_t>& starts);

  int64_t file_bytes() const { return file_bytes_; }
  int64_t StartOf(int64_t position) const { return position - position % file_bytes_; }
  int64_t EndOf(int64_t position) const { return StartOf(position) + file_bytes_; }
  std::string PathOf(int64_t position) const;

  bool empty() const;
  int64_t first() const;  // start of the first file, 0 when there is none
  int64_t last() const;   // start of the last file, -1 when there is none
  bool Has(int64_t position) const;
  int64_t NextStart(int64_t position) const;  // first file that begins after `position`, -1 when there is none
  int64_t count() const;
  int64_t open_count() const;

  // kNotFound when there is no such file. A read-only set looks into the directory for files made meanwhile.
  Status Open(int64_t position, std::shared_ptr<OpenFile>* file, ReadMode mode = ReadMode::kMayBlock);
  // Makes the file that begins at `start`; one that is there is fine. `existed` (optional) says which.
  Status Create(int64_t start, bool* existed = nullptr);
  // Unlinks files from the last one down to `from`; the directory is synced after each, so that no gap can arise.
  Status RemoveFrom(int64_t from);

  // Files below are durable and need not stay open.
  void SetDurable(int64_t position);

 private:
  struct Slot {
    std::shared_ptr<OpenFile> file;
    uint64_t used = 0;
  };
  void EvictLocked();

  static constexpr int64_t kMaxIdleOpen = 64;

  Platform& platform_;
  const std::string directory_;
  const std::string temporary_directory_;
  const int64_t file_bytes_;
  const bool read_only_;

  std::mutex creating_;  // held over the I/O of Create and RemoveFrom
  mutable std::mutex mutex_;
  std::map<int64_t, Slot> files_;
  int64_t durable_ = 0;
  int64_t open_count_ = 0;
  uint64_t clock_ = 0;
};

}  // namespace millrace
