// Planning a transfer over queues whose files say what is not so: nothing is sent but the queue's own records.
#include <string>

#include "byte_order.h"
#include "simulated_platform.h"
#include "store.h"
#include "testing.h"

namespace millrace::testing {
namespace {

constexpr ReadLimits kEverything{.max_messages = 100'000, .max_bytes = 1 << 30, .max_scanned = 100'000};
constexpr int64_t kMessages = 400;  // more bytes than are planned by reading them

struct Queues {
  Queues() : machine(test_seed()) {
    config.file_bytes = 16'384;
    config.entries_per_file = 1000;
  }

  void Open() { REQUIRE_OK(Store::Open(machine, "/data/store", config, nullptr, nullptr, &store)); }
  void Close() {
    REQUIRE_OK(store->Close());
    store.reset();
  }

  // Records of one size in queue 0 of two topics: as neighbours, or taking turns.
  void Fill(bool in_turns) {
    for (int64_t i = 0; i < 2 * kMessages; i++) {
      const std::string topic = (in_turns ? i % 2 == 0 : i < kMessages) ? "T" : "U";
      const std::string body(200, 'b');
      RecordFields fields;
      fields.body = std::as_bytes(std::span(body));
      Appended appended;
      REQUIRE_OK(store->AppendInline(store->OpenQueue(topic, 0), fields, 1'700'000'000'000 + i, true, &appended));
    }
  }

  // The entry of T at `offset` names the record of U at `other` from now on.
  void Exchange(int64_t offset, int64_t other) {
    FileHandle file = kNoFile;
    std::byte position[8];
    REQUIRE(machine.Open("/data/store/consumequeue/U/0/00000000000000000000", OpenMode::kRead, &file).ok());
    REQUIRE(machine.Read(file, position, other * static_cast<int64_t>(format::kEntryBytes), ReadMode::kMayBlock).ok());
    machine.Close(file);
    REQUIRE(machine.Open("/data/store/consumequeue/T/0/00000000000000000000", OpenMode::kReadWrite, &file).ok());
    REQUIRE(machine.Write(file, position, offset * static_cast<int64_t>(format::kEntryBytes)).ok());
    machine.Close(file);
  }

  std::vector<std::byte> Read(const std::string& topic, ReadOutcome* outcome) {
    std::vector<std::byte> bytes(1 << 20);
    CHECK_OK(store->Read(store->OpenQueue(topic, 0), 0, kEverything, ReadMode::kMayBlock, bytes, outcome));
    bytes.resize(static_cast<size_t>(outcome->bytes));
    return bytes;
  }

  SimulatedPlatform machine;
  StoreConfig config;
  std::unique_ptr<Store> store;
};

TEST("an entry that names another topic's record, of the same size, queue and number, sends nothing") {
  for (const bool in_turns : {false, true}) {
    for (const int64_t offset : {int64_t{0}, kMessages / 2, kMessages - 1}) {
      const Note which("offset", offset);
      Queues queues;
      queues.Open();
      queues.Fill(in_turns);
      queues.Close();
      queues.Open();
      ReadOutcome read;
      // Every record is known to be whole from here on.
      for (const char* const topic : {"U", "T"}) {
        (void)queues.Read(topic, &read);
        CHECK_EQ(read.messages, kMessages);
      }
      queues.Exchange(offset, offset);
      const std::vector<std::byte> expected = queues.Read("T", &read);
      CHECK_EQ(read.messages, kMessages - 1);
      // The second time as whoever has many to send plans.
      for (int i = 0; i < 2; i++) {
        LogPlan plan;
        REQUIRE_OK(queues.store->Plan(queues.store->OpenQueue("T", 0), 0, kEverything, ReadMode::kMayBlock, &plan));
        CHECK_EQ(plan.outcome.messages, kMessages - 1);
        std::vector<std::byte> planned(static_cast<size_t>(plan.outcome.bytes));
        REQUIRE_OK(queues.store->ReadPlanned(plan, 0, ReadMode::kMayBlock, planned));
        CHECK(planned == expected);
      }
    }
  }
}

}  // namespace
}  // namespace millrace::testing
