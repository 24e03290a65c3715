#include "key_index.h"

#include "crash_workload.h"
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

  void Append(int count, const std::string& key) {
    const std::string properties = "KEYS\x01" + key + "\x02";
    RecordFields fields;
    fields.properties = properties;
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
  Session session(machine, Unsynced());
  CHECK(session.store->numbers().index_gap > 0);
  KeyAnswer answer;
  CHECK_EQ(session.store->FindByKey({"T", "k", {}, 1024}, ReadMode::kOnlyCached, &answer).code(), Code::kWouldBlock);
  CHECK_EQ(session.Count("k"), 150);
  session.Rest();
  CHECK_EQ(session.store->numbers().index_gap, 0);
  CHECK_EQ(session.store->numbers().index_entries, 50);
  CHECK_EQ(session.Count("k", ReadMode::kOnlyCached), 150);
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

}  // namespace
}  // namespace millrace::testing
