// Threads for what may block: opening, closing, cold reads, deleting a topic. Begun when first needed, at most four.
//
// A task runs once, on one of them; its result is collected by the JavaScript thread. In a process that may have no more threads it
// runs at once on the caller's. Stop lets running tasks finish, forgets those that have not begun, and joins: it never waits for
// JavaScript, so it may be called from a clean-up hook.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace millrace::binding {

class TaskRunner {
 public:
  ~TaskRunner() { Stop(); }

  void Run(std::function<void()> task);
  void Stop();

 private:
  static void* Begin(void* runner);
  void Loop();

  static constexpr size_t kMaxThreads = 4;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::vector<pthread_t> threads_;
  size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace millrace::binding
