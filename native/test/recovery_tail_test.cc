// The end of the log after a crash: where it is cut, what is kept aside, and the many harmless things that may stand behind it.
#include <algorithm>
#include <cerrno>

#include "damaged_directory.h"
#include "failing_platform.h"
#include "io.h"
#include "testing.h"

namespace millrace::testing {
namespace {

constexpr int64_t kFile = DamagedDirectory::kFileBytes;

bool IsZeroFrom(const std::vector<std::byte>& bytes, int64_t from) {
  return std::all_of(bytes.begin() + from, bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

void CheckCutAt(DamagedDirectory& directory, const ModelRecord& bad, int64_t generation) {
  const std::vector<std::byte> before = directory.Content(directory.LogFile(bad.position));
  {
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    const RecoveryOutcome& outcome = store->report().outcome;
    CHECK_EQ(store->marks().written, bad.position);
    CHECK_EQ(outcome.truncated_from, bad.position);
    CHECK(outcome.truncated_bytes > 0);
    CHECK(store->losses().empty());
    CHECK_EQ(store->generation(), generation + 1);
    directory.workload.model.CutTo(bad.position);
    CheckHolds(directory.machine, *store, directory.workload.model);
    CHECK(IsZeroFrom(directory.Content(directory.LogFile(bad.position)), directory.InFile(bad.position)));
    // The bytes that were cut can be looked at.
    const std::vector<std::byte> aside =
        directory.Content(directory.paths.cut + "/" + std::to_string(generation + 1) + "-" + FileName(bad.position));
    const std::span<const std::byte> cut =
        std::span(before).subspan(static_cast<size_t>(directory.InFile(bad.position)), aside.size());
    CHECK(!aside.empty());
    CHECK_EQ(std::span<const std::byte>(aside), cut);
  }
  directory.machine.Crash(CrashPlan::DropAll());
  const Recovered again = CheckRecovered(directory.machine, directory.workload.model, directory.config(), bad.position);
  CHECK_EQ(again.end, bad.position);
  CHECK(again.generation > generation);
}

TEST("the first bad record above the watermark ends the log: cut, kept aside, zeroed, under a new generation") {
  for (const bool sync : {true, false}) {
    DamagedDirectory directory(test_seed(), sync);
    directory.AppendAndLeave(50, 3);
    directory.Reboot();
    const std::vector<ModelRecord>& records = directory.workload.model.records();
    const ModelRecord bad = records[records.size() - 2];
    if (bad.position / kFile != directory.workload.model.end() / kFile) continue;  // the cut bytes would be in two files
    directory.Flip(directory.LogFile(bad.position), directory.InFile(bad.position) + 90);
    CheckCutAt(directory, bad, directory.workload.generation);
  }
}

// A log whose end, several pages long, is written but not durable, on a machine that starts anew. Returns where that begins.
int64_t LeaveLongTail(SimulatedPlatform& machine, const StoreConfig& config) {
  std::unique_ptr<Store> store;
  CHECK_OK(Store::Open(machine, "/store", config, nullptr, nullptr, &store));
  const int32_t queue = store->OpenQueue("Orders", 0);
  const std::string body(3000, 'x');
  RecordFields fields;
  fields.body = std::as_bytes(std::span(body));
  Appended first;
  Appended later;
  CHECK_OK(store->AppendInline(queue, fields, 1, true, &first));
  machine.AdvanceTime(1'000'000'000);
  machine.RunServices(100);
  for (int i = 0; i < 5; i++) CHECK_OK(store->AppendInline(queue, fields, 2, false, i == 0 ? &first : &later));
  store.reset();
  machine.Crash(CrashPlan::KeepAll());
  return first.position;
}

TEST("what a failed sync did not bring to the disk is zeroed again, so that no power cut brings it back") {
  StoreConfig config;
  config.file_bytes = 64 * 1024;
  config.commit.sync = false;
  config.commit.visible_when_durable = false;
  const std::string log = "/store/commitlog/" + FileName(0);
  int failed_opens = 0;
  for (int nth = 1; nth < 40; nth++) {
    const Note note("the sync that fails", nth);
    SimulatedPlatform machine(test_seed());
    const int64_t end = LeaveLongTail(machine, config);
    FileHandle file = kNoFile;
    REQUIRE_OK(io::Open(machine, log, OpenMode::kReadWrite, &file));
    REQUIRE_OK(io::Write(machine, file, std::vector<std::byte>(100), end + 50));
    REQUIRE_OK(io::Sync(machine, file));
    machine.Close(file);
    FailingPlatform failing(&machine);
    failing.OnFailedSync([&](FileHandle failed) { machine.LoseDirty(failed); });
    failing.Fail(CallKind::kSync, nth, Fault::Error(EIO), Repeat::kOnce);
    std::unique_ptr<Store> store;
    if (Store::Open(failing, "/store", config, nullptr, nullptr, &store).ok()) break;
    failed_opens++;
    machine.KillProcess();
    REQUIRE_OK(Store::Open(machine, "/store", config, nullptr, nullptr, &store));
    CHECK_EQ(store->marks().written, end);
    store.reset();
    machine.Crash(CrashPlan::DropAll());
    CHECK(IsZeroFrom(ContentOf(machine, log), end));
  }
  CHECK(failed_opens > 2);
}

TEST("an unfinished batch at the end is cut back to its first record") {
  DamagedDirectory directory(test_seed(), false);
  directory.AppendAndLeave(50, 1);
  directory.machine.KillProcess();
  {
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    const int32_t queue = store->OpenQueue("Orders", 0);
    store->BeginBatch(queue);
    const std::vector<RecordFields> messages(4);
    for (const RecordFields& message : messages) CHECK_OK(store->AddToBatch(message));
    Appended first;
    CHECK_OK(store->CommitBatch(messages.size(), 1'700'000'000'000, Want::kNothing, &first));
    store->EndTurn();
    directory.machine.RunServices(3);
    CHECK_EQ(store->marks().written, store->next_position());
    directory.workload.model.Append({"Orders", 0}, messages, first.offset, first.position, first.store_timestamp);
  }
  directory.Reboot();
  const std::vector<ModelRecord>& records = directory.workload.model.records();
  const ModelRecord last = records.back();
  const ModelRecord begin = records[records.size() - 4];
  directory.Zero(directory.LogFile(last.position), directory.InFile(last.position), static_cast<int64_t>(last.bytes.size()));
  CheckCutAt(directory, begin, 0);
}

TEST("a BLANK that is gone, with nothing but zeros behind it, is written again and nothing is lost") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(80);
  const std::vector<ModelRecord>& records = directory.workload.model.records();
  const auto second =
      std::find_if(records.begin(), records.end(), [](const ModelRecord& record) { return record.position == kFile; });
  REQUIRE(second != records.begin() && second != records.end());
  const int64_t blank = (second - 1)->end();
  for (const bool zeros : {true, false}) {
    directory.Remove(directory.paths.own);
    if (zeros)
      directory.Zero(directory.LogFile(0), blank, 8);
    else
      directory.Flip(directory.LogFile(0), blank + 3);
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    CHECK_EQ(store->report().outcome.repaired_blanks, 1);
    CHECK(store->losses().empty());
    CHECK_EQ(store->marks().written, directory.workload.model.end());
    CheckHolds(directory.machine, *store, directory.workload.model);
    CHECK_OK(store->Close());
  }
}

TEST("an empty, zero-length or short file behind the end is no damage") {
  for (const int64_t size : {int64_t{0}, int64_t{100}, kFile}) {
    for (const bool left : {false, true}) {
      const Note of_size("size", size);
      const Note was_left("left", left);
      DamagedDirectory directory(test_seed());
      if (left)
        directory.AppendAndLeave(40, 0);
      else
        directory.AppendAndClose(40);
      const int64_t end = directory.workload.model.end();
      const std::string behind = directory.LogFile(end - end % kFile + kFile);
      directory.Resize(behind, size);
      directory.Reboot();
      const Recovered found = CheckRecovered(directory.machine, directory.workload.model, directory.config(), end);
      CHECK_EQ(found.end, end);
      directory.workload.GoOnFrom(found.end, found.generation);
      CHECK(directory.workload.Open());
      directory.workload.AppendSome(30);
      directory.workload.Close();
      directory.Reboot();
      (void)CheckRecovered(directory.machine, directory.workload.model, directory.config(), directory.workload.model.end());
    }
  }
}

TEST("a last file that lost zeros from its end gets its size again; one that lost records is a loss") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(40);
  const int64_t end = directory.workload.model.end();
  const std::string last = directory.LogFile(end);
  REQUIRE(end % kFile != 0);
  directory.Resize(last, end % kFile);
  {
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    CHECK(store->losses().empty());
    CheckHolds(directory.machine, *store, directory.workload.model);
    CHECK_OK(store->Close());
  }
  const ModelRecord bad = directory.workload.model.records().back();
  directory.Resize(last, directory.InFile(bad.position) + 50);
  std::unique_ptr<Store> store;
  REQUIRE_OK(directory.Open(&store));
  REQUIRE_EQ(store->losses().size(), 1);
  CHECK_EQ(store->losses()[0].from, bad.position);
  CHECK(store->losses()[0].to >= end);
  CHECK(store->marks().written >= end);
}

TEST("a log that ends in a BLANK goes on in the next file") {
  DamagedDirectory directory(test_seed());
  directory.AppendAndClose(40);
  const int64_t end = directory.workload.model.end();
  const int64_t boundary = end - end % kFile + kFile;
  REQUIRE(boundary - end >= 8);
  std::byte blank[format::kBlankBytes];
  EncodeBlank(blank, static_cast<int32_t>(boundary - end));
  directory.Put(directory.LogFile(end), directory.InFile(end), blank);
  directory.Remove(directory.paths.own);
  directory.workload.model.CutTo(boundary);
  const Recovered found = CheckRecovered(directory.machine, directory.workload.model, directory.config(), boundary);
  CHECK_EQ(found.end, boundary);
  directory.workload.GoOnFrom(found.end, found.generation);
  CHECK(directory.workload.Open());
  directory.workload.AppendSome(10);
  directory.workload.Close();
  (void)CheckRecovered(directory.machine, directory.workload.model, directory.config(), directory.workload.model.end());
}

}  // namespace
}  // namespace millrace::testing
