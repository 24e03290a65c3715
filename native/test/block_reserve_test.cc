#include "block_reserve.h"

#include <cerrno>

#include "bare_directory.h"
#include "failing_platform.h"
#include "seeded_random.h"

namespace millrace::testing {
namespace {

constexpr int64_t kFile = int64_t{4} << 20;
constexpr int64_t kPage = 4096;

struct Reserve : BareDirectory {
  explicit Reserve(const BlockReserve::Policy& policy)
      : failing(&machine), files(failing, paths.commit_log, paths.temporary, kFile, false), blocks(failing, files, policy) {
    CHECK_OK(files.Create(0));
    CHECK_OK(files.Open(0, &file));
  }
  void Write(int64_t from, int64_t size) {
    CHECK_OK(blocks.BeforeWrite(*file, from, from + size));
    CHECK_OK(io::Write(machine, file->handle(), std::vector<std::byte>(static_cast<size_t>(size), std::byte{7}), from));
  }
  int64_t Reserved() const { return (int64_t{1} << 50) - machine_free(); }
  int64_t machine_free() const {
    SimulatedPlatform& platform = const_cast<SimulatedPlatform&>(machine);
    return platform.FreeBytes("/").value;
  }

  FailingPlatform failing;
  FileSet files;
  BlockReserve blocks;
  std::shared_ptr<OpenFile> file;
};

TEST("blocks are reserved ahead of the writer, a little for a store that has written little") {
  Reserve reserve({.zero = false});
  CHECK(reserve.blocks.Wanted(0));
  while (reserve.blocks.Prepare(0)) continue;
  CHECK(!reserve.blocks.Wanted(0));
  CHECK_EQ(reserve.Reserved(), int64_t{1} << 20);
  reserve.Write(0, 1000);
  CHECK_EQ(reserve.blocks.late(), 0);
  CHECK(reserve.blocks.Wanted(int64_t{1} << 20));
}

TEST("zeros never reach what the writer has written, whatever the order") {
  SeededRandom random(test_seed());
  for (int round = 0; round < 40; round++) {
    Reserve reserve({.zero = true});
    int64_t written = 0;
    int64_t prepared_for = 0;
    while (written < kFile - 300'000) {
      if (random.Coin()) {
        const int64_t size = 1 + static_cast<int64_t>(random.Below(random.Below(4) == 0 ? 200'000 : 9000));
        reserve.Write(written, size);
        written += size;
      } else {
        // Maintenance sees the writer's position late.
        if (random.Coin()) prepared_for = written;
        (void)reserve.blocks.Prepare(prepared_for);
      }
    }
    const std::string text = reserve.Text(reserve.paths.commit_log + "/" + FileName(0));
    CHECK_EQ(text.find_first_not_of('\7'), static_cast<size_t>(written));
    CHECK_EQ(text.find_first_not_of('\0', static_cast<size_t>(written)), std::string::npos);
  }
}

TEST("large writes are worth neither zeros nor pages, small ones are worth both, in this order") {
  Reserve large({.zero = true});
  large.Write(0, 600'000);
  while (large.blocks.Prepare(600'000)) continue;
  CHECK_EQ(large.failing.calls(CallKind::kZeros), 0);
  CHECK(large.failing.read_ahead.empty());

  Reserve small({.zero = true});
  small.Write(0, 1000);
  while (small.blocks.Prepare(1000)) continue;
  CHECK(small.failing.calls(CallKind::kZeros) > 0);
  REQUIRE(!small.failing.read_ahead.empty());
  CHECK(small.failing.read_ahead.front().position >= 1000);
  int64_t end = small.failing.read_ahead.front().position;
  for (const FailingPlatform::Range& range : small.failing.read_ahead) {
    CHECK_EQ(range.position, end);
    end += range.size;
  }
  CHECK(end >= int64_t{1} << 20);
}

TEST("without zeroing pages are brought into memory too, but not for a mapping") {
  Reserve plain({.zero = false});
  plain.Write(0, 1000);
  while (plain.blocks.Prepare(1000)) continue;
  CHECK(!plain.failing.read_ahead.empty());
  CHECK_EQ(plain.failing.calls(CallKind::kZeros), 0);
  Reserve mapped({.zero = false, .mapped = true});
  mapped.Write(0, 1000);
  while (mapped.blocks.Prepare(1000)) continue;
  CHECK(mapped.failing.read_ahead.empty());
}

TEST("where blocks cannot be had ahead, the write itself says so, and is late") {
  for (const CallKind kind : {CallKind::kReserve, CallKind::kZeros}) {
    Reserve reserve({.zero = true});
    reserve.failing.Fail(kind, 1, Fault::Error(ENOSPC), Repeat::kAlways);
    for (int i = 0; i < 10 && reserve.blocks.Prepare(0); i++) continue;
    CHECK(!reserve.blocks.Prepare(0));
    reserve.Write(0, 5000);
  }
}

TEST("a write through a mapping has its blocks, or an error instead of a signal") {
  Reserve reserve({.zero = false, .mapped = true});
  reserve.machine.SetFreeBytes(3 * kPage);
  CHECK_OK(reserve.blocks.BeforeWrite(*reserve.file, 0, 2 * kPage + 1));
  CHECK_EQ(reserve.machine_free(), 0);
  CHECK_EQ(reserve.blocks.late(), 1);
  CHECK_OK(reserve.blocks.BeforeWrite(*reserve.file, 2 * kPage + 1, 3 * kPage));
  CHECK_EQ(reserve.blocks.BeforeWrite(*reserve.file, 3 * kPage, 3 * kPage + 1).code(), Code::kDiskFull);
  reserve.machine.SetFreeBytes(kPage);
  CHECK_OK(reserve.blocks.BeforeWrite(*reserve.file, 3 * kPage, 3 * kPage + 1));
}

TEST("a file system that cannot reserve is written with zeros instead") {
  Reserve reserve({.zero = false, .mapped = true});
  reserve.failing.Fail(CallKind::kReserve, 1, Fault::Error(EOPNOTSUPP), Repeat::kAlways);
  reserve.machine.SetFreeBytes(kPage);
  CHECK_OK(reserve.blocks.BeforeWrite(*reserve.file, 0, 100));
  CHECK_EQ(reserve.machine_free(), 0);
  CHECK_EQ(reserve.blocks.BeforeWrite(*reserve.file, kPage, kPage + 100).code(), Code::kDiskFull);
}

}  // namespace
}  // namespace millrace::testing
