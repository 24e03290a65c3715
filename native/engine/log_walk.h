// Goes from record to record through a part of the log that has been recovered: what is bad is stepped over, because it is in the
// loss map already or will be put there by whoever reads it. One thread; a view is valid until the next call.
#pragma once

#include "log_scanner.h"

namespace millrace {

class LogWalk {
 public:
  LogWalk(Platform& platform, FileSet& files, const std::vector<OwnRange>& own)
      : files_(files), own_(own), scanner_(platform, files) {}

  // The next record that begins in [*at, end); *at moves behind it. *found is false, and *at is `end`, when there is none.
  Status Next(int64_t end, int64_t* at, RecordView* record, bool* found);
  // The log has grown since.
  void Forget() { scanner_.Forget(); }

 private:
  FileSet& files_;
  const std::vector<OwnRange>& own_;
  LogScanner scanner_;
};

}  // namespace millrace
