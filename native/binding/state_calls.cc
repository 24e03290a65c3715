// What stands where: watermarks, queues, losses, counters, errors.
#include <algorithm>

#include "calls.h"

namespace millrace::binding {
namespace {

void Marks(const Napi::CallbackInfo& info) { SessionOf(info).NoteMarks(); }

// watch(id, on): a wake-up whenever `visible` moves
void Watch(const Napi::CallbackInfo& info) { SessionOf(info).store()->WatchVisible(info[1].As<Napi::Boolean>()); }

Napi::Value Path(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), SessionOf(info).path()); }

Napi::Value Rejection(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  return Number(info, session.Note(session.store()->rejection()));
}

Napi::Value Failure(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  return Number(info, session.Note(session.store()->failure()));
}

Napi::Value BackgroundError(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  return Number(info, session.Note(session.store()->TakeBackgroundError()));
}

// queueNumbers(id, queue): min, max and next offset where a read's would be
void QueueNumbers(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  Store::QueueNumbers numbers;
  session.store()->Numbers(Int32(info, 1), &numbers);
  session.scratch()[scratch::kMinOffset] = static_cast<double>(numbers.min);
  session.scratch()[scratch::kMaxOffset] = static_cast<double>(numbers.max);
  session.scratch()[scratch::kNextOffset] = static_cast<double>(numbers.next);
}

// queues(id, since): topic, queue number and handle of each from this handle on, one after the other
Napi::Value Queues(const Napi::CallbackInfo& info) {
  const std::vector<Store::QueueName> names = SessionOf(info).store()->Queues(Int32(info, 1));
  Napi::Array array = Napi::Array::New(info.Env(), names.size() * 3);
  for (uint32_t i = 0; i < names.size(); i++) {
    array.Set(3 * i, Napi::String::New(info.Env(), names[i].topic));
    array.Set(3 * i + 1, Napi::Number::New(info.Env(), names[i].queue_id));
    array.Set(3 * i + 2, Napi::Number::New(info.Env(), names[i].handle));
  }
  return array;
}

Napi::Value ToArray(const Napi::CallbackInfo& info, const std::vector<LostRange>& ranges) {
  Napi::Float64Array array = Napi::Float64Array::New(info.Env(), ranges.size() * 3);
  for (size_t i = 0; i < ranges.size(); i++) {
    array.Data()[3 * i] = static_cast<double>(ranges[i].from);
    array.Data()[3 * i + 1] = static_cast<double>(ranges[i].to);
    array.Data()[3 * i + 2] = static_cast<double>(ranges[i].reason);
  }
  return array;
}

// losses(id), newLosses(id): from, to and reason of each range
Napi::Value Losses(const Napi::CallbackInfo& info) { return ToArray(info, SessionOf(info).store()->losses()); }
Napi::Value NewLosses(const Napi::CallbackInfo& info) {
  return ToArray(info, SessionOf(info).store()->report().outcome.newly_lost);
}

// numbers(id): the engine's counters and gauges, in the order of ts/stats.ts
Napi::Value Numbers(const Napi::CallbackInfo& info) {
  const Store& store = *SessionOf(info).store();
  const Store::Numbered numbers = store.numbers();
  const double list[] = {
      static_cast<double>(numbers.syncs),           static_cast<double>(numbers.sync_nanos),
      static_cast<double>(numbers.sync_nanos_max),  static_cast<double>(numbers.writes),
      static_cast<double>(numbers.log_bytes),       static_cast<double>(numbers.open_files),
      static_cast<double>(numbers.lost_bytes),      static_cast<double>(numbers.late_blocks),
      static_cast<double>(numbers.tail_entries),    static_cast<double>(store.FreeBytes()),
      static_cast<double>(numbers.synced_messages), static_cast<double>(numbers.index_files),
      static_cast<double>(numbers.index_entries),   static_cast<double>(numbers.index_gap),
  };
  Napi::Float64Array array = Napi::Float64Array::New(info.Env(), std::size(list));
  std::copy(std::begin(list), std::end(list), array.Data());
  return array;
}

}  // namespace

void RegisterStateCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("marks", Napi::Function::New<Marks>(env));
  exports.Set("watch", Napi::Function::New<Watch>(env));
  exports.Set("path", Napi::Function::New<Path>(env));
  exports.Set("rejection", Napi::Function::New<Rejection>(env));
  exports.Set("failure", Napi::Function::New<Failure>(env));
  exports.Set("backgroundError", Napi::Function::New<BackgroundError>(env));
  exports.Set("queueNumbers", Napi::Function::New<QueueNumbers>(env));
  exports.Set("queues", Napi::Function::New<Queues>(env));
  exports.Set("losses", Napi::Function::New<Losses>(env));
  exports.Set("newLosses", Napi::Function::New<NewLosses>(env));
  exports.Set("numbers", Napi::Function::New<Numbers>(env));
}

}  // namespace millrace::binding
