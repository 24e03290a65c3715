// What stands in a directory before a store is opened there: whose it is, how it was left, and from where it has to be recovered.
//
// The lock is taken before anything is read. Nothing is written here but a missing root and the lock's file: a foreign layout
// leaves as it came. What was found, and what follows from it, is in the fields; store.cc acts on it. One thread.
#pragma once

#include <string>
#include <vector>

#include "recovery.h"
#include "side_car.h"
#include "store_config.h"

namespace millrace {

class Opening {
 public:
  Opening(Platform& platform, const StorePaths& paths, const StoreConfig& config)
      : platform_(platform), paths_(paths), config_(config) {}
  ~Opening();

  // kLocked carries the holder's process id in place of a position.
  Status LockDirectory();
  Status Inspect();
  // The caller keeps the lock now.
  FileHandle TakeLock() { return std::exchange(lock_, kNoFile); }

  bool exists = false;   // there is a store
  bool clean = false;    // closed in order, by us: nothing to recover
  bool foreign = false;  // somebody else wrote since
  bool had_abort = false;
  bool new_identity = false;
  std::vector<std::string> not_believed;  // files of the side-car that have to be set aside
  bool side_car_overtaken = false;        // the log is not the one that the side-car describes
  SideCar::Found found;
  Identity identity;
  int64_t generation = 0;
  int64_t sequence = 0;
  std::vector<int64_t> log_files;
  int64_t short_last = -1;  // start of a last file that has not its full size
  RecoveryStart start;

 private:
  Status ChooseStart();
  // Somebody else wrote since; below `known` everything was ours and on disk.
  void ForeignStart(const FileSet& files, int64_t known);
  Status AdoptStart(FileSet& files);
  Status Recognise(FileSet& files, bool* recognised);
  // Walks the records of one file from its start up to `to`: where that led, and whether all of them can be ours.
  Status FollowRecords(FileSet& files, int64_t from, int64_t to, int64_t* at, bool* any, bool* is_ours);
  Status EndsAt(FileSet& files, const WatermarkSlot& slot, bool* ends);
  Status ReadAbort(int64_t* process_id);

  Platform& platform_;
  const StorePaths& paths_;
  const StoreConfig& config_;
  FileHandle lock_ = kNoFile;
  int64_t abort_session_ = 0;
  int64_t abort_before_ = 0;
  bool last_is_damaged_ = false;  // the record by which the log is recognised is where it should be, and bad
};

// The text of `abort`: the process id first, as in RocketMQ, then ours. `before` is the session that the newest slot named then: an
// open that was cut short before it could write a slot of its own is still one of ours.
std::string AbortText(int64_t process_id, int64_t session, int64_t before);

}  // namespace millrace
