#include "task_runner.h"

#include <utility>

namespace millrace::binding {

void TaskRunner::Run(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    // Not std::thread: without exceptions one that cannot begin would end the process.
    pthread_t thread;
    const bool wanted = idle_ <= tasks_.size() && threads_.size() < kMaxThreads;
    if (wanted && pthread_create(&thread, nullptr, Begin, this) == 0) threads_.push_back(thread);
    if (!threads_.empty()) {
      tasks_.push_back(std::move(task));
      changed_.notify_one();
      return;
    }
  }
  task();
}

void TaskRunner::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    tasks_.clear();
  }
  changed_.notify_all();
  for (const pthread_t thread : threads_) pthread_join(thread, nullptr);
  threads_.clear();
}

void* TaskRunner::Begin(void* runner) {
  static_cast<TaskRunner*>(runner)->Loop();
  return nullptr;
}

void TaskRunner::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    idle_++;
    changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    idle_--;
    if (stopping_) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace millrace::binding
