// A whole store on the real platform: appended, read back, closed, left, opened again.
#include "store.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "testing.h"

namespace millrace {
namespace {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "millrace-store-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_ + "/store"; }

 private:
  std::string path_;
};

StoreConfig SmallConfig(bool sync, bool mapped) {
  StoreConfig config;
  config.file_bytes = 64 * 1024;
  config.entries_per_file = 100;
  config.commit.sync = sync;
  config.commit.visible_when_durable = sync;
  config.commit.mapped = mapped;
  return config;
}

std::string BodyOf(int number) { return "body " + std::to_string(number) + std::string(static_cast<size_t>(number % 300), 'x'); }

void AppendSome(Store& store, int from, int to, bool sync) {
  const int32_t queue = store.OpenQueue("Topic", 0);
  for (int i = from; i < to; i++) {
    const std::string body = BodyOf(i);
    RecordFields fields;
    fields.body = std::as_bytes(std::span(body));
    fields.properties =
        "TAGS\x01"
        "a\x02";
    Appended appended;
    const Status status = store.AppendInline(queue, fields, 1700000000000 + i, sync, &appended);
    CHECK(status.ok());
    CHECK_EQ(appended.offset, i);
  }
}

int CountReadable(Store& store) {
  const int32_t queue = store.OpenQueue("Topic", 0);
  std::vector<std::byte> buffer(1 << 20);
  int64_t offset = 0;
  int count = 0;
  for (;;) {
    ReadOutcome outcome;
    const Status status = store.Read(queue, offset, ReadLimits{}, ReadMode::kMayBlock, buffer, &outcome);
    CHECK(status.ok());
    CHECK(outcome.lost.empty());
    if (outcome.status != ReadStatus::kFound) break;
    size_t at = 0;
    for (int64_t i = 0; i < outcome.messages; i++, count++) {
      RecordView view;
      const int64_t position = LoadI64(buffer.data() + at + format::kPositionAt);
      CHECK(DecodeRecord(std::span(buffer).subspan(at, static_cast<size_t>(outcome.bytes) - at), position, 1 << 20,
                         ChecksumRule::kRequired, &view) == RecordKind::kRecord);
      CHECK_EQ(view.queue_offset, count);
      const std::string body = BodyOf(count);
      CHECK(std::string(reinterpret_cast<const char*>(view.body.data()), view.body.size()) == body);
      at += view.bytes.size();
    }
    offset = outcome.next_offset;
  }
  return count;
}

void RoundTrip(bool sync, bool mapped) {
  TemporaryDirectory directory;
  int total = 0;
  for (int round = 0; round < 4; round++) {
    std::unique_ptr<Store> store;
    const Status status = Store::Open(RealPlatform(), directory.path(), SmallConfig(sync, mapped), nullptr, nullptr, &store);
    CHECK(status.ok());
    REQUIRE(store != nullptr);
    CHECK_EQ(CountReadable(*store), total);
    CHECK_EQ(store->report().outcome.truncated_from, -1);
    CHECK(store->report().outcome.newly_lost.empty());
    CHECK(store->report().clean == (round != 2 && round != 3));
    AppendSome(*store, total, total + 500, sync);
    total += 500;
    CHECK_EQ(CountReadable(*store), total);
    if (round == 0) CHECK(store->Close().ok());  // the others are left as a killed process leaves them
    if (round == 0) CHECK(!std::filesystem::exists(directory.path() + "/abort"));
  }
}

TEST("what was appended with sync flush is read back, after a close and after being left") { RoundTrip(true, false); }
TEST("what was appended with async flush is read back, after a close and after being left") { RoundTrip(false, false); }
TEST("what was appended through the mapping is read back, after a close and after being left") {
  RoundTrip(true, true);
  RoundTrip(false, true);
}

TEST("a batch into which something else is appended is refused whole") {
  for (int what = 0; what < 4; what++) {
    const testing::Note note("what", what);
    TemporaryDirectory directory;
    std::unique_ptr<Store> store;
    REQUIRE(Store::Open(RealPlatform(), directory.path(), SmallConfig(false, false), nullptr, nullptr, &store).ok());
    const int32_t queue = store->OpenQueue("Topic", 0);
    const std::string body = BodyOf(0);
    RecordFields fields;
    fields.body = std::as_bytes(std::span(body));
    Appended appended;
    store->BeginBatch(queue);
    CHECK(store->AddToBatch(fields).ok());
    if (what == 0) CHECK(store->Append(queue, fields, 1, Want::kNothing, &appended).ok());
    if (what == 1) {
      CHECK(store->AppendInline(queue, fields, 1, false, &appended).ok());
      CHECK(store->AddToBatch(fields).code() == Code::kInvalid);
    }
    if (what == 2) store->BeginBatch(queue);
    CHECK(store->CommitBatch(what == 3 ? 2 : 1, 1, Want::kNothing, &appended).code() == Code::kInvalid);
    store->EndTurn();
    store->BeginBatch(queue);
    CHECK(store->AddToBatch(fields).ok());
    CHECK(store->CommitBatch(1, 1, Want::kNothing, &appended).ok());
    CHECK(store->Close().ok());
    Store::QueueNumbers numbers;
    REQUIRE(store->Numbers(queue, &numbers));
    CHECK_EQ(numbers.max, what < 2 ? 2 : 1);
  }
}

struct CountingListener : StoreListener {
  void OnProgress() override { count++; }
  std::atomic<int> count{0};
};

TEST("a listener hears of appends that nobody waits for exactly while what is visible is watched") {
  for (const bool sync : {true, false}) {
    const testing::Note note("sync", sync);
    TemporaryDirectory directory;
    StoreConfig config = SmallConfig(sync, false);
    config.commit.interval_nanos = int64_t{3600} * 1'000'000'000;
    CountingListener listener;
    std::unique_ptr<Store> store;
    REQUIRE(Store::Open(RealPlatform(), directory.path(), config, nullptr, &listener, &store).ok());
    AppendSome(*store, 0, 10, sync);
    CHECK_EQ(listener.count.load(), 0);
    store->WatchVisible(true);
    AppendSome(*store, 10, 20, sync);
    CHECK_EQ(listener.count.load(), 10);
    // Written, but not visible in a store that shows what is durable.
    AppendSome(*store, 20, 21, false);
    CHECK_EQ(listener.count.load(), sync ? 10 : 11);
    store->WatchVisible(false);
    AppendSome(*store, 21, 30, sync);
    CHECK_EQ(listener.count.load(), sync ? 10 : 11);
  }
}

TEST("a second opener in the same process is told who holds the store") {
  TemporaryDirectory directory;
  std::unique_ptr<Store> first;
  std::unique_ptr<Store> second;
  CHECK(Store::Open(RealPlatform(), directory.path(), SmallConfig(true, false), nullptr, nullptr, &first).ok());
  const Status status = Store::Open(RealPlatform(), directory.path(), SmallConfig(true, false), nullptr, nullptr, &second);
  CHECK(status.code() == Code::kLocked);
  CHECK_EQ(status.position(), RealPlatform().ProcessId());
}

}  // namespace
}  // namespace millrace
