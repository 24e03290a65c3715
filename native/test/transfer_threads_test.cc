// Sending with real sockets and a real thread: many transfers at once, readers that are fast, slow or gone, cancelled ones, and a
// store that ends meanwhile. Made for the thread sanitizer.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "seeded_random.h"
#include "store.h"
#include "testing.h"

namespace millrace::testing {
namespace {

constexpr ReadLimits kEverything{.max_messages = 100'000, .max_bytes = 1 << 30, .max_scanned = 100'000};

class SendingStore {
 public:
  SendingStore() {
    std::string pattern = (std::filesystem::temp_directory_path() / "millrace-sending-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    CHECK(!path_.empty());
    StoreConfig config;
    config.file_bytes = 128 * 1024;
    config.entries_per_file = 200;
    config.commit.sync = false;
    config.commit.visible_when_durable = false;
    CHECK_OK(Store::Open(RealPlatform(), path_ + "/store", config, nullptr, nullptr, &store));
    const std::string body(700, 'b');
    RecordFields fields;
    fields.body = std::as_bytes(std::span(body));
    Appended appended;
    for (int i = 0; i < 3000; i++) CHECK_OK(store->AppendInline(store->OpenQueue("T", i % 3 / 2), fields, i, false, &appended));
    ReadOutcome outcome;
    expected.resize(4 << 20);
    CHECK_OK(store->Read(0, 0, kEverything, ReadMode::kMayBlock, expected, &outcome));
    expected.resize(static_cast<size_t>(outcome.bytes));
    CHECK(outcome.messages > 1000);
  }
  ~SendingStore() {
    store.reset();
    std::filesystem::remove_all(path_);
  }

  std::unique_ptr<Store> store;
  std::vector<std::byte> expected;

 private:
  std::string path_;
};

// What arrives at one end of a pair of sockets while a transfer is sent to the other.
struct Receiver {
  Receiver() {
    int ends[2];
    CHECK_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    near = ends[0];
    far = ends[1];
    ::fcntl(near, F_SETFL, O_NONBLOCK);
  }
  ~Receiver() {
    if (reader.joinable()) reader.join();
    if (near >= 0) ::close(near);
    if (far >= 0) ::close(far);
  }

  // Reads pieces of `piece` until the other end is closed, or (`most` >= 0) goes away after so much.
  void Start(size_t piece, int64_t most) {
    reader = std::thread([this, piece, most] {
      std::vector<std::byte> part(piece);
      while (most < 0 || static_cast<int64_t>(received.size()) < most) {
        const ssize_t count = ::read(far, part.data(), part.size());
        if (count <= 0) return;
        received.insert(received.end(), part.begin(), part.begin() + count);
      }
      ::close(std::exchange(far, -1));
    });
  }
  void Send(Store& store, int32_t id, SendPath path) {
    auto plan = std::make_shared<LogPlan>();
    CHECK_OK(store.Plan(0, 0, kEverything, ReadMode::kMayBlock, plan.get()));
    CHECK_EQ(store.SendNow(near, {}, plan.get()).code(), Code::kWouldBlock);
    store.Send(id, near, plan, path, [this](const TransferEnd& told) {
      end = told;
      is_over.store(true);
    });
    ::close(std::exchange(near, -1));  // the transfer has its own, and nothing follows
  }
  void WaitForEnd() {
    while (!is_over.load()) std::this_thread::yield();
    reader.join();
  }

  int near = -1;
  int far = -1;
  std::thread reader;
  std::vector<std::byte> received;
  TransferEnd end;
  std::atomic<bool> is_over{false};
};

TEST("with real sockets and a thread every reader gets its records, whatever becomes of the others") {
  SendingStore sending;
  SeededRandom random(test_seed());
  constexpr int kReceivers = 24;
  std::vector<std::unique_ptr<Receiver>> receivers;
  for (int i = 0; i < kReceivers; i++) {
    receivers.push_back(std::make_unique<Receiver>());
    receivers[static_cast<size_t>(i)]->Start(1 + random.Below(i % 4 == 0 ? 200 : 100'000), i % 4 == 3 ? 50'000 : -1);
    receivers[static_cast<size_t>(i)]->Send(*sending.store, i, static_cast<SendPath>(i % 3));
    if (i % 8 == 2) sending.store->CancelSend(i);
  }
  for (int i = 0; i < kReceivers; i++) {
    Receiver& receiver = *receivers[static_cast<size_t>(i)];
    receiver.WaitForEnd();
    if (i % 4 == 3) {
      CHECK_EQ(receiver.end.status.error(), EPIPE);
    } else if (receiver.end.status.ok()) {
      CHECK(receiver.received == sending.expected);
    } else {
      CHECK_EQ(receiver.end.status.code(), Code::kAborted);
      CHECK_EQ(receiver.end.sent, receiver.received.size());
      CHECK_EQ(i % 8, 2);
    }
  }
}

TEST("with real sockets a store that ends lets go of all of them") {
  for (const bool closes : {true, false}) {
    SendingStore sending;
    std::vector<std::unique_ptr<Receiver>> receivers;
    for (int i = 0; i < 6; i++) {
      receivers.push_back(std::make_unique<Receiver>());
      receivers.back()->Send(*sending.store, i, static_cast<SendPath>(i % 3));  // nobody reads: it cannot end
    }
    if (closes) CHECK_OK(sending.store->Close());
    sending.store.reset();
    for (const std::unique_ptr<Receiver>& receiver : receivers) {
      receiver->Start(1000, -1);
      receiver->WaitForEnd();
      CHECK_EQ(receiver->end.status.code(), Code::kNotOpen);
      CHECK_EQ(receiver->end.sent, receiver->received.size());
    }
  }
}

}  // namespace
}  // namespace millrace::testing
