// What recovery writes into the log: the end that is cut off, the BLANKs that were bad, the records that stay.
//
// Cut: a copy of what goes is kept aside, later files are removed from the last one down, then the tail is zeroed and synced;
// whatever a crash leaves of that, the log still ends where it ended. RewriteKept: the same bytes once more, because the page cache
// may show what a failed sync never brought to the disk, and only a dirty page is written again. Every step may be repeated. One
// thread.
#pragma once

#include <functional>
#include <vector>

#include "file_set.h"
#include "log_scanner.h"
#include "store_paths.h"

namespace millrace {

class LogRepair {
 public:
  LogRepair(Platform& platform, const StorePaths& paths, FileSet& files, LogScanner& scanner)
      : platform_(platform), paths_(paths), files_(files), scanner_(scanner) {}

  // What lies behind `end`: *bytes of it are not zero, or between such.
  Status Find(int64_t end, int64_t* bytes);
  bool cuts() const { return cut_to_ > end_ || later_data_; }

  // Empties the log from where Find looked on. Copies are named by the generation. Unless zeros are believed, because a sync
  // failed here before, every block behind the end is written again: it may have on the disk what the page cache does not show.
  Status Cut(int64_t generation, bool believes_zeros);
  Status WriteBlanks(const std::vector<int64_t>& positions);
  // kAborted when `tell` (bytes done, bytes in all) gives false.
  Status RewriteKept(int64_t from, int64_t to, const std::function<bool(int64_t, int64_t)>& tell);

 private:
  // What Find saw, which is all there is where the page cache shows what is on the disk.
  Status ZeroSeen(FileHandle file);
  // Every block behind the end that the file has, whatever reading it gives.
  Status ZeroAll(FileHandle file);
  Status CopyAside(int64_t generation);
  Status Copy(int64_t from, int64_t to, const std::string& path);

  Platform& platform_;
  const StorePaths& paths_;
  FileSet& files_;
  LogScanner& scanner_;
  int64_t end_ = 0;
  int64_t cut_to_ = 0;
  bool later_data_ = false;
};

}  // namespace millrace
