#include "file_set.h"

#include <cerrno>

#include "bare_directory.h"
#include "failing_platform.h"

namespace millrace::testing {
namespace {

constexpr int64_t kFile = 8192;

FileSet MakeSet(Platform& platform, const StorePaths& paths) { return {platform, paths.commit_log, paths.temporary, kFile, false}; }

TEST("a file that was made survives a power cut whole, and one that was not is not there at all") {
  for (int64_t calls = 0;; calls++) {
    BareDirectory bare;
    const int64_t before = bare.machine.calls();
    bare.machine.FreezeAfter(calls);
    Status status;
    {
      FileSet files = MakeSet(bare.machine, bare.paths);
      status = files.Create(kFile);
    }
    const bool is_over = bare.machine.calls() - before < calls;
    const SimulatedDisk disk = bare.machine.Snapshot();
    for (uint64_t seed = 0; seed < 8; seed++) {
      bare.machine.Restore(disk);
      bare.machine.Crash(CrashPlan::Mix(seed));
      const std::vector<std::string> names = bare.Names(bare.paths.commit_log);
      if (status.ok()) CHECK_EQ(names.size(), 1);
      if (!names.empty()) CHECK_EQ(bare.Text(bare.paths.commit_log + "/" + names[0]), std::string(kFile, '\0'));
    }
    if (is_over) break;
    REQUIRE(calls < 100);
  }
}

TEST("a file that cannot be made leaves nothing in the directory, and can be made later") {
  for (const CallKind kind : {CallKind::kOpen, CallKind::kResize, CallKind::kSync, CallKind::kRename, CallKind::kSyncDirectory}) {
    BareDirectory bare;
    FailingPlatform failing(&bare.machine);
    FileSet files = MakeSet(failing, bare.paths);
    failing.Fail(kind, 1, Fault::Error(ENOSPC), Repeat::kOnce);
    const Status status = files.Create(0);
    CHECK_EQ(status.code(), Code::kDiskFull);
    CHECK_EQ(status.position(), 0);
    CHECK(bare.Names(bare.paths.commit_log).empty());
    CHECK(bare.Names(bare.paths.temporary).empty());
    CHECK(!files.Has(0));
    CHECK_OK(files.Create(0));
    bool existed = false;
    CHECK_OK(files.Create(0, &existed));
    CHECK(existed);
  }
}

TEST("files are found by position") {
  BareDirectory bare;
  FileSet files = MakeSet(bare.machine, bare.paths);
  CHECK(files.empty());
  CHECK_EQ(files.last(), -1);
  for (int64_t start = 2 * kFile; start < 6 * kFile; start += kFile) REQUIRE_OK(files.Create(start));
  CHECK_EQ(files.first(), 2 * kFile);
  CHECK_EQ(files.last(), 5 * kFile);
  CHECK_EQ(files.StartOf(3 * kFile + 1), 3 * kFile);
  CHECK_EQ(files.EndOf(3 * kFile), 4 * kFile);
  CHECK_EQ(files.NextStart(3 * kFile - 1), 3 * kFile);
  CHECK_EQ(files.NextStart(3 * kFile), 4 * kFile);
  CHECK_EQ(files.NextStart(5 * kFile), -1);
  std::shared_ptr<OpenFile> file;
  CHECK_OK(files.Open(2 * kFile + 77, &file));
  CHECK_EQ(files.Open(0, &file).code(), Code::kNotFound);
}

TEST("who must not wait opens no file that would have to be fetched, and finds those that others opened") {
  BareDirectory bare;
  {
    FileSet files = MakeSet(bare.machine, bare.paths);
    for (int64_t start = 0; start < 2 * kFile; start += kFile) REQUIRE_OK(files.Create(start));
  }
  FileSet files = MakeSet(bare.machine, bare.paths);
  files.Load({0, kFile});
  bare.machine.SetNamesCold(true);
  std::shared_ptr<OpenFile> file;
  CHECK_EQ(files.Open(0, &file, ReadMode::kOnlyCached).code(), Code::kWouldBlock);
  CHECK_EQ(files.open_count(), 0);
  CHECK_OK(files.Open(0, &file));
  CHECK_OK(files.Open(0, &file, ReadMode::kOnlyCached));
  CHECK_EQ(files.Open(kFile, &file, ReadMode::kOnlyCached).code(), Code::kWouldBlock);
  bare.machine.SetNamesCold(false);
  CHECK_OK(files.Open(kFile, &file, ReadMode::kOnlyCached));
  CHECK_EQ(files.open_count(), 2);
}

TEST("files go from the last one down, each durably before the next, so that no gap can arise") {
  BareDirectory bare;
  {
    FileSet files = MakeSet(bare.machine, bare.paths);
    for (int64_t start = 0; start < 5 * kFile; start += kFile) REQUIRE_OK(files.Create(start));
  }
  const SimulatedDisk disk = bare.machine.Snapshot();
  for (int64_t calls = 0; calls < 8; calls++) {
    bare.machine.Restore(disk);
    bare.machine.FreezeAfter(calls);
    {
      FileSet files = MakeSet(bare.machine, bare.paths);
      files.Load({0, kFile, 2 * kFile, 3 * kFile, 4 * kFile});
      (void)files.RemoveFrom(kFile + 1);
    }
    bare.machine.Crash(CrashPlan::Mix(static_cast<uint64_t>(calls) + test_seed()));
    const std::vector<std::string> names = bare.Names(bare.paths.commit_log);
    CHECK(names.size() >= 2);
    for (size_t i = 0; i < names.size(); i++) CHECK_EQ(names[i], FileName(static_cast<int64_t>(i) * kFile));
  }
}

TEST("files that still have something to sync stay open, and of the others a bounded number does") {
  BareDirectory bare;
  FileSet files = MakeSet(bare.machine, bare.paths);
  for (int64_t i = 0; i < 100; i++) REQUIRE_OK(files.Create(i * kFile));
  CHECK_EQ(bare.machine.open_files(), 100);
  files.SetDurable(98 * kFile);
  CHECK(bare.machine.open_files() <= 64);
  CHECK_EQ(files.open_count(), bare.machine.open_files());
  // One that is in use stays until it is let go.
  std::shared_ptr<OpenFile> file;
  REQUIRE_OK(files.Open(0, &file));
  for (int64_t i = 1; i < 90; i++) {
    std::shared_ptr<OpenFile> other;
    REQUIRE_OK(files.Open(i * kFile, &other));
  }
  CHECK(bare.machine.Size(file->handle()).ok());
}

}  // namespace
}  // namespace millrace::testing
