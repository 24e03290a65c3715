// One look-up by key: the positions where a record with this key may stand, newest first, each once.
//
// What the index says is a hash; what stands at a position is for the caller to read and to compare. A file that does not hold
// together is told to the index and its part of the log is read instead. Reading the log takes as long as it takes: with
// kOnlyCached it is kWouldBlock, and so is opening a file. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "key_index.h"

namespace millrace {

struct KeyQuery {
  std::string_view topic;
  std::string_view key;
  TimeWindow window;
  int64_t max_messages = 32;
};

class KeySearch {
 public:
  KeySearch(Platform& platform, FileSet& log, const std::vector<OwnRange>& own, IndexPool& pool, const KeyQuery& query,
            KeySnapshot snapshot)
      : log_(log),
        pool_(pool),
        query_(query),
        hash_(IndexHash(query.topic, query.key)),
        snapshot_(std::move(snapshot)),
        walk_(platform, log, own) {
    next_file_ = snapshot_.files ? snapshot_.files->size() : 0;
  }

  // -1 when there is none any more.
  Status Next(ReadMode mode, int64_t* position);
  // Damaged files that were met.
  const std::vector<std::string>& damaged() const { return damaged_; }

 private:
  enum class Stage { kPending, kGap, kFiles };

  Status NextOfAny(ReadMode mode, int64_t* position);
  Status NextOfFiles(ReadMode mode, int64_t* position);
  Status NextOfFile(ReadMode mode, int64_t* position);
  // Whether there is one that may have something.
  bool NextFile();
  // Positions of the key in [from, to), read from the log.
  Status ReadLog(int64_t from, int64_t to, ReadMode mode);
  bool TakeRead(int64_t* position);
  Status ReadInstead(ReadMode mode);

  static constexpr size_t kMaxRead = 16 * 1024;  // far more than anybody asks for

  FileSet& log_;
  IndexPool& pool_;
  const KeyQuery& query_;
  const int32_t hash_;
  const KeySnapshot snapshot_;
  LogWalk walk_;

  Stage stage_ = Stage::kPending;
  size_t next_pending_ = 0;
  std::vector<int64_t> read_;  // oldest first
  // The file that is looked through, when there is one: it is open, or one of the snapshot's.
  bool in_file_ = false;
  std::shared_ptr<IndexFile> file_;
  const IndexRecord::File* named_ = nullptr;
  IndexHeader header_;
  size_t next_file_ = 0;
  bool active_done_ = false;
  IndexFile::Walk chain_;
  int64_t last_ = INT64_MAX;
  std::vector<std::string> damaged_;
};

}  // namespace millrace
