#include "platform_posix_threads.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace millrace {
namespace {

constexpr int64_t kLongestWaitNanos = int64_t{3600} * 1'000'000'000;  // waits may end early: keeps deadlines from overflowing

std::chrono::nanoseconds Bounded(int64_t nanos) {
  return std::chrono::nanoseconds(std::clamp<int64_t>(nanos, 0, kLongestWaitNanos));
}

#if defined(__linux__)
void NameThisThread(const char* name) { pthread_setname_np(pthread_self(), name); }
#elif defined(__APPLE__)
void NameThisThread(const char* name) { pthread_setname_np(name); }
#else
void NameThisThread(const char*) {}
#endif

class PosixMonitor final : public Monitor {
 public:
  void Lock() override { mutex_.lock(); }
  void Unlock() override { mutex_.unlock(); }
  void Wait(int64_t nanos) override {
    std::unique_lock<std::mutex> lock(mutex_, std::adopt_lock);
    if (nanos == kForever) {
      condition_.wait(lock);
    } else {
      condition_.wait_for(lock, Bounded(nanos));
    }
    lock.release();
  }
  void NotifyAll() override { condition_.notify_all(); }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
};

// A pthread and not a std::thread, which has no way but an exception to say that there are no threads left.
class PosixServiceThread final : public ServiceThread {
 public:
  PosixServiceThread(const char* name, Service* service) : name_(name), service_(service) {
    name_.resize(std::min<size_t>(name_.size(), 15));  // the kernel's limit
  }
  ~PosixServiceThread() override { Stop(); }

  bool Start() {
    // A new thread inherits the mask: blocked before it exists, no signal of the host's can reach it in between.
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    for (const int fault : {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&blocked, fault);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    is_started_ = pthread_create(&thread_, nullptr, &Enter, this) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return is_started_;
  }

  void Wake() override {
    // An exchange always, not a look first: it is what makes the caller's data visible to the Step that follows.
    if (state_.exchange(State::kWoken) != State::kSleeping) return;
    { const std::lock_guard<std::mutex> lock(mutex_); }  // it went to sleep under the mutex: now it truly waits
    condition_.notify_one();
  }

  void Stop() override {
    const std::lock_guard<std::mutex> lock(stop_mutex_);
    if (!is_started_) return;
    is_stopping_.store(true);
    Wake();
    pthread_join(thread_, nullptr);
    is_started_ = false;
  }

 private:
  enum class State { kRunning, kWoken /* while running: one more Step is wanted */, kSleeping };

  static void* Enter(void* self) {
    static_cast<PosixServiceThread*>(self)->Run();
    return nullptr;
  }

  void Run() {
    NameThisThread(name_.c_str());
    while (!is_stopping_.load()) {
      state_.exchange(State::kRunning);  // before Step: a Wake from here on asks for the next one
      const int64_t delay = service_->Step();
      if (delay > 0) Sleep(delay);
    }
  }

  void Sleep(int64_t nanos) {
    std::unique_lock<std::mutex> lock(mutex_);
    State expected = State::kRunning;
    if (!state_.compare_exchange_strong(expected, State::kSleeping)) return;
    const auto is_woken = [this] { return state_.load() != State::kSleeping; };
    if (nanos == kForever) {
      condition_.wait(lock, is_woken);
    } else {
      condition_.wait_for(lock, Bounded(nanos), is_woken);
    }
  }

  std::string name_;
  Service* const service_;
  pthread_t thread_{};
  std::mutex stop_mutex_;
  bool is_started_ = false;
  std::atomic<bool> is_stopping_{false};
  std::atomic<State> state_{State::kRunning};
  std::mutex mutex_;
  std::condition_variable condition_;
};

}  // namespace

std::unique_ptr<Monitor> MakeMonitor() { return std::make_unique<PosixMonitor>(); }

std::unique_ptr<ServiceThread> StartServiceThread(const char* name, Service* service) {
  auto thread = std::make_unique<PosixServiceThread>(name, service);
  if (!thread->Start()) return nullptr;
  return thread;
}

}  // namespace millrace
