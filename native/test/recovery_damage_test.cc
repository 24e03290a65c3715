// Damage to the log: below the watermark it is told and stepped over, at or above it the log ends there; a foreign layout is not
// touched.
#include <algorithm>

#include "damaged_directory.h"
#include "io.h"
#include "testing.h"

namespace millrace::testing {
namespace {

// As the loss map and the report of this open have it: one range and nothing else.
void CheckOneLoss(const Store& store, int64_t from, int64_t to, LossReason reason) {
  for (const std::vector<LostRange>& losses : {store.losses(), store.report().outcome.newly_lost}) {
    REQUIRE_EQ(losses.size(), 1);
    CHECK_EQ(losses[0].from, from);
    CHECK_EQ(losses[0].to, to);
    CHECK_EQ(losses[0].reason, reason);
  }
}

// Every record can be read under its number but those in `lost`, which are told as lost, never skipped.
void CheckReadsAround(Store& store, const LogModel& model, const LostRange& lost) {
  std::vector<std::byte> buffer(1 << 18);
  for (const auto& [key, records] : model.Queues()) {
    const Note which("queue", key.first + "/" + std::to_string(key.second));
    const int32_t queue = store.OpenQueue(key.first, key.second);
    Store::QueueNumbers numbers;
    REQUIRE(store.Numbers(queue, &numbers));
    CHECK(numbers.next >= static_cast<int64_t>(records.size()));
    for (const ModelRecord* record : records) {
      const Note at("offset", record->offset);
      ReadLimits one;
      one.max_messages = 1;
      ReadOutcome outcome;
      CHECK_OK(store.Read(queue, record->offset, one, ReadMode::kMayBlock, buffer, &outcome));
      if (lost.from <= record->position && record->position < lost.to) {
        CHECK_EQ(outcome.status, ReadStatus::kMessageLost);
        CHECK_EQ(outcome.lost.size(), 1);
        CHECK_EQ(outcome.next_offset, record->offset + 1);
      } else {
        CHECK_EQ(outcome.status, ReadStatus::kFound);
        CHECK_EQ(std::span<const std::byte>(buffer).first(static_cast<size_t>(outcome.bytes)),
                 std::span<const std::byte>(record->bytes));
      }
    }
  }
}

// What is appended after damage goes behind everything that ever had a number, and stays.
void CheckGoesOn(DamagedDirectory& directory, const LostRange& lost, int64_t least_position) {
  {
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    CHECK(store->report().outcome.newly_lost.empty());
    CHECK_EQ(store->report().outcome.truncated_from, -1);
    CHECK_EQ(store->losses().size(), 1);
    RecordFields fields;
    Appended appended;
    const int32_t queue = store->OpenQueue("Orders", 0);
    CHECK_OK(store->AppendInline(queue, fields, 1'800'000'000'000, true, &appended));
    CHECK_EQ(appended.offset, directory.workload.model.next_offset({"Orders", 0}));
    CHECK(appended.position >= least_position);
    CHECK_OK(store->Close());
  }
  std::unique_ptr<Store> store;
  REQUIRE_OK(directory.Open(&store));
  CHECK(store->report().clean);
  CHECK_EQ(store->losses().size(), 1);
  Store::QueueNumbers numbers;
  CHECK(store->Numbers(store->OpenQueue("Orders", 0), &numbers));
  CHECK_EQ(numbers.next, directory.workload.model.next_offset({"Orders", 0}) + 1);
  CheckReadsAround(*store, directory.workload.model, lost);
}

// Which queue the random workload fills most is the seed's choice.
std::pair<QueueKey, std::vector<const ModelRecord*>> FullestQueue(const LogModel& model) {
  std::pair<QueueKey, std::vector<const ModelRecord*>> fullest;
  for (const auto& [key, records] : model.Queues()) {
    if (records.size() > fullest.second.size()) fullest = {key, records};
  }
  return fullest;
}

TEST("a bad record below the watermark is told with its place, and everything behind it stays") {
  for (int round = 0; round < 30; round++) {
    DamagedDirectory directory(test_seed() + static_cast<uint64_t>(round));
    directory.AppendAndClose(60);
    SeededRandom random(test_seed() + static_cast<uint64_t>(round));
    const size_t index = random.Below(directory.workload.model.records().size() - 1);
    const ModelRecord& bad = directory.record(index);
    // From the body on: the head stays plausible. What one flipped bit of the head does is for the decoder's tests.
    const int64_t at = 88 + static_cast<int64_t>(random.Below(bad.bytes.size() - 88));
    directory.Flip(directory.LogFile(bad.position), directory.InFile(bad.position) + at);
    directory.Remove(directory.paths.own);
    const Note where("record at", bad.position);
    // Up to the next record: a BLANK between is no loss.
    const LostRange lost{bad.position, directory.record(index + 1).position, LossReason::kChecksum};
    {
      std::unique_ptr<Store> store;
      REQUIRE_OK(directory.Open(&store));
      CHECK_EQ(store->marks().written, directory.workload.model.end());
      CheckOneLoss(*store, lost.from, lost.to, lost.reason);
      CheckReadsAround(*store, directory.workload.model, lost);
    }
    CheckGoesOn(directory, lost, directory.workload.model.end());
  }
}

TEST("a bad record that a read finds is told, kept in mind, and costs no other") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(60);
  const auto [queue, records] = FullestQueue(directory.workload.model);
  REQUIRE(records.size() > 2);
  const ModelRecord& bad = *records[2];
  directory.Flip(directory.LogFile(bad.position), directory.InFile(bad.end()) == 0 ? 100 : directory.InFile(bad.position) + 89);
  const LostRange lost{bad.position, bad.end(), LossReason::kChecksum};
  {
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    CHECK(store->report().clean);
    CHECK(store->losses().empty());
    CheckReadsAround(*store, directory.workload.model, lost);
    REQUIRE_EQ(store->losses().size(), 1);
    CHECK_EQ(store->losses()[0].from, lost.from);
    CHECK_EQ(store->losses()[0].to, lost.to);
    CHECK_OK(store->Close());
  }
  std::unique_ptr<Store> store;
  REQUIRE_OK(directory.Open(&store));
  CHECK_EQ(store->losses().size(), 1);
}

TEST("a queue entry that points at another record costs its own message, and nothing of the log") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(60);
  const auto [queue, records] = FullestQueue(directory.workload.model);
  std::byte entry[format::kEntryBytes];
  directory.record(0).entry().Encode(entry);
  const int64_t offset = static_cast<int64_t>(records.size()) / 2;
  if (records[static_cast<size_t>(offset)]->position == 0) return;
  directory.Put(directory.QueueFile(queue, offset), offset % DamagedDirectory::kEntries * 20, entry);
  std::unique_ptr<Store> store;
  REQUIRE_OK(directory.Open(&store));
  const ModelRecord& hidden = *records[static_cast<size_t>(offset)];
  CheckReadsAround(*store, directory.workload.model, {hidden.position, hidden.position + 1, LossReason::kStructure});
  CHECK(store->losses().empty());
}

TEST("a file that is missing in the middle is one loss, and what lies behind it stays") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(80);
  const int64_t from = DamagedDirectory::kFileBytes;
  directory.Remove(directory.LogFile(from));
  directory.Remove(directory.paths.own);
  const LostRange lost{from, 2 * from, LossReason::kMissingFile};
  {
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    CheckOneLoss(*store, lost.from, lost.to, lost.reason);
    CheckReadsAround(*store, directory.workload.model, lost);
  }
  CheckGoesOn(directory, lost, directory.workload.model.end());
}

TEST("a log that ends below its watermark is lost up to there, and no position is given twice") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndLeave(80, 0);
  directory.Reboot();
  const int64_t last = directory.workload.model.end() - directory.workload.model.end() % DamagedDirectory::kFileBytes;
  directory.Zero(directory.LogFile(last), 0, DamagedDirectory::kFileBytes);
  const int64_t watermark = directory.watermark;
  REQUIRE(watermark > last);
  {
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    REQUIRE_EQ(store->losses().size(), 1);
    CHECK_EQ(store->losses()[0].from, last);
    CHECK(store->losses()[0].to >= watermark);
    CHECK(store->marks().written >= watermark);
    CheckReadsAround(*store, directory.workload.model, store->losses()[0]);
  }
  CheckGoesOn(directory, {last, watermark, LossReason::kStructure}, watermark);
}

TEST("a directory that has damage is refused when asked to, and not touched") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(60);
  directory.Flip(directory.LogFile(0), 90);
  directory.Remove(directory.paths.own);
  const auto before = directory.Tree();
  StoreConfig config = directory.config();
  config.refuse_damage = true;
  std::unique_ptr<Store> store;
  const Status status = directory.Open(config, &store);
  CHECK_EQ(status.code(), Code::kCorruption);
  CHECK_EQ(status.position(), 0);
  CHECK_EQ(status.path(), directory.LogFile(0));
  CHECK(directory.Tree() == before);
}

TEST("a stray file in the log or in a queue is a foreign layout, and nothing is touched") {
  for (const bool in_queue : {false, true}) {
    for (const bool left : {false, true}) {
      DamagedDirectory directory(test_seed());
      if (left)
        directory.AppendAndLeave(30, 0);
      else
        directory.AppendAndClose(30);
      directory.machine.KillProcess();
      const QueueKey queue = FullestQueue(directory.workload.model).first;
      const std::string of_queue = directory.paths.consume_queue + "/" + queue.first + "/" + std::to_string(queue.second);
      const std::string stray = (in_queue ? of_queue : directory.paths.commit_log) + "/notes.txt";
      directory.Put(stray, 0, std::vector<std::byte>(3));
      const auto before = directory.Tree();
      std::unique_ptr<Store> store;
      const Status status = directory.Open(&store);
      CHECK_EQ(status.code(), Code::kFormatMismatch);
      CHECK_EQ(status.path(), stray);
      CHECK(directory.Tree() == before);
      CHECK_EQ(directory.machine.open_files(), 0);
    }
  }
}

}  // namespace
}  // namespace millrace::testing
