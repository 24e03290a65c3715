#include "crash_workload.h"

#include <algorithm>

#include "testing.h"

namespace millrace::testing {
namespace {

constexpr int64_t kMilli = 1'000'000;
constexpr int32_t kTypes[] = {
    0, 0, 0, 0, 0, format::kTransactionPrepared, format::kTransactionCommit, format::kTransactionRollback};

}  // namespace

StoreConfig WorkloadOptions::Config() const {
  StoreConfig config;
  config.file_bytes = file_bytes;
  config.entries_per_file = entries_per_file;
  config.commit.sync = sync;
  config.commit.mapped = mapped;
  config.commit.visible_when_durable = sync;
  config.commit.max_unflushed_bytes = 6000;
  config.index = {.on = true, .shape = {5, 30}};
  return config;
}

std::string WorkloadOptions::Name() const {
  return std::string(sync ? "sync" : "async") + (mapped ? ", mapped" : ", pwrite") + ", seed " + std::to_string(seed);
}

CrashWorkload::CrashWorkload(Platform& platform, SimulatedPlatform& machine, const WorkloadOptions& options)
    : model(options.file_bytes), platform_(platform), machine_(machine), options_(options), random_(options.seed) {}

CrashWorkload::~CrashWorkload() = default;

void CrashWorkload::Run() {
  const int first = options_.appends / 2;
  if (!Open()) return;
  AppendSome(first);
  Close();
  if (!Open()) return;
  AppendSome(options_.appends - first);
  Close();
}

bool CrashWorkload::Open() {
  if (machine_.is_frozen()) return false;
  closed_in_order = false;
  const Status status = Store::Open(platform_, kDirectory, options_.Config(), nullptr, nullptr, &store_);
  if (!status.ok()) {
    errors.push_back(status);
    return false;
  }
  was_opened = true;
  marks_ = store_->marks();
  failed_durable_ = failed_visible_ = -1;
  if (errors.empty()) {
    CHECK_EQ(marks_.written, model.end());
    CHECK(!store_->report().foreign);
  } else {
    model.CutTo(marks_.written);
  }
  generation = store_->generation();
  return true;
}

void CrashWorkload::AppendSome(int count) {
  for (const int64_t until = static_cast<int64_t>(model.records().size()) + count; store_ && !machine_.is_frozen();) {
    if (static_cast<int64_t>(model.records().size()) >= until || store_->failed()) break;
    const size_t errors_before = errors.size();
    Step();
    if (errors.size() > errors_before && errors.size() > 20) break;  // a fault that does not pass
  }
  if (store_ && store_->failed()) CheckStaysFailed();
}

void CrashWorkload::Close() {
  if (!store_) return;
  // A caller tells the last of it before closing.
  store_->EndTurn();
  (void)Settle(Status::Ok());
  const bool had_failed = store_->failed();
  const Status status = store_->Close();
  NotePromises();
  if (had_failed) CHECK_EQ(status.code(), Code::kFlushFailed);
  if (!status.ok()) errors.push_back(status);
  if (status.ok()) {
    CHECK_EQ(store_->marks().durable, model.end());
    closed_in_order = true;
  }
  store_.reset();
}

void CrashWorkload::CheckStaysFailed() {
  for (int i = 0; i < 3; i++) {
    Appended appended;
    RecordFields fields;
    const int32_t queue = store_->OpenQueue("Orders", 0);
    CHECK_EQ(store_->Append(queue, fields, clock_, Want::kDurable, &appended).code(), Code::kFlushFailed);
    CHECK_EQ(store_->AppendInline(queue, fields, clock_, true, &appended).code(), Code::kFlushFailed);
    store_->RequestSync();
    machine_.AdvanceTime(600 * kMilli);
    machine_.RunServices(20);
    NotePromises();
  }
}

void CrashWorkload::GoOnFrom(int64_t end, int64_t new_generation) {
  model.CutTo(end);
  durable = written = end;
  generation = new_generation;
}

void CrashWorkload::Step() {
  clock_ += static_cast<int64_t>(random_.Below(3));
  switch (random_.Below(12)) {
    case 0:
    case 1:
    case 2: AppendOne(static_cast<Want>(random_.Below(3)), false, false); break;
    case 3:
    case 4: AppendOne(Want::kNothing, true, true); break;
    case 5: AppendOne(Want::kNothing, true, false); break;
    case 6: AppendBatch(); break;
    case 7: store_->RequestSync(); break;
    case 8: machine_.AdvanceTime(static_cast<int64_t>(random_.Below(random_.Below(8) == 0 ? 12'000 : 150)) * kMilli); break;
    default:
      store_->EndTurn();
      machine_.RunServices(static_cast<int64_t>(random_.Below(6)));
      break;
  }
  (void)Settle(Status::Ok());
}

QueueKey CrashWorkload::DrawQueue() {
  static const QueueKey kQueues[] = {{"Orders", 0}, {"Orders", 1}, {"Orders", 2}, {"%RETRY%group", 0}, {"Clicks", 7}};
  return kQueues[random_.Below(std::size(kQueues))];
}

RecordFields CrashWorkload::Draw(std::string* body, std::string* properties) {
  body->resize(random_.Below(random_.Below(10) == 0 ? 1500 : 250));
  for (char& c : *body) c = static_cast<char>(random_.Next());
  // Aa and BB have one hash.
  static const char* const kKeys[] = {"Aa", "BB", "Aa BB", " k2  k3 k2", "k3"};
  if (random_.Coin()) {
    *properties = std::string("KEYS\x01") + kKeys[random_.Below(std::size(kKeys))] + "\x02TAGS\x01t" +
                  std::to_string(random_.Below(4)) + "\x02";
  }
  RecordFields fields;
  fields.body = std::as_bytes(std::span(*body));
  fields.properties = *properties;
  fields.born_timestamp = clock_ - 5;
  fields.flag = static_cast<int32_t>(random_.Below(1000));
  return fields;
}

void CrashWorkload::AppendOne(Want want, bool run_inline, bool sync) {
  const QueueKey key = DrawQueue();
  std::string body;
  std::string properties;
  RecordFields fields = Draw(&body, &properties);
  fields.sys_flag = kTypes[random_.Below(std::size(kTypes))];
  const int32_t queue = store_->OpenQueue(key.first, key.second);
  Appended appended;
  appended.position = -1;
  const Status status = run_inline ? store_->AppendInline(queue, fields, clock_, sync, &appended)
                                   : store_->Append(queue, fields, clock_, want, &appended);
  if (appended.position >= 0) model.Append(key, {fields}, appended.offset, appended.position, appended.store_timestamp);
  if (status.ok() && run_inline) {
    // OK is the promise itself, whatever the watermarks say.
    written = std::max(written, model.end());
    if (sync) durable = std::max(durable, model.end());
    CHECK(store_->marks().written >= model.end());
    CHECK(!sync || store_->marks().durable >= model.end());
  }
  (void)Settle(status);
}

void CrashWorkload::AppendBatch() {
  const QueueKey key = DrawQueue();
  const size_t count = 2 + random_.Below(5);
  std::vector<std::string> bodies(count);
  std::vector<std::string> properties(count);
  std::vector<RecordFields> messages;
  const int32_t queue = store_->OpenQueue(key.first, key.second);
  store_->BeginBatch(queue);
  for (size_t i = 0; i < count; i++) {
    messages.push_back(Draw(&bodies[i], &properties[i]));
    const Status status = store_->AddToBatch(messages.back());
    if (status.code() != Code::kTooLarge) CHECK_OK(status);
    if (!status.ok()) return;
  }
  Appended first;
  const Status status = store_->CommitBatch(messages.size(), clock_, static_cast<Want>(random_.Below(3)), &first);
  if (status.ok()) model.Append(key, messages, first.offset, first.position, first.store_timestamp);
  (void)Settle(status);
}

bool CrashWorkload::Settle(const Status& status) {
  NotePromises();
  if (!status.ok()) errors.push_back(status);
  if (store_->failed()) {
    if (status.ok()) errors.push_back(store_->failure());
    return false;
  }
  if (!store_->rejecting()) return true;
  errors.push_back(store_->rejection());
  store_->AcceptRejection();
  model.CutTo(store_->next_position());
  CHECK_EQ(store_->next_position(), store_->marks().written);
  return true;
}

void CrashWorkload::NotePromises() {
  const Store::Marks now = store_->marks();
  CHECK(now.durable <= now.written);
  CHECK(now.visible <= now.written);
  CHECK(now.durable >= marks_.durable);
  CHECK(now.written >= marks_.written);
  CHECK(now.visible >= marks_.visible);
  if (options_.sync) CHECK(now.visible <= now.durable);
  if (store_->failed()) {
    if (failed_durable_ < 0) {
      failed_durable_ = now.durable;
      failed_visible_ = now.visible;
    }
    CHECK_EQ(now.durable, failed_durable_);
    CHECK_EQ(now.visible, failed_visible_);
  }
  marks_ = now;
  durable = std::max(durable, now.durable);
  written = std::max(written, now.written);
}

}  // namespace millrace::testing
