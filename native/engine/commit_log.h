// Where the next record stands: positions, rolling, and the BLANK that closes a file.
//
// Place assigns a position and gives the memory to encode into; nothing is on disk before group_commit.h has written it. One
// producer. A record, and a batch, never crosses a file: what does not fit closes the file with a BLANK and begins the next one,
// and eight bytes always stay for that BLANK. A BLANK is never overwritten.
#pragma once

#include <algorithm>

#include "file_set.h"
#include "group_commit.h"
#include "record_codec.h"

namespace millrace {

class CommitLog {
 public:
  CommitLog(FileSet& files, GroupCommit& group) : files_(files), group_(group) {}

  void Start(const Mark& end) {
    next_ = end.position;
    last_store_timestamp_ = end.last.store_timestamp;
  }

  // After a rejection: the log goes on here.
  void GoBack(int64_t position) { next_ = position; }
  int64_t next_position() const { return next_; }
  int64_t last_store_timestamp() const { return last_store_timestamp_; }
  bool Fits(size_t bytes) const { return static_cast<int64_t>(bytes + format::kBlankBytes) <= files_.file_bytes(); }

  // False when these bytes would begin the next file.
  bool FitsHere(size_t bytes) const { return static_cast<int64_t>(bytes + format::kBlankBytes) <= files_.EndOf(next_) - next_; }

  struct Placed {
    std::byte* bytes;
    int64_t position;
    int64_t store_timestamp;  // never less than the one before, whatever the clock says
  };

  Placed Place(size_t bytes, int64_t now) {
    if (!FitsHere(bytes)) CloseFile(files_.EndOf(next_) - next_);
    last_store_timestamp_ = std::max(last_store_timestamp_, now);
    return {group_.Stage(next_, bytes), next_, last_store_timestamp_};
  }

  // What Place gave is sealed.
  void Commit(size_t bytes, const LastRecord& last, int64_t messages, Want want) {
    next_ += static_cast<int64_t>(bytes);
    group_.Staged(next_, last, messages, want);
  }

 private:
  void CloseFile(int64_t free) {
    if (free >= static_cast<int64_t>(format::kBlankBytes)) {
      std::byte* at = group_.Stage(next_, format::kBlankBytes);
      EncodeBlank({at, format::kBlankBytes}, static_cast<int32_t>(free));
      group_.Staged(next_ + free, LastRecord{}, 0, Want::kNothing);
    }
    next_ += free;
  }

  FileSet& files_;
  GroupCommit& group_;
  int64_t next_ = 0;
  int64_t last_store_timestamp_ = 0;
};

}  // namespace millrace
