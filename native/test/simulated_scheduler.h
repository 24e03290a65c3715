// Time and background services of a simulated machine.
//
// Services run nowhere but inside Monitor::Wait and Run, on the caller's thread, one Step at a time; which of the runnable ones is
// next, the seed decides. A service is runnable when it was woken or its delay is over; a new one is runnable at once. Time stands
// still but for a microsecond a step or call, until nothing is runnable: then it jumps to the nearest deadline.
//
// What cannot go on aborts and says why: a Wait that nothing can end, a service that waits, a lock that is held already, services
// that run a million steps without ending a Wait. A Wait may let others run after its notification, and return without one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "platform.h"
#include "seeded_random.h"

namespace millrace {

class SimulatedScheduler {
 public:
  explicit SimulatedScheduler(uint64_t seed) : random_(seed) {}
  SimulatedScheduler(const SimulatedScheduler&) = delete;
  SimulatedScheduler& operator=(const SimulatedScheduler&) = delete;

  int64_t now() const { return now_; }
  void Advance(int64_t nanos) { now_ += nanos; }

  std::unique_ptr<Monitor> NewMonitor();
  std::unique_ptr<ServiceThread> Start(const char* name, Service* service);

  // At most `max_steps` steps of what is runnable. Count of steps made.
  int64_t Run(int64_t max_steps);
  // No service registered so far takes another step.
  void StopAll();
  // As a machine that has just started.
  void RestartClock() { now_ = kTimeAtBoot; }

 private:
  class SimulatedMonitor;
  class SimulatedServiceThread;
  struct Entry {
    int64_t id;
    std::string name;
    Service* service;
    bool is_woken;
    int64_t due;  // kForever: only when woken
  };
  static constexpr int64_t kTimeAtBoot = 1'000'000'000;
  static constexpr int64_t kStepNanos = 1000;
  static constexpr int64_t kMostStepsInOneWait = 1'000'000;

  Entry* Find(int64_t id);
  bool IsRunnable(const Entry& entry) const { return entry.is_woken || entry.due <= now_; }
  // One step of a runnable service; false when there is none.
  bool StepOne();
  // Lets time jump to the nearest service's deadline or to `limit`; false when both are kForever.
  bool JumpUntil(int64_t limit);
  int64_t After(int64_t nanos) const { return nanos >= kForever - now_ ? kForever : now_ + nanos; }

  SeededRandom random_;
  int64_t now_ = kTimeAtBoot;
  int64_t next_id_ = 1;
  const char* running_ = nullptr;  // name of the service on the stack
  std::vector<Entry> services_;
};

}  // namespace millrace
