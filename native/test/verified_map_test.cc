#include "verified_map.h"

#include <set>

#include "seeded_random.h"
#include "testing.h"

namespace millrace::testing {
namespace {

TEST("a record counts as verified from its verification on, and no other record does") {
  VerifiedMap map;
  SeededRandom random(test_seed());
  std::set<int64_t> added;
  for (int i = 0; i < 2000; i++) {
    // Records are longer than the 64 bytes that share a bit.
    const int64_t position = static_cast<int64_t>(random.Below(1 << 16)) * 91;
    if (random.Coin()) {
      map.Add(position);
      added.insert(position / 64);
    }
    CHECK_EQ(map.Has(position), added.contains(position / 64));
  }
}

TEST("what lies at or behind the place that is trusted needs no verification") {
  VerifiedMap map;
  CHECK(!map.Has(int64_t{1} << 50));
  map.Trust(1000);
  CHECK(map.Has(1000));
  CHECK(map.Has(int64_t{1} << 50));
  CHECK(!map.Has(999));
}

TEST("the oldest pages are forgotten, never remembered wrongly") {
  VerifiedMap map;
  constexpr int64_t kPage = 64 * 1024;
  constexpr int64_t kPages = 70'000;
  for (int64_t page = 0; page < kPages; page++) map.Add(page * kPage + 640);
  CHECK(!map.Has(640));
  CHECK(map.Has((kPages - 1) * kPage + 640));
  CHECK(!map.Has((kPages - 1) * kPage + 704));
  map.Add(640);
  CHECK(map.Has(640));
}

}  // namespace
}  // namespace millrace::testing
