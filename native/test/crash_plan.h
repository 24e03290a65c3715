// What a power loss does to everything that was not synced.
//
// Each unsynced 512-byte sector meets one of four fates, drawn by weight; each unsynced directory operation and each unsynced
// change of a file's size and reserved blocks happened or not. What was synced stays, whatever the plan.
#pragma once

#include <cstdint>

namespace millrace {

enum class SectorFate { kKeep, kDrop, kHalf /* 256 bytes new, the rest old */, kGarbage /* random bytes */ };
enum class Happened { kAll, kNone, kMix /* each by itself, by a coin */ };

struct CrashPlan {
  uint32_t keep_weight = 1;
  uint32_t drop_weight = 0;
  uint32_t half_weight = 0;
  uint32_t garbage_weight = 0;
  Happened directory_operations = Happened::kAll;
  Happened sizes = Happened::kAll;
  // Garbage reaches from the first changed byte of a sector to the last: a device may tear what is being written, and leaves alone
  // what stood there already. Without it a sector that holds the end of a synced record and the start of the next can take both
  // along.
  bool spares_unchanged_bytes = false;
  uint64_t seed = 0;

  // The operating system got everything out just in time.
  static CrashPlan KeepAll() { return {}; }
  // Nothing but what was synced.
  static CrashPlan DropAll() {
    return {.keep_weight = 0, .drop_weight = 1, .directory_operations = Happened::kNone, .sizes = Happened::kNone};
  }
  static CrashPlan HalveAll() { return {.keep_weight = 0, .half_weight = 1}; }
  static CrashPlan GarbageAll(uint64_t seed) { return {.keep_weight = 0, .garbage_weight = 1, .seed = seed}; }
  // All four fates and any subset of the rest.
  static CrashPlan Mix(uint64_t seed) {
    return {.keep_weight = 4,
            .drop_weight = 4,
            .half_weight = 1,
            .garbage_weight = 1,
            .directory_operations = Happened::kMix,
            .sizes = Happened::kMix,
            .seed = seed};
  }
};

}  // namespace millrace
