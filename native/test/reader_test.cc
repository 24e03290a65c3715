// Reading by tags, through a whole store on a simulated machine: what is given, what is passed over, and what is not even touched.
#include "reader.h"

#include <algorithm>
#include <memory>
#include <string>

#include "simulated_platform.h"
#include "store.h"
#include "testing.h"

namespace millrace::testing {
namespace {

constexpr int64_t kFileBytes = 8192;
constexpr int64_t kMilli = 1'000'000;

struct Seen {
  ReadOutcome outcome;
  std::vector<int64_t> offsets;
};

struct TaggedStore {
  explicit TaggedStore(bool sync = false) : machine(test_seed()) {
    config.file_bytes = kFileBytes;
    config.entries_per_file = 16;
    config.commit.sync = sync;
    config.commit.visible_when_durable = sync;
    Open();
  }

  void Open() { REQUIRE_OK(Store::Open(machine, "/data/store", config, nullptr, nullptr, &store)); }
  void Reopen() {
    CHECK_OK(store->Close());
    store.reset();
    Open();
  }

  Appended Append(const std::string& tag, size_t body_bytes = 100) {
    const std::string body(body_bytes, 'x');
    const std::string properties = tag.empty() ? "" : "TAGS\1" + tag + "\2";
    RecordFields fields;
    fields.body = std::as_bytes(std::span(body));
    fields.properties = properties;
    Appended appended;
    CHECK_OK(store->AppendInline(store->OpenQueue("T", 0), fields, ++clock, config.commit.sync, &appended));
    records.push_back(appended);
    tags.push_back(tag);
    return appended;
  }
  // Queue entries go to their files.
  void RunMaintenance() {
    machine.AdvanceTime(200 * kMilli);
    machine.RunServices(100);
  }

  Status Read(const TagFilter* filter, int64_t offset, ReadLimits limits, ReadMode mode, Seen* seen) {
    limits.filter = filter;
    std::vector<std::byte> bytes;
    Status status;
    do {
      bytes.resize(static_cast<size_t>(seen->outcome.bytes_needed));
      status = store->Read(store->OpenQueue("T", 0), offset, limits, mode, bytes, &seen->outcome);
    } while (status.code() == Code::kTooLarge);
    if (!status.ok()) return status;
    int64_t at = 0;
    while (at < seen->outcome.bytes) {
      const std::byte* const record = bytes.data() + at;
      seen->offsets.push_back(LoadI64(record + format::kQueueOffsetAt));
      at += LoadI32(record + format::kSizeAt);
    }
    CHECK_EQ(at, seen->outcome.bytes);
    CHECK_EQ(seen->outcome.messages, seen->offsets.size());
    return status;
  }
  Seen Read(const std::string& wanted, int64_t offset = 0, const ReadLimits& limits = {}) {
    const TagFilter filter(wanted);
    Seen seen;
    CHECK_OK(Read(&filter, offset, limits, ReadMode::kMayBlock, &seen));
    return seen;
  }
  void Damage(const Appended& record) {
    FileHandle file = kNoFile;
    const StorePaths paths("/data/store");
    const std::string path = paths.commit_log + "/" + FileName(record.position - record.position % kFileBytes);
    REQUIRE_OK(machine.Open(path, OpenMode::kReadWrite, &file));
    const std::byte wrong{0xff};
    CHECK_OK(machine.Write(file, {&wrong, 1}, record.position % kFileBytes + 95));
    machine.Close(file);
  }

  SimulatedPlatform machine;
  StoreConfig config;
  std::unique_ptr<Store> store;
  std::vector<Appended> records;
  std::vector<std::string> tags;
  int64_t clock = 1'700'000'000'000;
};

using Offsets = std::vector<int64_t>;

TEST("reads by tag give what a naive scan finds, in order, and go on where they stopped") {
  const std::string known[] = {"", "Aa", "BB", "AaAa", "BBBB", "AaBB", "a||b", "c"};
  SeededRandom random(test_seed());
  for (int round = 0; round < 20; round++) {
    const Note which("round", round);
    TaggedStore tagged;
    for (int64_t left = static_cast<int64_t>(random.Below(200)) + 1; left > 0; left--) {
      tagged.Append(known[random.Below(8)], random.Below(400));
      if (random.Below(40) == 0) tagged.RunMaintenance();
      if (random.Below(100) == 0) tagged.Reopen();
    }
    const std::string first = known[random.Below(8)];
    const std::string second = known[random.Below(8)];
    const TagFilter filter(first + "\2" + second);
    const ReadLimits limits{1 + static_cast<int64_t>(random.Below(20)), 1 + static_cast<int64_t>(random.Below(3000)),
                            1 + static_cast<int64_t>(random.Below(100))};
    const int64_t count = static_cast<int64_t>(tagged.tags.size());
    for (int64_t offset = 0; offset < count;) {
      Seen seen;
      REQUIRE_OK(tagged.Read(&filter, offset, limits, random.Coin() ? ReadMode::kMayBlock : ReadMode::kOnlyCached, &seen));
      const ReadOutcome& outcome = seen.outcome;
      REQUIRE(outcome.next_offset > offset);
      CHECK(outcome.next_offset - offset <= limits.max_scanned);
      CHECK(outcome.messages <= limits.max_messages);
      CHECK(outcome.bytes <= limits.max_bytes || outcome.messages == 1);
      CHECK(outcome.lost.empty());
      CHECK_EQ(outcome.status, outcome.messages > 0 ? ReadStatus::kFound : ReadStatus::kNoMatchedMessage);
      Offsets expected;
      for (int64_t i = offset; i < outcome.next_offset; i++) {
        const std::string& tag = tagged.tags[static_cast<size_t>(i)];
        if (!tag.empty() && (tag == first || tag == second)) expected.push_back(i);
      }
      CHECK(seen.offsets == expected);
      // Only a limit ends a read before the end of the queue.
      const bool is_full = outcome.messages == limits.max_messages || outcome.next_offset - offset == limits.max_scanned;
      if (!is_full && outcome.next_offset < count) {
        const Appended& next = tagged.records[static_cast<size_t>(outcome.next_offset)];
        CHECK(outcome.messages > 0 && outcome.bytes + next.size > limits.max_bytes);
      }
      offset = outcome.next_offset;
    }
  }
}

TEST("tags that share a hash do not use up maxMessages or maxBytes") {
  TaggedStore tagged;
  for (int i = 0; i < 50; i++) tagged.Append(i % 10 == 9 ? "BB" : "Aa");
  CHECK((tagged.Read("BB", 0, {.max_messages = 3}).offsets == Offsets{9, 19, 29}));
  CHECK_EQ(tagged.Read("BB", 0, {.max_messages = 3}).outcome.next_offset, 30);
  const int64_t size = tagged.records[9].size;
  CHECK((tagged.Read("BB", 0, {.max_bytes = 2 * size}).offsets == Offsets{9, 19}));
  CHECK((tagged.Read("BB", 0, {.max_bytes = 1}).offsets == Offsets{9}));
  CHECK((tagged.Read("Aa\2BB", 7, {.max_messages = 4}).offsets == Offsets{7, 8, 9, 10}));
}

TEST("a message without a tag matches no tag") {
  TaggedStore tagged;
  for (const std::string tag : {"", "a", "", ""}) tagged.Append(tag);
  CHECK((tagged.Read("a").offsets == Offsets{1}));
  const Seen none = tagged.Read("b");
  CHECK_EQ(none.outcome.status, ReadStatus::kNoMatchedMessage);
  CHECK_EQ(none.outcome.next_offset, 4);
}

TEST("a read looks at maxScanned entries and says where to go on") {
  TaggedStore tagged;
  for (int i = 0; i < 100; i++) tagged.Append(i == 70 ? "a" : "b", 10);
  const ReadLimits limits{.max_scanned = 30};
  for (const int64_t offset : {0, 30}) {
    const Seen seen = tagged.Read("a", offset, limits);
    CHECK_EQ(seen.outcome.status, ReadStatus::kNoMatchedMessage);
    CHECK_EQ(seen.outcome.next_offset, offset + 30);
  }
  CHECK((tagged.Read("a", 60, limits).offsets == Offsets{70}));
  CHECK_EQ(tagged.Read("a", 60, limits).outcome.next_offset, 90);
  CHECK_EQ(tagged.Read("a", 90, limits).outcome.next_offset, 100);
  CHECK_EQ(tagged.Read("a", 100, limits).outcome.status, ReadStatus::kOffsetOverflowOne);
}

TEST("no record is touched that the hash rules out") {
  TaggedStore tagged;
  for (const std::string tag : {"b", "a", "b", "Aa", "b"}) tagged.Append(tag);
  const std::string log = StorePaths("/data/store").commit_log + "/" + FileName(0);
  const auto cool = [&](int64_t offset) {
    const Appended& record = tagged.records[static_cast<size_t>(offset)];
    tagged.machine.SetCold(log, record.position, record.size);
  };
  cool(0);
  cool(2);
  cool(3);
  cool(4);
  const TagFilter filter("a");
  Seen seen;
  CHECK_OK(tagged.Read(&filter, 0, {}, ReadMode::kOnlyCached, &seen));
  CHECK((seen.offsets == Offsets{1}));
  // One that only shares the hash has to be looked at.
  const TagFilter colliding("BB");
  Seen none;
  CHECK_EQ(tagged.Read(&colliding, 0, {}, ReadMode::kOnlyCached, &none).code(), Code::kWouldBlock);
}

TEST("a read that must not wait opens no file that would have to be fetched") {
  TaggedStore tagged;
  for (int i = 0; i < 100; i++) tagged.Append("a", 300);
  tagged.Reopen();
  tagged.machine.SetNamesCold(true);
  const int64_t first = tagged.records[0].position;
  std::vector<std::byte> bytes(4096);
  int64_t size = 0;
  TimeSearch::Found found;
  const auto read = [&](ReadMode mode) {
    Seen seen;
    return tagged.Read(nullptr, 0, {}, mode, &seen).code();
  };
  CHECK_EQ(tagged.store->ReadAt(first, ReadMode::kOnlyCached, bytes, &size).code(), Code::kWouldBlock);
  CHECK_EQ(read(ReadMode::kOnlyCached), Code::kWouldBlock);
  CHECK_EQ(tagged.store->FindTime(0, {}, ReadMode::kOnlyCached, &found).code(), Code::kWouldBlock);
  CHECK_EQ(read(ReadMode::kMayBlock), Code::kOk);
  CHECK_EQ(read(ReadMode::kOnlyCached), Code::kOk);
  CHECK_OK(tagged.store->ReadAt(first, ReadMode::kOnlyCached, bytes, &size));
}

TEST("a loss is told where the hash lets it through, and counts as a message; elsewhere it is passed over") {
  TaggedStore tagged;
  for (const std::string tag : {"b", "Aa", "BB", "BB", "b", "BB"}) tagged.Append(tag);
  tagged.Reopen();
  for (const size_t i : {1U, 2U, 4U}) tagged.Damage(tagged.records[i]);
  const Seen seen = tagged.Read("BB");
  CHECK((seen.offsets == Offsets{3, 5}));
  REQUIRE_EQ(seen.outcome.lost.size(), 1);
  CHECK_EQ(seen.outcome.lost[0].from_offset, 1);
  CHECK_EQ(seen.outcome.lost[0].to_offset, 3);
  CHECK_EQ(tagged.store->losses().size(), 2);
  CHECK_EQ(tagged.Read("BB", 2, {.max_messages = 1}).outcome.status, ReadStatus::kMessageLost);
  CHECK_EQ(tagged.Read("BB", 2, {.max_messages = 1}).outcome.next_offset, 3);
  CHECK(tagged.Read("c").outcome.lost.empty());
  CHECK_EQ(tagged.Read("b").outcome.lost.size(), 1);
}

TEST("what stands for a lost message without a hash is told to every filter") {
  TaggedStore tagged;
  for (int i = 0; i < 10; i++) tagged.Append("a");
  tagged.RunMaintenance();
  CHECK_OK(tagged.store->Close());
  tagged.store.reset();
  // Entry and record are gone: recovery puts an entry with neither tag nor size of its own.
  CHECK_OK(tagged.machine.Unlink(StorePaths("/data/store").consume_queue + "/T/0/" + FileName(0)));
  tagged.Damage(tagged.records[4]);
  tagged.Open();
  const Seen seen = tagged.Read("a");
  CHECK((seen.offsets == Offsets{0, 1, 2, 3, 5, 6, 7, 8, 9}));
  for (const std::string wanted : {"a", "b"}) {
    const Seen other = tagged.Read(wanted);
    REQUIRE_EQ(other.outcome.lost.size(), 1);
    CHECK_EQ(other.outcome.lost[0].from_offset, 4);
    CHECK_EQ(other.outcome.lost[0].to_offset, 5);
  }
}

TEST("entries that are not visible yet are not looked at") {
  TaggedStore tagged(true);
  tagged.Append("a");
  tagged.Append("b");
  const std::string properties = "TAGS\1a\2";
  RecordFields fields;
  fields.properties = properties;
  Appended appended;
  REQUIRE_OK(tagged.store->Append(tagged.store->OpenQueue("T", 0), fields, ++tagged.clock, Want::kDurable, &appended));
  const Seen before = tagged.Read("a", 1);
  CHECK_EQ(before.outcome.status, ReadStatus::kNoMatchedMessage);
  CHECK_EQ(before.outcome.next_offset, 2);
  tagged.store->EndTurn();
  tagged.machine.RunServices(100);
  CHECK((tagged.Read("a", 1).offsets == Offsets{2}));
}

TEST("an event loop does not read on and on where every tag shares the hash") {
  TaggedStore tagged;
  for (int i = 0; i < 800; i++) tagged.Append("Aa", 7000);
  const TagFilter filter("BB");
  Seen seen;
  CHECK_EQ(tagged.Read(&filter, 0, {}, ReadMode::kOnlyCached, &seen).code(), Code::kWouldBlock);
  const Seen patient = tagged.Read("BB");
  CHECK_EQ(patient.outcome.status, ReadStatus::kNoMatchedMessage);
  CHECK_EQ(patient.outcome.next_offset, 800);
}

}  // namespace
}  // namespace millrace::testing
