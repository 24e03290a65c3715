// What goes on beside appending: queue entries, Q, slots and the next file, each no earlier than it may and no later than it must.
#include "maintenance.h"

#include <cerrno>

#include "damaged_directory.h"
#include "failing_platform.h"
#include "testing.h"

namespace millrace::testing {
namespace {

constexpr int64_t kMilli = 1'000'000;

// One store with the records of `count` inline appends.
struct Kept {
  explicit Kept(bool sync) : directory(test_seed(), sync), failing(&directory.machine) {
    CHECK_OK(Store::Open(failing, directory.paths.root, directory.config(), nullptr, nullptr, &store));
    directory.machine.RunServices(20);
  }
  void Append(int count, bool sync) {
    for (int i = 0; i < count; i++) {
      const std::string body(100, 'x');
      RecordFields fields;
      fields.body = std::as_bytes(std::span(body));
      Appended appended;
      CHECK_OK(store->AppendInline(store->OpenQueue("Orders", 0), fields, 1'700'000'000'000, sync, &appended));
    }
  }
  void Pass(int64_t milliseconds) {
    directory.machine.AdvanceTime(milliseconds * kMilli);
    directory.machine.RunServices(50);
  }
  // Entries of the first queue file as it stands.
  int64_t EntriesInFile() {
    const std::vector<std::byte> bytes = directory.Content(directory.QueueFile({"Orders", 0}, 0));
    int64_t count = 0;
    while (static_cast<size_t>(count + 1) * 20 <= bytes.size() && QueueEntry::Decode(bytes.data() + count * 20).valid()) count++;
    return count;
  }
  WatermarkSlot NewestSlot() {
    SideCar::Found found;
    CHECK_OK(SideCar(directory.machine, directory.paths).Load(&found));
    CHECK(found.has_slot);
    return found.newest;
  }

  DamagedDirectory directory;
  FailingPlatform failing;
  std::unique_ptr<Store> store;
};

TEST("no entry reaches a queue's file before its record is visible") {
  Kept kept(true);
  kept.Append(3, false);
  CHECK(kept.store->marks().written > kept.store->marks().visible);
  kept.Pass(150);
  kept.Pass(150);
  CHECK_EQ(kept.EntriesInFile(), 0);
  kept.Append(1, true);
  kept.Pass(150);
  kept.Pass(150);
  CHECK_EQ(kept.EntriesInFile(), 4);
}

TEST("entries reach their file within the time that was promised") {
  Kept kept(false);
  kept.Append(5, false);
  kept.Pass(0);
  CHECK_EQ(kept.EntriesInFile(), 0);
  CHECK_EQ(kept.store->numbers().tail_entries, 5);
  kept.Pass(101);
  CHECK_EQ(kept.EntriesInFile(), 5);
  CHECK_EQ(kept.store->numbers().tail_entries, 0);
  // Also when nothing but a distant deadline is left.
  kept.Pass(1'000);
  kept.Append(2, false);
  kept.Pass(0);
  kept.Pass(101);
  CHECK_EQ(kept.EntriesInFile(), 7);
}

TEST("every entry below Q is on the disk, whatever a power cut takes") {
  Kept kept(true);
  kept.Append(8, true);
  const int64_t end = kept.store->marks().durable;
  for (int i = 0; i < 3; i++) kept.Pass(5'100);
  kept.store.reset();
  kept.directory.machine.Crash(CrashPlan::DropAll());
  CHECK_EQ(kept.NewestSlot().synced_queues, end);
  CHECK_EQ(kept.EntriesInFile(), 8);
  std::unique_ptr<Store> store;
  REQUIRE_OK(kept.directory.Open(&store));
  CHECK_EQ(store->report().outcome.scanned_bytes, 0);
}

TEST("a slot follows durable within the time that was promised") {
  Kept kept(true);
  kept.Append(3, true);
  kept.Pass(0);
  kept.Pass(101);
  kept.store.reset();
  kept.directory.machine.Crash(CrashPlan::DropAll());
  CHECK(kept.NewestSlot().durable > 0);
  CHECK_EQ(kept.NewestSlot().last.position + kept.NewestSlot().last.size, kept.NewestSlot().durable);
}

TEST("the next file is there before the active one is full, and goes when the store closes without it") {
  Kept kept(true);
  while (kept.store->next_position() < DamagedDirectory::kFileBytes * 7 / 8) kept.Append(1, true);
  kept.Pass(1);
  const std::string next = kept.directory.LogFile(DamagedDirectory::kFileBytes);
  CHECK_EQ(kept.directory.machine.Kind(next), PathKind::kFile);
  CHECK_OK(kept.store->Close());
  CHECK_EQ(kept.directory.machine.Kind(next), PathKind::kNone);
}

TEST("an idle store has nothing to wake for") {
  Kept kept(true);
  kept.Append(3, true);
  for (int i = 0; i < 5; i++) kept.Pass(11'000);
  kept.directory.machine.AdvanceTime(int64_t{86'400'000} * kMilli);
  CHECK_EQ(kept.directory.machine.RunServices(100), 0);
}

TEST("a full disk for queues is told in the background, and made up for when there is room") {
  Kept kept(false);
  kept.Append(5, true);
  kept.Pass(0);
  kept.failing.Fail(CallKind::kOpen, 1, Fault::Error(ENOSPC), Repeat::kAlways);
  kept.Pass(101);
  CHECK_EQ(kept.EntriesInFile(), 0);
  CHECK_EQ(kept.store->TakeBackgroundError().code(), Code::kDiskFull);
  CHECK(!kept.store->failed());
  kept.failing.Heal();
  kept.Pass(1'001);
  kept.Pass(1'001);
  CHECK_EQ(kept.EntriesInFile(), 5);
  CHECK_OK(kept.store->Close());
}

TEST("a failed sync of a queue or a slot fails the store, and the next open knows of it") {
  Kept kept(true);
  kept.Append(5, true);
  kept.Pass(0);
  kept.failing.Fail(CallKind::kSync, 1, Fault::Error(EIO), Repeat::kAlways);
  kept.Pass(101);
  CHECK(kept.store->failed());
  CHECK_EQ(kept.store->failure().error(), EIO);
  kept.Pass(101);
  CHECK(kept.NewestSlot().sync_failed);
  CHECK_EQ(kept.store->Close().code(), Code::kFlushFailed);
  CHECK_EQ(kept.directory.machine.Kind(kept.directory.paths.abort), PathKind::kFile);
}

}  // namespace
}  // namespace millrace::testing
