#include "pending_keys.h"

#include <deque>

#include "seeded_random.h"
#include "testing.h"

namespace millrace::testing {
namespace {

TEST("keys that wait are found by their hash, newest first, whatever was pushed and taken back in between") {
  SeededRandom random(test_seed());
  PendingKeys keys;
  std::deque<PendingKeys::Key> model;
  int64_t position = 0;
  for (int step = 0; step < 20'000; step++) {
    const uint64_t what = random.Below(100);
    if (what < 60 || model.empty()) {
      const auto hash = static_cast<int32_t>(random.Coin() ? random.Below(5) : random.Below(INT32_MAX));
      keys.Push(hash, position, step);
      model.push_back({position, step, hash, 0});
      position += static_cast<int64_t>(random.Below(2));
    } else if (what < 80) {
      keys.PopFront();
      model.pop_front();
    } else if (what < 99) {
      keys.PopBack();
      model.pop_back();
    } else if (random.Below(20) == 0) {
      keys.Clear();
      model.clear();
    }
    REQUIRE_EQ(keys.size(), model.size());
    if (model.empty()) continue;
    CHECK_EQ(keys.front().position, model.front().position);
    CHECK_EQ(keys.back().position, model.back().position);
    const size_t any = random.Below(model.size());
    CHECK_EQ(keys[any].hash, model[any].hash);
    const int32_t hash = random.Coin() ? model[any].hash : static_cast<int32_t>(random.Below(6));
    const int64_t below = random.Coin() ? INT64_MAX : model[any].position;
    std::vector<int64_t> expected;
    for (auto key = model.rbegin(); key != model.rend(); ++key) {
      if (key->hash == hash && key->position < below) expected.push_back(key->position);
    }
    std::vector<int64_t> found;
    keys.Find(hash, below, &found);
    REQUIRE(found == expected);
  }
}

}  // namespace
}  // namespace millrace::testing
