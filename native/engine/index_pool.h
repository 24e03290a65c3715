// The index files that are open: a bounded number, the least recently used one goes first. A file in use stays until its last
// holder lets go. When files are made again under the same names an epoch ends: who still looks for those of the one before finds
// none. Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "index_record.h"

namespace millrace {

class IndexPool {
 public:
  IndexPool(Platform& platform, const StorePaths& paths) : platform_(platform), paths_(paths) {}

  std::string PathOf(const std::string& name) const { return paths_.index + "/" + name; }
  // kNotFound when that epoch is over. With kOnlyCached a file that has to be opened is kWouldBlock.
  Status Acquire(const IndexRecord::File& named, const IndexShape& shape, uint64_t epoch, ReadMode mode,
                 std::shared_ptr<IndexFile>* file);
  void Keep(const std::string& name, std::shared_ptr<IndexFile> file);
  void EndEpoch();
  uint64_t epoch() const;
  size_t open_count() const;

 private:
  void KeepLocked(const std::string& name, std::shared_ptr<IndexFile> file);

  static constexpr size_t kMaxOpen = 32;
  struct Slot {
    std::shared_ptr<IndexFile> file;
    uint64_t used = 0;
  };

  Platform& platform_;
  const StorePaths& paths_;
  mutable std::mutex mutex_;
  std::map<std::string, Slot> open_;
  uint64_t clock_ = 0;
  uint64_t epoch_ = 0;
};

}  // namespace millrace
