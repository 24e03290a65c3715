#include "time_samples.h"

#include "seeded_random.h"
#include "testing.h"

namespace millrace::testing {
namespace {

TEST("the middle of a range lies in it, and halves any range within as many steps as its end has bits") {
  SeededRandom random(test_seed());
  for (int i = 0; i < 2000; i++) {
    const int64_t end = 1 + static_cast<int64_t>(random.Below(uint64_t{1} << (1 + random.Below(44))));
    int64_t from = static_cast<int64_t>(random.Below(static_cast<uint64_t>(end)));
    int64_t to = end;
    int steps = 0;
    for (; from < to; steps++) {
      const int64_t middle = TimeSamples::Middle(from, to);
      REQUIRE(middle >= from && middle < to);
      if (random.Coin())
        from = middle + 1;
      else
        to = middle;
    }
    CHECK(steps <= 1 + static_cast<int>(std::bit_width(static_cast<uint64_t>(end))));
  }
}

TEST("every offset up to eleven million is kept, and of larger queues as many") {
  CHECK_EQ(TimeSamples::SpacingOf(0), 1);
  CHECK_EQ(TimeSamples::SpacingOf(10'000'000), 1);
  CHECK_EQ(TimeSamples::SpacingOf(20'000'000), 2);
  CHECK_EQ(TimeSamples::SpacingOf(100'000'000), 16);
}

// What a table of this queue says about one offset: its time, or kUnknown.
int64_t TimeAt(const TimeSamples& samples, int32_t queue, int64_t offset, int64_t spacing = 1) {
  TimeRange range{offset, offset + 1, offset - 1, offset + 1};
  samples.Narrow(queue, spacing, {.timestamp = INT64_MAX}, &range);
  return range.before_time;
}

// The share of these offsets that the samples know, all of which were added with the time that `time_of` says.
template <typename TimeOf>
double ShareKept(const TimeSamples& samples, int32_t queue, int64_t messages, const TimeOf& time_of) {
  int64_t kept = 0;
  for (int64_t offset = 0; offset < messages; offset++) {
    const int64_t time = TimeAt(samples, queue, offset);
    if (time == TimeRange::kUnknown) continue;
    CHECK_EQ(time, time_of(offset));
    kept++;
  }
  return static_cast<double>(kept) / static_cast<double>(messages);
}

TEST("a sample is found as it was kept, however far its time is from its neighbours', and never another queue's") {
  SeededRandom random(test_seed());
  TimeSamples samples;
  CHECK(samples.Begin(0, 200, true));
  std::vector<int64_t> times(200);
  for (int64_t offset = 0; offset < 200; offset++) {
    times[static_cast<size_t>(offset)] = static_cast<int64_t>(random.Next() >> random.Below(60)) / 2;
    samples.Add(0, 3, 1, offset, times[static_cast<size_t>(offset)]);
    CHECK_EQ(TimeAt(samples, 3, offset), times[static_cast<size_t>(offset)]);
  }
  for (int64_t offset = 0; offset < 200; offset++) {
    const int64_t kept = TimeAt(samples, 3, offset);
    CHECK(kept == times[static_cast<size_t>(offset)] || kept == TimeRange::kUnknown);
    CHECK_EQ(TimeAt(samples, 4, offset), TimeRange::kUnknown);
    CHECK_EQ(TimeAt(samples, 3, 2 * offset, 2), TimeRange::kUnknown);
  }
}

TEST("offsets of any size are kept or not known, and never taken for others") {
  SeededRandom random(test_seed());
  TimeSamples samples;
  CHECK(samples.Begin(0, 10'000, true));
  for (int i = 0; i < 20'000; i++) {
    const int64_t spacing = int64_t{1} << random.Below(20);
    const int64_t offset = static_cast<int64_t>(random.Next() >> (1 + random.Below(63))) / spacing * spacing;
    const int32_t queue = static_cast<int32_t>(random.Next() >> (33 + random.Below(31)));
    const int64_t time = static_cast<int64_t>(random.Below(1'000'000));
    samples.Add(0, queue, spacing, offset, time);
    const int64_t kept = TimeAt(samples, queue, offset, spacing);
    CHECK(kept == time || kept == TimeRange::kUnknown);
    const bool must = queue < 1 << 22 && spacing < 1 << 16 && offset / spacing < int64_t{1} << 38;
    CHECK_EQ(kept == time, must);
  }
}

TEST("of a queue of any size nearly all is kept, where messages follow each other within a second") {
  SeededRandom random(test_seed());
  for (const int64_t messages :
       {int64_t{1}, int64_t{900}, int64_t{40'000}, 200'000 + static_cast<int64_t>(random.Below(200'000))}) {
    const Note which("messages", messages);
    const int64_t apart = 1 + static_cast<int64_t>(random.Below(60));
    const auto time_of = [&](int64_t offset) { return 1'700'000'000'000 + offset * apart; };
    TimeSamples samples;
    CHECK(samples.Begin(0, messages, false));
    // From the coarsest to the finest, as searches learn them.
    for (int64_t step = int64_t{1} << 40; step > 0; step /= 2) {
      for (int64_t offset = step; offset < messages; offset += 2 * step) samples.Add(0, 0, 1, offset, time_of(offset));
    }
    samples.Add(0, 0, 1, 0, time_of(0));
    CHECK(ShareKept(samples, 0, messages, time_of) > 0.99);
  }
}

TEST("of messages that are minutes apart as much is kept, while there is room") {
  const auto time_of = [](int64_t offset) { return offset * 500'000; };
  TimeSamples samples;
  CHECK(samples.Begin(0, 60'000, false));
  for (int round = 0; round < 2; round++) {  // the first one finds out that narrow lines will not do
    for (int64_t offset = 0; offset < 20'000; offset++) samples.Add(0, 0, 1, offset, time_of(offset));
  }
  CHECK(ShareKept(samples, 0, 20'000, time_of) > 0.95);
}

TEST("a table in which many queues meet grows, until it holds nearly all of them") {
  const auto time_of = [](int64_t offset) { return offset; };
  TimeSamples samples;
  for (int round = 0; round < 20; round++) {
    for (int32_t queue = 0; queue < 30; queue++) {
      CHECK(samples.Begin(0, 4'000, true));
      for (int64_t offset = 0; offset < 4'000; offset++) samples.Add(0, queue, 1, offset, time_of(offset));
    }
  }
  double kept = 0;
  for (int32_t queue = 0; queue < 30; queue++) kept += ShareKept(samples, queue, 4'000, time_of) / 30;
  CHECK(kept > 0.95);
}

TEST("another epoch forgets everything, and what is learned in the old one is not kept") {
  TimeSamples samples;
  CHECK(samples.Begin(0, 10, true));
  samples.Add(0, 0, 1, 5, 500);
  CHECK_EQ(TimeAt(samples, 0, 5), 500);
  CHECK(samples.Begin(1, 10, true));
  CHECK_EQ(TimeAt(samples, 0, 5), TimeRange::kUnknown);
  samples.Add(0, 0, 1, 5, 500);
  CHECK_EQ(TimeAt(samples, 0, 5), TimeRange::kUnknown);
  samples.Add(1, 0, 1, 5, 501);
  CHECK_EQ(TimeAt(samples, 0, 5), 501);
}

TEST("a table for a large queue is not made by who has no time, and used by everybody once it is there") {
  TimeSamples samples;
  CHECK(samples.Begin(0, 100'000, true));
  CHECK(!samples.Begin(0, 1'000'000, true));
  CHECK(samples.Begin(0, 1'000'000, false));
  CHECK(samples.Begin(0, 1'000'000, true));
  samples.Add(0, 0, 1, 999'999, 5);
  CHECK_EQ(TimeAt(samples, 0, 999'999), 5);
  CHECK(!samples.Begin(1, 10, true));
}

}  // namespace
}  // namespace millrace::testing
