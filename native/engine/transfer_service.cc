#include "transfer_service.h"

#include <algorithm>
#include <cerrno>

namespace millrace {

Status TransferService::Start(Platform& platform, std::unique_ptr<TransferService>* service) {
  auto made = std::make_unique<TransferService>(platform);
  made->waiter_ = platform.NewSocketWaiter();
  if (!made->waiter_) return Status::FromErrno(EMFILE);
  made->thread_ = platform.StartService("millrace-send", made.get());
  if (!made->thread_) return Status::FromErrno(EAGAIN);
  *service = std::move(made);
  return Status::Ok();
}

void TransferService::Add(int32_t id, std::unique_ptr<Transfer> transfer, Done done) {
  {
    std::lock_guard lock(mutex_);
    added_.push_back({.id = id, .transfer = std::move(transfer), .done = std::move(done)});
  }
  waiter_->Wake();
  thread_->Wake();
}

void TransferService::Cancel(int32_t id) {
  {
    std::lock_guard lock(mutex_);
    cancelled_.push_back(id);
  }
  waiter_->Wake();
  thread_->Wake();
}

void TransferService::Stop() {
  if (!thread_) return;
  {
    std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  waiter_->Wake();
  thread_->Stop();
  thread_.reset();
  TakeAsked();
  for (Sending& one : sending_) End(&one, Status(Code::kNotOpen));
  sending_.clear();
}

int64_t TransferService::Step() {
  TakeAsked();
  for (Sending& one : sending_) Turn(&one);
  std::erase_if(sending_, [](const Sending& one) { return one.transfer == nullptr; });
  if (sending_.empty()) return kForever;
  WaitForSockets();
  return 0;
}

void TransferService::TakeAsked() {
  std::lock_guard lock(mutex_);
  for (Sending& one : added_) sending_.push_back(std::move(one));
  added_.clear();
  for (const int32_t id : cancelled_) {
    for (Sending& one : sending_) one.is_cancelled |= one.id == id;
  }
  cancelled_.clear();
}

void TransferService::Turn(Sending* one) {
  if (one->is_cancelled) return End(one, Status(Code::kAborted));
  if (one->is_blocked) return;
  switch (one->transfer->Advance(kTurnBytes)) {
    case Transfer::State::kMore: return;
    case Transfer::State::kBlocked: one->is_blocked = true; return;
    case Transfer::State::kDone:
    case Transfer::State::kFailed: return End(one, one->transfer->status());
  }
}

void TransferService::End(Sending* one, Status status) {
  const TransferEnd end{std::move(status), one->transfer->sent(), one->transfer->path()};
  one->transfer.reset();  // before anybody is told: who is told may count on the descriptor's being closed
  one->done(end);
}

void TransferService::WaitForSockets() {
  waits_.clear();
  for (const Sending& one : sending_) {
    if (one.is_blocked) waits_.push_back({.socket = one.transfer->socket()});
  }
  if (waits_.empty()) return;
  {
    std::lock_guard lock(mutex_);
    if (is_stopping_) return;
  }
  waiter_->Wait(waits_, waits_.size() < sending_.size() ? 0 : kForever);
  size_t at = 0;
  for (Sending& one : sending_) {
    if (one.is_blocked) one.is_blocked = !waits_[at++].is_ready;
  }
}

}  // namespace millrace
