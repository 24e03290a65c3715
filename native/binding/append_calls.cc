// Appending: the hot path. Numbers come and go in the shared array, so that a call has few arguments and makes no object.
#include "calls.h"

namespace millrace::binding {
namespace {

void ToNumbers(const double* at, Session& session, RecordFields* fields) {
  fields->flag = static_cast<int32_t>(at[scratch::kFlag]);
  fields->sys_flag = static_cast<int32_t>(at[scratch::kSysFlag]);
  fields->born_timestamp = static_cast<int64_t>(at[scratch::kBornTimestamp]);
  fields->reconsume_times = static_cast<int32_t>(at[scratch::kReconsumeTimes]);
  fields->prepared_transaction_offset = static_cast<int64_t>(at[scratch::kPreparedOffset]);
  fields->born_host = session.hosts()[static_cast<size_t>(at[scratch::kBornHost])];
}

// Fills in what an append takes; false when the properties cannot fit a record.
bool ToFields(const Napi::CallbackInfo& info, Session& session, size_t body_at, RecordFields* fields) {
  ToNumbers(session.scratch(), session, fields);
  fields->body = Bytes(info, body_at);
  return session.Text(info.Env(), info[body_at + 1], &fields->properties);
}

Napi::Value Answer(const Napi::CallbackInfo& info, Session& session, const Status& status, const Appended& appended) {
  double* at = session.scratch();
  at[scratch::kAppendOffset] = static_cast<double>(appended.offset);
  at[scratch::kAppendPosition] = static_cast<double>(appended.position);
  at[scratch::kAppendSize] = static_cast<double>(appended.size);
  at[scratch::kAppendTimestamp] = static_cast<double>(appended.store_timestamp);
  return Number(info, session.Note(status));
}

int64_t Now(Session& session) { return static_cast<int64_t>(session.scratch()[scratch::kNow]); }
Want ToWant(Session& session) { return static_cast<Want>(static_cast<int32_t>(session.scratch()[scratch::kWant])); }

// append(id, queue, body, properties): the status
Napi::Value Append(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  RecordFields fields;
  Appended appended;
  if (!ToFields(info, session, 2, &fields)) return Number(info, static_cast<double>(Code::kPropertiesTooLarge));
  const Status status = session.store()->Append(Int32(info, 1), fields, Now(session), ToWant(session), &appended);
  return Answer(info, session, status, appended);
}

// appendInline(id, queue, body, properties): the same, written (and synced, when kWant says durable) on return
Napi::Value AppendInline(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  RecordFields fields;
  Appended appended;
  if (!ToFields(info, session, 2, &fields)) return Number(info, static_cast<double>(Code::kPropertiesTooLarge));
  const Status status =
      session.store()->AppendInline(Int32(info, 1), fields, Now(session), ToWant(session) == Want::kDurable, &appended);
  return Answer(info, session, status, appended);
}

void BatchBegin(const Napi::CallbackInfo& info) { SessionOf(info).store()->BeginBatch(Int32(info, 1)); }

// batchAdd(id, body, properties)
Napi::Value BatchAdd(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  RecordFields fields;
  if (!ToFields(info, session, 1, &fields)) return Number(info, static_cast<double>(Code::kPropertiesTooLarge));
  return Number(info, session.Note(session.store()->AddToBatch(fields)));
}

// batchAddParcel(id, messages, numbers, bytes): stops at the first status that is not OK
Napi::Value BatchAddParcel(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const double* numbers = info[2].As<Napi::Float64Array>().Data();
  const auto* bytes = Bytes(info, 3).data();
  Status status;
  for (int32_t i = Int32(info, 1); i > 0 && status.ok(); i--, numbers += scratch::kParcelNumbers) {
    RecordFields fields;
    ToNumbers(numbers, session, &fields);
    fields.body = {bytes, static_cast<size_t>(numbers[scratch::kParcelBodyBytes])};
    bytes += fields.body.size();
    fields.properties = {reinterpret_cast<const char*>(bytes), static_cast<size_t>(numbers[scratch::kParcelPropertiesBytes])};
    bytes += fields.properties.size();
    status = session.store()->AddToBatch(fields);
  }
  return Number(info, session.Note(status));
}

// batchCommit(id, sizes): the place of the first among the shared numbers, the sizes of all in `sizes`
Napi::Value BatchCommit(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  Appended first;
  Napi::Float64Array sizes = info[1].As<Napi::Float64Array>();
  const Status status = session.store()->CommitBatch(sizes.ElementLength(), Now(session), ToWant(session), &first);
  for (size_t i = 0; status.ok() && i < sizes.ElementLength(); i++)
    sizes.Data()[i] = static_cast<double>(session.store()->BatchSize(i));
  return Answer(info, session, status, first);
}

void EndTurn(const Napi::CallbackInfo& info) { SessionOf(info).store()->EndTurn(); }
void RequestSync(const Napi::CallbackInfo& info) { SessionOf(info).store()->RequestSync(); }
void AcceptRejection(const Napi::CallbackInfo& info) { SessionOf(info).store()->AcceptRejection(); }

Napi::Value NextPosition(const Napi::CallbackInfo& info) {
  return Number(info, static_cast<double>(SessionOf(info).store()->next_position()));
}

// openQueue(id, topic, queueId): its handle, -1 when a read-only store has no such queue
Napi::Value OpenQueue(const Napi::CallbackInfo& info) {
  return Number(info, SessionOf(info).store()->OpenQueue(info[1].As<Napi::String>(), Int32(info, 2)));
}

// beginDelete(id, topic): the status; the position where an append's would be
Napi::Value BeginDelete(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  int64_t position = 0;
  const Status status = session.store()->BeginDelete(info[1].As<Napi::String>(), &position);
  session.scratch()[scratch::kAppendPosition] = static_cast<double>(position);
  return Number(info, session.Note(status));
}

// finishDelete(id, task, topic, position)
void FinishDelete(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const std::string topic = info[2].As<Napi::String>();
  const int64_t position = Int64(info, 3);
  session.Run(Int32(info, 1), [&session, topic, position](Completion& completion) {
    completion.status = session.store()->FinishDelete(topic, position);
  });
}

}  // namespace

void RegisterAppendCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("append", Napi::Function::New<Append>(env));
  exports.Set("appendInline", Napi::Function::New<AppendInline>(env));
  exports.Set("batchBegin", Napi::Function::New<BatchBegin>(env));
  exports.Set("batchAdd", Napi::Function::New<BatchAdd>(env));
  exports.Set("batchAddParcel", Napi::Function::New<BatchAddParcel>(env));
  exports.Set("batchCommit", Napi::Function::New<BatchCommit>(env));
  exports.Set("endTurn", Napi::Function::New<EndTurn>(env));
  exports.Set("requestSync", Napi::Function::New<RequestSync>(env));
  exports.Set("acceptRejection", Napi::Function::New<AcceptRejection>(env));
  exports.Set("nextPosition", Napi::Function::New<NextPosition>(env));
  exports.Set("openQueue", Napi::Function::New<OpenQueue>(env));
  exports.Set("beginDelete", Napi::Function::New<BeginDelete>(env));
  exports.Set("finishDelete", Napi::Function::New<FinishDelete>(env));
}

}  // namespace millrace::binding
