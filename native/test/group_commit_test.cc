// Bytes staged, written, synced: what the watermarks promise at each moment, and what a failure leaves.
#include "group_commit.h"

#include <cerrno>

#include "bare_directory.h"
#include "failing_platform.h"

namespace millrace::testing {
namespace {

constexpr int64_t kFile = 8192;

struct Group : BareDirectory, CommitListener {
  explicit Group(const GroupCommit::Policy& policy)
      : failing(&machine),
        files(failing, paths.commit_log, paths.temporary, kFile, false),
        blocks(failing, files, {.zero = policy.sync, .mapped = policy.mapped}),
        group(failing, files, blocks, policy, *this) {
    failing.OnFailedSync([this](FileHandle file) { machine.LoseDirty(file); });
    CHECK_OK(group.Start(Mark{}));
    machine.RunServices(10);
  }
  uint32_t Seal(std::span<std::byte> bytes) override {
    sealed += std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return static_cast<uint32_t>(bytes.size());
  }
  void OnProgress(bool wake) override {
    progress++;
    wakes += wake ? 1 : 0;
  }

  void Stage(const std::string& text, Want want = Want::kNothing) {
    std::byte* const at = group.Stage(next, text.size());
    std::copy(BytesOf(text).begin(), BytesOf(text).end(), at);
    const int64_t position = next;
    next += static_cast<int64_t>(text.size());
    group.Staged(next, {position, static_cast<int32_t>(text.size()), position}, 1, want);
  }
  std::string InFile(int64_t start, size_t bytes) { return Text(paths.commit_log + "/" + FileName(start)).substr(0, bytes); }
  void CheckMarks(int64_t written, int64_t durable, int64_t visible) {
    CHECK_EQ(group.written(), written);
    CHECK_EQ(group.durable(), durable);
    CHECK_EQ(group.visible(), visible);
  }

  FailingPlatform failing;
  FileSet files;
  BlockReserve blocks;
  GroupCommit group;
  int64_t next = 0;
  std::string sealed;
  int progress = 0;
  int wakes = 0;
};

constexpr GroupCommit::Policy kSync{};
constexpr GroupCommit::Policy kAsync{.sync = false, .visible_when_durable = false};

TEST("nothing is written before the turn ends, and then the whole group with one write and one sync") {
  Group group(kSync);
  for (int i = 0; i < 10; i++) group.Stage("record " + std::to_string(i), Want::kDurable);
  CHECK_EQ(group.group.staged_bytes(), 80);
  group.machine.RunServices(10);
  group.CheckMarks(0, 0, 0);
  group.group.HandOff();
  const int64_t syncs = group.failing.calls(CallKind::kSync);
  group.machine.RunServices(10);
  group.CheckMarks(80, 80, 80);
  CHECK_EQ(group.group.counters().writes.load(), 1);
  CHECK_EQ(group.group.counters().syncs.load(), 1);
  CHECK_EQ(group.failing.calls(CallKind::kSync) - syncs, 2);  // the new file's own, and the group's
  CHECK_EQ(group.group.staged_bytes(), 0);
  CHECK_EQ(group.group.durable_mark().messages, 10);
  CHECK_EQ(group.group.durable_mark().last.position, 72);
  CHECK_EQ(group.group.durable_mark().last.checksum, 80U);
  CHECK_EQ(group.sealed.size(), 80);
  CHECK_EQ(group.InFile(0, 16), "record 0record 1");
}

TEST("in async mode written moves at once, durable when the time has come or somebody asks") {
  Group group(kAsync);
  group.Stage("one");
  group.group.HandOff();
  group.machine.RunServices(10);
  group.CheckMarks(3, 0, 3);
  group.machine.AdvanceTime(499'000'000);
  group.machine.RunServices(10);
  group.CheckMarks(3, 0, 3);
  group.machine.AdvanceTime(2'000'000);
  group.machine.RunServices(10);
  group.CheckMarks(3, 3, 3);
  group.Stage("two", Want::kDurable);
  group.group.HandOff();
  group.machine.RunServices(10);
  group.CheckMarks(6, 6, 6);
  group.Stage("three");
  group.group.RequestSync();
  group.machine.RunServices(10);
  group.CheckMarks(11, 11, 11);
}

TEST("in async mode so many unsynced bytes and no more are left to wait for the clock") {
  Group group({.sync = false, .visible_when_durable = false, .max_unflushed_bytes = 100});
  group.Stage(std::string(99, 'a'));
  group.group.HandOff();
  group.machine.RunServices(10);
  CHECK_EQ(group.group.durable(), 0);
  group.Stage("b");
  group.group.HandOff();
  group.machine.RunServices(10);
  CHECK_EQ(group.group.durable(), 100);
}

TEST("a waiter is woken for what it waits for, and nobody for what nobody does") {
  Group group(kAsync);
  group.Stage("one");
  group.group.HandOff();
  group.machine.RunServices(10);
  CHECK_EQ(group.wakes, 0);
  group.Stage("two", Want::kWritten);
  group.group.HandOff();
  group.machine.RunServices(10);
  CHECK_EQ(group.wakes, 1);
}

TEST("what is written inline keeps the order of what was staged before it") {
  Group group(kSync);
  group.Stage("one");
  group.group.HandOff();
  group.Stage("two");
  REQUIRE_OK(group.group.WriteInline(false));
  CHECK_EQ(group.group.written(), 6);
  CHECK_EQ(group.group.durable(), 0);
  group.Stage("three");
  REQUIRE_OK(group.group.WriteInline(true));
  group.CheckMarks(11, 11, 11);
  CHECK_EQ(group.InFile(0, 11), "onetwothree");
}

TEST("durable never moves into a file whose predecessor is not durable") {
  Group group(kSync);
  group.Stage(std::string(5000, 'a'));
  group.next = kFile;  // what follows begins the next file
  group.Stage(std::string(100, 'b'));
  const int64_t syncs = group.failing.calls(CallKind::kSync);
  group.failing.Fail(CallKind::kSync, 4, Fault::Error(EIO), Repeat::kOnce);  // 2 for new files, the first file, then the second one
  CHECK_EQ(group.group.WriteInline(true).code(), Code::kFlushFailed);
  CHECK_EQ(group.failing.calls(CallKind::kSync) - syncs, 4);
  CHECK_EQ(group.group.durable(), kFile);
  CHECK_EQ(group.group.failure().position(), kFile);
  CHECK_EQ(group.group.durable_mark().position, 0);
}

TEST("the first failed sync is final: no watermark moves again and no sync is tried again") {
  for (const GroupCommit::Policy& policy : {kSync, kAsync}) {
    Group group(policy);
    group.Stage("one", Want::kDurable);
    REQUIRE_OK(group.group.WriteInline(true));
    group.Stage("two", Want::kDurable);
    group.failing.Fail(CallKind::kSync, 1, Fault::Error(EIO), Repeat::kOnce);
    group.group.HandOff();
    group.machine.RunServices(20);
    CHECK(group.group.failed());
    CHECK_EQ(group.group.failure().error(), EIO);
    CHECK_EQ(group.group.Ready().code(), Code::kFlushFailed);
    const int64_t visible = group.group.visible();
    const int64_t syncs = group.failing.calls(CallKind::kSync);
    group.Stage("three", Want::kDurable);
    CHECK_EQ(group.group.WriteInline(true).code(), Code::kFlushFailed);
    group.group.RequestSync();
    group.machine.AdvanceTime(10'000'000'000);
    group.machine.RunServices(50);
    CHECK_EQ(group.group.durable(), 3);
    CHECK_EQ(group.group.visible(), visible);
    CHECK_EQ(group.failing.calls(CallKind::kSync), syncs);
  }
}

TEST("a full disk rejects everything staged, leaves nothing of it in the file, and appends go on from there") {
  Group group(kSync);
  group.Stage("kept");
  REQUIRE_OK(group.group.WriteInline(true));
  group.Stage("half of this arrives");
  group.Stage("and nothing of this");
  group.failing.Fail(CallKind::kWrite, 1, Fault::Short(11), Repeat::kOnce);
  group.failing.Fail(CallKind::kWrite, 2, Fault::Error(ENOSPC), Repeat::kOnce);
  CHECK_EQ(group.group.WriteInline(true).code(), Code::kDiskFull);
  CHECK(group.group.rejecting());
  CHECK_EQ(group.group.Ready().code(), Code::kDiskFull);
  CHECK_EQ(group.InFile(0, 20), std::string("kept") + std::string(16, '\0'));
  group.CheckMarks(4, 4, 4);
  const Mark mark = group.group.AcceptRejection();
  CHECK_EQ(mark.position, 4);
  CHECK_EQ(mark.messages, 1);
  CHECK_EQ(group.group.staged_bytes(), 0);
  group.next = mark.position;
  group.Stage("next");
  REQUIRE_OK(group.group.WriteInline(true));
  CHECK_EQ(group.InFile(0, 8), "keptnext");
}

TEST("a rejected write that cannot be taken back fails the store") {
  Group group(kSync);
  group.Stage("half of this arrives");
  group.failing.Fail(CallKind::kWrite, 1, Fault::Short(11), Repeat::kOnce);
  group.failing.Fail(CallKind::kWrite, 2, Fault::Error(EIO), Repeat::kAlways);
  CHECK(!group.group.WriteInline(true).ok());
  CHECK(group.group.failed());
}

TEST("records larger than a chunk pass, and everything comes out as it went in") {
  Group group(kAsync);
  std::string all;
  for (int i = 0; i < 60; i++) {
    const std::string text(static_cast<size_t>(100 + i), static_cast<char>('a' + i % 26));
    if (group.next + static_cast<int64_t>(text.size()) > kFile) break;
    group.Stage(text);
    all += text;
    if (i % 7 == 0) group.group.HandOff();
    if (i % 11 == 0) group.machine.RunServices(1);
  }
  REQUIRE_OK(group.group.WriteInline(true));
  CHECK(group.InFile(0, all.size()) == all);
}

}  // namespace
}  // namespace millrace::testing
