// Searches by time against a scan of the same queue, message by message.
#include "time_search.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include "damaged_directory.h"
#include "failing_platform.h"
#include "testing.h"
#include "time_scan.h"

namespace millrace::testing {
namespace {

// Every border that tells two of these times apart, and one on either side of all.
std::vector<TimeBorder> BordersOf(const std::vector<std::optional<int64_t>>& times) {
  std::vector<TimeBorder> borders = {{.timestamp = INT64_MIN + 1}, {.timestamp = INT64_MAX, .equal_is_before = true}};
  for (const std::optional<int64_t>& time : times) {
    for (int64_t near = -1; time && near <= 1; near++) {
      for (const bool equal : {false, true}) borders.push_back({.timestamp = *time + near, .equal_is_before = equal});
    }
  }
  return borders;
}

std::vector<TimeSearch::Found> SearchAll(Store& store, int32_t queue, const std::vector<TimeBorder>& borders) {
  std::vector<TimeSearch::Found> all(borders.size());
  for (size_t i = 0; i < borders.size(); i++) CHECK_OK(store.FindTime(queue, borders[i], ReadMode::kMayBlock, &all[i]));
  return all;
}

// The searches come before the scan, so that nobody has read before them, and once more with what was learned.
void CheckSearches(Store& store, int32_t queue, const std::vector<TimeBorder>& borders) {
  const std::vector<TimeSearch::Found> first = SearchAll(store, queue, borders);
  const Scan scan = ScanOf(store, queue);
  for (const std::vector<TimeSearch::Found>& answers : {first, SearchAll(store, queue, borders)}) {
    for (size_t i = 0; i < borders.size(); i++) {
      const Note which(borders[i].equal_is_before ? "time, equal before" : "time", borders[i].timestamp);
      const TimeSearch::Found expected = FoundByScan(scan, borders[i]);
      CHECK_EQ(answers[i].before, expected.before);
      CHECK_EQ(answers[i].behind, expected.behind);
    }
  }
}

// As the model has them: what the store shows may be less.
std::vector<TimeBorder> BordersOf(const LogModel& model, const Store::QueueName& name) {
  std::vector<std::optional<int64_t>> times;
  for (const ModelRecord& record : model.records()) {
    if (record.queue != QueueKey{name.topic, name.queue_id}) continue;
    RecordView view;
    CHECK_EQ(DecodeRecord(record.bytes, record.position, static_cast<int64_t>(record.bytes.size()), ChecksumRule::kRequired, &view),
             RecordKind::kRecord);
    times.emplace_back(view.store_timestamp);
  }
  return BordersOf(times);
}

void CheckAllQueues(Store& store, const LogModel& model) {
  for (const Store::QueueName& name : store.Queues()) {
    const Note which("queue", name.topic + "/" + std::to_string(name.queue_id));
    CheckSearches(store, name.handle, BordersOf(model, name));
  }
}

void CheckAllQueues(DamagedDirectory& directory, const StoreConfig& config) {
  std::unique_ptr<Store> store;
  REQUIRE_OK(directory.Open(config, &store));
  CheckAllQueues(*store, directory.workload.model);
}

TEST("every time is found as a scan finds it, over files of log and queues, by any way to verify") {
  for (const VerifyMode verify : {VerifyMode::kAlways, VerifyMode::kFirst, VerifyMode::kNever}) {
    for (const bool closed : {true, false}) {
      DamagedDirectory directory(test_seed());
      if (closed)
        directory.AppendAndClose(120);
      else
        directory.AppendAndLeave(120, 3);
      CHECK(directory.workload.model.end() > 3 * DamagedDirectory::kFileBytes);
      StoreConfig config = directory.config();
      config.verify = verify;
      CheckAllQueues(directory, config);
    }
  }
}

TEST("what is appended while somebody searches is found as soon as it is visible, out of memory and out of files") {
  DamagedDirectory directory(test_seed());
  CHECK(directory.workload.Open());
  for (int i = 0; i < 20; i++) {
    directory.workload.AppendSome(4);
    if (i % 3 == 0) {
      directory.machine.AdvanceTime(200'000'000);
      directory.machine.RunServices(100);
    }
    CheckAllQueues(*directory.workload.store(), directory.workload.model);
  }
}

TEST("messages that are lost are stepped over, whatever was damaged, and what a search finds is told") {
  SeededRandom random(test_seed());
  for (int round = 0; round < 12; round++) {
    const Note which("round", round);
    DamagedDirectory directory(random.Next());
    directory.AppendAndClose(100);
    const int64_t end = directory.workload.model.end();
    const auto queues = directory.workload.model.Queues();
    for (int i = 0; i <= round; i++) {
      if (round % 3 != 0) {  // records
        const ModelRecord& bad = directory.record(random.Below(directory.workload.model.records().size()));
        const int64_t at = 4 + static_cast<int64_t>(random.Below(bad.bytes.size() - 4));
        directory.Flip(directory.LogFile(bad.position), directory.InFile(bad.position) + at);
      }
      if (round % 3 != 1) {  // entries: none, or one that points elsewhere
        auto queue = queues.begin();
        std::advance(queue, random.Below(queues.size()));
        const int64_t offset = static_cast<int64_t>(random.Below(queue->second.size()));
        std::byte entry[format::kEntryBytes]{};
        if (random.Coin()) directory.record(random.Below(20)).entry().Encode(entry);
        directory.Put(directory.QueueFile(queue->first, offset), offset % DamagedDirectory::kEntries * 20, entry);
      }
    }
    if (round % 4 == 3 && end > 3 * DamagedDirectory::kFileBytes) directory.Remove(directory.LogFile(DamagedDirectory::kFileBytes));
    if (round % 4 == 2) directory.Remove(directory.LogFile(0));  // as if its time were over
    if (round % 2 == 1) directory.Remove(directory.paths.own);   // so that opening reads everything and knows the losses
    StoreConfig config = directory.config();
    config.read_only = random.Coin();
    CheckAllQueues(directory, config);
  }
}

TEST("a record that a search finds damaged goes into the loss map, and is kept in mind") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(60);
  const auto queues = directory.workload.model.Queues();
  const auto fullest = std::max_element(queues.begin(), queues.end(),
                                        [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  // The first one that every search of the queue looks at.
  const int64_t middle = TimeSamples::Middle(0, static_cast<int64_t>(fullest->second.size()));
  const ModelRecord& bad = *fullest->second[static_cast<size_t>(middle)];
  directory.Flip(directory.LogFile(bad.position), directory.InFile(bad.position) + 57);  // its store time
  {
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    TimeSearch::Found found;
    CHECK_OK(store->FindTime(store->OpenQueue(fullest->first.first, fullest->first.second), {.timestamp = 0}, ReadMode::kMayBlock,
                             &found));
    CHECK_EQ(found.before, -1);
    CHECK_EQ(found.behind, middle == 0 ? 1 : 0);
    REQUIRE_EQ(store->losses().size(), 1);
    CHECK_EQ(store->losses()[0].from, bad.position);
    CHECK_OK(store->Close());
  }
  std::unique_ptr<Store> store;
  REQUIRE_OK(directory.Open(&store));
  CHECK_EQ(store->losses().size(), 1);
}

TEST("a message that was damaged after its time was learned is stepped over as soon as that is known") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(60);
  const auto [key, records] = *directory.workload.model.Queues().begin();
  StoreConfig config = directory.config();
  config.verify = VerifyMode::kAlways;
  std::unique_ptr<Store> store;
  REQUIRE_OK(directory.Open(config, &store));
  const int32_t queue = store->OpenQueue(key.first, key.second);
  const auto borders = BordersOf(directory.workload.model, {key.first, key.second, queue});
  SearchAll(*store, queue, borders);
  const ModelRecord& bad = *records[records.size() / 2];
  directory.Flip(directory.LogFile(bad.position), directory.InFile(bad.position) + 57);
  (void)ScanOf(*store, queue);
  REQUIRE_EQ(store->losses().size(), 1);
  CheckSearches(*store, queue, borders);
}

TEST("where a foreign clock went back, what is found stands on its sides of the border, and nothing readable is between") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(100);
  SeededRandom random(test_seed());
  for (size_t i = 0; i + 1 < directory.workload.model.records().size(); i++) {
    const ModelRecord& record = directory.record(i);
    std::vector<std::byte> bytes = record.bytes;
    PlaceRecord(bytes, record.offset, record.position, 1'000 + static_cast<int64_t>(random.Below(50)));
    SealRecord(bytes);
    directory.Put(directory.LogFile(record.position), directory.InFile(record.position), bytes);
  }
  std::unique_ptr<Store> store;
  REQUIRE_OK(directory.Open(&store));
  for (const Store::QueueName& name : store->Queues()) {
    const Scan scan = ScanOf(*store, name.handle);
    for (const TimeBorder& border : BordersOf(scan.times)) {
      TimeSearch::Found found;
      REQUIRE_OK(store->FindTime(name.handle, border, ReadMode::kMayBlock, &found));
      CHECK_EQ(found.behind, found.before + 1);
      if (found.before >= scan.first) CHECK(scan.at(found.before) && IsBefore(*scan.at(found.before), border));
      if (found.behind < scan.end()) CHECK(scan.at(found.behind) && !IsBefore(*scan.at(found.behind), border));
    }
  }
}

TEST("a search that may not wait waits for nothing, and the same search elsewhere finds the place") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(60);
  std::unique_ptr<Store> store;
  REQUIRE_OK(directory.Open(&store));
  const Store::QueueName name = store->Queues()[0];
  const Scan scan = ScanOf(*store, name.handle);
  REQUIRE(scan.times.size() > 0);
  const TimeBorder border{.timestamp = *scan.times[0]};
  directory.machine.SetCold(true);
  TimeSearch::Found found;
  CHECK_EQ(store->FindTime(name.handle, border, ReadMode::kOnlyCached, &found).code(), Code::kWouldBlock);
  CHECK_OK(store->FindTime(name.handle, border, ReadMode::kMayBlock, &found));
  CHECK_EQ(found.behind, FoundByScan(scan, border).behind);
  // Its times are known by now.
  CHECK_OK(store->FindTime(name.handle, border, ReadMode::kOnlyCached, &found));
}

TEST("large records that were never verified are not verified by a search that may not wait") {
  SimulatedPlatform machine(test_seed());
  StoreConfig config;
  config.file_bytes = 1 << 20;
  config.verify = VerifyMode::kFirst;
  const std::string body(200'000, 'x');
  RecordFields fields;
  fields.body = std::as_bytes(std::span(body));
  {
    std::unique_ptr<Store> store;
    REQUIRE_OK(Store::Open(machine, CrashWorkload::kDirectory, config, nullptr, nullptr, &store));
    const int32_t queue = store->OpenQueue("Large", 0);
    Appended appended;
    for (int i = 0; i < 8; i++) CHECK_OK(store->AppendInline(queue, fields, 1000 + i, true, &appended));
    CHECK_OK(store->Close());
  }
  std::unique_ptr<Store> store;
  REQUIRE_OK(Store::Open(machine, CrashWorkload::kDirectory, config, nullptr, nullptr, &store));
  const int32_t queue = store->OpenQueue("Large", 0);
  const TimeBorder border{.timestamp = 1007};
  TimeSearch::Found found;
  CHECK_EQ(store->FindTime(queue, border, ReadMode::kOnlyCached, &found).code(), Code::kWouldBlock);
  CHECK_OK(store->FindTime(queue, border, ReadMode::kMayBlock, &found));
  CHECK_EQ(found.behind, 7);
  CHECK_OK(store->FindTime(queue, border, ReadMode::kOnlyCached, &found));
  CHECK_EQ(found.behind, 7);
}

TEST("an error of the disk is told, and is no answer") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(60);
  FailingPlatform failing(&directory.machine);
  std::unique_ptr<Store> store;
  REQUIRE_OK(Store::Open(failing, directory.paths.root, directory.config(), nullptr, nullptr, &store));
  const Store::QueueName name = store->Queues()[0];
  TimeSearch::Found found;
  failing.Fail(CallKind::kRead, 1, Fault::Error(EIO), Repeat::kOnce);
  CHECK_EQ(store->FindTime(name.handle, {}, ReadMode::kMayBlock, &found).code(), Code::kIoError);
  CHECK(store->losses().empty());
  CheckSearches(*store, name.handle, BordersOf(directory.workload.model, name));
}

TEST("a queue that nothing was appended to has its place, and one that does not exist has none") {
  SimulatedPlatform machine(test_seed());
  std::unique_ptr<Store> store;
  REQUIRE_OK(Store::Open(machine, CrashWorkload::kDirectory, {}, nullptr, nullptr, &store));
  TimeSearch::Found found;
  CHECK_EQ(store->FindTime(7, {}, ReadMode::kMayBlock, &found).code(), Code::kNotFound);
  CHECK_OK(store->FindTime(store->OpenQueue("Topic", 0), {}, ReadMode::kMayBlock, &found));
  CHECK_EQ(found.before, -1);
  CHECK_EQ(found.behind, 0);
}

}  // namespace
}  // namespace millrace::testing
