// The sizes and names of the files in a store's directory, checked before anything is believed or written.
//
// Every file of one kind has one size, and its name says where it begins. A store of ours knows its sizes; in somebody else's
// directory the names and the files tell them. What does not fit is kFormatMismatch with the path (a foreign file, a size that
// cannot be), kCorruption (a short file that others follow), or kInvalid with the true size in place of a position (the caller
// asked for another). Reads only. One thread, while the store is opened.
#pragma once

#include <string>
#include <vector>

#include "platform.h"
#include "status.h"
#include "store_config.h"
#include "store_paths.h"

namespace millrace {

class LogLayout {
 public:
  LogLayout(Platform& platform, const StorePaths& paths, const StoreConfig& config)
      : platform_(platform), paths_(paths), config_(config) {}

  // `known`: the sizes are given; else they are found.
  Status Inspect(bool known, int64_t* file_bytes, int64_t* entries_per_file);

  std::vector<int64_t> starts;  // of the log's files, in order
  int64_t short_last = -1;      // start of a last file that has not its full size

 private:
  Status ListLog();
  Status FindFileBytes(int64_t* file_bytes);
  Status FindEntriesPerFile(int64_t* entries_per_file);
  Status LargestIn(const std::string& directory, int64_t* largest);
  Status CheckSizes(int64_t file_bytes);
  Status SizeOf(const std::string& path, int64_t* size);

  Platform& platform_;
  const StorePaths& paths_;
  const StoreConfig& config_;
};

}  // namespace millrace
