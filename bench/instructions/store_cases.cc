// A whole store on one thread: appending up to what the writer does with a group, reading what is in the page cache, and walking
// over the entries of a queue.
#include <vector>

#include "counted.h"
#include "one_thread_platform.h"
#include "store.h"
#include "tag_filter.h"

namespace millrace::counted {
namespace {

constexpr int kGroup = 64;
constexpr int kBatch = 100;
constexpr int kRead = 1024;
constexpr int kScanned = 8192;
constexpr int64_t kNow = 1'700'000'000'000;

// Opened in a new directory. Nothing waits, so everything written is visible.
class OpenStore {
 public:
  OpenStore(const std::string& directory, VerifyMode verify, bool has_keys) {
    StoreConfig config;
    config.file_bytes = int64_t{256} << 20;
    config.verify = verify;
    config.commit.sync = false;
    config.commit.visible_when_durable = false;
    config.index.on = has_keys;
    config.index.shape = {100'000, 400'000};
    const Status status = Store::Open(platform_, directory + "/store", config, nullptr, nullptr, &store_);
    Require(status.ok(), "the store does not open");
    queue_ = store_->OpenQueue("bench", 0);
  }

  // Everything that was appended is written, as by the writer's thread.
  void Write() {
    store_->EndTurn();
    Require(platform_.Step("millrace-writer"), "there is no writer");
    Require(store_->marks().written == store_->next_position(), "not everything was written");
  }
  // Entries of queues reach their files, as by the maintenance thread in time.
  void Settle() {
    for (int i = 0; i < 4; i++) {
      platform_.Advance(1'000'000'000);
      Require(platform_.Step("millrace-maint"), "there is no maintenance");
    }
    Require(store_->numbers().tail_entries == 0, "entries stayed in memory");
  }
  void Append(const RecordFields& fields) {
    Appended appended;
    Require(store_->Append(queue_, fields, kNow, Want::kNothing, &appended).ok(), "an append fails");
  }
  Store& store() { return *store_; }
  int32_t queue() const { return queue_; }

 private:
  OneThreadPlatform platform_;
  std::unique_ptr<Store> store_;
  int32_t queue_ = 0;
};

std::vector<std::byte> Body(size_t size) { return std::vector<std::byte>(size, std::byte{0x5a}); }

template <size_t kBytes>
class AppendGroup final : public Work {
 public:
  explicit AppendGroup(const std::string& directory) : open_(directory, VerifyMode::kFirst, false) {}
  void Turn() override {
    RecordFields fields;
    fields.body = body_;
    for (int i = 0; i < kGroup; i++) open_.Append(fields);
    open_.Write();
  }

 private:
  OpenStore open_;
  const std::vector<std::byte> body_ = Body(kBytes);
};

class AppendKeys final : public Work {
 public:
  explicit AppendKeys(const std::string& directory) : open_(directory, VerifyMode::kFirst, true) {
    for (int i = 0; i < kGroup; i++) properties_.push_back("KEYS\x01order-" + std::to_string(1000 + i) + "\x02");
  }
  void Turn() override {
    RecordFields fields;
    fields.body = body_;
    for (int i = 0; i < kGroup; i++) {
      fields.properties = properties_[static_cast<size_t>(i)];
      open_.Append(fields);
    }
    open_.Write();
  }

 private:
  OpenStore open_;
  const std::vector<std::byte> body_ = Body(1024);
  std::vector<std::string> properties_;
};

template <size_t kBytes>
class AppendBatch final : public Work {
 public:
  explicit AppendBatch(const std::string& directory) : open_(directory, VerifyMode::kFirst, false) {}
  void Turn() override {
    RecordFields fields;
    fields.body = body_;
    Store& store = open_.store();
    store.BeginBatch(open_.queue());
    for (int i = 0; i < kBatch; i++) Require(store.AddToBatch(fields).ok(), "a message does not go into a batch");
    Appended first;
    Require(store.CommitBatch(kBatch, kNow, Want::kNothing, &first).ok(), "a batch fails");
    open_.Write();
  }

 private:
  OpenStore open_;
  const std::vector<std::byte> body_ = Body(kBytes);
};

template <VerifyMode kVerify>
class Read final : public Work {
 public:
  explicit Read(const std::string& directory) : open_(directory, kVerify, false), to_(1 << 20) {
    const std::vector<std::byte> body = Body(1024);
    RecordFields fields;
    fields.body = body;
    for (int i = 0; i < kRead; i++) open_.Append(fields);
    open_.Write();
    open_.Settle();
  }
  void Turn() override {
    ReadLimits limits;
    limits.max_messages = 128;
    int64_t messages = 0;
    for (int64_t offset = 0; offset < kRead;) {
      ReadOutcome outcome;
      const Status status = open_.store().Read(open_.queue(), offset, limits, ReadMode::kOnlyCached, to_, &outcome);
      Require(status.ok() && outcome.status == ReadStatus::kFound, "a read fails");
      messages += outcome.messages;
      offset = outcome.next_offset;
    }
    Require(messages == kRead, "messages are missing");
  }

 private:
  OpenStore open_;
  std::vector<std::byte> to_;
};

class ScanTags final : public Work {
 public:
  explicit ScanTags(const std::string& directory) : open_(directory, VerifyMode::kFirst, false), to_(4096) {
    const std::vector<std::byte> body = Body(16);
    RecordFields fields;
    fields.body = body;
    fields.properties =
        "TAGS\x01"
        "seen\x02";
    for (int i = 0; i < kScanned; i++) open_.Append(fields);
    open_.Write();
    open_.Settle();
  }
  void Turn() override {
    ReadLimits limits;
    limits.filter = &filter_;
    ReadOutcome outcome;
    const Status status = open_.store().Read(open_.queue(), 0, limits, ReadMode::kOnlyCached, to_, &outcome);
    Require(status.ok() && outcome.messages == 0 && outcome.next_offset == kScanned, "a scan does not reach the end");
  }

 private:
  OpenStore open_;
  std::vector<std::byte> to_;
  const TagFilter filter_{"wanted"};
};

template <typename T>
std::unique_ptr<Work> Make(const std::string& directory) {
  return std::make_unique<T>(directory);
}

constexpr Case kCases[] = {
    {"append/128", "an append of 128 B: staged, and written in groups of 64", kGroup, Make<AppendGroup<128>>},
    {"append/1024", "an append of 1 KiB: the same", kGroup, Make<AppendGroup<1024>>},
    {"append/keys", "an append of 1 KiB with a key: the same", kGroup, Make<AppendKeys>},
    {"batch/128", "a message of 128 B in a batch of 100, and written", kBatch, Make<AppendBatch<128>>},
    {"batch/1024", "a message of 1 KiB in a batch of 100, and written", kBatch, Make<AppendBatch<1024>>},
    {"read/verified", "a message of 1 KiB read: its entry, its record, its checksum", kRead, Make<Read<VerifyMode::kAlways>>},
    {"read/known", "a message of 1 KiB read again: verified before", kRead, Make<Read<VerifyMode::kFirst>>},
    {"tags/scan", "an entry that a tag filter rules out", kScanned, Make<ScanTags>},
};

}  // namespace

std::span<const Case> StoreCases() { return kCases; }

}  // namespace millrace::counted
