// Files of the key index that another program wrote, taken over item by item instead of being made again.
//
// RocketMQ's files tell neither what log they are of nor that nothing is missing: an index that was off for a while, a kill, a log
// that was cut or two files of one name leave holes that no file shows. So a file counts only as far as the log was read beside it
// and each record's keys were the next items. That reads what making it again would read, and writes nothing.
//
// An item that the record before allows once more is passed over: when RocketMQ starts it may put the last record again. Anything
// else that is not expected means that the file, and those behind it, are to be made again.
// Threads: those of KeyIndex's maintenance.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "index_file.h"

namespace millrace {

class IndexAdoption {
 public:
  enum class Step {
    kTaken,    // the next item is this key of this record
    kEnd,      // the file has no more items
    kDiffers,  // the next item is another one
  };

  // Files that wait, oldest first. Items of records below `from` are passed over.
  void Begin(std::deque<std::string> names, int64_t from);
  void End();
  bool on() const { return on_; }
  bool IsWaiting(const std::string& name) const;
  // False when none waits.
  bool TakeName(std::string* name);
  // Items are taken from this file now, from this number on.
  void Enter(std::shared_ptr<IndexFile> file, int32_t first);

  // The keys of the next record, in order, are asked for next; `hashes` are all that it may be indexed by.
  void NextRecord(int64_t position, int64_t store_timestamp, std::vector<int32_t> hashes);
  Status Take(int32_t hash, Step* step);
  // kEnd or kDiffers: whether an item is left in the file.
  Status Rest(Step* step);

 private:
  static constexpr size_t kAtOnce = 4096;

  // The next item that may not be passed over.
  Status Peek(IndexItem* item, bool* any);

  bool on_ = false;
  std::deque<std::string> names_;
  int64_t from_ = 0;
  std::shared_ptr<IndexFile> file_;
  int32_t number_ = 1;  // of the next item
  std::vector<IndexItem> read_;
  size_t at_ = 0;  // in read_

  struct Record {
    int64_t position = -1;
    int64_t store_timestamp = 0;
    std::vector<int32_t> hashes;
  };
  Record record_;
  Record before_;
};

}  // namespace millrace
