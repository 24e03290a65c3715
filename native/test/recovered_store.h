// Checks a store that has just been recovered against what was appended: the invariants of docs/durability.md, one by one.
#pragma once

#include "crash_workload.h"

namespace millrace::testing {

struct Recovered {
  bool opened = false;
  int64_t end = 0;
  int64_t generation = 0;
};

// Opens the workload's directory on `platform`, and looks at everything there is.
//   floor: the log ends no earlier (what was acknowledged at the level that the fault leaves standing)
// The store is gone again when this returns; nothing was appended to it.
Recovered CheckRecovered(Platform& platform, const LogModel& model, const StoreConfig& config, int64_t floor);
// What is found by key is what the model has below the visible position, and nothing else.
void CheckKeys(Store& store, const LogModel& model);
// The same for a store that is open: records through every queue, and files byte by byte.
void CheckHolds(Platform& platform, Store& store, const LogModel& model);
// Opened once more: nothing may have changed.
void CheckSecondRecovery(Platform& platform, const LogModel& model, const StoreConfig& config, const Recovered& first);

// The bytes of a file; empty when it is not there.
std::vector<std::byte> ContentOf(Platform& platform, const std::string& path);

}  // namespace millrace::testing
