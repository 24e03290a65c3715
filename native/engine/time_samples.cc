#include "time_samples.h"

#include <algorithm>
#include <cstring>

namespace millrace {
namespace {

// A key, from the top: queue, number, spacing as a power of two, kind. What has no room in it is not kept.
constexpr int kQueueBits = 22;
constexpr int kNumberBits = 34;
constexpr int kSpacingBits = 4;
constexpr int kKindBits = 4;
static_assert(kQueueBits + kNumberBits + kSpacingBits + kKindBits == 64);
// Kinds: narrow, wide, and the coarse ones from the finest up.
constexpr uint64_t kNarrow = 1;
constexpr uint64_t kWide = 2;
constexpr uint64_t kCoarse = 3;
constexpr uint64_t kLastKind = (uint64_t{1} << kKindBits) - 1;
// A line has this many neighbours as a power of two. A coarse one never has the first: that one has a place in a coarser line.
constexpr int kNarrowBits = 5;
constexpr int kWideBits = 4;
constexpr int kCoarseBits = 3;
constexpr size_t kCoarseTimes = (size_t{1} << kCoarseBits) - 1;

// A fine line has a time first, then differences to it, each plus half of what its width can tell: 0 says unknown.
constexpr size_t kBaseBytes = 8;
constexpr int kNarrowWidth = 12;
constexpr int kWideWidth = 24;
static_assert(kBaseBytes + (kNarrowWidth << kNarrowBits) / 8 == 56 && kBaseBytes + (kWideWidth << kWideBits) / 8 == 56);

int64_t LoadTime(const std::byte* at) {
  int64_t time = 0;
  std::memcpy(&time, at, sizeof time);
  return time;
}

void StoreTime(std::byte* at, int64_t time) { std::memcpy(at, &time, sizeof time); }

// 0 when the difference is too large.
uint32_t CodeOf(int64_t time, int64_t base, int width) {
  int64_t difference = 0;
  const int64_t half = int64_t{1} << (width - 1);
  if (__builtin_sub_overflow(time, base, &difference) || difference <= -half || difference >= half) return 0;
  return static_cast<uint32_t>(difference + half);
}

// Two narrow codes take three bytes.
uint32_t LoadCode(const std::byte* samples, size_t index, int width) {
  const size_t bit = index * static_cast<size_t>(width);
  uint32_t code = 0;
  std::memcpy(&code, samples + kBaseBytes + bit / 8, width == kWideWidth ? 3 : 2);
  return code >> (bit % 8) & ((1u << width) - 1);
}

void StoreCode(std::byte* samples, size_t index, int width, uint32_t code) {
  const size_t bit = index * static_cast<size_t>(width);
  const size_t bytes = width == kWideWidth ? 3 : 2;
  uint32_t there = 0;
  std::memcpy(&there, samples + kBaseBytes + bit / 8, bytes);
  there = (there & ~(((1u << width) - 1) << (bit % 8))) | code << (bit % 8);
  std::memcpy(samples + kBaseBytes + bit / 8, &there, bytes);
}

}  // namespace

bool TimeSamples::Begin(int64_t epoch, int64_t messages, bool at_once) {
  // A line for 32 messages, and a coarse one for each seven of those, in three quarters of the table.
  size_t lines = std::clamp(std::bit_ceil(static_cast<size_t>(messages / 21) + 1), kMinLines, kMaxLines);
  {
    std::lock_guard lock(mutex_);
    const bool is_crowded = dropped_ > table_.size() / 2 && table_.size() < kMaxLines;
    if (epoch == epoch_ && lines <= table_.size() && !is_crowded) return true;
    lines = std::max(lines, table_.size() * (is_crowded ? 2 : 1));
  }
  if (at_once && lines > kQuickLines) return false;
  // It begins empty: what was known is soon known again. Made, and the old one freed, while others may search.
  std::vector<Line> table(lines);
  std::lock_guard lock(mutex_);
  if (epoch == epoch_ && lines <= table_.size()) return true;
  epoch_ = epoch;
  shift_ = 64 - std::countr_zero(lines);
  dropped_ = 0;
  table_.swap(table);
  return true;
}

TimeSamples::Place TimeSamples::PlaceOf(int32_t queue, int64_t spacing, int64_t offset) {
  const int spacing_bits = std::countr_zero(static_cast<uint64_t>(spacing));
  const uint64_t sample = static_cast<uint64_t>(offset) >> spacing_bits;
  const int zeros = std::countr_zero(sample);
  Place place{.is_coarse = zeros >= kNarrowBits};
  uint64_t kind = kNarrow;
  uint64_t number = sample >> kNarrowBits;
  place.index = sample % (1u << kNarrowBits);
  if (sample == 0) {  // all powers of two divide it
    kind = kLastKind;
  } else if (place.is_coarse) {
    const int kinds = (zeros - kNarrowBits) / kCoarseBits;
    const uint64_t coarse = sample >> (kNarrowBits + kinds * kCoarseBits);
    kind = kCoarse + static_cast<uint64_t>(kinds);
    number = coarse >> kCoarseBits;
    place.index = coarse % (1u << kCoarseBits) - 1;
  }
  const uint64_t handle = static_cast<uint32_t>(queue);
  // Lines that follow each other are spread evenly: their number times the golden ratio, as a fraction.
  place.hash = ((handle << 40) + (kind << 36) + number) * 0x9E3779B97F4A7C15;
  // The wide number has one bit more. Below that many messages no other sample is of the last kind.
  if (handle >> kQueueBits != 0 || sample >> (kNumberBits + kWideBits) != 0 || spacing_bits >> kSpacingBits != 0) return place;
  const auto key = [&](uint64_t of, uint64_t at) {
    return ((handle << kNumberBits | at) << kSpacingBits | static_cast<uint64_t>(spacing_bits)) << kKindBits | of;
  };
  place.key = key(kind, number);
  if (place.is_coarse) return place;
  place.wide_key = key(kWide, sample >> kWideBits);
  place.wide_index = sample % (1u << kWideBits);
  return place;
}

const TimeSamples::Line* TimeSamples::Find(size_t slot, uint64_t key) const {
  for (size_t way = 0; way < kWays; way++) {
    const Line& line = table_[slot ^ way];
    if (line.key == key) return &line;
  }
  return nullptr;
}

TimeSamples::Line* TimeSamples::Find(size_t slot, uint64_t key) {
  return const_cast<Line*>(static_cast<const TimeSamples*>(this)->Find(slot, key));
}

const TimeSamples::Line* TimeSamples::LineOf(const Place& place) const {
  if (place.key == 0) return nullptr;
  const size_t slot = SlotOf(place);
  const Line* line = Find(slot, place.key);
  return line != nullptr || place.is_coarse ? line : Find(slot, place.wide_key);
}

bool TimeSamples::Get(const Line& line, const Place& place, int64_t* time) {
  const std::byte* samples = line.samples.data();
  if (place.is_coarse) {
    *time = LoadTime(samples + place.index * sizeof *time);
    return *time != TimeRange::kUnknown;
  }
  const bool is_narrow = line.key == place.key;
  const int width = is_narrow ? kNarrowWidth : kWideWidth;
  const uint32_t code = LoadCode(samples, is_narrow ? place.index : place.wide_index, width);
  *time = LoadTime(samples) + static_cast<int64_t>(code) - (int64_t{1} << (width - 1));
  return code != 0;
}

TimeSamples::Line* TimeSamples::Make(size_t slot, uint64_t key) {
  Line* line = Find(slot, 0);
  if (line == nullptr) {
    dropped_++;
    // Coarse lines go last: every search of their queue comes by them.
    for (size_t way = 0; way < kWays && line == nullptr; way++) {
      Line& other = table_[slot ^ ((dropped_ + way) % kWays)];
      if ((other.key & kLastKind) < kCoarse) line = &other;
    }
    if (line == nullptr) line = &table_[slot];
  }
  *line = {.key = key};
  return line;
}

void TimeSamples::AddFine(const Place& place, int64_t time) {
  constexpr uint64_t kOtherHalf = uint64_t{1} << (kSpacingBits + kKindBits);
  const size_t slot = SlotOf(place);
  Line* line = Find(slot, place.key);
  bool is_narrow = line != nullptr;
  if (line == nullptr) line = Find(slot, place.wide_key);
  uint32_t code = 0;
  if (line != nullptr) code = CodeOf(time, LoadTime(line->samples.data()), is_narrow ? kNarrowWidth : kWideWidth);
  if (code == 0) {
    // Begun anew: wide if these neighbours turned out to be too far apart for a narrow one.
    is_narrow = line == nullptr && Find(slot, place.wide_key ^ kOtherHalf) == nullptr;
    if (line == nullptr) line = Make(slot, 0);
    *line = {.key = is_narrow ? place.key : place.wide_key};
    StoreTime(line->samples.data(), time);
    code = CodeOf(time, time, is_narrow ? kNarrowWidth : kWideWidth);
  }
  StoreCode(line->samples.data(), is_narrow ? place.index : place.wide_index, is_narrow ? kNarrowWidth : kWideWidth, code);
}

void TimeSamples::Narrow(int32_t queue, int64_t spacing, const TimeBorder& border, TimeRange* range) const {
  std::lock_guard lock(mutex_);
  const Line* line = nullptr;
  for (uint64_t key = 0; range->size() > 0;) {
    const int64_t middle = Middle(range->from, range->to);
    if ((middle & (spacing - 1)) != 0) return;
    const Place place = PlaceOf(queue, spacing, middle);
    if (line == nullptr || place.key != key || line->key != key) line = LineOf(place);
    key = place.key;
    int64_t time = 0;
    if (line == nullptr || !Get(*line, place, &time)) return;
    range->Take(border, middle, middle, time);
  }
}

void TimeSamples::Add(int64_t epoch, int32_t queue, int64_t spacing, int64_t offset, int64_t time) {
  const Place place = PlaceOf(queue, spacing, offset);
  std::lock_guard lock(mutex_);
  if (epoch != epoch_ || place.key == 0) return;
  if (!place.is_coarse) return AddFine(place, time);
  Line* line = Find(SlotOf(place), place.key);
  if (line == nullptr) {
    line = Make(SlotOf(place), place.key);
    for (size_t i = 0; i < kCoarseTimes; i++) StoreTime(line->samples.data() + i * sizeof time, TimeRange::kUnknown);
  }
  StoreTime(line->samples.data() + place.index * sizeof time, time);
}

}  // namespace millrace
