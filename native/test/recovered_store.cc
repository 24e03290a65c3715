#include "recovered_store.h"

#include <algorithm>

#include "io.h"
#include "testing.h"

namespace millrace::testing {
namespace {

bool IsZero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

// The log as it stands in its files is what was appended, then zeros.
void CheckLogFiles(Platform& platform, const StorePaths& paths, const LogModel& model, int64_t end) {
  std::vector<DirectoryEntry> names;
  REQUIRE_OK(io::List(platform, paths.commit_log, &names));
  int64_t expected = 0;
  for (const DirectoryEntry& name : names) {
    const int64_t start = ParseFileName(name.name);
    CHECK_EQ(start, expected);
    expected = start + model.file_bytes();
    std::vector<std::byte> bytes = ContentOf(platform, paths.commit_log + "/" + name.name);
    CHECK_EQ(bytes.size(), model.file_bytes());
    const int64_t stop = std::clamp(end, start, start + model.file_bytes());
    const std::vector<std::byte> image = model.Image(start, stop);
    const auto [there, should] = std::mismatch(bytes.begin(), bytes.begin() + (stop - start), image.begin());
    if (should != image.end()) {
      const Note where("the log's bytes differ at", start + (should - image.begin()));
      CHECK(should == image.end());
    }
    CHECK(IsZero(std::span(bytes).subspan(static_cast<size_t>(stop - start))));
  }
  CHECK(expected >= end);
}

// Entries as they stand in the queue's files: those of the log below `end`, then zeros, and no file that holds none.
void CheckQueueFiles(Platform& platform, const QueueFiles& files, const QueueKey& key,
                     std::span<const ModelRecord* const> records) {
  const std::string directory = files.DirectoryOf(key.first, key.second);
  const int64_t per_file = files.entries_per_file();
  std::vector<DirectoryEntry> names;
  Status status = io::List(platform, directory, &names);
  if (status.code() == Code::kNotFound) status = Status::Ok();
  REQUIRE_OK(status);
  const int64_t count = static_cast<int64_t>(records.size());
  CHECK_EQ(names.size(), (count + per_file - 1) / per_file);
  for (const DirectoryEntry& name : names) {
    const std::vector<std::byte> bytes = ContentOf(platform, directory + "/" + name.name);
    const int64_t first = ParseFileName(name.name) / static_cast<int64_t>(format::kEntryBytes);
    CHECK_EQ(bytes.size(), per_file * static_cast<int64_t>(format::kEntryBytes));
    for (int64_t i = 0; i < per_file; i++) {
      const QueueEntry there = QueueEntry::Decode(bytes.data() + i * static_cast<int64_t>(format::kEntryBytes));
      const bool is_right = there == (first + i < count ? records[static_cast<size_t>(first + i)]->entry() : QueueEntry{});
      if (!is_right) {
        const Note where("entry", directory + " " + std::to_string(first + i) + " of " + std::to_string(count) + " says " +
                                      std::to_string(there.position) + " + " + std::to_string(there.size));
        CHECK(is_right);
        return;
      }
    }
  }
}

void CheckReads(Store& store, const QueueKey& key, std::span<const ModelRecord* const> records) {
  const int32_t queue = store.OpenQueue(key.first, key.second);
  Store::QueueNumbers numbers;
  REQUIRE(store.Numbers(queue, &numbers));
  CHECK_EQ(numbers.next, records.size());
  CHECK_EQ(numbers.max, records.size());
  std::vector<std::byte> buffer(1 << 18);
  for (size_t next = 0; next < records.size();) {
    ReadOutcome outcome;
    REQUIRE_OK(store.Read(queue, static_cast<int64_t>(next), ReadLimits{}, ReadMode::kMayBlock, buffer, &outcome));
    REQUIRE_EQ(outcome.status, ReadStatus::kFound);
    REQUIRE(outcome.lost.empty());
    size_t at = 0;
    for (int64_t i = 0; i < outcome.messages; i++, next++) {
      REQUIRE(next < records.size());
      const std::vector<std::byte>& expected = records[next]->bytes;
      REQUIRE_EQ(std::span<const std::byte>(buffer).subspan(at, expected.size()), std::span<const std::byte>(expected));
      at += expected.size();
    }
    REQUIRE_EQ(static_cast<int64_t>(at), outcome.bytes);
  }
}

}  // namespace

void CheckKeys(Store& store, const LogModel& model) {
  const int64_t visible = store.marks().visible;
  for (const char* topic : {"Orders", "Clicks"}) {
    for (const std::string key : {"Aa", "BB", "k2", "k3", "k"}) {
      const Note which("key", std::string(topic) + "#" + key);
      std::vector<std::byte> expected;
      int64_t count = 0;
      for (auto record = model.records().rbegin(); record != model.records().rend(); ++record) {
        RecordView view;
        REQUIRE(DecodeRecord(record->bytes, record->position, model.file_bytes(), ChecksumRule::kRequired, &view) ==
                RecordKind::kRecord);
        const std::string keys = " " + std::string(FindProperty(view.properties, "KEYS")) + " ";
        const bool is_rollback = (view.sys_flag & format::kTransactionMask) == format::kTransactionRollback;
        if (record->end() > visible || is_rollback || view.topic != topic || keys.find(" " + key + " ") == std::string::npos)
          continue;
        expected.insert(expected.end(), record->bytes.begin(), record->bytes.end());
        count++;
      }
      std::array<std::byte, 2000> room;
      KeyAnswer found(room);
      REQUIRE_OK(store.FindByKey({topic, key, {}, 1024}, ReadMode::kMayBlock, &found));
      CHECK_EQ(found.messages(), count);
      CHECK_EQ(found.bytes(), std::span<const std::byte>(expected));
    }
  }
}

std::vector<std::byte> ContentOf(Platform& platform, const std::string& path) {
  std::vector<std::byte> bytes;
  if (!io::ReadFile(platform, path, size_t{64} << 20, &bytes).ok()) bytes.clear();
  return bytes;
}

void CheckHolds(Platform& platform, Store& store, const LogModel& model) {
  const StorePaths paths(CrashWorkload::kDirectory);
  QueueFiles files(platform, paths, store.entries_per_file(), true);
  CheckLogFiles(platform, paths, model, model.end());
  for (const auto& [key, records] : model.Queues()) {
    const Note which("queue", key.first + "/" + std::to_string(key.second));
    CheckQueueFiles(platform, files, key, records);
    CheckReads(store, key, records);
  }
  CheckKeys(store, model);
  std::vector<std::byte> buffer(1 << 14);
  for (const ModelRecord& record : model.records()) {
    if (record.has_entry) continue;
    int64_t bytes = 0;
    CHECK_OK(store.ReadAt(record.position, ReadMode::kMayBlock, buffer, &bytes));
    CHECK_EQ(bytes, record.bytes.size());
  }
}

Recovered CheckRecovered(Platform& platform, const LogModel& model, const StoreConfig& config, int64_t floor) {
  Recovered result;
  std::unique_ptr<Store> store;
  const Status status = Store::Open(platform, CrashWorkload::kDirectory, config, nullptr, nullptr, &store);
  CHECK_OK(status);
  if (!status.ok()) return result;
  result.opened = true;
  result.end = store->marks().written;
  result.generation = store->generation();
  CHECK_EQ(store->marks().durable, result.end);
  CHECK_EQ(store->marks().visible, result.end);
  CHECK(result.end >= floor);
  CHECK(model.MayEndAt(result.end));
  CHECK(store->losses().empty());
  CHECK(store->report().outcome.newly_lost.empty());
  CHECK(!store->report().foreign);
  LogModel kept = model;
  kept.CutTo(result.end);
  CheckHolds(platform, *store, kept);
  CHECK_OK(store->TakeBackgroundError());
  return result;
}

void CheckSecondRecovery(Platform& platform, const LogModel& model, const StoreConfig& config, const Recovered& first) {
  std::unique_ptr<Store> store;
  REQUIRE_OK(Store::Open(platform, CrashWorkload::kDirectory, config, nullptr, nullptr, &store));
  const RecoveryOutcome& outcome = store->report().outcome;
  CHECK_EQ(store->marks().written, first.end);
  CHECK_EQ(outcome.truncated_from, -1);
  CHECK_EQ(outcome.truncated_bytes, 0);
  CHECK_EQ(outcome.rebuilt_queue_entries, 0);
  CHECK_EQ(outcome.repaired_blanks, 0);
  CHECK(outcome.newly_lost.empty());
  CHECK(store->losses().empty());
  CHECK(!store->report().foreign);
  CHECK(!store->report().side_car_set_aside);
  LogModel kept = model;
  kept.CutTo(first.end);
  CheckHolds(platform, *store, kept);
}

}  // namespace millrace::testing
