#include "loss_map.h"

#include "seeded_random.h"
#include "testing.h"

namespace millrace::testing {
namespace {

TEST("overlapping lost ranges become one, neighbours and strangers stay apart") {
  LossMap map;
  CHECK(map.Add({100, 200, LossReason::kChecksum}));
  CHECK(map.Add({300, 400, LossReason::kMissingFile}));
  CHECK(map.Add({200, 250, LossReason::kStructure}));
  CHECK_EQ(map.All().size(), 3);
  CHECK(map.Add({240, 310, LossReason::kChecksum}));
  REQUIRE_EQ(map.All().size(), 2);
  CHECK_EQ(map.All()[1].from, 200);
  CHECK_EQ(map.All()[1].to, 400);
  CHECK(!map.Add({210, 220, LossReason::kChecksum}));
  CHECK_EQ(map.bytes(), 300);
}

TEST("a change of the loss map is told once") {
  LossMap map;
  CHECK(!map.TakeChanged());
  CHECK(map.Add({0, 10, LossReason::kChecksum}));
  CHECK(map.TakeChanged());
  CHECK(!map.TakeChanged());
  CHECK(!map.Add({0, 10, LossReason::kChecksum}));
  CHECK(!map.TakeChanged());
  map.SetChanged();
  CHECK(map.TakeChanged());
  map.Load({{5, 6, LossReason::kIoError}});
  CHECK(!map.TakeChanged());
}

TEST("the loss map knows of every byte whether it is lost, like a plain set of bytes") {
  SeededRandom random(test_seed());
  for (int round = 0; round < 200; round++) {
    LossMap map;
    std::vector<bool> lost(300);
    for (int i = 0; i < 12; i++) {
      const int64_t from = static_cast<int64_t>(random.Below(280));
      const int64_t to = from + 1 + static_cast<int64_t>(random.Below(20));
      bool is_news = false;
      for (int64_t at = from; at < to; at++) {
        is_news = is_news || !lost[static_cast<size_t>(at)];
        lost[static_cast<size_t>(at)] = true;
      }
      const bool added = map.Add({from, to, LossReason::kChecksum});
      CHECK(added || !is_news);
    }
    int64_t count = 0;
    for (int64_t at = 0; at < 300; at++) {
      LostRange range;
      CHECK_EQ(map.Find(at, &range), lost[static_cast<size_t>(at)]);
      count += lost[static_cast<size_t>(at)] ? 1 : 0;
      if (lost[static_cast<size_t>(at)]) CHECK(range.from <= at && at < range.to);
    }
    CHECK_EQ(map.bytes(), count);
    const std::vector<LostRange> all = map.All();
    for (size_t i = 1; i < all.size(); i++) CHECK(all[i - 1].to <= all[i].from);
  }
}

}  // namespace
}  // namespace millrace::testing
