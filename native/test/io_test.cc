// Whole operations out of attempts that are interrupted, short, or fail; and files that are replaced whole or not at all.
#include "io.h"

#include <cerrno>

#include "bare_directory.h"
#include "failing_platform.h"

namespace millrace::testing {
namespace {

TEST("a read and a write go on after an interruption and a short count, and tell how far they came") {
  BareDirectory bare;
  FailingPlatform failing(&bare.machine);
  FileHandle file = kNoFile;
  REQUIRE_OK(io::Open(failing, "/store/a", OpenMode::kCreate, &file));
  failing.Fail(CallKind::kWrite, 1, Fault::Short(3), Repeat::kAlways);
  failing.Fail(CallKind::kRead, 1, Fault::Short(2), Repeat::kAlways);
  const std::string text = "eleven byte";
  REQUIRE_OK(io::Write(failing, file, BytesOf(text), 5));
  std::vector<std::byte> bytes(100);
  size_t count = 0;
  REQUIRE_OK(io::Read(failing, file, bytes, 5, ReadMode::kMayBlock, &count));
  CHECK_EQ(count, text.size());
  CHECK_EQ(std::span<const std::byte>(bytes).first(count), BytesOf(text));

  failing.Heal();
  failing.Fail(CallKind::kWrite, 1, Fault::Short(4), Repeat::kOnce);
  failing.Fail(CallKind::kWrite, 2, Fault::Error(ENOSPC), Repeat::kOnce);
  size_t written = 0;
  const Status status = io::Write(failing, file, BytesOf(text), 0, &written);
  CHECK_EQ(status.code(), Code::kDiskFull);
  CHECK_EQ(written, 4);
  failing.Close(file);
}

TEST("an interruption that does not end is an error after a bounded number of attempts") {
  BareDirectory bare;
  FailingPlatform failing(&bare.machine);
  FileHandle file = kNoFile;
  REQUIRE_OK(io::Open(failing, "/store/a", OpenMode::kCreate, &file));
  failing.Fail(CallKind::kSync, 1, Fault::Error(EINTR), Repeat::kAlways);
  CHECK_EQ(io::Sync(failing, file).error(), EINTR);
  CHECK_EQ(failing.calls(CallKind::kSync), io::kMaxInterruptions + 1);
  failing.Close(file);
}

TEST("errors have the code that a caller can act on") {
  CHECK_EQ(Status::FromErrno(ENOSPC).code(), Code::kDiskFull);
  CHECK_EQ(Status::FromErrno(EDQUOT).code(), Code::kDiskFull);
  CHECK_EQ(Status::FromErrno(EMFILE).code(), Code::kTooManyFiles);
  CHECK_EQ(Status::FromErrno(ENFILE).code(), Code::kTooManyFiles);
  CHECK_EQ(Status::FromErrno(ENOENT).code(), Code::kNotFound);
  CHECK_EQ(Status::FromErrno(EIO).code(), Code::kIoError);
}

TEST("a file that is replaced is the old one or the new one after a crash at any moment") {
  for (int64_t calls = 0;; calls++) {
    BareDirectory bare;
    REQUIRE_OK(io::ReplaceFile(bare.machine, "/store", "config", bare.paths.temporary, BytesOf("old")));
    const int64_t before = bare.machine.calls();
    bare.machine.FreezeAfter(calls);
    const Status status = io::ReplaceFile(bare.machine, "/store", "config", bare.paths.temporary, BytesOf("new, and longer"));
    const bool is_over = !bare.machine.is_frozen() || bare.machine.calls() - before < calls;
    const SimulatedDisk disk = bare.machine.Snapshot();
    for (uint64_t seed = 0; seed < 8; seed++) {
      bare.machine.Restore(disk);
      bare.machine.Crash(CrashPlan::Mix(seed));
      const std::string text = bare.Text("/store/config");
      CHECK(text == "new, and longer" || (text == "old" && !status.ok()));
    }
    if (is_over) break;
    REQUIRE(calls < 100);
  }
}

TEST("a file that is larger than anybody would write is not read into memory") {
  BareDirectory bare;
  FileHandle file = kNoFile;
  REQUIRE_OK(io::Open(bare.machine, "/store/huge", OpenMode::kCreate, &file));
  REQUIRE_OK(io::Resize(bare.machine, file, int64_t{1} << 40));
  bare.machine.Close(file);
  std::vector<std::byte> bytes;
  CHECK_EQ(io::ReadFile(bare.machine, "/store/huge", 1 << 20, &bytes).code(), Code::kCorruption);
  CHECK_EQ(io::ReadFile(bare.machine, "/store/none", 1 << 20, &bytes).code(), Code::kNotFound);
  CHECK_EQ(bare.machine.open_files(), 0);
}

TEST("a tree is removed with everything in it, and one that is gone is fine") {
  BareDirectory bare;
  bool made = false;
  REQUIRE_OK(io::MakeDirectory(bare.machine, "/store/t", &made));
  CHECK(made);
  REQUIRE_OK(io::MakeDirectory(bare.machine, "/store/t", &made));
  CHECK(!made);
  REQUIRE_OK(io::MakeDirectory(bare.machine, "/store/t/0", &made));
  FileHandle file = kNoFile;
  REQUIRE_OK(io::Open(bare.machine, "/store/t/0/file", OpenMode::kCreate, &file));
  bare.machine.Close(file);
  REQUIRE_OK(io::RemoveTree(bare.machine, "/store/t"));
  CHECK_EQ(bare.machine.Kind("/store/t"), PathKind::kNone);
  CHECK_OK(io::RemoveTree(bare.machine, "/store/t"));
}

}  // namespace
}  // namespace millrace::testing
