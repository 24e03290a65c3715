#include "simulated_scheduler.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace millrace {
namespace {

[[noreturn]] void Abort(const char* what, const char* who) {
  std::fprintf(stderr, "simulated machine: %s%s%s\n", what, who == nullptr ? "" : ": ", who == nullptr ? "" : who);
  std::abort();
}

}  // namespace

class SimulatedScheduler::SimulatedMonitor final : public Monitor {
 public:
  explicit SimulatedMonitor(SimulatedScheduler* scheduler) : scheduler_(*scheduler) {}

  void Lock() override {
    if (is_held_) Abort("a monitor is locked while its only possible holder waits or runs below", scheduler_.running_);
    is_held_ = true;
  }

  void Unlock() override {
    if (!is_held_) Abort("a monitor is unlocked that nobody holds", scheduler_.running_);
    is_held_ = false;
  }

  void Wait(int64_t nanos) override {
    if (!is_held_) Abort("a wait without the lock", scheduler_.running_);
    if (scheduler_.running_ != nullptr) Abort("a service waits", scheduler_.running_);
    is_held_ = false;
    is_notified_ = false;
    WaitUnlocked(scheduler_.After(std::max<int64_t>(nanos, 0)));
    is_held_ = true;
  }

  void NotifyAll() override { is_notified_ = true; }

 private:
  void WaitUnlocked(int64_t deadline) {
    for (int64_t steps = 0; steps < kMostStepsInOneWait; ++steps) {
      // Threads that were notified or whose time is over do not run at once: every other time somebody else is faster.
      const bool is_over = is_notified_ || deadline <= scheduler_.now_;
      if (is_over && scheduler_.random_.Coin()) return;
      if (scheduler_.StepOne()) {
        if (scheduler_.random_.Below(32) == 0) return;  // for no reason at all, which callers must bear
      } else if (is_over) {
        return;
      } else if (!scheduler_.JumpUntil(deadline)) {
        Abort("a wait can never end: no service is runnable and none has a deadline", nullptr);
      }
    }
    Abort("services run for ever without ending a wait", nullptr);
  }

  SimulatedScheduler& scheduler_;
  bool is_held_ = false;
  bool is_notified_ = false;
};

class SimulatedScheduler::SimulatedServiceThread final : public ServiceThread {
 public:
  SimulatedServiceThread(SimulatedScheduler* scheduler, int64_t id) : scheduler_(*scheduler), id_(id) {}
  ~SimulatedServiceThread() override { Stop(); }

  void Wake() override {
    Entry* const entry = scheduler_.Find(id_);
    if (entry != nullptr) entry->is_woken = true;
  }

  void Stop() override {
    if (scheduler_.running_ != nullptr) Abort("a service stops a service", scheduler_.running_);
    std::erase_if(scheduler_.services_, [this](const Entry& entry) { return entry.id == id_; });
  }

 private:
  SimulatedScheduler& scheduler_;
  const int64_t id_;
};

std::unique_ptr<Monitor> SimulatedScheduler::NewMonitor() { return std::make_unique<SimulatedMonitor>(this); }

std::unique_ptr<ServiceThread> SimulatedScheduler::Start(const char* name, Service* service) {
  services_.push_back({.id = next_id_, .name = name, .service = service, .is_woken = true, .due = kForever});
  return std::make_unique<SimulatedServiceThread>(this, next_id_++);
}

SimulatedScheduler::Entry* SimulatedScheduler::Find(int64_t id) {
  const auto found = std::find_if(services_.begin(), services_.end(), [id](const Entry& entry) { return entry.id == id; });
  return found == services_.end() ? nullptr : &*found;
}

bool SimulatedScheduler::StepOne() {
  if (running_ != nullptr) Abort("a service runs services", running_);
  const auto is_runnable = [this](const Entry& entry) { return IsRunnable(entry); };
  const auto count = std::count_if(services_.begin(), services_.end(), is_runnable);
  if (count == 0) return false;
  auto chosen = std::find_if(services_.begin(), services_.end(), is_runnable);
  for (uint64_t skip = random_.Below(static_cast<uint64_t>(count)); skip > 0; --skip) {
    chosen = std::find_if(chosen + 1, services_.end(), is_runnable);
  }
  // The step may start services: nothing may point into the list meanwhile.
  const int64_t id = chosen->id;
  const std::string name = chosen->name;
  Service* const service = chosen->service;
  chosen->is_woken = false;
  chosen->due = kForever;
  now_ += kStepNanos;
  running_ = name.c_str();
  const int64_t delay = service->Step();
  running_ = nullptr;
  Entry* const entry = Find(id);
  if (entry != nullptr) entry->due = After(std::max<int64_t>(delay, 0));
  return true;
}

bool SimulatedScheduler::JumpUntil(int64_t limit) {
  int64_t nearest = limit;
  for (const Entry& entry : services_) nearest = std::min(nearest, entry.due);
  if (nearest == kForever) return false;
  now_ = std::max(now_, nearest);
  return true;
}

int64_t SimulatedScheduler::Run(int64_t max_steps) {
  int64_t steps = 0;
  while (steps < max_steps && StepOne()) ++steps;
  return steps;
}

void SimulatedScheduler::StopAll() { services_.clear(); }

}  // namespace millrace
