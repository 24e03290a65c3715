// Sending records of the store to a socket: planned, sent at once when they are few and in memory, else by a thread.
#include <algorithm>
#include <cerrno>

#include "io.h"
#include "store.h"

namespace millrace {

Status Store::Plan(int32_t handle, int64_t offset, const ReadLimits& limits, ReadMode mode, LogPlan* plan) {
  const std::shared_ptr<ConsumeQueue> queue = queues_->Get(handle);
  if (!queue) return Status(Code::kNotFound);
  // The thread that plans many records may wait, and compares them where they lie.
  const bool is_many = plans_many_.load(std::memory_order_relaxed) && limits.max_bytes > LogPlan::kFewBytes;
  if (is_many && mode == ReadMode::kOnlyCached) return Status(Code::kWouldBlock);
  Status status(Code::kTooLarge);
  if (!is_many) {
    plan->few = std::make_unique_for_overwrite<std::byte[]>(LogPlan::kFewBytes);
    status = reader_->Read(*queue, offset, limits, visible(), first(), mode, {plan->few.get(), LogPlan::kFewBytes}, &plan->outcome);
    plan->few_bytes = plan->outcome.bytes;
  }
  if (status.code() == Code::kTooLarge) {
    plan->few.reset();
    plan->few_bytes = 0;
    status = reader_->Plan(*queue, offset, limits, visible(), first(), mode, plan);
  }
  if (status.ok()) plans_many_.store(plan->outcome.bytes > LogPlan::kFewBytes, std::memory_order_relaxed);
  if (status.ok() && !plan->outcome.lost.empty() && maintenance_thread_) maintenance_thread_->Wake();
  return status;
}

Status Store::ReadPlanned(const LogPlan& plan, int64_t at, ReadMode mode, std::span<std::byte> to) {
  if (plan.few == nullptr) return reader_->ReadPlanned(plan, at, mode, to);
  const std::span<const std::byte> from = plan.in_memory().subspan(static_cast<size_t>(at));
  std::copy_n(from.begin(), std::min(from.size(), to.size()), to.begin());
  return Status::Ok();
}

Status Store::SendNow(FileHandle socket, std::span<const std::byte> header, LogPlan* plan) {
  plan->head.clear();
  size_t count = 0;
  if (plan->runs.empty()) {
    const std::span<const std::byte> pieces[] = {header, plan->in_memory()};
    IoResult result = platform_.Send(socket, pieces, false);
    for (int i = 0; result.error == EINTR && i < io::kMaxInterruptions; i++) result = platform_.Send(socket, pieces, false);
    if (!result.ok() && result.error != EAGAIN) return Status::FromErrno(result.error);
    count = static_cast<size_t>(result.value);
  }
  plan->sent = static_cast<int64_t>(count);
  for (const std::span<const std::byte> piece : {header, plan->in_memory()}) {
    const size_t skipped = std::min(count, piece.size());
    plan->head.insert(plan->head.end(), piece.begin() + static_cast<std::ptrdiff_t>(skipped), piece.end());
    count -= skipped;
  }
  return plan->head.empty() && plan->runs.empty() ? Status::Ok() : Status(Code::kWouldBlock);
}

void Store::Send(int32_t id, FileHandle socket, const std::shared_ptr<const LogPlan>& plan, SendPath path,
                 TransferService::Done done) {
  Status status;
  FileHandle copy = kNoFile;
  if (!transfers_) status = TransferService::Start(platform_, &transfers_);
  if (status.ok()) {
    const IoResult result = platform_.DuplicateSocket(socket, &copy);
    if (!result.ok()) status = Status::FromErrno(result.error);
  }
  if (!status.ok()) return done({.status = status, .sent = plan->sent});
  transfers_->Add(id, std::make_unique<Transfer>(platform_, *files_, copy, plan, path), std::move(done));
}

void Store::CancelSend(int32_t id) {
  if (transfers_) transfers_->Cancel(id);
}

}  // namespace millrace
