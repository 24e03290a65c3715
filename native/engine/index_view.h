// The key index as a read-only handle sees it: the files that the writer's index record speaks of, and the log from there on.
//
// The record is read again at each query, because the writer replaces it as it goes; it was synced after the files that it names,
// so what it says is there, whatever the writer does meanwhile. It changes nothing on disk. Any thread.
#pragma once

#include <mutex>

#include "key_index.h"

namespace millrace {

class IndexView {
 public:
  // `unchanged`: as in KeyIndex::Open, for the record that is there now.
  IndexView(Platform& platform, const StorePaths& paths, int64_t unchanged);

  Status Snapshot(int64_t visible, KeySnapshot* snapshot);
  IndexPool& pool() { return pool_; }

 private:
  Platform& platform_;
  const StorePaths& paths_;
  IndexPool pool_;
  std::mutex mutex_;
  int64_t unchanged_;
  std::vector<std::byte> first_;  // the record that unchanged_ is about
  std::vector<std::byte> last_;
};

}  // namespace millrace
