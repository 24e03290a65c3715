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

TEST("every offset up to two million is kept, and of larger queues as many") {
  CHECK_EQ(TimeSamples::SpacingOf(0), 1);
  CHECK_EQ(TimeSamples::SpacingOf(2'000'000), 1);
  CHECK_EQ(TimeSamples::SpacingOf(10'000'000), 4);
  CHECK_EQ(TimeSamples::SpacingOf(100'000'000), 64);
}

// What a table of this queue says about one offset: its time, or kUnknown.
int64_t TimeAt(const TimeSamples& samples, int32_t queue, int64_t offset) {
  TimeRange range{offset, offset + 1, offset - 1, offset + 1};
  samples.Narrow(queue, 1, {.timestamp = INT64_MAX}, &range);
  return range.before_time;
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
  }
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
  CHECK(samples.Begin(0, 10'000, true));
  CHECK(!samples.Begin(0, 1'000'000, true));
  CHECK(samples.Begin(0, 1'000'000, false));
  CHECK(samples.Begin(0, 1'000'000, true));
  samples.Add(0, 0, 1, 999'999, 5);
  CHECK_EQ(TimeAt(samples, 0, 999'999), 5);
  CHECK(!samples.Begin(1, 10, true));
}

}  // namespace
}  // namespace millrace::testing
