// A read-only handle beside a writer in another process: it shows what the writer published, whole, and changes nothing.
#include "follower.h"

#include "damaged_directory.h"
#include "testing.h"

namespace millrace::testing {
namespace {

StoreConfig ReadOnly(const DamagedDirectory& directory) {
  StoreConfig config = directory.config();
  config.read_only = true;
  return config;
}

// Every visible message through the reader, as far as the writer showed it.
void CheckFollows(Store& reader, const LogModel& model, int64_t visible) {
  CHECK_EQ(reader.marks().visible, visible);
  std::vector<std::byte> buffer(1 << 18);
  for (const auto& [key, records] : model.Queues()) {
    const Note which("queue", key.first + "/" + std::to_string(key.second));
    int64_t expected = 0;
    for (const ModelRecord* record : records) expected += record->end() <= visible ? 1 : 0;
    const int32_t queue = reader.OpenQueue(key.first, key.second);
    if (expected == 0) continue;
    REQUIRE(queue != QueueTable::kNoQueue);
    for (int64_t next = 0; next < expected;) {
      ReadOutcome outcome;
      REQUIRE_OK(reader.Read(queue, next, ReadLimits{}, ReadMode::kMayBlock, buffer, &outcome));
      REQUIRE_EQ(outcome.status, ReadStatus::kFound);
      REQUIRE(outcome.lost.empty());
      CHECK_EQ(outcome.max_offset, expected);
      size_t at = 0;
      for (int64_t i = 0; i < outcome.messages; i++, next++) {
        const std::vector<std::byte>& bytes = records[static_cast<size_t>(next)]->bytes;
        REQUIRE_EQ(std::span<const std::byte>(buffer).subspan(at, bytes.size()), std::span<const std::byte>(bytes));
        at += bytes.size();
      }
    }
  }
}

TEST("a follower shows what the writer shows, at every moment, over rolls and queue files") {
  for (const bool sync : {true, false}) {
    DamagedDirectory directory(test_seed(), sync);
    CHECK(directory.workload.Open());
    directory.workload.AppendSome(5);
    std::unique_ptr<Store> reader;
    REQUIRE_OK(directory.Open(ReadOnly(directory), &reader));
    for (int i = 0; i < 40; i++) {
      directory.workload.AppendSome(3);
      // Without anybody who waits for it, news is published a few milliseconds late.
      REQUIRE_OK(reader->Follow());
      CHECK(reader->marks().visible <= directory.workload.store()->marks().visible);
      directory.machine.AdvanceTime(10'000'000);
      directory.machine.RunServices(10);
      REQUIRE_OK(reader->Follow());
      CheckFollows(*reader, directory.workload.model, directory.workload.store()->marks().visible);
    }
    CHECK(directory.workload.model.end() > 3 * DamagedDirectory::kFileBytes);
    directory.workload.Close();
    REQUIRE_OK(reader->Follow());
    CheckFollows(*reader, directory.workload.model, directory.workload.model.end());
  }
}

TEST("looking changes nothing, of a store that was closed and of one that was left") {
  for (const bool left : {false, true}) {
    DamagedDirectory directory(test_seed());
    if (left)
      directory.AppendAndLeave(40, 3);
    else
      directory.AppendAndClose(40);
    directory.Reboot();
    const auto before = directory.Tree();
    {
      std::unique_ptr<Store> reader;
      REQUIRE_OK(directory.Open(ReadOnly(directory), &reader));
      CHECK(reader->marks().visible >= directory.watermark);
      CheckFollows(*reader, directory.workload.model, reader->marks().visible);
      Appended appended;
      CHECK_EQ(reader->Append(0, {}, 1, Want::kNothing, &appended).code(), Code::kReadOnly);
      CHECK_OK(reader->Follow());
      CHECK_OK(reader->Close());
    }
    CHECK(directory.Tree() == before);
    CHECK_EQ(directory.machine.open_files(), 0);
  }
}

TEST("a follower stops at the first bad record above the watermark") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndLeave(40, 3);
  directory.Reboot();
  const std::vector<ModelRecord>& records = directory.workload.model.records();
  const ModelRecord& bad = records[records.size() - 2];
  directory.Flip(directory.LogFile(bad.position), directory.InFile(bad.position) + 90);
  std::unique_ptr<Store> reader;
  REQUIRE_OK(directory.Open(ReadOnly(directory), &reader));
  CHECK_EQ(reader->marks().visible, bad.position);
  CHECK(reader->losses().empty());
}

}  // namespace
}  // namespace millrace::testing
