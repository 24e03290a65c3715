// Where a time stands in a queue, the slow way: every message is read and looked at. What time_search.h is held against.
#pragma once

#include <optional>
#include <vector>

#include "store.h"

namespace millrace::testing {

// The store times of a queue as reads show them; nothing where a read shows no message.
struct Scan {
  int64_t first = 0;
  std::vector<std::optional<int64_t>> times;

  int64_t end() const { return first + static_cast<int64_t>(times.size()); }
  const std::optional<int64_t>& at(int64_t offset) const { return times[static_cast<size_t>(offset - first)]; }
};

Scan ScanOf(Store& store, int32_t queue);

// Said once more, so that the two can disagree.
inline bool IsBefore(int64_t time, const TimeBorder& border) {
  return border.equal_is_before ? time <= border.timestamp : time < border.timestamp;
}

TimeSearch::Found FoundByScan(const Scan& scan, const TimeBorder& border);

}  // namespace millrace::testing
