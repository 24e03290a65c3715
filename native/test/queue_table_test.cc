#include "queue_table.h"

#include <cerrno>

#include "bare_directory.h"
#include "failing_platform.h"

namespace millrace::testing {
namespace {

struct Table : BareDirectory {
  FailingPlatform failing{&machine};
  QueueFiles files{failing, paths, 10, false};
  QueueTable table{files};

  void Push(int32_t handle, int64_t position) {
    const QueueEntry entry{position, 0, 100};
    table.Push(handle, *table.Get(handle), {&entry, 1});
  }
};

TEST("queues are found by topic and number, and a name that was forgotten gets another handle") {
  Table one;
  const int32_t a = one.table.Add("A", 0, 0, 0, false);
  const int32_t b = one.table.Add("A", 1, 5, 9, true);
  CHECK_EQ(one.table.Find("A", 1), b);
  CHECK_EQ(one.table.Find("A", 2), QueueTable::kNoQueue);
  CHECK_EQ(one.table.Find("B", 0), QueueTable::kNoQueue);
  CHECK(one.table.Get(-1) == nullptr);
  CHECK(one.table.Get(99) == nullptr);
  CHECK_EQ(one.table.OfTopic("A").size(), 2);
  one.Push(a, 0);
  CHECK_EQ(one.table.tail_entries(), 1);
  one.table.Forget(a);
  CHECK_EQ(one.table.tail_entries(), 0);
  CHECK_EQ(one.table.Find("A", 0), QueueTable::kNoQueue);
  CHECK_NE(one.table.Add("A", 0, 1, 1, false), a);
  CHECK_EQ(one.table.All().size(), 2);
}

TEST("tails go to files as far as they are visible, and the census counts what is there") {
  Table one;
  const int32_t a = one.table.Add("A", 0, 0, 0, false);
  const int32_t b = one.table.Add("B", 0, 0, 0, false);
  for (int64_t position = 0; position < 1000; position += 100) one.Push(position % 200 == 0 ? a : b, position);
  REQUIRE_OK(one.table.FlushTails(500, nullptr));
  CHECK_EQ(one.table.tail_entries(), 5);
  CHECK(one.table.Census() == (QueueCensus{2, 5}));
  one.table.Rollback(800);
  CHECK_EQ(one.table.tail_entries(), 3);
  REQUIRE_OK(one.table.FlushTails(1000, nullptr));
  CHECK_EQ(one.table.tail_entries(), 0);
  CHECK(one.table.Census() == (QueueCensus{2, 8}));
}

TEST("a queue that cannot be written keeps its tail, and the others are written all the same") {
  Table one;
  const int32_t a = one.table.Add("A", 0, 0, 0, false);
  const int32_t b = one.table.Add("B", 0, 0, 0, false);
  one.Push(a, 0);
  one.Push(b, 100);
  one.failing.Fail(CallKind::kWrite, 1, Fault::Error(ENOSPC), Repeat::kOnce);
  CHECK_EQ(one.table.FlushTails(1000, nullptr).code(), Code::kDiskFull);
  CHECK_EQ(one.table.tail_entries(), 1);
  CHECK(one.table.Census() == (QueueCensus{1, 1}));
  std::vector<QueueEntry> entries;
  REQUIRE_OK(one.table.Get(a)->Read(one.files, 0, 1, 1000, ReadMode::kMayBlock, &entries));
  CHECK_EQ(entries.size(), 1);
  CHECK_OK(one.table.FlushTails(1000, nullptr));
  CHECK(one.table.Census() == (QueueCensus{2, 2}));
}

}  // namespace
}  // namespace millrace::testing
