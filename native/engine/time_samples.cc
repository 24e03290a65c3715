#include "time_samples.h"

#include <algorithm>

namespace millrace {

bool TimeSamples::Begin(int64_t epoch, int64_t messages, bool at_once) {
  const int width = static_cast<int>(std::bit_width(static_cast<uint64_t>(messages)));
  int bits = std::clamp(width + 1 - kGroupBits, kMinBits, kMaxBits);
  {
    std::lock_guard lock(mutex_);
    if (epoch == epoch_ && bits <= bits_) return true;
    bits = std::max(bits, bits_);
  }
  if (at_once && bits > kQuickBits) return false;
  // It begins empty: what was known is soon known again. Made, and the old one freed, while others may search.
  std::vector<Group> table(size_t{1} << bits);
  std::lock_guard lock(mutex_);
  if (epoch == epoch_ && bits <= bits_) return true;
  epoch_ = epoch;
  bits_ = bits;
  table_.swap(table);
  return true;
}

void TimeSamples::Narrow(int32_t queue, int64_t spacing, const TimeBorder& border, TimeRange* range) const {
  std::lock_guard lock(mutex_);
  while (range->size() > 0) {
    const int64_t middle = Middle(range->from, range->to);
    if (middle % spacing != 0) return;
    const int64_t first = FirstOf(spacing, middle);
    const Group& group = table_[SlotOf(queue, spacing, first)];
    if (!group.Is(queue, spacing, first)) return;
    const int32_t delta = group.deltas[IndexOf(spacing, middle)];
    if (delta == kUnknownDelta) return;
    range->Take(border, middle, middle, group.base + delta);
  }
}

void TimeSamples::Add(int64_t epoch, int32_t queue, int64_t spacing, int64_t offset, int64_t time) {
  const int64_t first = FirstOf(spacing, offset);
  std::lock_guard lock(mutex_);
  if (epoch != epoch_) return;
  Group& group = table_[SlotOf(queue, spacing, first)];
  int64_t delta = 0;
  const bool fits = group.Is(queue, spacing, first) && !__builtin_sub_overflow(time, group.base, &delta) && delta > INT32_MIN &&
                    delta <= INT32_MAX;
  if (!fits) {
    group = {.first = first, .base = time, .queue = queue, .shift = std::countr_zero(static_cast<uint64_t>(spacing))};
    group.deltas.fill(kUnknownDelta);
    delta = 0;
  }
  group.deltas[IndexOf(spacing, offset)] = static_cast<int32_t>(delta);
}

}  // namespace millrace
