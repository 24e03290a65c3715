// The whole store with real threads: one producer, readers beside it, and everything that runs by itself. Made for the thread
// sanitizer.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store.h"
#include "testing.h"

namespace millrace::testing {
namespace {

constexpr int kMessages = 3000;
constexpr int kQueues = 3;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "millrace-threads-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    CHECK(!path_.empty());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_ + "/store"; }

 private:
  std::string path_;
};

struct CountingListener : StoreListener {
  void OnProgress() override { count.fetch_add(1); }
  std::atomic<int64_t> count{0};
};

// Reads one queue from its start until it has seen `count` messages, each once and in order.
void ReadAll(Store& store, int32_t queue, int64_t count) {
  std::vector<std::byte> buffer(1 << 16);
  int64_t next = 0;
  while (next < count && !store.failed()) {
    ReadOutcome outcome;
    ReadLimits limits;
    limits.max_bytes = 32 * 1024;
    REQUIRE_OK(store.Read(queue, next, limits, ReadMode::kMayBlock, buffer, &outcome));
    REQUIRE(outcome.lost.empty());
    size_t at = 0;
    for (int64_t i = 0; i < outcome.messages; i++, next++) {
      REQUIRE_EQ(LoadI64(buffer.data() + at + format::kQueueOffsetAt), next);
      at += static_cast<size_t>(LoadI32(buffer.data() + at));
    }
    if (outcome.messages == 0) std::this_thread::yield();
  }
}

void AppendAndRead(bool sync, bool mapped) {
  TemporaryDirectory directory;
  StoreConfig config;
  config.file_bytes = 128 * 1024;
  config.entries_per_file = 200;
  config.commit.sync = sync;
  config.commit.mapped = mapped;
  config.commit.visible_when_durable = sync;
  config.commit.interval_nanos = 20'000'000;
  CountingListener listener;
  std::unique_ptr<Store> store;
  REQUIRE_OK(Store::Open(RealPlatform(), directory.path(), config, nullptr, &listener, &store));
  std::vector<int32_t> queues;
  for (int32_t id = 0; id < kQueues; id++) queues.push_back(store->OpenQueue("Topic", id));

  std::vector<std::thread> readers;
  for (const int32_t queue : queues) readers.emplace_back([&store, queue] { ReadAll(*store, queue, kMessages / kQueues); });
  std::atomic<bool> is_over{false};
  std::thread looker([&] {
    while (!is_over) {
      const Store::Marks marks = store->marks();
      CHECK(marks.durable <= marks.written);
      CHECK(marks.visible <= marks.written);
      (void)store->numbers();
      (void)store->losses();
      store->WatchVisible(marks.visible % 2 == 0);
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < kMessages; i++) {
    const std::string body(static_cast<size_t>(i % 200), 'x');
    RecordFields fields;
    fields.body = std::as_bytes(std::span(body));
    Appended appended;
    const int32_t queue = queues[static_cast<size_t>(i % kQueues)];
    if (i % 50 == 0)
      CHECK_OK(store->AppendInline(queue, fields, i, i % 100 == 0, &appended));
    else
      CHECK_OK(store->Append(queue, fields, i, i % 7 == 0 ? Want::kDurable : Want::kWritten, &appended));
    if (i % 20 == 19) store->EndTurn();
  }
  store->RequestSync();
  for (std::thread& reader : readers) reader.join();
  is_over = true;
  looker.join();
  CHECK(listener.count.load() > 0);
  CHECK_OK(store->Close());
  CHECK_EQ(store->marks().durable, store->next_position());
  store.reset();
  REQUIRE_OK(Store::Open(RealPlatform(), directory.path(), config, nullptr, nullptr, &store));
  CHECK(store->report().clean);
  for (int32_t id = 0; id < kQueues; id++) ReadAll(*store, store->OpenQueue("Topic", id), kMessages / kQueues);
}

// Appends from inside the writer's own thread, which is the first to make progress, so that it never runs out of groups: until
// something is durable or it takes too long.
struct TirelessProducer : StoreListener {
  void OnProgress() override {
    std::thread::id nobody;
    writer.compare_exchange_strong(nobody, std::this_thread::get_id());
    if (writer.load() != std::this_thread::get_id() || is_over) return;
    is_late = std::chrono::steady_clock::now() > give_up;
    if (is_late || store->marks().durable > 0) {
      is_over = true;
      is_over.notify_all();
      return;
    }
    RecordFields fields;
    Appended appended;
    CHECK_OK(store->Append(queue, fields, 1, Want::kWritten, &appended));
    store->EndTurn();
  }
  Store* store = nullptr;
  int32_t queue = 0;
  const std::chrono::steady_clock::time_point give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  std::atomic<std::thread::id> writer{};
  std::atomic<bool> is_over{false};
  std::atomic<bool> is_late{false};
};

TEST("a writer that is kept busy does not keep anybody from becoming durable") {
  TemporaryDirectory directory;
  StoreConfig config;
  config.file_bytes = int64_t{64} << 20;
  config.commit.sync = false;
  config.commit.visible_when_durable = false;
  config.commit.interval_nanos = 10'000'000;
  TirelessProducer producer;
  std::unique_ptr<Store> store;
  REQUIRE_OK(Store::Open(RealPlatform(), directory.path(), config, nullptr, &producer, &store));
  producer.queue = store->OpenQueue("Topic", 0);
  producer.store = store.get();
  RecordFields fields;
  Appended appended;
  REQUIRE_OK(store->Append(producer.queue, fields, 1, Want::kWritten, &appended));
  store->EndTurn();
  producer.is_over.wait(false);
  CHECK(!producer.is_late);
  CHECK_OK(store->Close());
}

struct SignallingListener : StoreListener {
  void OnProgress() override {
    std::lock_guard lock(mutex);
    is_told = true;
    told.notify_all();
  }
  std::mutex mutex;
  std::condition_variable told;
  bool is_told = false;
};

// Begins to watch while the message is on its way, and waits only if it does not see it: false when nobody tells it then.
bool SeesNext(Store& store, SignallingListener& listener, int64_t visible_before) {
  std::unique_lock lock(listener.mutex);
  listener.is_told = false;
  lock.unlock();
  store.WatchVisible(true);
  bool is_there = store.marks().visible > visible_before;
  if (!is_there) {
    lock.lock();
    is_there = listener.told.wait_for(lock, std::chrono::seconds(5), [&listener] { return listener.is_told; });
  }
  store.WatchVisible(false);
  return is_there;
}

TEST("no move of what is visible is lost between who moves it and who begins to watch") {
  TemporaryDirectory directory;
  StoreConfig config;
  config.file_bytes = int64_t{64} << 20;
  config.commit.sync = false;
  config.commit.visible_when_durable = false;
  config.commit.interval_nanos = int64_t{3600} * 1'000'000'000;
  SignallingListener listener;
  std::unique_ptr<Store> store;
  REQUIRE_OK(Store::Open(RealPlatform(), directory.path(), config, nullptr, &listener, &store));
  const int32_t queue = store->OpenQueue("Topic", 0);
  std::atomic<int> turn{0};
  std::atomic<bool> is_lost{false};
  std::thread watcher([&] {
    for (int i = 0; i < kMessages && !is_lost; i++) {
      const int64_t before = store->marks().visible;
      turn.store(2 * i + 1);
      turn.notify_all();
      if (!SeesNext(*store, listener, before)) is_lost = true;
      while (store->marks().visible == before && !is_lost) std::this_thread::yield();
    }
    turn.store(-1);
    turn.notify_all();
  });
  for (int i = 0; i < kMessages; i++) {
    while (turn.load() >= 0 && turn.load() < 2 * i + 1) turn.wait(turn.load());
    if (turn.load() < 0) break;
    RecordFields fields;
    Appended appended;
    CHECK_OK(store->Append(queue, fields, 1, Want::kNothing, &appended));
    store->EndTurn();
  }
  watcher.join();
  CHECK(!is_lost);
  CHECK_OK(store->Close());
}

TEST("readers beside a producer see every message once and in order, with sync flush") { AppendAndRead(true, false); }
TEST("readers beside a producer see every message once and in order, with async flush") { AppendAndRead(false, false); }
TEST("readers beside a producer see every message once and in order, through mappings") {
  AppendAndRead(true, true);
  AppendAndRead(false, true);
}

}  // namespace
}  // namespace millrace::testing
