#include "failing_platform.h"

#include <cerrno>
#include <string>
#include <vector>

#include "simulated_platform.h"
#include "testing.h"

namespace millrace {
namespace {

constexpr int64_t kPage = 4096;

struct Fixture {
  SimulatedPlatform machine{test_seed()};
  FailingPlatform failing{&machine};
  FileHandle file = kNoFile;
  std::vector<std::byte> bytes{2 * kPage, std::byte{'x'}};

  Fixture() { CHECK_OK(failing.Open("/a", OpenMode::kCreate, &file)); }
  IoResult Write() { return failing.Write(file, bytes, 0); }
};

TEST("the nth call of a kind fails, performs nothing, and the one after it passes") {
  Fixture f;
  f.failing.Fail(CallKind::kWrite, 2, Fault::Error(ENOSPC), Repeat::kOnce);
  CHECK_EQ(f.failing.Write(f.file, std::span(f.bytes).first(1), 0).value, 1);
  CHECK_OK(f.failing.Size(f.file));
  CHECK_EQ(f.Write().error, ENOSPC);
  CHECK_EQ(f.failing.Size(f.file).value, 1);
  CHECK_EQ(f.Write().value, 2 * kPage);
  CHECK_EQ(f.failing.failures(), 1);
}

TEST("a fault for ever lasts until it is healed") {
  Fixture f;
  f.failing.Fail(kAnyCall, 2, Fault::Error(EIO), Repeat::kAlways);
  CHECK_OK(f.Write());
  CHECK_EQ(f.Write().error, EIO);
  CHECK_EQ(f.failing.Unlink("/a").error, EIO);
  CHECK_EQ(f.failing.Sync(f.file).error, EIO);
  f.failing.Heal();
  CHECK_OK(f.Write());
  CHECK_EQ(f.failing.failures(), 3);
}

TEST("a short call moves less than it was asked for, and never nothing") {
  Fixture f;
  const auto fail = [&](CallKind kind, int64_t most) { f.failing.Fail(kind, 1, Fault::Short(most), Repeat::kOnce); };
  fail(CallKind::kWrite, 100);
  CHECK_EQ(f.Write().value, 100);
  fail(CallKind::kWrite, 1 << 20);
  CHECK_EQ(f.Write().value, 2 * kPage - 1);
  fail(CallKind::kRead, 0);
  CHECK_EQ(f.failing.Read(f.file, f.bytes, 0, ReadMode::kMayBlock).value, 1);
  fail(CallKind::kZeros, 1);
  CHECK_EQ(f.failing.WriteZerosDurably(f.file, 0, 2 * kPage).value, kPage);
  CHECK_EQ(f.failing.failures(), 4);
  fail(CallKind::kWrite, 1);
  CHECK_EQ(f.failing.Write(f.file, std::span(f.bytes).first(1), 0).value, 1);
  fail(CallKind::kSync, 1);
  CHECK_OK(f.failing.Sync(f.file));
  CHECK_EQ(f.failing.failures(), 4);
}

TEST("a failed sync loses what was dirty, if the machine is told") {
  Fixture f;
  f.failing.OnFailedSync([&](FileHandle file) { f.machine.LoseDirty(file); });
  CHECK_OK(f.failing.SyncDirectory("/"));
  CHECK_OK(f.Write());
  f.failing.Fail(CallKind::kSync, 1, Fault::Error(EIO), Repeat::kOnce);
  CHECK_EQ(f.failing.Sync(f.file).error, EIO);
  CHECK_OK(f.failing.Sync(f.file));
  f.machine.Crash(CrashPlan::KeepAll());
  REQUIRE_OK(f.failing.Open("/a", OpenMode::kReadWrite, &f.file));
  CHECK_EQ(f.failing.NextData(f.file, 0).value, 2 * kPage);  // nothing but zeros
}

// Each kind, once: the counts, and that each of them can fail.
TEST("every call is counted by its kind and can fail") {
  SimulatedPlatform machine(test_seed());
  FailingPlatform failing(&machine);
  FileHandle file = kNoFile;
  std::byte* address = nullptr;
  std::vector<std::byte> bytes(kPage);
  std::vector<DirectoryEntry> entries;
  const FileHandle socket = machine.sockets().Open();
  FileHandle copy = kNoFile;
  const std::span<const std::byte> piece(bytes);
  const auto call_all = [&] {
    return std::vector<IoResult>{failing.Open("/a", OpenMode::kCreate, &file),
                                 failing.Size(file),
                                 failing.Resize(file, kPage),
                                 failing.Read(file, bytes, 0, ReadMode::kMayBlock),
                                 failing.Write(file, bytes, 0),
                                 failing.Reserve(file, 0, kPage),
                                 failing.WriteZerosDurably(file, 0, kPage),
                                 failing.Sync(file),
                                 failing.NextData(file, 0),
                                 failing.Map(file, 0, kPage, true, &address),
                                 failing.CopyGuarded(address, bytes.data(), bytes.size()),
                                 failing.DuplicateSocket(socket, &copy),
                                 failing.SendFile(socket, file, 0, kPage),
                                 failing.Send(socket, {&piece, 1}, false),
                                 failing.MakeDirectory("/d"),
                                 failing.RemoveDirectory("/d"),
                                 failing.List("/", &entries),
                                 failing.Rename("/a", "/b"),
                                 failing.Unlink("/b"),
                                 failing.SyncDirectory("/"),
                                 failing.SyncFileSystem("/"),
                                 failing.FreeBytes("/"),
                                 failing.Lock(file)};
  };
  for (const IoResult& result : call_all()) CHECK_OK(result);
  CHECK_EQ(failing.calls(), static_cast<int64_t>(kCallKinds) - 1);
  for (size_t kind = 0; kind + 1 < kCallKinds; ++kind) {
    const millrace::testing::Note note("kind", std::string(NameOf(static_cast<CallKind>(kind))));
    CHECK_EQ(failing.calls(static_cast<CallKind>(kind)), 1);
  }
  failing.Fail(kAnyCall, 1, Fault::Error(EINTR), Repeat::kAlways);
  for (const IoResult& result : call_all()) CHECK_EQ(result.error, EINTR);
}

TEST("a thread is missing only when that is asked for by name") {
  class Idle : public Service {
    int64_t Step() override { return kForever; }
  };
  SimulatedPlatform machine(test_seed());
  FailingPlatform failing(&machine);
  Idle idle;
  failing.Fail(kAnyCall, 1, Fault::Error(EAGAIN), Repeat::kAlways);
  CHECK(failing.StartService("idle", &idle) != nullptr);
  failing.Heal();
  failing.Fail(CallKind::kStartService, 1, Fault::Error(EAGAIN), Repeat::kOnce);
  CHECK(failing.StartService("idle", &idle) == nullptr);
}

}  // namespace
}  // namespace millrace
