// Looking up by key: at once, or as a task. Both leave a completion, whose bytes are fetched like those of a read that is done.
#include "calls.h"

namespace millrace::binding {
namespace {

// A look-up in this turn leaves its result where no task does.
constexpr int32_t kNoTask = 0;

KeyQuery Query(const Napi::CallbackInfo& info, size_t at, Session& session) {
  const double* numbers = session.scratch();
  KeyQuery query;
  query.topic = info[at].As<Napi::String>();
  query.key = info[at + 1].As<Napi::String>();
  query.window = {static_cast<int64_t>(numbers[scratch::kBegin]), static_cast<int64_t>(numbers[scratch::kEnd])};
  query.max_messages = static_cast<int64_t>(numbers[scratch::kMaxMessages]);
  return query;
}

void Find(Session& session, const KeyQuery& query, ReadMode mode, Completion* completion) {
  completion->status = session.store()->FindByKey(query, mode, &completion->bytes, &completion->read.messages);
  completion->read.bytes = static_cast<int64_t>(completion->bytes.size());
}

// findKey(id, topic, key): the status; kWouldBlock when the answer is not in memory
Napi::Value FindKey(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  Completion& completion = session.taken(kNoTask);
  Find(session, Query(info, 1, session), ReadMode::kOnlyCached, &completion);
  return Number(info, session.Note(completion.status));
}

// findKeyLater(id, task, topic, key)
void FindKeyLater(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  session.Run(Int32(info, 1), [&session, query = Query(info, 2, session)](Completion& completion) {
    Find(session, query, ReadMode::kMayBlock, &completion);
  });
}

}  // namespace

void RegisterKeyCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("findKey", Napi::Function::New<FindKey>(env));
  exports.Set("findKeyLater", Napi::Function::New<FindKeyLater>(env));
}

}  // namespace millrace::binding
