// Another program wrote into the directory since we closed it: Apache RocketMQ, which appends without checksums, cuts, and knows no
// side-car.
#include <vector>

#include "damaged_directory.h"
#include "io.h"
#include "testing.h"

namespace millrace::testing {
namespace {

// A record as RocketMQ writes it by default: without `__CRC32#`.
std::vector<std::byte> ForeignRecord(const RecordFields& fields, int64_t offset, int64_t position) {
  std::vector<std::byte> record(EncodedBytes(fields, false));
  EncodeRecord(record, fields, false);
  PlaceRecord(record, offset, position, 1'750'000'000'000);
  SealRecord(record);
  const size_t properties_at = record.size() - format::kCrcPropertyBytes;  // there are no others
  record.resize(properties_at);
  StoreI32(record.data() + format::kSizeAt, static_cast<int32_t>(record.size()));
  StoreU16(record.data() + record.size() - 2, 0);
  return record;
}

struct Foreign {
  int64_t end = 0;
  int64_t next_offset = 0;
  std::vector<std::vector<std::byte>> bodies;
};

// Appends messages to "Orders" 0 at `end`, with queue entries if asked to.
Foreign AppendAsForeigner(DamagedDirectory& directory, int64_t end, int64_t offset, int count, bool with_entries) {
  Foreign foreign{.end = end, .next_offset = offset, .bodies = {}};
  for (int i = 0; i < count; i++) {
    const std::string body = "from elsewhere " + std::to_string(i);
    RecordFields fields;
    fields.topic = "Orders";
    fields.body = std::as_bytes(std::span(body));
    std::vector<std::byte> record = ForeignRecord(fields, foreign.next_offset, foreign.end);
    const int64_t file_end = foreign.end - foreign.end % DamagedDirectory::kFileBytes + DamagedDirectory::kFileBytes;
    if (static_cast<int64_t>(record.size() + format::kBlankBytes) > file_end - foreign.end) {
      std::byte blank[format::kBlankBytes];
      EncodeBlank(blank, static_cast<int32_t>(file_end - foreign.end));
      directory.Put(directory.LogFile(foreign.end), directory.InFile(foreign.end), blank);
      directory.Resize(directory.LogFile(file_end), DamagedDirectory::kFileBytes);
      foreign.end = file_end;
      record = ForeignRecord(fields, foreign.next_offset, foreign.end);
    }
    directory.Put(directory.LogFile(foreign.end), directory.InFile(foreign.end), record);
    if (with_entries) {
      std::byte entry[format::kEntryBytes];
      QueueEntry{foreign.end, 0, static_cast<int32_t>(record.size())}.Encode(entry);
      const std::string file = directory.QueueFile({"Orders", 0}, foreign.next_offset);
      if (directory.machine.Kind(file) == PathKind::kNone) directory.Resize(file, DamagedDirectory::kEntries * 20);
      directory.Put(file, foreign.next_offset % DamagedDirectory::kEntries * 20, entry);
    }
    foreign.end += static_cast<int64_t>(record.size());
    foreign.next_offset++;
    foreign.bodies.emplace_back(std::as_bytes(std::span(body)).begin(), std::as_bytes(std::span(body)).end());
  }
  return foreign;
}

void CheckForeignMessages(Store& store, const Foreign& foreign) {
  const int32_t queue = store.OpenQueue("Orders", 0);
  std::vector<std::byte> buffer(1 << 16);
  const int64_t first = foreign.next_offset - static_cast<int64_t>(foreign.bodies.size());
  for (size_t i = 0; i < foreign.bodies.size(); i++) {
    ReadLimits one;
    one.max_messages = 1;
    ReadOutcome outcome;
    REQUIRE_OK(store.Read(queue, first + static_cast<int64_t>(i), one, ReadMode::kMayBlock, buffer, &outcome));
    REQUIRE_EQ(outcome.status, ReadStatus::kFound);
    const std::span<const std::byte> bytes = std::span<const std::byte>(buffer).first(static_cast<size_t>(outcome.bytes));
    RecordView view;
    REQUIRE_EQ(DecodeRecord(bytes, LoadI64(bytes.data() + format::kPositionAt), outcome.bytes, ChecksumRule::kIfThere, &view),
               RecordKind::kRecord);
    CHECK_EQ(view.body, std::span<const std::byte>(foreign.bodies[i]));
  }
}

enum class Abort { kGone, kTheirs };
enum class SideCarIs { kAbsent, kOvertaken, kOfAnotherLog };

// Both programs in turn: what either wrote stays, in one numbering.
void CheckTurn(DamagedDirectory& directory, const Foreign& foreign, int64_t kept_of_ours, SideCarIs side_car) {
  const QueueKey key{"Orders", 0};
  LogModel ours = directory.workload.model;
  ours.CutTo(kept_of_ours);
  int64_t appended_at = 0;
  {
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    CHECK_EQ(store->report().foreign, side_car == SideCarIs::kOvertaken);
    CHECK_EQ(store->report().side_car_set_aside, side_car == SideCarIs::kOfAnotherLog);
    CHECK(store->losses().empty());
    CHECK_EQ(store->marks().durable, foreign.end);
    CheckForeignMessages(*store, foreign);
    std::vector<std::byte> buffer(1 << 18);
    for (const auto& [queue_key, records] : ours.Queues()) {
      if (records.empty()) continue;
      ReadOutcome outcome;
      CHECK_OK(store->Read(store->OpenQueue(queue_key.first, queue_key.second), 0, {}, ReadMode::kMayBlock, buffer, &outcome));
      CHECK_EQ(outcome.status, ReadStatus::kFound);
      CHECK(outcome.lost.empty());
      if (queue_key == key) continue;
      CHECK_EQ(outcome.max_offset, records.size());
    }
    Appended appended;
    CHECK_OK(store->AppendInline(store->OpenQueue(key.first, key.second), {}, 1'800'000'000'000, true, &appended));
    CHECK_EQ(appended.offset, foreign.next_offset);
    appended_at = appended.position;
    CHECK(appended.position >= foreign.end);
  }
  directory.Reboot();
  std::unique_ptr<Store> store;
  REQUIRE_OK(directory.Open(&store));
  CHECK(!store->report().foreign);
  CHECK(!store->report().side_car_set_aside);
  CHECK(store->losses().empty());
  CheckForeignMessages(*store, foreign);
  std::vector<std::byte> record(1 << 12);
  int64_t bytes = 0;
  CHECK_OK(store->ReadAt(appended_at, ReadMode::kMayBlock, record, &bytes));
}

void LeaveAs(DamagedDirectory& directory, Abort abort) {
  const std::string pid = "4711";
  if (abort == Abort::kTheirs) directory.Put(directory.paths.abort, 0, std::as_bytes(std::span(pid)));
}

TEST("what another program appended is there, in one numbering with ours, and we go on from it") {
  for (const Abort abort : {Abort::kGone, Abort::kTheirs}) {
    for (const bool with_entries : {true, false}) {
      for (const int count : {1, 60}) {
        const Note messages("messages", count);
        const Note entries("with entries", with_entries);
        DamagedDirectory directory(test_seed());
        directory.AppendAndClose(60);
        const LogModel& model = directory.workload.model;
        const Foreign foreign = AppendAsForeigner(directory, model.end(), model.next_offset({"Orders", 0}), count, with_entries);
        LeaveAs(directory, abort);
        CheckTurn(directory, foreign, model.end(), SideCarIs::kOvertaken);
      }
    }
  }
}

TEST("a log that another program cut and went on with is another log: the side-car is set aside, and the log is believed") {
  for (const int count : {1, 40}) {
    const Note messages("messages", count);
    DamagedDirectory directory(test_seed());
    directory.AppendAndClose(60);
    LogModel kept = directory.workload.model;
    size_t last = 40;
    while (!directory.record(last).ends_unit) last--;
    const int64_t cut = directory.record(last).end();
    kept.CutTo(cut);
    for (int64_t at = cut; at < directory.workload.model.end();) {
      const int64_t file_end = at - at % DamagedDirectory::kFileBytes + DamagedDirectory::kFileBytes;
      directory.Zero(directory.LogFile(at), directory.InFile(at), file_end - at);
      at = file_end;
    }
    const Foreign foreign = AppendAsForeigner(directory, cut, kept.next_offset({"Orders", 0}), count, true);
    CheckTurn(directory, foreign, cut, SideCarIs::kOfAnotherLog);
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    CHECK(store->generation() >= 1);
    CHECK(!directory.FilesBelow(directory.paths.set_aside).empty());
  }
}

TEST("a directory that only another program ever wrote opens, and becomes ours from its end on") {
  for (const Abort abort : {Abort::kGone, Abort::kTheirs}) {
    DamagedDirectory directory(test_seed());
    for (const std::string& path :
         {std::string("/data"), directory.paths.root, directory.paths.commit_log, directory.paths.consume_queue,
          directory.paths.consume_queue + "/Orders", directory.paths.consume_queue + "/Orders/0"}) {
      CHECK(directory.machine.MakeDirectory(path).ok());
    }
    directory.Resize(directory.LogFile(0), DamagedDirectory::kFileBytes);
    const Foreign foreign = AppendAsForeigner(directory, 0, 0, 80, true);
    LeaveAs(directory, abort);
    CheckTurn(directory, foreign, 0, SideCarIs::kAbsent);
  }
}

TEST("a foreign record without a checksum where we wrote is damage") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndLeave(40, 0);
  directory.machine.KillProcess();
  const LogModel& model = directory.workload.model;
  AppendAsForeigner(directory, model.end(), model.next_offset({"Orders", 0}), 1, false);
  (void)CheckRecovered(directory.machine, model, directory.config(), model.end());
}

}  // namespace
}  // namespace millrace::testing
