#include "entry_scan.h"

#include <optional>

#include "bare_directory.h"
#include "record_codec.h"

namespace millrace::testing {
namespace {

const std::string kTags[] = {"", "Aa", "BB", "c", "d"};

struct ScannedQueue : BareDirectory {
  QueueFiles files{machine, paths, 10, false};
  ConsumeQueue queue{"Topic", 3, 0, 0, false};
  LossMap losses;
  std::vector<QueueEntry> all;

  void Push(int64_t tags_code) {
    all.push_back({static_cast<int64_t>(all.size()) * 100, tags_code, 100});
    (void)queue.Push(all.back());
  }
  // Entries below are in files, the others in memory.
  void File(int64_t offset) {
    int64_t left = 0;
    int64_t written = 0;
    CHECK_OK(queue.Flush(files, offset * 100, &left, &written, nullptr));
  }
  EntryScan Scan(const TagFilter* filter, int64_t from, int64_t to, ReadMode mode = ReadMode::kMayBlock) {
    return {queue, files, losses, filter, {from, to, static_cast<int64_t>(all.size()) * 100, 1}, mode};
  }
  std::vector<int64_t> Offsets(const TagFilter* filter, int64_t from, int64_t to) {
    EntryScan scan = Scan(filter, from, to);
    std::vector<int64_t> offsets;
    for (bool found = true;; scan.Advance()) {
      CHECK_OK(scan.Find(&found));
      if (!found) break;
      CHECK(scan.entry() == all[static_cast<size_t>(scan.offset())]);
      offsets.push_back(scan.offset());
    }
    CHECK_EQ(scan.offset(), to);
    return offsets;
  }
};

TEST("a scan lets through what a look at every entry does, over queue files and the tail in memory") {
  SeededRandom random(test_seed());
  for (int round = 0; round < 30; round++) {
    ScannedQueue scanned;
    const int64_t count = 1 + static_cast<int64_t>(random.Below(600));
    for (int64_t i = 0; i < count; i++) scanned.Push(JavaHash(kTags[random.Below(5)]));
    scanned.File(static_cast<int64_t>(random.Below(static_cast<uint64_t>(count) + 1)));
    const std::string wanted = kTags[random.Below(5)] + "\2" + kTags[random.Below(5)];
    const TagFilter filter(wanted);
    const int64_t from = static_cast<int64_t>(random.Below(static_cast<uint64_t>(count)));
    const int64_t to = from + static_cast<int64_t>(random.Below(static_cast<uint64_t>(count - from) + 1));
    std::vector<int64_t> expected;
    std::vector<int64_t> every;
    for (int64_t i = from; i < to; i++) {
      every.push_back(i);
      if (filter.MayMatch(scanned.all[static_cast<size_t>(i)].tags_code)) expected.push_back(i);
    }
    CHECK(scanned.Offsets(&filter, from, to) == expected);
    CHECK(scanned.Offsets(nullptr, from, to) == every);
  }
}

TEST("a scan stays on an entry until it is told to step over it") {
  ScannedQueue scanned;
  for (const int64_t code : {1, 97, 1, 97}) scanned.Push(code);
  const TagFilter filter("a");
  EntryScan scan = scanned.Scan(&filter, 0, 4);
  bool found = false;
  for (int i = 0; i < 3; i++) {
    REQUIRE_OK(scan.Find(&found));
    CHECK(found);
    CHECK_EQ(scan.offset(), 1);
  }
  scan.Advance();
  CHECK_EQ(scan.offset(), 2);
  REQUIRE_OK(scan.Find(&found));
  CHECK_EQ(scan.offset(), 3);
}

TEST("what has no hash is let through: no entry, a pre-blank one, and an untagged one that points into a loss") {
  ScannedQueue scanned;
  const TagFilter filter("a");
  for (int i = 0; i < 6; i++) scanned.Push(0);
  CHECK(scanned.Offsets(&filter, 0, 6).empty());
  scanned.losses.Add({300, 350, LossReason::kChecksum});
  CHECK(scanned.Offsets(&filter, 0, 6) == std::vector<int64_t>{3});

  ScannedQueue strange;
  for (const QueueEntry& entry : {QueueEntry{}, QueueEntry{100, 98, 100}, QueueEntry::PreBlank(), QueueEntry{300, 0, 100}}) {
    strange.all.push_back(entry);
    (void)strange.queue.Push(entry);
  }
  CHECK((strange.Offsets(&filter, 0, 4) == std::vector<int64_t>{0, 2}));
}

TEST("a walk of an event loop ends where a file is not in memory, and where it becomes long") {
  ScannedQueue scanned;
  for (int i = 0; i < 30; i++) scanned.Push(1);
  scanned.File(30);
  const TagFilter filter("a");
  bool found = true;
  EntryScan warm = scanned.Scan(&filter, 0, 30, ReadMode::kOnlyCached);
  CHECK_OK(warm.Find(&found));
  CHECK(!found);
  scanned.machine.SetCold(true);
  EntryScan cold = scanned.Scan(&filter, 0, 30, ReadMode::kOnlyCached);
  CHECK_EQ(cold.Find(&found).code(), Code::kWouldBlock);

  ScannedQueue longer;
  for (int i = 0; i < 80'000; i++) longer.Push(1);
  EntryScan brief = longer.Scan(&filter, 0, 60'000, ReadMode::kOnlyCached);
  CHECK_OK(brief.Find(&found));
  EntryScan lengthy = longer.Scan(&filter, 0, 80'000, ReadMode::kOnlyCached);
  CHECK_EQ(lengthy.Find(&found).code(), Code::kWouldBlock);
  EntryScan patient = longer.Scan(&filter, 0, 80'000);
  CHECK_OK(patient.Find(&found));
  CHECK_EQ(patient.offset(), 80'000);
}

TEST("a thousand entries on disk are read with a few calls") {
  ScannedQueue scanned;
  QueueFiles large{scanned.machine, scanned.paths, 10'000, false};
  for (int i = 0; i < 4'000; i++) scanned.Push(1);
  int64_t left = 0;
  int64_t written = 0;
  REQUIRE_OK(scanned.queue.Flush(large, 400'000, &left, &written, nullptr));
  const TagFilter filter("a");
  const int64_t before = scanned.machine.calls();
  EntryScan scan(scanned.queue, large, scanned.losses, &filter, {0, 4'000, 400'000, 32}, ReadMode::kMayBlock);
  bool found = true;
  REQUIRE_OK(scan.Find(&found));
  CHECK(!found);
  CHECK(scanned.machine.calls() - before <= 4);
}

}  // namespace
}  // namespace millrace::testing
