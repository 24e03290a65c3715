// Opening, closing, and the tasks that run beside JavaScript.
#include <cstring>

#include "calls.h"

namespace millrace::binding {
namespace {

// The places in `config`, as ts/addon.ts fills them.
enum ConfigAt {
  kFileBytes,
  kEntriesPerFile,
  kCreate,
  kErrorIfExists,
  kReadOnly,
  kRefuseDamage,
  kVerify,
  kSync,
  kMapped,
  kVisibleDurable,
  kIntervalMs,
  kMaxUnflushed,
  kStorePort,
  kIndex,
  kIndexSlots,
  kIndexEntries,
  kIndexTags,
  kUtcOffset
};

Host ToHost(std::span<const std::byte> address, int32_t port) {
  Host host;
  host.is_v6 = address.size() == 16;
  std::memcpy(host.address.data(), address.data(), std::min(address.size(), host.address.size()));
  host.port = port;
  return host;
}

StoreConfig ToConfig(const double* at, std::span<const std::byte> address) {
  StoreConfig config;
  config.file_bytes = static_cast<int64_t>(at[kFileBytes]);
  config.entries_per_file = static_cast<int64_t>(at[kEntriesPerFile]);
  config.create_if_missing = at[kCreate] != 0;
  config.error_if_exists = at[kErrorIfExists] != 0;
  config.read_only = at[kReadOnly] != 0;
  config.refuse_damage = at[kRefuseDamage] != 0;
  config.verify = static_cast<VerifyMode>(static_cast<int32_t>(at[kVerify]));
  config.commit.sync = at[kSync] != 0;
  config.commit.mapped = at[kMapped] != 0;
  config.commit.visible_when_durable = at[kVisibleDurable] != 0;
  config.commit.interval_nanos = static_cast<int64_t>(at[kIntervalMs] * 1e6);
  config.commit.max_unflushed_bytes = static_cast<int64_t>(at[kMaxUnflushed]);
  config.index.on = at[kIndex] != 0;
  config.index.shape = {static_cast<int32_t>(at[kIndexSlots]), static_cast<int32_t>(at[kIndexEntries])};
  config.index.with_tags = at[kIndexTags] != 0;
  config.index.utc_offset = static_cast<int64_t>(at[kUtcOffset]);
  config.store_host = ToHost(address, static_cast<int32_t>(at[kStorePort]));
  return config;
}

// create(onWake, scratch): the number of a session without a store.
Napi::Value Create(const Napi::CallbackInfo& info) {
  auto session = std::make_unique<Session>(info.Env(), info[0].As<Napi::Function>(), info[1].As<Napi::Float64Array>());
  return Number(info, info.Env().GetInstanceData<AddonData>()->Add(std::move(session)));
}

// open(id, task, directory, config, storeAddress)
void Open(const Napi::CallbackInfo& info) {
  const std::string directory = info[2].As<Napi::String>();
  const StoreConfig config = ToConfig(info[3].As<Napi::Float64Array>().Data(), Bytes(info, 4));
  SessionOf(info).Open(Int32(info, 1), directory, config);
}

void AbortOpen(const Napi::CallbackInfo& info) { SessionOf(info).AbortOpen(); }
void Progress(const Napi::CallbackInfo& info) { SessionOf(info).NoteProgress(); }

// completion(id): the number of a finished task, its status among the shared numbers; 0 when there is none.
Napi::Value TakeCompletion(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  Completion completion;
  if (!session.TakeCompletion(&completion)) return Number(info, 0);
  session.scratch()[scratch::kTaskStatus] = session.Note(completion.status);
  const int32_t task = completion.task;
  session.taken(task) = std::move(completion);
  return Number(info, task);
}

// finish(id, task): what the task left is not needed any more.
void Finish(const Napi::CallbackInfo& info) { SessionOf(info).Forget(Int32(info, 1)); }

void Close(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  session.Run(Int32(info, 1), [&session](Completion& completion) { completion.status = session.store()->Close(); });
}

void Dispose(const Napi::CallbackInfo& info) {
  SessionOf(info).Dispose();
  info.Env().GetInstanceData<AddonData>()->Remove(static_cast<size_t>(Int32(info, 0)));
}

void Hold(const Napi::CallbackInfo& info) { SessionOf(info).wakeup().Hold(info[1].As<Napi::Boolean>()); }

// report(id): what open found, as a list of numbers in the order of ts/recovery.ts.
Napi::Value Report(const Napi::CallbackInfo& info) {
  const Store& store = *SessionOf(info).store();
  const OpenReport& report = store.report();
  const RecoveryOutcome& outcome = report.outcome;
  const double numbers[] = {
      report.clean ? 1.0 : 0.0,
      static_cast<double>(outcome.scanned_bytes),
      static_cast<double>(outcome.recovered_messages),
      static_cast<double>(outcome.truncated_from),
      static_cast<double>(outcome.truncated_bytes),
      static_cast<double>(outcome.rebuilt_queue_entries),
      static_cast<double>(report.nanos),
      static_cast<double>(store.generation()),
      report.created ? 1.0 : 0.0,
      report.foreign ? 1.0 : 0.0,
      report.side_car_set_aside ? 1.0 : 0.0,
      static_cast<double>(outcome.repaired_blanks),
      static_cast<double>(store.file_bytes()),
      static_cast<double>(store.entries_per_file()),
      static_cast<double>(report.index_entries),
  };
  Napi::Float64Array array = Napi::Float64Array::New(info.Env(), std::size(numbers));
  std::copy(std::begin(numbers), std::end(numbers), array.Data());
  return array;
}

// setHost(id, hostId, address, port): what kBornHost of an append names
void SetHost(const Napi::CallbackInfo& info) {
  std::vector<Host>& hosts = SessionOf(info).hosts();
  const size_t at = static_cast<size_t>(Int32(info, 1));
  if (at >= hosts.size()) hosts.resize(at + 1);
  hosts[at] = ToHost(Bytes(info, 2), Int32(info, 3));
}

}  // namespace

void RegisterOpenCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("create", Napi::Function::New<Create>(env));
  exports.Set("open", Napi::Function::New<Open>(env));
  exports.Set("abortOpen", Napi::Function::New<AbortOpen>(env));
  exports.Set("progress", Napi::Function::New<Progress>(env));
  exports.Set("completion", Napi::Function::New<TakeCompletion>(env));
  exports.Set("finish", Napi::Function::New<Finish>(env));
  exports.Set("close", Napi::Function::New<Close>(env));
  exports.Set("dispose", Napi::Function::New<Dispose>(env));
  exports.Set("hold", Napi::Function::New<Hold>(env));
  exports.Set("report", Napi::Function::New<Report>(env));
  exports.Set("setHost", Napi::Function::New<SetHost>(env));
}

}  // namespace millrace::binding
