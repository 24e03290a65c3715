// Sending, on a machine that takes as much as it likes: short sends, interruptions, full sockets, peers that are gone.
#include "transfer.h"

#include <cerrno>
#include <memory>
#include <string>

#include "failing_platform.h"
#include "simulated_platform.h"
#include "store.h"
#include "testing.h"

namespace millrace::testing {
namespace {

constexpr int64_t kFileBytes = 8192;

struct Sender {
  Sender() : machine(test_seed()), failing(&machine) {
    config.file_bytes = kFileBytes;
    config.entries_per_file = 16;
    config.commit.sync = false;
    config.commit.visible_when_durable = false;
    REQUIRE_OK(Store::Open(failing, "/data/store", config, nullptr, nullptr, &store));
    socket = machine.sockets().Open();
  }

  // Queue 0 gets records; others stand between them when `scattered`.
  void Fill(int64_t count, bool scattered) {
    SeededRandom random(test_seed());
    for (int64_t i = 0; i < count; i++) {
      const std::string body(random.Below(300), static_cast<char>('a' + i % 26));
      RecordFields fields;
      fields.body = std::as_bytes(std::span(body));
      Appended appended;
      REQUIRE_OK(store->AppendInline(store->OpenQueue("T", 0), fields, ++clock, false, &appended));
      if (scattered) REQUIRE_OK(store->AppendInline(store->OpenQueue("T", 1), fields, ++clock, false, &appended));
    }
  }

  std::vector<std::byte> Expected(const ReadLimits& limits, const std::string& header) {
    ReadOutcome outcome;
    std::vector<std::byte> bytes(1 << 20);
    CHECK_OK(store->Read(store->OpenQueue("T", 0), 0, limits, ReadMode::kMayBlock, bytes, &outcome));
    bytes.resize(static_cast<size_t>(outcome.bytes));
    const auto head = std::as_bytes(std::span(header));
    bytes.insert(bytes.begin(), head.begin(), head.end());
    return bytes;
  }

  // Plans and sends as TypeScript does; the end is in `end` once it has come.
  void Begin(const ReadLimits& limits, const std::string& header, SendPath path) {
    auto plan = std::make_shared<LogPlan>();
    REQUIRE_OK(store->Plan(store->OpenQueue("T", 0), 0, limits, ReadMode::kMayBlock, plan.get()));
    const Status status = store->SendNow(socket, std::as_bytes(std::span(header)), plan.get());
    if (status.code() != Code::kWouldBlock) {
      end = TransferEnd{status, plan->sent, SendPath::kGather};
      return;
    }
    store->Send(1, socket, plan, path, [this](const TransferEnd& told) { end = told; });
  }
  void RunUntilEnd() {
    for (int i = 0; i < 10'000 && !end; i++) machine.RunServices(1);
    REQUIRE(end.has_value());
  }

  SimulatedPlatform machine;
  FailingPlatform failing;
  StoreConfig config;
  std::unique_ptr<Store> store;
  FileHandle socket = kNoFile;
  std::optional<TransferEnd> end;
  int64_t clock = 1'700'000'000'000;
};

constexpr ReadLimits kEverything{.max_messages = 100'000, .max_bytes = 1 << 30, .max_scanned = 100'000};

TEST("what a socket takes in any pieces is the records as they are read, by every path") {
  SeededRandom random(test_seed());
  for (int round = 0; round < 40; round++) {
    const Note which("round", round);
    Sender sender;
    sender.Fill(static_cast<int64_t>(random.Below(900)), random.Coin());
    const ReadLimits limits{1 + static_cast<int64_t>(random.Below(1000)), 1 + static_cast<int64_t>(random.Below(200'000)), 100'000};
    const std::string header(random.Below(3) * 20, 'h');
    const std::vector<std::byte> expected = sender.Expected(limits, header);
    SimulatedSockets& sockets = sender.machine.sockets();
    sockets.SetMostAtOnce(sender.socket, 1 + static_cast<int64_t>(random.Below(random.Coin() ? 300 : 100'000)));
    for (const CallKind kind : {CallKind::kSend, CallKind::kSendFile}) {
      sender.failing.Fail(kind, 1 + static_cast<int64_t>(random.Below(4)), Fault::Error(EINTR), Repeat::kOnce);
      sender.failing.Fail(kind, 3 + static_cast<int64_t>(random.Below(9)), Fault::Short(1), Repeat::kOnce);
    }
    int64_t room = 0;
    sockets.SetRoom(sender.socket, room);
    sender.Begin(limits, header, static_cast<SendPath>(random.Below(3)));
    while (!sender.end) {
      sender.machine.RunServices(1 + static_cast<int64_t>(random.Below(5)));
      sockets.SetRoom(sender.socket, static_cast<int64_t>(random.Below(20'000)));
    }
    CHECK_OK(sender.end->status);
    CHECK_EQ(sender.end->sent, expected.size());
    CHECK(sockets.received(sender.socket) == expected);
    CHECK_EQ(sockets.open(), 1);
  }
}

TEST("a header goes with the first records, and hundreds of records go at once") {
  Sender sender;
  sender.Fill(900, true);
  const std::vector<std::byte> expected = sender.Expected(kEverything, "header");
  CHECK(expected.size() > 900 * format::kMinRecordBytes);
  sender.Begin(kEverything, "header", SendPath::kChosen);
  sender.RunUntilEnd();
  CHECK_OK(sender.end->status);
  CHECK_EQ(sender.end->path, SendPath::kGather);
  CHECK(sender.machine.sockets().received(sender.socket) == expected);
  CHECK(sender.machine.sockets().sends(sender.socket) <= 3);
}

TEST("few bytes go at once, without a thread") {
  Sender sender;
  sender.Fill(20, true);
  sender.Begin(kEverything, "header", SendPath::kChosen);
  REQUIRE(sender.end.has_value());
  CHECK_OK(sender.end->status);
  CHECK_EQ(sender.machine.sockets().sends(sender.socket), 1);
  CHECK(sender.machine.sockets().received(sender.socket) == sender.Expected(kEverything, "header"));
  CHECK_EQ(sender.failing.calls(CallKind::kDuplicateSocket), 0);
}

TEST("a peer that goes away ends its transfer and no other") {
  for (const SendPath path : {SendPath::kSendFile, SendPath::kGather}) {
    Sender sender;
    sender.Fill(900, true);
    SimulatedSockets& sockets = sender.machine.sockets();
    sockets.SetRoom(sender.socket, 1000);
    sender.Begin(kEverything, "", path);
    sender.machine.RunServices(5);
    REQUIRE(!sender.end);
    const FileHandle other = sockets.Open();
    auto plan = std::make_shared<LogPlan>();
    REQUIRE_OK(sender.store->Plan(sender.store->OpenQueue("T", 0), 0, kEverything, ReadMode::kMayBlock, plan.get()));
    std::optional<TransferEnd> other_end;
    sender.store->Send(2, other, plan, path, [&](const TransferEnd& told) { other_end = told; });
    sockets.Break(sender.socket, ECONNRESET);
    sender.RunUntilEnd();
    CHECK_EQ(sender.end->status.code(), Code::kIoError);
    CHECK_EQ(sender.end->status.error(), ECONNRESET);
    CHECK_EQ(sender.end->sent, 1000);
    for (int i = 0; i < 100 && !other_end; i++) sender.machine.RunServices(1);
    REQUIRE(other_end.has_value());
    CHECK_OK(other_end->status);
    CHECK(sockets.received(other) == sender.Expected(kEverything, ""));
    CHECK_EQ(sockets.open(), 2);
  }
}

TEST("a cancelled transfer lets go of its socket, and says how much went") {
  Sender sender;
  sender.Fill(900, false);
  sender.machine.sockets().SetRoom(sender.socket, 0);
  sender.Begin(kEverything, "", SendPath::kChosen);
  sender.machine.RunServices(5);
  CHECK_EQ(sender.machine.sockets().open(), 2);
  sender.store->CancelSend(1);
  sender.RunUntilEnd();
  CHECK_EQ(sender.end->status.code(), Code::kAborted);
  CHECK_EQ(sender.end->sent, 0);
  CHECK_EQ(sender.machine.sockets().open(), 1);
  sender.store->CancelSend(1);  // over already
  sender.machine.RunServices(5);
}

TEST("a store that ends ends its transfers") {
  for (const bool closes : {true, false}) {
    Sender sender;
    sender.Fill(900, false);
    sender.machine.sockets().SetRoom(sender.socket, 10);
    sender.Begin(kEverything, "", SendPath::kChosen);
    sender.machine.RunServices(5);
    if (closes) CHECK_OK(sender.store->Close());
    sender.store.reset();
    REQUIRE(sender.end.has_value());
    CHECK_EQ(sender.end->status.code(), Code::kNotOpen);
    CHECK_EQ(sender.end->sent, 10);
    CHECK_EQ(sender.machine.sockets().open(), 1);
    CHECK_EQ(sender.machine.open_mappings(), 0);
  }
}

TEST("what the log cannot give is told with its file, and where the system has no mapping SendFile serves") {
  for (const CallKind kind : {CallKind::kSendFile, CallKind::kSend}) {
    Sender sender;
    sender.Fill(900, false);
    sender.failing.Fail(kind, 2, Fault::Error(kind == CallKind::kSend ? EFAULT : EIO), Repeat::kAlways);
    sender.machine.sockets().SetMostAtOnce(sender.socket, 100);
    sender.Begin(kEverything, "", kind == CallKind::kSend ? SendPath::kGather : SendPath::kSendFile);
    sender.RunUntilEnd();
    CHECK_EQ(sender.end->status.code(), Code::kIoError);
    CHECK_EQ(sender.end->status.error(), EIO);
    CHECK_EQ(sender.end->sent, 100);
    CHECK(std::string(sender.end->status.path()).find("/commitlog/") != std::string::npos);
  }
  Sender sender;
  sender.Fill(900, true);
  sender.failing.Fail(CallKind::kMap, 1, Fault::Error(ENOMEM), Repeat::kAlways);
  sender.Begin(kEverything, "head", SendPath::kGather);
  sender.RunUntilEnd();
  CHECK_OK(sender.end->status);
  CHECK_EQ(sender.end->path, SendPath::kSendFile);
  CHECK(sender.machine.sockets().received(sender.socket) == sender.Expected(kEverything, "head"));
}

TEST("without a thread or a descriptor left nothing is sent and nothing is kept") {
  for (const CallKind kind : {CallKind::kStartService, CallKind::kDuplicateSocket}) {
    Sender sender;
    sender.Fill(900, false);
    sender.failing.Fail(kind, 1, Fault::Error(EMFILE), Repeat::kOnce);
    sender.Begin(kEverything, "", SendPath::kChosen);
    REQUIRE(sender.end.has_value());
    CHECK(!sender.end->status.ok());
    CHECK_EQ(sender.end->sent, 0);
    CHECK_EQ(sender.machine.sockets().open(), 1);
    sender.end.reset();
    sender.Begin(kEverything, "", SendPath::kChosen);
    sender.RunUntilEnd();
    CHECK_OK(sender.end->status);
    CHECK(sender.machine.sockets().received(sender.socket) == sender.Expected(kEverything, ""));
  }
}

}  // namespace
}  // namespace millrace::testing
