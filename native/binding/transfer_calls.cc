// Sending records to a socket: a plan is kept under a number that JavaScript chose, until it is forgotten.
#include <algorithm>

#include "calls.h"
#include "limits.h"

namespace millrace::binding {
namespace {

// planTransfer(id, plan, queue): the status; what was found as `read` gives it
Napi::Value PlanTransfer(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  auto plan = std::make_shared<LogPlan>();
  const Status status = session.store()->Plan(Int32(info, 2), Offset(session), Limits(session), ReadMode::kOnlyCached, plan.get());
  session.NoteRead(plan->outcome);
  session.plan(Int32(info, 1)) = std::move(plan);
  return Number(info, session.Note(status));
}

// planTransferLater(id, task, queue)
void PlanTransferLater(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const ReadLimits limits = Limits(session);
  const int64_t offset = Offset(session);
  const int32_t queue = Int32(info, 2);
  session.Run(Int32(info, 1), [&session, queue, offset, limits, filter = Filter(session)](Completion& completion) {
    completion.plan = std::make_shared<LogPlan>();
    completion.status = session.store()->Plan(queue, offset, limits, ReadMode::kMayBlock, completion.plan.get());
  });
}

// planTransferDone(id, task, plan): what a finished planning found, as `planTransfer` does, and forgets the task
void PlanTransferDone(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const int32_t task = Int32(info, 1);
  std::shared_ptr<LogPlan> plan = session.taken(task).plan;
  session.NoteRead(plan->outcome);
  session.plan(Int32(info, 2)) = std::move(plan);
  session.Forget(task);
}

// sendNow(id, plan, descriptor, header): the status; kSent says how much went
Napi::Value SendNow(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  LogPlan& plan = *session.plan(Int32(info, 1));
  const Status status = session.store()->SendNow(Int32(info, 2), Bytes(info, 3), &plan);
  session.scratch()[scratch::kSent] = static_cast<double>(plan.sent);
  return Number(info, session.Note(status));
}

// send(id, task, plan, descriptor, path): what SendNow left
void Send(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const int32_t task = Int32(info, 1);
  const auto path = static_cast<SendPath>(Int32(info, 4));
  session.store()->Send(task, Int32(info, 3), session.plan(Int32(info, 2)), path, [&session, task](const TransferEnd& end) {
    Completion completion;
    completion.task = task;
    completion.status = end.status;
    completion.transfer = end;
    session.Complete(std::move(completion));
  });
}

void CancelSend(const Napi::CallbackInfo& info) { SessionOf(info).store()->CancelSend(Int32(info, 1)); }

// sendDone(id, task): kSent and kSendPath of a finished transfer, and forgets the task
void SendDone(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const TransferEnd& end = session.taken(Int32(info, 1)).transfer;
  session.scratch()[scratch::kSent] = static_cast<double>(end.sent);
  session.scratch()[scratch::kSendPath] = static_cast<double>(end.path);
  session.Forget(Int32(info, 1));
}

// readPlanned(id, plan, at, bytes): the status
Napi::Value ReadPlanned(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const LogPlan& plan = *session.plan(Int32(info, 1));
  return Number(info, session.Note(session.store()->ReadPlanned(plan, Int64(info, 2), ReadMode::kOnlyCached, Bytes(info, 3))));
}

// readPlannedLater(id, task, plan, at, size): for readBytes
void ReadPlannedLater(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const int64_t at = Int64(info, 3);
  const int64_t size = Int64(info, 4);
  session.Run(Int32(info, 1), [&session, plan = session.plan(Int32(info, 2)), at, size](Completion& completion) {
    completion.bytes.resize(static_cast<size_t>(size));
    completion.read.bytes = size;
    completion.status = session.store()->ReadPlanned(*plan, at, ReadMode::kMayBlock, completion.bytes);
  });
}

void ForgetPlan(const Napi::CallbackInfo& info) { SessionOf(info).ForgetPlan(Int32(info, 1)); }

}  // namespace

void RegisterTransferCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("planTransfer", Napi::Function::New<PlanTransfer>(env));
  exports.Set("planTransferLater", Napi::Function::New<PlanTransferLater>(env));
  exports.Set("planTransferDone", Napi::Function::New<PlanTransferDone>(env));
  exports.Set("sendNow", Napi::Function::New<SendNow>(env));
  exports.Set("send", Napi::Function::New<Send>(env));
  exports.Set("cancelSend", Napi::Function::New<CancelSend>(env));
  exports.Set("sendDone", Napi::Function::New<SendDone>(env));
  exports.Set("readPlanned", Napi::Function::New<ReadPlanned>(env));
  exports.Set("readPlannedLater", Napi::Function::New<ReadPlannedLater>(env));
  exports.Set("forgetPlan", Napi::Function::New<ForgetPlan>(env));
}

}  // namespace millrace::binding
