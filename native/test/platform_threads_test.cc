// A service that looks out for its next wake before it sleeps: it misses none, and does not look out for ever.
#include "platform_posix_threads.h"

#include <sched.h>
#include <time.h>

#include <atomic>
#include <ctime>

#include "seeded_random.h"
#include "testing.h"

namespace millrace::testing {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

int64_t ProcessorNanos() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return int64_t{spent.tv_sec} * 1'000'000'000 + spent.tv_nsec;
}

class LookingOut : public Service {
 public:
  explicit LookingOut(int64_t lookout_nanos) : lookout_nanos_(lookout_nanos) {}
  int64_t Step() override {
    seen.store(published.load(std::memory_order_relaxed), std::memory_order_release);
    return kForever;
  }
  int64_t lookout_nanos() const override { return lookout_nanos_; }

  bool WaitUntilSeen(int value) const {
    const int64_t deadline = RealPlatform().MonotonicNanos() + 10'000 * kMillisecond;
    while (seen.load(std::memory_order_acquire) != value && RealPlatform().MonotonicNanos() < deadline) sched_yield();
    return seen.load() == value;
  }

  std::atomic<int> published{0};
  std::atomic<int> seen{-1};

 private:
  const int64_t lookout_nanos_;
};

TEST("a service that looks out misses no wake, whether it looks or sleeps when it comes") {
  SeededRandom random(test_seed());
  LookingOut service(20'000);
  const std::unique_ptr<ServiceThread> thread = StartServiceThread("looking-out", &service);
  REQUIRE(thread != nullptr);
  for (int i = 1; i <= 3'000; ++i) {
    service.published.store(i, std::memory_order_relaxed);
    thread->Wake();
    REQUIRE(service.WaitUntilSeen(i));
    const int64_t next = RealPlatform().MonotonicNanos() + static_cast<int64_t>(random.Below(60'000));
    while (RealPlatform().MonotonicNanos() < next) {
    }
  }
}

TEST("a service that nobody wakes any more stops looking out and sleeps") {
  LookingOut service(5 * kMillisecond);
  const std::unique_ptr<ServiceThread> thread = StartServiceThread("looking-out", &service);
  REQUIRE(thread != nullptr);
  for (int i = 1; i <= 10; ++i) {
    service.published.store(i, std::memory_order_relaxed);
    thread->Wake();
    REQUIRE(service.WaitUntilSeen(i));
  }
  const int64_t before = ProcessorNanos();
  const timespec half_a_second{0, 500 * kMillisecond};
  // because: what is measured is that nothing happens
  nanosleep(&half_a_second, nullptr);
  CHECK(ProcessorNanos() - before < 100 * kMillisecond);
}

}  // namespace
}  // namespace millrace::testing
