// The thread that sends: any number of transfers at once, each to a socket of its own, none waiting for another's peer.
//
// A step gives every transfer whose socket takes bytes a bounded turn, then waits for sockets. A page that has to come from the
// device is waited for here and nowhere else. Add, Cancel and Stop belong to the thread that has the store; `done` is called once
// for each transfer, by the sending thread or by Stop, with no lock held.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "platform.h"
#include "transfer.h"

namespace millrace {

struct TransferEnd {
  Status status;  // kAborted: cancelled; kNotOpen: the service was stopped
  int64_t sent = 0;
  SendPath path = SendPath::kChosen;
};

class TransferService final : public Service {
 public:
  using Done = std::function<void(const TransferEnd&)>;

  // kIoError or kTooManyFiles when the system has no thread or no descriptor left.
  static Status Start(Platform& platform, std::unique_ptr<TransferService>* service);
  explicit TransferService(Platform& platform) : platform_(platform) {}
  ~TransferService() override { Stop(); }

  void Add(int32_t id, std::unique_ptr<Transfer> transfer, Done done);
  // Ends a transfer at its next step; one that is over already is not touched.
  void Cancel(int32_t id);
  void Stop();

  int64_t Step() override;

 private:
  struct Sending {
    int32_t id;
    std::unique_ptr<Transfer> transfer;
    Done done;
    bool is_blocked = false;
    bool is_cancelled = false;
  };
  void TakeAsked();
  void Turn(Sending* one);
  static void End(Sending* one, Status status);
  void WaitForSockets();

  static constexpr int64_t kTurnBytes = 1 << 20;

  Platform& platform_;
  std::unique_ptr<SocketWaiter> waiter_;
  std::unique_ptr<ServiceThread> thread_;

  std::mutex mutex_;  // guards what follows, up to the blank line
  std::vector<Sending> added_;
  std::vector<int32_t> cancelled_;
  bool is_stopping_ = false;

  std::vector<Sending> sending_;  // of the thread that steps
  std::vector<SocketWait> waits_;
};

}  // namespace millrace
