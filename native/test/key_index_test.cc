#include "key_index.h"

#include <cerrno>

#include "crash_workload.h"
#include "failing_platform.h"
#include "recovered_store.h"
#include "testing.h"

namespace millrace::testing {
namespace {

constexpr const char* kDirectory = CrashWorkload::kDirectory;
constexpr int64_t kSecond = 1'000'000'000;

// Visible as soon as it is written, and never synced unless it is asked for.
StoreConfig Unsynced() {
  StoreConfig config;
  config.file_bytes = 64 * 1024;
  config.entries_per_file = 100;
  config.commit.sync = false;
  config.commit.visible_when_durable = false;
  config.commit.interval_nanos = 1'000'000 * kSecond;
  config.index = {.on = true, .shape = {7, 40}};
  return config;
}

struct Session {
  Session(SimulatedPlatform& on, const StoreConfig& config) : machine(on) {
    CHECK_OK(Store::Open(machine, kDirectory, config, nullptr, nullptr, &store));
  }

  void Append(int count, const std::string& key, size_t body_bytes = 0) {
    const std::string properties = "KEYS\x01" + key + "\x02";
    const std::vector<std::byte> body(body_bytes);
    RecordFields fields;
    fields.properties = properties;
    fields.body = body;
    for (; count > 0; count--) {
      Appended appended;
      REQUIRE_OK(store->AppendInline(store->OpenQueue("T", 0), fields, 1'700'000'000'000, false, &appended));
    }
  }
  int64_t Count(const std::string& key, ReadMode mode = ReadMode::kMayBlock) {
    KeyAnswer answer;
    CHECK_OK(store->FindByKey({"T", key, {}, 1024}, mode, &answer));
    return answer.messages();
  }
  // Long enough for the index to be written, and its record to be saved.
  void Rest() {
    for (int i = 0; i < 30; i++) {
      machine.AdvanceTime(kSecond);
      machine.RunServices(1000);
    }
  }

  SimulatedPlatform& machine;
  std::unique_ptr<Store> store;
};

TEST("an index that was ahead of what a power cut left forgets it, also over a second end") {
  SimulatedPlatform machine(test_seed());
  REQUIRE_OK(machine.MakeDirectory("/data"));
  REQUIRE_OK(machine.SyncDirectory("/"));
  {
    Session session(machine, Unsynced());
    session.Append(300, "old");
    session.Rest();
    CHECK_EQ(session.Count("old"), 300);
  }
  machine.Crash(CrashPlan::DropAll());
  {
    Session session(machine, Unsynced());
    CHECK_EQ(session.store->marks().written, 0);
    CHECK_EQ(session.Count("old"), 0);
    session.Append(100, "new");
    CHECK_EQ(session.Count("new"), 100);
  }
  machine.KillProcess();
  Session session(machine, Unsynced());
  CHECK_EQ(session.Count("old"), 0);
  CHECK_EQ(session.Count("new"), 100);
  session.Append(100, "new");
  session.Rest();
  CHECK_EQ(session.Count("new"), 200);
}

TEST("once it has caught up the index answers without reading the log") {
  SimulatedPlatform machine(test_seed());
  REQUIRE_OK(machine.MakeDirectory("/data"));
  {
    Session session(machine, Unsynced());
    session.Append(100, "k");
    CHECK_EQ(session.Count("k", ReadMode::kOnlyCached), 100);  // from the list
    session.Rest();
    CHECK_EQ(session.Count("k", ReadMode::kOnlyCached), 100);
    CHECK_EQ(session.store->numbers().index_entries, 100);
    CHECK_EQ(session.store->numbers().index_files, 3);
    session.Append(50, "k");
  }
  machine.KillProcess();
  {
    // What is little is indexed again before open returns.
    Session session(machine, Unsynced());
    CHECK_EQ(session.store->report().index_entries, 50);
    CHECK_EQ(session.store->numbers().index_gap, 0);
    CHECK_EQ(session.Count("k"), 150);
    // The files are open by now.
    CHECK_EQ(session.Count("k", ReadMode::kOnlyCached), 150);
    session.Append(100, "other", 50'000);
  }
  machine.KillProcess();
  Session session(machine, Unsynced());
  CHECK_EQ(session.store->report().index_entries, 0);
  CHECK(session.store->numbers().index_gap > 100 * 50'000);
  KeyAnswer answer;
  CHECK_EQ(session.store->FindByKey({"T", "k", {}, 1024}, ReadMode::kOnlyCached, &answer).code(), Code::kWouldBlock);
  CHECK_EQ(session.Count("k"), 150);
  session.Rest();
  CHECK_EQ(session.store->numbers().index_gap, 0);
  CHECK_EQ(session.store->numbers().index_entries, 100);
  CHECK_EQ(session.Count("k", ReadMode::kOnlyCached), 150);
}

TEST("keys of appends that were refused are not indexed, and those after them are") {
  SimulatedPlatform machine(test_seed());
  FailingPlatform failing(&machine);
  REQUIRE_OK(machine.MakeDirectory("/data"));
  std::unique_ptr<Store> store;
  REQUIRE_OK(Store::Open(failing, kDirectory, Unsynced(), nullptr, nullptr, &store));
  const auto append = [&](const std::string& properties) {
    RecordFields fields;
    fields.properties = properties;
    Appended appended;
    return store->AppendInline(store->OpenQueue("T", 0), fields, 1'700'000'000'000, false, &appended);
  };
  const auto count = [&](const char* key) {
    KeyAnswer answer;
    CHECK_OK(store->FindByKey({"T", key, {}, 1024}, ReadMode::kMayBlock, &answer));
    return answer.messages();
  };
  REQUIRE_OK(
      append("KEYS\x01"
             "kept\x02"));
  failing.Fail(CallKind::kWrite, 1, Fault::Error(ENOSPC), Repeat::kOnce);
  CHECK_EQ(append("KEYS\x01"
                  "refused 1 2 3 4 5 6 7 8\x02")
               .code(),
           Code::kDiskFull);
  store->AcceptRejection();
  REQUIRE_OK(
      append("KEYS\x01"
             "kept\x02"));
  REQUIRE_OK(
      append("KEYS\x01"
             "kept\x02"));
  for (int i = 0; i < 30; i++) {
    CHECK_EQ(count("kept"), 3);
    CHECK_EQ(count("refused"), 0);
    machine.AdvanceTime(kSecond);
    machine.RunServices(1000);
  }
  CHECK_EQ(store->numbers().index_entries, 3);
  CHECK_OK(store->TakeBackgroundError());
}

TEST("a read-only handle reads the log that the index lacks once, and then what is new of it") {
  SimulatedPlatform machine(test_seed());
  REQUIRE_OK(machine.MakeDirectory("/data"));
  Session writer(machine, Unsynced());
  writer.Append(200, "k", 10'000);
  machine.RunServices(1000);
  StoreConfig config = Unsynced();
  config.read_only = true;
  Session reader(machine, config);
  const auto calls = [&](const char* key, int64_t count) {
    CHECK_OK(reader.store->Follow());
    const int64_t before = machine.calls();
    CHECK_EQ(reader.Count(key), count);
    return machine.calls() - before;
  };
  const int64_t first = calls("none", 0);
  CHECK(first > 20);
  CHECK(calls("none", 0) < 8);
  writer.Append(1, "new");
  machine.AdvanceTime(kSecond);
  machine.RunServices(1000);
  CHECK(calls("new", 1) < 16);
  CHECK_EQ(reader.Count("k"), 200);
  REQUIRE_OK(writer.store->Close());
  CHECK_EQ(calls("new", 1) > 0, true);
  CHECK_EQ(reader.Count("k"), 200);
}

TEST("a look-up that takes long, or has a large answer, is none for an event loop") {
  SimulatedPlatform machine(test_seed());
  REQUIRE_OK(machine.MakeDirectory("/data"));
  StoreConfig config = Unsynced();
  config.index.shape = {7, 10'000};
  Session session(machine, config);
  const auto at_once = [&](std::string_view key) {
    KeyAnswer answer;
    return session.store->FindByKey({"T", key, {}, 1024}, ReadMode::kOnlyCached, &answer).code();
  };
  session.Append(150, "large", 10'000);
  CHECK_EQ(at_once("large"), Code::kWouldBlock);
  CHECK_EQ(session.Count("large"), 150);
  session.Append(3000, "Aa");  // which has the hash of BB
  for (const bool is_in_file : {false, true}) {
    if (is_in_file) session.Rest();
    CHECK_EQ(at_once("BB"), Code::kWouldBlock);
    CHECK_EQ(session.Count("BB"), 0);
    CHECK_EQ(session.Count("Aa", ReadMode::kOnlyCached), 1024);
  }
}

TEST("an appended key costs no call of the platform until the maintenance thread has its turn") {
  SimulatedPlatform machine(test_seed());
  REQUIRE_OK(machine.MakeDirectory("/data"));
  Session session(machine, Unsynced());
  session.Append(1, "warm");
  const int64_t before = machine.calls();
  RecordFields fields;
  fields.properties =
      "KEYS\x01"
      "a b c\x02";
  Appended appended;
  REQUIRE_OK(session.store->Append(session.store->OpenQueue("T", 0), fields, 1'700'000'000'000, Want::kNothing, &appended));
  CHECK_EQ(machine.calls(), before);
}

TEST("an index whose record is lost is compared with the log and kept, and answers rightly whatever ends that") {
  for (int rounds = 0; rounds < 6; rounds++) {
    SimulatedPlatform machine(test_seed());
    REQUIRE_OK(machine.MakeDirectory("/data"));
    REQUIRE_OK(machine.SyncDirectory("/"));
    {
      Session session(machine, Unsynced());
      session.Append(300, "old");
      REQUIRE_OK(session.store->Close());
    }
    REQUIRE_OK(machine.Unlink(std::string(kDirectory) + "/millrace/index"));
    {
      Session session(machine, Unsynced());
      CHECK_EQ(session.Count("old"), 300);
      for (int i = 0; i < rounds; i++) machine.RunServices(1);
      CHECK_EQ(session.Count("old"), 300);
      session.Append(50, "new");
      CHECK_EQ(session.Count("new"), 50);
      if (rounds == 5) {
        session.Rest();
        CHECK_EQ(session.store->numbers().index_entries, 50);
      }
    }
    if (rounds % 2 == 0) machine.KillProcess();
    Session session(machine, Unsynced());
    CHECK_EQ(session.Count("old"), 300);
    session.Rest();
    CHECK_EQ(session.Count("old"), 300);
    CHECK_EQ(session.Count("new"), 50);
  }
}

}  // namespace
}  // namespace millrace::testing
