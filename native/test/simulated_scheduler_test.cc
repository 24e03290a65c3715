// Time and services of the simulated machine.
#include "simulated_scheduler.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <vector>

#include "testing.h"

namespace millrace {
namespace {

class FunctionService : public Service {
 public:
  explicit FunctionService(std::function<int64_t()> step) : step_(std::move(step)) {}
  int64_t Step() override { return step_(); }

 private:
  std::function<int64_t()> step_;
};

bool Aborts(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, 2);
    signal(SIGABRT, SIG_DFL);
    body();
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

TEST("a simulated service runs only while somebody waits, and its notification ends the wait") {
  SimulatedScheduler scheduler(test_seed());
  const std::unique_ptr<Monitor> monitor = scheduler.NewMonitor();
  int steps = 0;
  FunctionService service([&] {
    const MonitorLock lock(*monitor);
    ++steps;
    monitor->NotifyAll();
    return kForever;
  });
  const std::unique_ptr<ServiceThread> thread = scheduler.Start("counter", &service);
  CHECK_EQ(steps, 0);
  for (int expected = 1; expected <= 50; ++expected) {
    const MonitorLock lock(*monitor);
    while (steps < expected) monitor->Wait(kForever);
    CHECK_EQ(steps, expected);
    thread->Wake();
  }
}

TEST("simulated time jumps to the next deadline, and a wait ends at its own") {
  SimulatedScheduler scheduler(test_seed());
  std::vector<int64_t> times;
  FunctionService service([&] {
    times.push_back(scheduler.now());
    return 1'000'000'000;
  });
  const std::unique_ptr<ServiceThread> thread = scheduler.Start("ticker", &service);
  const std::unique_ptr<Monitor> monitor = scheduler.NewMonitor();
  const int64_t begin = scheduler.now();
  {
    const MonitorLock lock(*monitor);
    const int64_t deadline = begin + 10'500'000'000;
    while (scheduler.now() < deadline) monitor->Wait(deadline - scheduler.now());
  }
  CHECK(scheduler.now() >= begin + 10'500'000'000 && scheduler.now() < begin + 10'600'000'000);
  REQUIRE_EQ(times.size(), size_t{11});
  for (size_t i = 1; i < times.size(); ++i) CHECK(times[i] - times[i - 1] >= 1'000'000'000);
}

TEST("services run without time jumping, up to a number of steps") {
  SimulatedScheduler scheduler(test_seed());
  FunctionService sleeper([] { return 1'000'000'000; });
  const std::unique_ptr<ServiceThread> first = scheduler.Start("sleeper", &sleeper);
  CHECK_EQ(scheduler.Run(100), 1);
  CHECK_EQ(scheduler.Run(100), 0);
  scheduler.Advance(2'000'000'000);
  CHECK_EQ(scheduler.Run(100), 1);
  FunctionService busy([] { return 0; });
  const std::unique_ptr<ServiceThread> second = scheduler.Start("busy", &busy);
  CHECK_EQ(scheduler.Run(100), 100);
  second->Stop();
  second->Stop();
  CHECK_EQ(scheduler.Run(100), 0);
  first->Wake();
  scheduler.StopAll();
  CHECK_EQ(scheduler.Run(100), 0);
  first->Wake();
}

std::vector<int> OrderOf(uint64_t seed) {
  SimulatedScheduler scheduler(seed);
  std::vector<int> order;
  std::vector<std::unique_ptr<FunctionService>> services;
  std::vector<std::unique_ptr<ServiceThread>> threads;
  for (int i = 0; i < 3; ++i) {
    services.push_back(std::make_unique<FunctionService>([&order, i] {
      order.push_back(i);
      return 0;
    }));
    threads.push_back(scheduler.Start("one of three", services.back().get()));
  }
  scheduler.Run(60);
  threads.clear();
  return order;
}

TEST("the seed decides the order of services, and nothing else does") {
  const std::vector<int> order = OrderOf(test_seed());
  CHECK(order == OrderOf(test_seed()));
  CHECK(order != OrderOf(test_seed() + 1));
  for (int i = 0; i < 3; ++i) CHECK(std::count(order.begin(), order.end(), i) > 0);
}

TEST("what can never go on aborts") {
  SimulatedScheduler scheduler(test_seed());
  const std::unique_ptr<Monitor> monitor = scheduler.NewMonitor();
  CHECK(Aborts([&] {
    const MonitorLock lock(*monitor);
    monitor->Wait(kForever);
  }));
  CHECK(Aborts([&] {
    const MonitorLock lock(*monitor);
    const MonitorLock again(*monitor);
  }));
  FunctionService waiter([&] {
    const MonitorLock lock(*monitor);
    monitor->Wait(1);
    return kForever;
  });
  const std::unique_ptr<ServiceThread> thread = scheduler.Start("waiter", &waiter);
  CHECK(Aborts([&] { scheduler.Run(1); }));
}

}  // namespace
}  // namespace millrace
