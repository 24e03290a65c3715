// The simulated disk: what it keeps, loses, tears and refuses. Time and services: simulated_scheduler_test.cc.
// More than 300 lines: one short story for each promise of simulated_platform.h.
#include "simulated_platform.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "testing.h"

namespace millrace {
namespace {

constexpr int64_t kPage = 4096;

std::span<const std::byte> BytesOf(const std::string& text) { return std::as_bytes(std::span(text)); }

FileHandle OpenOn(SimulatedPlatform* machine, const std::string& path) {
  FileHandle file = kNoFile;
  CHECK_OK(machine->Open(path, OpenMode::kCreate, &file));
  return file;
}

void WriteOn(SimulatedPlatform* machine, FileHandle file, const std::string& text, int64_t position) {
  CHECK_EQ(machine->Write(file, BytesOf(text), position).value, text.size());
}

std::string ReadFrom(SimulatedPlatform* machine, FileHandle file, int64_t position = 0, size_t size = 1 << 20) {
  std::string text(size, '?');
  const IoResult got = machine->Read(file, std::as_writable_bytes(std::span(text)), position, ReadMode::kMayBlock);
  if (!got.ok()) return "errno " + std::to_string(got.error);
  text.resize(static_cast<size_t>(got.value));
  return text;
}

// The whole content, or "(none)".
std::string Content(SimulatedPlatform* machine, const std::string& path) {
  FileHandle file = kNoFile;
  if (!machine->Open(path, OpenMode::kRead, &file).ok()) return "(none)";
  const std::string text = ReadFrom(machine, file);
  machine->Close(file);
  return text;
}

// A file at "/a" whose name and first content are durable.
FileHandle DurableFile(SimulatedPlatform* machine, const std::string& text) {
  const FileHandle file = OpenOn(machine, "/a");
  WriteOn(machine, file, text, 0);
  CHECK_OK(machine->Sync(file));
  CHECK_OK(machine->SyncDirectory("/"));
  return file;
}

TEST("the simulated disk shows at once what is written, and keeps what is synced") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = DurableFile(&machine, "synced");
  WriteOn(&machine, file, "UN", 0);
  CHECK_EQ(Content(&machine, "/a"), "UNnced");
  machine.Crash(CrashPlan::DropAll());
  CHECK_EQ(Content(&machine, "/a"), "synced");
}

TEST("an unsynced sector is kept, dropped, halved or garbage, as the plan says") {
  const std::string old(1024, 'o');
  const std::string fresh(512, 'n');
  const std::map<std::string, CrashPlan> plans = {{fresh, CrashPlan::KeepAll()},
                                                  {old.substr(0, 512), CrashPlan::DropAll()},
                                                  {fresh.substr(0, 256) + old.substr(0, 256), CrashPlan::HalveAll()}};
  for (const auto& [expected, plan] : plans) {
    SimulatedPlatform machine(test_seed());
    WriteOn(&machine, DurableFile(&machine, old), fresh, 512);
    machine.Crash(plan);
    CHECK_EQ(Content(&machine, "/a"), old.substr(0, 512) + expected);
  }
  SimulatedPlatform machine(test_seed());
  WriteOn(&machine, DurableFile(&machine, old), fresh, 512);
  machine.Crash(CrashPlan::GarbageAll(test_seed()));
  const std::string found = Content(&machine, "/a");
  CHECK_EQ(found.substr(0, 512), old.substr(0, 512));
  CHECK(found.substr(512) != fresh && found.substr(512) != old.substr(512));
}

TEST("the same plan on the same disk gives the same bytes, and a mix gives every fate") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = DurableFile(&machine, std::string(512 * 200, 'o'));
  WriteOn(&machine, file, std::string(512 * 200, 'n'), 0);
  const SimulatedDisk before = machine.Snapshot();
  machine.Crash(CrashPlan::Mix(7));
  const std::string first = Content(&machine, "/a");
  machine.Restore(before);
  machine.Crash(CrashPlan::Mix(7));
  CHECK_EQ(Content(&machine, "/a"), first);
  std::set<std::string> fates;
  for (size_t i = 0; i < first.size(); i += 512) {
    const std::string sector = first.substr(i, 512);
    const bool is_old = sector == std::string(512, 'o');
    const bool is_new = sector == std::string(512, 'n');
    const bool is_half = sector == std::string(256, 'n') + std::string(256, 'o');
    fates.insert(is_old ? "old" : is_new ? "new" : is_half ? "half" : "garbage");
  }
  CHECK_EQ(fates.size(), size_t{4});
}

TEST("a store through a mapping is shown, and lost unless the file is synced") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = DurableFile(&machine, std::string(kPage, 'o'));
  std::byte* address = nullptr;
  REQUIRE_OK(machine.Map(file, 0, kPage, true, &address));
  address[0] = std::byte{'1'};
  CHECK_EQ(ReadFrom(&machine, file, 0, 2), "1o");
  CHECK_OK(machine.Sync(file));
  address[1] = std::byte{'2'};
  WriteOn(&machine, file, "3", 2);
  CHECK_EQ(address[2], std::byte{'3'});
  const SimulatedDisk before = machine.Snapshot();
  address[3] = std::byte{'4'};  // after the snapshot
  machine.Restore(before);
  CHECK_EQ(Content(&machine, "/a").substr(0, 4), "123o");
  machine.Crash(CrashPlan::DropAll());
  CHECK_EQ(Content(&machine, "/a").substr(0, 4), "1ooo");
  address[0] = std::byte{'x'};  // a dead mapping hurts nobody
  CHECK_EQ(Content(&machine, "/a").substr(0, 4), "1ooo");
  machine.Unmap(address, kPage);
}

TEST("a guarded copy past the end of a simulated file, or into a hole of a full disk, is an error") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = OpenOn(&machine, "/a");
  CHECK_OK(machine.Resize(file, kPage + 1));
  std::byte* address = nullptr;
  REQUIRE_OK(machine.Map(file, 0, 4 * kPage, true, &address));
  const std::vector<std::byte> source(4 * kPage, std::byte{'s'});
  CHECK_OK(machine.CopyGuarded(address, source.data(), 2 * kPage));
  CHECK_EQ(machine.CopyGuarded(address, source.data(), 2 * kPage + 1).error, EIO);
  std::vector<std::byte> target(1);
  CHECK_EQ(machine.CopyGuarded(target.data(), address + 2 * kPage, 1).error, EIO);
  CHECK_OK(machine.Resize(file, 4 * kPage));
  machine.SetFreeBytes(0);
  CHECK_OK(machine.CopyGuarded(address, source.data(), 2 * kPage));
  CHECK_EQ(machine.CopyGuarded(address + 2 * kPage, source.data(), 1).error, EIO);
  machine.Unmap(address, 4 * kPage);
}

TEST("a name is durable only after its directory is synced, whatever happened to the file") {
  for (const bool is_synced : {false, true}) {
    SimulatedPlatform machine(test_seed());
    CHECK_OK(machine.MakeDirectory("/d"));
    const FileHandle file = OpenOn(&machine, "/d/a");
    WriteOn(&machine, file, "synced", 0);
    CHECK_OK(machine.Sync(file));
    CHECK_OK(machine.SyncDirectory("/d"));
    if (is_synced) CHECK_OK(machine.SyncDirectory("/"));
    machine.Crash(CrashPlan::DropAll());
    CHECK_EQ(Content(&machine, "/d/a"), is_synced ? "synced" : "(none)");
  }
}

TEST("a new file whose name is durable and whose content is not is empty, or as long as it was with zeros") {
  SimulatedPlatform machine(test_seed());
  WriteOn(&machine, OpenOn(&machine, "/a"), std::string(600, 'n'), 0);
  CHECK_OK(machine.SyncDirectory("/"));
  const SimulatedDisk before = machine.Snapshot();
  machine.Crash(CrashPlan::DropAll());
  CHECK_EQ(Content(&machine, "/a"), "");
  machine.Restore(before);
  machine.Crash({.keep_weight = 0, .drop_weight = 1, .sizes = Happened::kAll});
  CHECK_EQ(Content(&machine, "/a"), std::string(600, '\0'));
}

TEST("an unsynced removal may be undone, and an unsynced replacement shows the old file or the new one") {
  SimulatedPlatform machine(test_seed());
  machine.Close(DurableFile(&machine, "old"));
  const FileHandle fresh = OpenOn(&machine, "/tmp");
  WriteOn(&machine, fresh, "new", 0);
  CHECK_OK(machine.Sync(fresh));
  CHECK_OK(machine.Rename("/tmp", "/a"));
  CHECK_EQ(Content(&machine, "/a"), "new");
  const SimulatedDisk before = machine.Snapshot();
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    machine.Restore(before);
    machine.Crash(CrashPlan::Mix(seed));
    seen.insert(Content(&machine, "/a"));
  }
  CHECK(seen == (std::set<std::string>{"old", "new"}));
  machine.Restore(before);
  CHECK_OK(machine.Unlink("/a"));
  machine.Crash(CrashPlan::DropAll());
  CHECK_EQ(Content(&machine, "/a"), "old");
}

TEST("a file that was renamed between directories is in one of them at least, and in the new one once both are synced") {
  SimulatedPlatform machine(test_seed());
  CHECK_OK(machine.MakeDirectory("/from"));
  CHECK_OK(machine.MakeDirectory("/to"));
  const FileHandle file = OpenOn(&machine, "/from/a");
  WriteOn(&machine, file, "moved", 0);
  CHECK_OK(machine.SyncFileSystem("/"));
  CHECK_OK(machine.Rename("/from/a", "/to/b"));
  std::set<std::string> seen;
  const SimulatedDisk before = machine.Snapshot();
  for (const bool is_source_synced : {false, true}) {
    for (uint64_t seed = 0; seed < 64; ++seed) {
      machine.Restore(before);
      if (is_source_synced) CHECK_OK(machine.SyncDirectory("/from"));
      machine.Crash(CrashPlan::Mix(seed));
      seen.insert(Content(&machine, "/from/a") + Content(&machine, "/to/b"));
    }
  }
  CHECK(seen == (std::set<std::string>{"moved(none)", "(none)moved", "movedmoved"}));
  for (const bool is_source_first : {false, true}) {
    machine.Restore(before);
    CHECK_OK(machine.SyncDirectory(is_source_first ? "/from" : "/to"));
    CHECK_OK(machine.SyncDirectory(is_source_first ? "/to" : "/from"));
    machine.Crash(CrashPlan::DropAll());
    CHECK_EQ(Content(&machine, "/from/a") + Content(&machine, "/to/b"), "(none)moved");
  }
}

TEST("a name that was renamed away and made again is not taken away when the rename becomes durable") {
  SimulatedPlatform machine(test_seed());
  CHECK_OK(machine.MakeDirectory("/to"));
  machine.Close(DurableFile(&machine, "moved"));
  CHECK_OK(machine.Rename("/a", "/to/b"));
  CHECK_OK(machine.SyncDirectory("/"));
  DurableFile(&machine, "new");
  CHECK_OK(machine.SyncDirectory("/to"));
  machine.Crash(CrashPlan::DropAll());
  CHECK_EQ(Content(&machine, "/a") + " " + Content(&machine, "/to/b"), "new moved");
}

TEST("an unsynced cut or growth of a file may not have happened") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = DurableFile(&machine, std::string(2000, 'o'));
  CHECK_OK(machine.Resize(file, 100));
  CHECK_OK(machine.Resize(file, 1000));
  CHECK_EQ(Content(&machine, "/a"), std::string(100, 'o') + std::string(900, '\0'));
  const SimulatedDisk before = machine.Snapshot();
  machine.Crash(CrashPlan::DropAll());
  CHECK_EQ(Content(&machine, "/a"), std::string(2000, 'o'));
  machine.Restore(before);
  machine.Crash(CrashPlan::KeepAll());
  CHECK_EQ(Content(&machine, "/a"), std::string(100, 'o') + std::string(900, '\0'));
}

TEST("a cut that did not happen took no bytes, and a growth that did not happen left none") {
  SimulatedPlatform machine(test_seed());
  FileHandle file = DurableFile(&machine, std::string(2000, 'o'));
  CHECK_OK(machine.Resize(file, 512));
  machine.Crash({.sizes = Happened::kNone});
  CHECK_EQ(Content(&machine, "/a"), std::string(2000, 'o'));
  file = OpenOn(&machine, "/a");
  WriteOn(&machine, file, std::string(3000, 'n'), 0);
  machine.Crash({.sizes = Happened::kNone});
  CHECK_EQ(Content(&machine, "/a"), std::string(2000, 'n'));
  CHECK_OK(machine.Resize(OpenOn(&machine, "/a"), 3000));
  machine.Crash({.keep_weight = 0, .drop_weight = 1});
  CHECK_EQ(Content(&machine, "/a"), std::string(2000, 'n') + std::string(1000, '\0'));
}

TEST("durable zeros need no sync") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = DurableFile(&machine, std::string(3 * kPage, 'o'));
  CHECK_EQ(machine.WriteZerosDurably(file, kPage, kPage).value, kPage);
  CHECK_EQ(machine.WriteZerosDurably(file, 1, kPage).error, EINVAL);
  machine.Crash(CrashPlan::DropAll());
  CHECK_EQ(Content(&machine, "/a"), std::string(kPage, 'o') + std::string(kPage, '\0') + std::string(kPage, 'o'));
}

TEST("after a failed sync the cache shows what the disk never gets, until it is written again") {
  for (const bool is_rewritten : {false, true}) {
    SimulatedPlatform machine(test_seed());
    const FileHandle file = DurableFile(&machine, "old");
    WriteOn(&machine, file, "new", 0);
    machine.FailNextSync(EIO);
    CHECK_EQ(machine.Sync(file).error, EIO);
    if (is_rewritten) WriteOn(&machine, file, "new", 0);
    CHECK_OK(machine.Sync(file));
    CHECK_EQ(Content(&machine, "/a"), "new");
    machine.Crash(CrashPlan::KeepAll());
    CHECK_EQ(Content(&machine, "/a"), is_rewritten ? "new" : "old");
  }
}

TEST("a lost sector stays lost while its neighbours are written") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = DurableFile(&machine, std::string(3 * 512, 'o'));
  WriteOn(&machine, file, std::string(512, 'n'), 512);
  machine.LoseDirty(file);
  WriteOn(&machine, file, "n", 0);
  WriteOn(&machine, file, "n", 3 * 512 - 1);
  CHECK_OK(machine.Sync(file));
  CHECK_EQ(Content(&machine, "/a").substr(512, 512), std::string(512, 'n'));
  machine.Crash(CrashPlan::KeepAll());
  CHECK_EQ(Content(&machine, "/a"), "n" + std::string(3 * 512 - 2, 'o') + "n");
}

TEST("a killed process leaves the page cache, and takes its handles, locks and services along") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = OpenOn(&machine, "/a");
  WriteOn(&machine, file, "unsynced", 0);
  CHECK_OK(machine.Lock(file));
  class Busy : public Service {
    int64_t Step() override { return 0; }
  } busy;
  const std::unique_ptr<ServiceThread> thread = machine.StartService("busy", &busy);
  CHECK_EQ(machine.RunServices(3), 3);
  const FileHandle other = OpenOn(&machine, "/a");
  CHECK_EQ(machine.Lock(other).error, EAGAIN);
  const std::string boot = machine.BootId();
  const int process = machine.ProcessId();
  machine.KillProcess();
  CHECK_EQ(machine.open_files(), 0);
  CHECK_EQ(machine.RunServices(3), 0);
  CHECK_EQ(machine.BootId(), boot);
  CHECK_NE(machine.ProcessId(), process);
  CHECK_EQ(machine.Write(file, BytesOf("x"), 0).error, EBADF);
  const FileHandle again = OpenOn(&machine, "/a");
  CHECK_EQ(ReadFrom(&machine, again), "unsynced");
  CHECK_OK(machine.Lock(again));
  machine.Close(file);  // a dead handle is nobody's
  CHECK_EQ(machine.Lock(OpenOn(&machine, "/a")).error, EAGAIN);
  machine.Crash(CrashPlan::KeepAll());
  CHECK_NE(machine.BootId(), boot);
}

TEST("once frozen, every call fails and nothing changes any more, stores to mappings included") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = DurableFile(&machine, std::string(kPage, 'o'));
  std::byte* address = nullptr;
  REQUIRE_OK(machine.Map(file, 0, kPage, true, &address));
  machine.FreezeAfter(2);
  WriteOn(&machine, file, "1", 0);
  WriteOn(&machine, file, "2", 1);
  CHECK(machine.is_frozen());
  const int64_t calls = machine.calls();
  CHECK_EQ(machine.Write(file, BytesOf("3"), 2).error, EIO);
  CHECK_EQ(machine.Sync(file).error, EIO);
  CHECK_EQ(machine.Rename("/a", "/b").error, EIO);
  CHECK_EQ(machine.calls(), calls);
  address[3] = std::byte{'4'};
  machine.Unmap(address, kPage);
  machine.Close(file);
  machine.KillProcess();
  CHECK_EQ(Content(&machine, "/a").substr(0, 4), "12oo");
}

TEST("the observer sees the disk after every call") {
  SimulatedPlatform machine(test_seed());
  std::vector<SimulatedDisk> moments;
  machine.ObserveCalls([&] { moments.push_back(machine.Snapshot()); });
  const FileHandle file = OpenOn(&machine, "/a");
  WriteOn(&machine, file, "1", 0);
  WriteOn(&machine, file, "2", 0);
  machine.ObserveCalls(nullptr);
  CHECK_EQ(machine.calls(), 3);
  REQUIRE_EQ(moments.size(), size_t{3});
  const char* const contents[] = {"", "1", "2"};
  for (size_t i = 0; i < 3; ++i) {
    machine.Restore(moments[i]);
    CHECK_EQ(Content(&machine, "/a"), contents[i]);
  }
}

TEST("a full simulated disk refuses new blocks only, cuts a write short, and has room again after a removal") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = OpenOn(&machine, "/a");
  machine.SetFreeBytes(2 * kPage);
  CHECK_OK(machine.Resize(file, 100 * kPage));
  CHECK_EQ(machine.Reserve(file, 0, 3 * kPage).error, ENOSPC);
  CHECK_EQ(machine.FreeBytes("/").value, 2 * kPage);
  CHECK_OK(machine.Reserve(file, 0, kPage));
  CHECK_EQ(machine.Write(file, BytesOf(std::string(3 * kPage, 'x')), 0).value, 2 * kPage);
  CHECK_EQ(machine.Write(file, BytesOf("x"), 2 * kPage).error, ENOSPC);
  CHECK_EQ(machine.WriteZerosDurably(file, 2 * kPage, kPage).error, ENOSPC);
  WriteOn(&machine, file, "again", 10);
  CHECK_OK(machine.Unlink("/a"));
  CHECK_EQ(machine.FreeBytes("/").value, 0);
  machine.Close(file);
  CHECK_EQ(machine.FreeBytes("/").value, 2 * kPage);
}

TEST("a cold range gives no bytes to who will not wait, until somebody waited") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = DurableFile(&machine, std::string(3 * kPage, 'x'));
  std::vector<std::byte> bytes(3 * kPage);
  const auto read = [&](ReadMode mode, int64_t position) { return machine.Read(file, bytes, position, mode); };
  CHECK_EQ(read(ReadMode::kOnlyCached, 0).value, 3 * kPage);
  machine.SetCold("/a", kPage, kPage);
  CHECK_EQ(read(ReadMode::kOnlyCached, 0).value, kPage);
  CHECK_EQ(read(ReadMode::kOnlyCached, kPage).error, EAGAIN);
  CHECK_EQ(read(ReadMode::kOnlyCached, 2 * kPage).value, kPage);
  CHECK_EQ(read(ReadMode::kMayBlock, 0).value, 3 * kPage);
  CHECK_EQ(read(ReadMode::kOnlyCached, 0).value, 3 * kPage);
  machine.SetCold(true);
  CHECK_EQ(read(ReadMode::kOnlyCached, 0).error, EAGAIN);
  CHECK_EQ(read(ReadMode::kOnlyCached, 3 * kPage).value, 0);
}

TEST("the next data of a simulated file is the first block with a byte in it") {
  SimulatedPlatform machine(test_seed());
  const FileHandle file = OpenOn(&machine, "/a");
  CHECK_OK(machine.Resize(file, int64_t{1} << 30));
  CHECK_EQ(machine.NextData(file, 0).value, int64_t{1} << 30);
  WriteOn(&machine, file, "x", 5 * kPage + 700);
  CHECK_EQ(machine.NextData(file, 0).value, 5 * kPage);
  CHECK_EQ(machine.NextData(file, 5 * kPage + 100).value, 5 * kPage + 100);
  CHECK_EQ(machine.NextData(file, 6 * kPage).value, int64_t{1} << 30);
}

TEST("simulated directories refuse what the real ones refuse") {
  SimulatedPlatform machine(test_seed());
  FileHandle file = kNoFile;
  CHECK_EQ(machine.Open("/d/a", OpenMode::kCreate, &file).error, ENOENT);
  CHECK_OK(machine.MakeDirectory("/d"));
  CHECK_EQ(machine.MakeDirectory("/d/").error, EEXIST);
  CHECK_EQ(machine.Open("/d", OpenMode::kReadWrite, &file).error, EISDIR);
  CHECK_OK(machine.Open("//d/./a", OpenMode::kCreate, &file));
  CHECK_EQ(machine.Open("/d/a/b", OpenMode::kCreate, &file).error, ENOTDIR);
  CHECK_EQ(machine.RemoveDirectory("/d").error, ENOTEMPTY);
  CHECK_EQ(machine.Unlink("/d").error, EISDIR);
  CHECK_EQ(machine.Rename("/d", "/d/e").error, EINVAL);
  CHECK_EQ(machine.Rename("/d", "/d/a").error, EINVAL);
  CHECK_EQ(machine.Rename("/x", "/y").error, ENOENT);
  CHECK_EQ(machine.SyncDirectory("/d/a").error, ENOTDIR);
  CHECK_OK(machine.Rename("/d", "/e"));
  CHECK(machine.Kind("/e/a") == PathKind::kFile && machine.Kind("/d") == PathKind::kNone);
  std::vector<DirectoryEntry> entries;
  CHECK_EQ(machine.List("/d", &entries).error, ENOENT);
  CHECK_OK(machine.List("/", &entries));
  CHECK(entries.size() == 1 && entries[0].name == "e" && entries[0].is_directory);
}

}  // namespace
}  // namespace millrace
