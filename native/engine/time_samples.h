// Store times of messages that searches by time have looked at, so that the next search has few left to look at, or none.
//
// A table in memory, made at the first search and as large as the largest queue that was searched needs: 5 bytes a sample, 20 MiB
// at most; where two groups of samples meet the newer stays. Kept are the multiples of a power of two, the spacing, which grows
// with the queue: up to two million messages every one is kept, and the same offsets are asked for by every search. The store time
// of a message never changes; what can change is which message an offset names, or whether it can be read. Then the owner names
// another epoch, and everything is forgotten. One mutex, held over memory only; any thread.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <mutex>
#include <vector>

namespace millrace {

// What is asked for: the border between the messages before a time and those behind it.
struct TimeBorder {
  int64_t timestamp = 0;
  bool equal_is_before = false;

  bool IsBefore(int64_t time) const { return time < timestamp || (equal_is_before && time == timestamp); }
};

// How far a search has come. The offsets of [from, to) are still to be looked at; what else lies between `before` and `behind`
// cannot be read.
struct TimeRange {
  static constexpr int64_t kUnknown = INT64_MIN;

  int64_t from = 0;
  int64_t to = 0;
  int64_t before = 0;  // the newest message known to be before the border; one less than the first offset when none is
  int64_t behind = 0;  // the oldest one known to be behind it; one past the last offset when none is
  int64_t before_time = kUnknown;
  int64_t behind_time = kUnknown;

  int64_t size() const { return to - from; }
  // The message at `offset` has this time, and those of [first, offset) cannot be read.
  void Take(const TimeBorder& border, int64_t first, int64_t offset, int64_t time) {
    if (border.IsBefore(time)) {
      from = offset + 1;
      before = offset;
      before_time = time;
    } else {
      to = first;
      behind = offset;
      behind_time = time;
    }
  }
};

class TimeSamples {
 public:
  // The power of two whose multiples are kept of a queue with so many messages.
  static int64_t SpacingOf(int64_t messages) {
    int64_t spacing = 1;
    while (messages / spacing > kMaxOfQueue) spacing *= 2;
    return spacing;
  }
  // The offset in [from, to) that is a multiple of the largest power of two, but not 0 where there is another: halving by such
  // offsets, every search of a queue comes by the same ones. The range is not empty.
  static int64_t Middle(int64_t from, int64_t to) {
    const uint64_t last = static_cast<uint64_t>(to - 1);
    if (last == 0) return 0;
    const uint64_t below = from == 0 ? 0 : static_cast<uint64_t>(from - 1);
    const int bit = static_cast<int>(std::bit_width(below ^ last)) - 1;
    return static_cast<int64_t>(last >> bit << bit);
  }

  // Before a search of a queue with so many messages. False when a table has to be made that is too large to be made `at_once`.
  bool Begin(int64_t epoch, int64_t messages, bool at_once);
  // Halves the range for as long as the samples know its middle.
  void Narrow(int32_t queue, int64_t spacing, const TimeBorder& border, TimeRange* range) const;
  // `offset` is a multiple of `spacing`. Does nothing when another epoch has begun since.
  void Add(int64_t epoch, int32_t queue, int64_t spacing, int64_t offset, int64_t time);

 private:
  static constexpr int kGroupBits = 5;
  static constexpr size_t kGroup = size_t{1} << kGroupBits;
  static constexpr int kMinBits = 4;
  static constexpr int kQuickBits = 12;  // 600 KiB
  static constexpr int kMaxBits = 17;
  // Few groups meet as long as five eighths of the table are in use.
  static constexpr int64_t kMaxOfQueue = (int64_t{5} << (kMaxBits + kGroupBits)) / 8;
  static constexpr int32_t kUnknownDelta = INT32_MIN;

  // Neighbouring multiples of one spacing.
  struct Group {
    int64_t first = -1;  // the smallest of them
    int64_t base = 0;
    int32_t queue = 0;
    int32_t shift = 0;                     // of the spacing
    std::array<int32_t, kGroup> deltas{};  // to `base`
    bool Is(int32_t of, int64_t spacing, int64_t begin) const {
      return first == begin && queue == of && spacing == int64_t{1} << shift;
    }
  };

  static int64_t FirstOf(int64_t spacing, int64_t offset) { return offset & -(spacing << kGroupBits); }
  static size_t IndexOf(int64_t spacing, int64_t offset) {
    return static_cast<size_t>(offset >> std::countr_zero(static_cast<uint64_t>(spacing))) % kGroup;
  }
  // Groups that follow each other are spread evenly: their number times the golden ratio, as a fraction.
  size_t SlotOf(int32_t queue, int64_t spacing, int64_t first) const {
    const int shift = std::countr_zero(static_cast<uint64_t>(spacing)) + kGroupBits;
    const uint64_t number = (static_cast<uint64_t>(queue) << 40) + static_cast<uint64_t>(first >> shift);
    return static_cast<size_t>(number * 0x9E3779B97F4A7C15 >> (64 - bits_));
  }

  mutable std::mutex mutex_;
  std::vector<Group> table_;
  int bits_ = 0;
  int64_t epoch_ = 0;
};

}  // namespace millrace
