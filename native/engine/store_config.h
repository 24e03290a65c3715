// How a store is opened: decided by TypeScript, taken as it is here.
#pragma once

#include <cstdint>

#include "group_commit.h"
#include "index_format.h"
#include "record_codec.h"

namespace millrace {

enum class VerifyMode : int32_t { kAlways = 0, kFirst = 1, kNever = 2 };

struct KeyIndexConfig {
  bool on = false;
  IndexShape shape{0, 0};  // 0: what the index was made with, else RocketMQ's
  bool with_tags = false;
  int64_t utc_offset = 0;  // milliseconds, for the names of files
};

struct StoreConfig {
  int64_t file_bytes = 0;        // 0: what the store was made with, else kDefaultFileBytes
  int64_t entries_per_file = 0;  // 0: what the store was made with, else kDefaultEntriesPerFile
  bool create_if_missing = true;
  bool error_if_exists = false;
  bool read_only = false;
  bool refuse_damage = false;
  VerifyMode verify = VerifyMode::kFirst;
  GroupCommit::Policy commit;
  Host store_host;
  KeyIndexConfig index;

  static constexpr int64_t kDefaultFileBytes = int64_t{1} << 30;
  static constexpr int64_t kDefaultEntriesPerFile = 300'000;
};

}  // namespace millrace
