// The keys that a record is found by: UNIQ_KEY, then each word of KEYS, then (by option) its tag as `T#tag`. Words are separated by
// spaces. Records of type rollback have none. No state; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace {

// Adds the index's hash of each key, in RocketMQ's order.
void AddKeyHashes(std::string_view topic, std::string_view properties, int32_t sys_flag, bool with_tags,
                  std::vector<int32_t>* hashes);
bool HasKey(std::string_view properties, int32_t sys_flag, bool with_tags, std::string_view key);

}  // namespace millrace
