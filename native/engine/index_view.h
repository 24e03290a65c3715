// The key index as a read-only handle sees it: the files that the writer's index record speaks of, and the log from there on.
//
// The record is read again at each query, because the writer replaces it as it goes; it was synced after the files that it names,
// so what it says is there, whatever the writer does meanwhile. The keys of the log behind are kept once they were read: of the
// newest part when they are too many, and then the rest is the snapshot's gap. It changes nothing on disk. Any thread.
#pragma once

#include <mutex>

#include "key_index.h"
#include "log_walk.h"
#include "pending_keys.h"

namespace millrace {

class IndexView {
 public:
  // The log as it is seen at one moment. How often it was cut is asked first: a cut meanwhile is seen next time.
  struct Log {
    int64_t cuts;
    int64_t visible;
    int64_t first;
  };

  // `unchanged`: as in KeyIndex::Open, for the record that is there now.
  IndexView(Platform& platform, const StorePaths& paths, FileSet& log, const std::vector<OwnRange>& own, int64_t unchanged);

  // May read from the log, under a lock that other look-ups wait for.
  Status Snapshot(int32_t hash, const Log& log, KeySnapshot* snapshot);
  IndexPool& pool() { return pool_; }

 private:
  // The record that is there now, as far as it may be believed.
  Status LoadRecord(IndexRecord* record);
  // Reads what lies between `from` and what is visible, as far as it was not read before.
  Status ReadLog(int64_t from, const Log& log, bool with_tags);
  void ForgetOldest();

  static constexpr size_t kMaxRead = 256 * 1024;

  Platform& platform_;
  const StorePaths& paths_;
  IndexPool pool_;

  std::mutex mutex_;  // all below
  int64_t unchanged_;
  std::vector<std::byte> first_;  // the record that unchanged_ is about
  std::vector<std::byte> last_;
  LogWalk walk_;
  // The keys of the log in [read_from_, read_to_).
  PendingKeys read_;
  std::vector<int32_t> hashes_;
  int64_t read_from_ = 0;
  int64_t read_to_ = 0;
  int64_t cuts_ = 0;
  bool with_tags_ = false;
};

}  // namespace millrace
