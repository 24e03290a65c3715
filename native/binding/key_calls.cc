// Looking up by key: at once, or as a task. Both leave a completion, whose bytes are fetched like those of a read that is done.
#include "calls.h"

namespace millrace::binding {
namespace {

// A look-up in this turn leaves its result where no task does.
constexpr int32_t kNoTask = 0;

KeyQuery Query(Session& session) {
  const double* numbers = session.scratch();
  KeyQuery query;
  query.window = {static_cast<int64_t>(numbers[scratch::kBegin]), static_cast<int64_t>(numbers[scratch::kEnd])};
  query.max_messages = static_cast<int64_t>(numbers[scratch::kMaxMessages]);
  return query;
}

// False when they are longer than those of any record.
bool Words(const Napi::CallbackInfo& info, size_t at, Session& session, KeyQuery* query) {
  return session.Text(info.Env(), info[at], &query->topic) &&
         session.Text(info.Env(), info[at + 1], &query->key, query->topic.size());
}

// findKey(id, topic, key, bytes, at): the status; kWouldBlock when the answer is not in memory. What does not fit from `at` on is
// left as what task 0 found, and then kBytesNeeded says how much it is.
Napi::Value FindKey(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  KeyQuery query = Query(session);
  KeyAnswer answer(Bytes(info, 3).subspan(static_cast<size_t>(Int64(info, 4))));
  Status status;
  if (Words(info, 1, session, &query)) status = session.store()->FindByKey(query, ReadMode::kOnlyCached, &answer);
  const double bytes = static_cast<double>(answer.bytes().size());
  session.scratch()[scratch::kMessages] = static_cast<double>(answer.messages());
  session.scratch()[scratch::kBytes] = bytes;
  session.scratch()[scratch::kBytesNeeded] = 0;
  if (status.ok() && answer.is_own()) {
    session.scratch()[scratch::kBytesNeeded] = bytes;
    session.taken(kNoTask).Take(answer);
  }
  return Number(info, session.Note(status));
}

// findKeyLater(id, task, topic, key)
void FindKeyLater(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  KeyQuery query = Query(session);
  const bool is_possible = Words(info, 2, session, &query);
  const std::string topic(query.topic);
  const std::string key(query.key);
  session.Run(Int32(info, 1), [&session, is_possible, query, topic, key](Completion& completion) mutable {
    query.topic = topic;
    query.key = key;
    KeyAnswer answer;
    if (is_possible) completion.status = session.store()->FindByKey(query, ReadMode::kMayBlock, &answer);
    completion.Take(answer);
  });
}

}  // namespace

void RegisterKeyCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("findKey", Napi::Function::New<FindKey>(env));
  exports.Set("findKeyLater", Napi::Function::New<FindKeyLater>(env));
}

}  // namespace millrace::binding
