#include "index_adoption.h"

#include "io.h"
#include "simulated_platform.h"
#include "testing.h"

namespace millrace::testing {
namespace {

using Step = IndexAdoption::Step;
constexpr IndexShape kShape{5, 8};
constexpr int64_t kTime = 1'700'000'000'000;

struct Item {
  int32_t hash;
  int64_t position;
  int64_t time = kTime;
};

struct Folder {
  Folder() {
    REQUIRE_OK(machine.MakeDirectory("/index"));
    REQUIRE_OK(machine.MakeDirectory("/tmp"));
  }

  // As another program left it.
  std::shared_ptr<IndexFile> Write(const std::string& name, const std::vector<Item>& items) {
    std::shared_ptr<IndexFile> file;
    CHECK_OK(IndexFile::Create(machine, "/index/" + name, "/tmp", kShape, IndexHeader{}, &file));
    for (const Item& item : items) CHECK_OK(file->Put(item.hash, item.position, item.time));
    CHECK_OK(file->Flush());
    return Open(name);
  }
  std::shared_ptr<IndexFile> Open(const std::string& name) {
    std::shared_ptr<IndexFile> file;
    CHECK_OK(IndexFile::Open(machine, "/index/" + name, kShape, IndexHeader{}, OpenMode::kReadWrite, &file));
    return file;
  }
  // What the file says of itself when one byte at `at` is another.
  int WithByte(const std::string& name, int64_t at) {
    FileHandle handle = kNoFile;
    std::byte byte{};
    size_t count = 0;
    CHECK_OK(io::Open(machine, "/index/" + name, OpenMode::kReadWrite, &handle));
    CHECK_OK(io::Read(machine, handle, std::span(&byte, 1), at, ReadMode::kMayBlock, &count));
    const std::byte other = byte ^ std::byte{1};
    CHECK_OK(io::Write(machine, handle, std::span(&other, 1), at));
    int32_t below = 0;
    const int code = static_cast<int>(Open(name)->TakeAsItIs(0, &below).code());
    CHECK_OK(io::Write(machine, handle, std::span(&byte, 1), at));
    machine.Close(handle);
    return code;
  }

  SimulatedPlatform machine{test_seed()};
};

Step Take(IndexAdoption& adoption, int32_t hash) {
  Step step = Step::kEnd;
  CHECK_OK(adoption.Take(hash, &step));
  return step;
}

TEST("a file is taken as it is when header, items and slots agree, and at no other byte of them") {
  Folder folder;
  const auto file = folder.Write("1", {{10, 0}, {11, 0}, {10, 100, kTime + 1500}, {15, 200, kTime + 2500}});
  int32_t below = -1;
  CHECK_OK(file->TakeAsItIs(100, &below));
  CHECK_EQ(below, 2);
  CHECK_EQ(file->header().next, 5);
  CHECK_EQ(file->header().end_position, 200);
  // Lowest bytes: the next item, used slots, both positions; a slot; hash, position, seconds and link of the third item.
  const int64_t third = kShape.ItemAt(3);
  for (const int64_t at : {int64_t{39}, int64_t{35}, int64_t{23}, int64_t{31}, int64_t{40 + 3}, third + 3, third + 19}) {
    CHECK_EQ(folder.WithByte("1", at), static_cast<int>(Code::kCorruption));
  }
  // Positions and seconds that rise are sound by themselves: the log has to tell.
  CHECK_EQ(folder.WithByte("1", third + 11), static_cast<int>(Code::kOk));
  CHECK_EQ(folder.WithByte("1", third + 15), static_cast<int>(Code::kOk));
}

TEST("items are taken in the order of the log, over a record that is there twice and over what is older than the log") {
  Folder folder;
  const auto file = folder.Write("1", {{9, 50}, {10, 100}, {11, 100}, {10, 100}, {11, 100}, {12, 200, kTime + 1500}});
  int32_t below = 0;
  REQUIRE_OK(file->TakeAsItIs(0, &below));
  IndexAdoption adoption;
  adoption.Begin({}, 100);
  adoption.Enter(file, 1);
  adoption.NextRecord(100, kTime, {10, 11});
  CHECK(Take(adoption, 10) == Step::kTaken);
  CHECK(Take(adoption, 11) == Step::kTaken);
  adoption.NextRecord(200, kTime + 1500, {12, 13});
  CHECK(Take(adoption, 12) == Step::kTaken);
  CHECK(Take(adoption, 13) == Step::kEnd);
}

TEST("an item of another hash, place or second, and one too few or too many, differs") {
  Folder folder;
  const auto file = folder.Write("1", {{10, 0}, {11, 100, kTime + 1500}, {12, 200, kTime + 2500}});
  int32_t below = 0;
  REQUIRE_OK(file->TakeAsItIs(0, &below));
  const auto after_first = [&](int64_t position, int64_t time, int32_t hash) {
    IndexAdoption adoption;
    adoption.Begin({}, 0);
    adoption.Enter(file, 1);
    adoption.NextRecord(0, kTime, {10});
    CHECK(Take(adoption, 10) == Step::kTaken);
    adoption.NextRecord(position, time, {hash});
    return Take(adoption, hash);
  };
  CHECK(after_first(100, kTime + 1500, 11) == Step::kTaken);
  CHECK(after_first(100, kTime + 1999, 11) == Step::kTaken);
  CHECK(after_first(100, kTime + 2000, 11) == Step::kDiffers);
  CHECK(after_first(100, kTime - 1, 11) == Step::kDiffers);
  CHECK(after_first(101, kTime + 1500, 11) == Step::kDiffers);
  CHECK(after_first(100, kTime + 1500, 16) == Step::kDiffers);
  CHECK(after_first(50, kTime + 1500, 13) == Step::kDiffers);
  CHECK(after_first(200, kTime + 2500, 12) == Step::kDiffers);
  IndexAdoption adoption;
  adoption.Begin({}, 0);
  adoption.Enter(file, 3);
  Step step = Step::kEnd;
  CHECK_OK(adoption.Rest(&step));
  CHECK(step == Step::kDiffers);
}

}  // namespace
}  // namespace millrace::testing
