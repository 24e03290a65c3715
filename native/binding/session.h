// One open store as JavaScript sees it: the engine's Store, the threads for what may block, the wake-up, the shared numbers.
//
// Belongs to one environment (main thread or worker). Its clean-up hook, registered after the wake-up was made, stops and joins
// every thread and lets go of the store without closing it: `abort` stays, the next open recovers. Nothing here decides anything
// about storage.
#pragma once

#include <napi.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/store.h"
#include "scratch.h"
#include "task_runner.h"
#include "wakeup.h"

namespace millrace::binding {

// What a task left for JavaScript.
struct Completion {
  int32_t task = 0;
  Status status;
  ReadOutcome read;               // of a read
  std::vector<std::byte> bytes;   // of a read
  TimeSearch::Found time;         // of a search by time
  std::shared_ptr<LogPlan> plan;  // of a transfer that is planned
  TransferEnd transfer;           // of one that was sent

  // Of a look-up by key.
  void Take(KeyAnswer& answer) {
    read.messages = answer.messages();
    bytes = answer.TakeOwn();
    read.bytes = static_cast<int64_t>(bytes.size());
  }
};

class Session : public StoreListener {
 public:
  Session(Napi::Env env, Napi::Function on_wake, Napi::Float64Array scratch);
  ~Session() override;

  void OnProgress() override { wakeup_->Notify(); }

  // --- the environment's thread
  double* scratch() { return scratch_; }
  Store* store() { return store_.get(); }
  Wakeup& wakeup() { return *wakeup_; }
  // Notes errno, position and path of a status, and gives its number.
  int32_t Note(const Status& status);
  const std::string& path() const { return path_; }
  void NoteMarks();
  void NoteRead(const ReadOutcome& outcome);
  const std::vector<LostMessages>& lost() const { return lost_; }
  // The text as UTF-8 in memory that the next call takes again, from `at` on; false when it is longer than properties may be.
  bool Text(napi_env env, napi_value value, std::string_view* text, size_t at = 0);
  std::vector<Host>& hosts() { return hosts_; }
  // The filter that JavaScript keeps under this number; null for 0. Shared, since a task may outlive the number.
  const std::shared_ptr<const TagFilter>& filter(size_t number) { return filters_[number]; }
  void SetFilter(size_t number, std::string_view tags);
  bool TakeCompletion(Completion* completion);
  Completion& taken(int32_t task) { return taken_[task]; }
  // What transfers are going to send, by the numbers that JavaScript gave them; nothing, under one that has no plan yet.
  std::shared_ptr<LogPlan>& plan(int32_t number);
  void ForgetPlan(int32_t number) { plans_.erase(number); }
  void Forget(int32_t task) { taken_.erase(task); }
  void Dispose();

  // --- tasks: run elsewhere, then OnProgress
  void Run(int32_t task, std::function<void(Completion&)> work);
  void Complete(Completion completion);
  void Open(int32_t task, const std::string& directory, const StoreConfig& config);
  void AbortOpen() { aborted_ = true; }
  void NoteProgress();

 private:
  static void CleanUp(void* session);
  void StopAll();
  bool Progress(RecoveryPhase phase, int64_t done, int64_t total);

  static constexpr size_t kTextBytes = 72 * 1024;  // a topic and a key

  napi_env env_;
  Napi::Reference<Napi::Float64Array> scratch_reference_;
  double* scratch_;
  std::shared_ptr<Wakeup> wakeup_;
  bool hooked_ = true;
  std::string path_;
  std::vector<LostMessages> lost_;
  std::vector<Host> hosts_;
  std::vector<std::shared_ptr<const TagFilter>> filters_{nullptr};
  std::unique_ptr<char[]> text_;
  std::map<int32_t, Completion> taken_;
  std::map<int32_t, std::shared_ptr<LogPlan>> plans_;

  std::atomic<bool> aborted_{false};
  std::atomic<int32_t> phase_{-1};
  std::atomic<int64_t> done_{0};
  std::atomic<int64_t> total_{0};

  std::mutex mutex_;
  std::vector<Completion> completions_;
  std::unique_ptr<Store> store_;
  TaskRunner runner_;
};

}  // namespace millrace::binding
