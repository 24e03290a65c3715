#include "queue_files.h"

#include <cerrno>

#include "bare_directory.h"
#include "failing_platform.h"

namespace millrace::testing {
namespace {

QueueEntry EntryAt(int64_t number) { return {number * 100, number, 100}; }

std::vector<QueueEntry> Entries(int64_t from, int64_t to) {
  std::vector<QueueEntry> entries;
  for (int64_t i = from; i < to; i++) entries.push_back(EntryAt(i));
  return entries;
}

struct SomeQueues : BareDirectory {
  QueueFiles files{machine, paths, 10, false};
  const std::string directory = files.DirectoryOf("T", 0);

  void CheckReads(int64_t from, int64_t to) {
    std::vector<QueueEntry> entries;
    CHECK_OK(files.Read("T", 0, from, to - from, ReadMode::kMayBlock, &entries));
    REQUIRE_EQ(entries.size(), to - from);
    for (int64_t i = from; i < to; i++) CHECK(entries[static_cast<size_t>(i - from)] == EntryAt(i));
  }
};

TEST("entries over several files read back, and a file is there only with its first entry") {
  SomeQueues some;
  REQUIRE_OK(some.files.Write("T", 0, 0, Entries(0, 20), nullptr));
  CHECK_EQ(some.Names(some.directory).size(), 2);
  REQUIRE_OK(some.files.Write("T", 0, 20, Entries(20, 33), nullptr));
  CHECK_EQ(some.Names(some.directory).size(), 4);
  some.CheckReads(0, 33);
  some.CheckReads(9, 21);
  for (const std::string& name : some.Names(some.directory)) CHECK_EQ(some.Text(some.directory + "/" + name).size(), 200);
  CHECK(some.Names(some.paths.temporary).empty());
}

TEST("a queue may begin at any number: what was never there is filled so that it looks like nothing else") {
  SomeQueues some;
  REQUIRE_OK(some.files.Write("T", 0, 14, Entries(14, 16), nullptr));
  CHECK_EQ(some.Names(some.directory).size(), 1);
  std::vector<QueueEntry> entries;
  REQUIRE_OK(some.files.Read("T", 0, 10, 6, ReadMode::kMayBlock, &entries));
  for (size_t i = 0; i < 4; i++) CHECK(entries[i].pre_blank());
  some.CheckReads(14, 16);
}

TEST("rewriting counts what differed") {
  SomeQueues some;
  REQUIRE_OK(some.files.Write("T", 0, 0, Entries(0, 15), nullptr));
  int64_t rewritten = 0;
  REQUIRE_OK(some.files.Write("T", 0, 0, Entries(0, 15), &rewritten));
  CHECK_EQ(rewritten, 0);
  const QueueEntry other{7, 7, 7};
  REQUIRE_OK(some.files.Write("T", 0, 3, std::span(&other, 1), nullptr));
  REQUIRE_OK(some.files.Write("T", 0, 0, Entries(0, 17), &rewritten));
  CHECK_EQ(rewritten, 3);
  some.CheckReads(0, 17);
}

TEST("rewriting also writes what looks right and may not be on the disk") {
  SomeQueues some;
  REQUIRE_OK(some.files.Write("T", 0, 0, Entries(0, 1), nullptr));
  REQUIRE_OK(some.files.SyncAll());
  REQUIRE_OK(some.files.Write("T", 0, 1, Entries(1, 8), nullptr));
  some.machine.FailNextSync(EIO);
  CHECK_EQ(some.files.SyncAll().code(), Code::kFlushFailed);
  some.CheckReads(0, 8);  // shown, and lost
  int64_t rewritten = 0;
  REQUIRE_OK(some.files.Write("T", 0, 0, Entries(0, 8), &rewritten));
  CHECK_EQ(rewritten, 0);
  REQUIRE_OK(some.files.SyncAll());
  some.machine.Crash(CrashPlan::DropAll());
  QueueFiles again(some.machine, some.paths, 10, true);
  std::vector<QueueEntry> entries;
  REQUIRE_OK(again.Read("T", 0, 0, 8, ReadMode::kMayBlock, &entries));
  REQUIRE_EQ(entries.size(), 8);
  CHECK(entries[7] == EntryAt(7));
}

TEST("without a descriptor nothing is synced, nothing is forgotten, and the next attempt does it") {
  SomeQueues some;
  FailingPlatform failing(&some.machine);
  QueueFiles files(failing, some.paths, 10, false);
  for (int32_t id = 0; id < 3; id++) REQUIRE_OK(files.Write("T", id, 0, Entries(0, 5), nullptr));
  failing.Fail(CallKind::kSyncDirectory, 2, Fault::Error(EMFILE), Repeat::kOnce);
  CHECK_EQ(files.SyncAll().code(), Code::kTooManyFiles);
  REQUIRE_OK(files.SyncAll());
  some.machine.Crash(CrashPlan::DropAll());
  QueueFiles again(some.machine, some.paths, 10, true);
  for (int32_t id = 0; id < 3; id++) {
    std::vector<QueueEntry> entries;
    REQUIRE_OK(again.Read("T", id, 0, 5, ReadMode::kMayBlock, &entries));
    CHECK_EQ(entries.size(), 5);
  }
}

TEST("a cut leaves zeros behind the last entry, no file without one, and files of full size") {
  SomeQueues some;
  REQUIRE_OK(some.files.Write("T", 0, 0, Entries(0, 35), nullptr));
  bool cut = false;
  REQUIRE_OK(some.files.Cut("T", 0, 35, &cut));
  CHECK(!cut);
  REQUIRE_OK(some.files.Cut("T", 0, 12, &cut));
  CHECK(cut);
  CHECK_EQ(some.Names(some.directory).size(), 2);
  some.CheckReads(0, 12);
  const std::string second = some.Text(some.directory + "/" + FileName(200));
  REQUIRE_EQ(second.size(), 200);
  CHECK_EQ(second.substr(40), std::string(160, '\0'));
  REQUIRE_OK(some.files.Cut("T", 0, 10, &cut));
  CHECK_EQ(some.Names(some.directory).size(), 1);
}

TEST("after SyncAll everything survives a power cut, for few files and for many") {
  for (const int queues : {3, 100}) {
    SomeQueues some;
    for (int32_t id = 0; id < queues; id++) REQUIRE_OK(some.files.Write("T", id, 0, Entries(0, 12), nullptr));
    REQUIRE_OK(some.files.SyncAll());
    some.machine.Crash(CrashPlan::DropAll());
    QueueFiles again(some.machine, some.paths, 10, true);
    for (int32_t id = 0; id < queues; id++) {
      std::vector<QueueEntry> entries;
      REQUIRE_OK(again.Read("T", id, 0, 12, ReadMode::kMayBlock, &entries));
      REQUIRE_EQ(entries.size(), 12);
      CHECK(entries[11] == EntryAt(11));
    }
  }
}

TEST("any number of queues needs a bounded number of descriptors") {
  SomeQueues some;
  for (int32_t id = 0; id < 500; id++) REQUIRE_OK(some.files.Write("T", id, 0, Entries(0, 1), nullptr));
  CHECK(some.files.open_count() <= 128);
  CHECK(some.machine.open_files() <= 128);
  REQUIRE_OK(some.files.Write("T", 0, 1, Entries(1, 3), nullptr));
  some.CheckReads(0, 3);
}

TEST("a removed queue is gone, with its directory") {
  SomeQueues some;
  REQUIRE_OK(some.files.Write("T", 0, 0, Entries(0, 25), nullptr));
  REQUIRE_OK(some.files.Remove("T", 0));
  CHECK_EQ(some.machine.Kind(some.directory), PathKind::kNone);
  CHECK_EQ(some.machine.open_files(), 0);
  CHECK_OK(some.files.SyncAll());
  CHECK_OK(some.files.Remove("T", 0));
}

}  // namespace
}  // namespace millrace::testing
