// Store times of messages that searches by time have looked at, so that the next search has none left to look at, or few.
//
// A table in memory, made at the first search and as large as the largest queue that was searched needs: 3 to 7 bytes a message,
// 32 MiB at most for all queues of a store. It grows when more is remembered than it holds, and begins empty each time; once it is
// as large as it may be, the newer of what meets in it stays. Kept are the multiples of a power of two, the spacing, which grows
// with the queue: up to eleven million messages every one is kept, and the same offsets are asked for by every search. The store
// time of a message never changes; what can change is which message an offset names, or whether it can be read. Then the owner
// names another epoch, and everything is forgotten. One mutex, held over memory only; any thread.
//
// A search looks at offsets that ever fewer powers of two divide (Middle). Those it looks at in a row lie together: three such
// steps in one cache line of whole times, the last five in a line of 32 neighbours as differences of 12 bits. Where 32 messages are
// seconds apart, it has two lines of 16 and 24 bits. So a search of ten million messages is eight lines.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
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
  static constexpr size_t kWays = 4;
  static constexpr size_t kMinLines = 64;
  static constexpr size_t kQuickLines = 8192;  // 512 KiB
  static constexpr size_t kMaxLines = size_t{1} << 19;
  // Few lines meet as long as three quarters of the table are in use.
  static constexpr int64_t kMaxOfQueue = 11'000'000;

  // A cache line. All zeros: nothing is known, and no place has key 0.
  struct alignas(64) Line {
    uint64_t key = 0;
    std::array<std::byte, 56> samples{};
  };
  // Where the sample of an offset is. One line or the other: it has the wide one if that is there.
  struct Place {
    bool is_coarse = false;
    uint64_t key = 0;  // of the coarse line or the narrow one; 0: it cannot be kept
    uint64_t wide_key = 0;
    uint64_t hash = 0;
    size_t index = 0;
    size_t wide_index = 0;
  };

  static Place PlaceOf(int32_t queue, int64_t spacing, int64_t offset);
  // A key is looked for in the slot of its place first, then in the other ways of it. nullptr: it is not there.
  const Line* Find(size_t slot, uint64_t key) const;
  Line* Find(size_t slot, uint64_t key);
  // The line that has the sample of a place; nullptr when none has.
  const Line* LineOf(const Place& place) const;
  static bool Get(const Line& line, const Place& place, int64_t* time);
  // A line for this slot that is empty, or emptied.
  Line* Make(size_t slot, uint64_t key);
  void AddFine(const Place& place, int64_t time);
  size_t SlotOf(const Place& place) const { return static_cast<size_t>(place.hash >> shift_); }

  mutable std::mutex mutex_;
  std::vector<Line> table_;
  int shift_ = 0;  // what is left of a hash is a slot
  int64_t epoch_ = 0;
  size_t dropped_ = 0;  // lines that made room for others since the table was made
};

}  // namespace millrace
