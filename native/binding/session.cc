#include "session.h"

#include <utility>

namespace millrace::binding {

Session::Session(Napi::Env env, Napi::Function on_wake, Napi::Float64Array scratch)
    : env_(env),
      scratch_reference_(Napi::Reference<Napi::Float64Array>::New(scratch, 1)),
      scratch_(scratch.Data()),
      wakeup_(std::make_shared<Wakeup>(env, on_wake)),
      text_(std::make_unique_for_overwrite<char[]>(kTextBytes)) {
  napi_add_env_cleanup_hook(env, CleanUp, this);
}

Session::~Session() { StopAll(); }

void Session::StopAll() {
  aborted_ = true;
  runner_.Stop();
  store_.reset();
  plans_.clear();
}

void Session::CleanUp(void* data) {
  auto* session = static_cast<Session*>(data);
  session->hooked_ = false;
  session->StopAll();
  session->wakeup_->Release(true);
  session->scratch_reference_.SuppressDestruct();
}

void Session::Dispose() {
  StopAll();
  if (!std::exchange(hooked_, false)) return;
  napi_remove_env_cleanup_hook(env_, CleanUp, this);
  wakeup_->Release(false);
}

int32_t Session::Note(const Status& status) {
  if (!status.ok()) {
    scratch_[scratch::kErrno] = status.error();
    scratch_[scratch::kErrorPosition] = static_cast<double>(status.position());
    path_ = status.path();
  }
  return static_cast<int32_t>(status.code());
}

void Session::NoteMarks() {
  const Store::Marks marks = store_->marks();
  scratch_[scratch::kFirst] = static_cast<double>(marks.first);
  scratch_[scratch::kWritten] = static_cast<double>(marks.written);
  scratch_[scratch::kDurable] = static_cast<double>(marks.durable);
  scratch_[scratch::kVisible] = static_cast<double>(marks.visible);
  scratch_[scratch::kFailed] = store_->failed() ? 1 : 0;
  scratch_[scratch::kRejecting] = store_->rejecting() ? 1 : 0;
}

void Session::NoteRead(const ReadOutcome& outcome) {
  scratch_[scratch::kReadStatus] = static_cast<double>(outcome.status);
  scratch_[scratch::kNextOffset] = static_cast<double>(outcome.next_offset);
  scratch_[scratch::kMinOffset] = static_cast<double>(outcome.min_offset);
  scratch_[scratch::kMaxOffset] = static_cast<double>(outcome.max_offset);
  scratch_[scratch::kMessages] = static_cast<double>(outcome.messages);
  scratch_[scratch::kBytes] = static_cast<double>(outcome.bytes);
  scratch_[scratch::kBytesNeeded] = static_cast<double>(outcome.bytes_needed);
  scratch_[scratch::kLostRuns] = static_cast<double>(outcome.lost.size());
  lost_ = outcome.lost;
}

bool Session::Text(napi_env env, napi_value value, std::string_view* text, size_t at) {
  size_t length = 0;
  // Undefined is no text.
  if (napi_get_value_string_utf8(env, value, text_.get() + at, kTextBytes - at, &length) != napi_ok) length = 0;
  *text = std::string_view(text_.get() + at, length);
  // A full buffer is more than any record may hold.
  return at + length + 4 < kTextBytes;
}

void Session::SetFilter(size_t number, std::string_view tags) {
  if (number >= filters_.size()) filters_.resize(number + 1);
  filters_[number] = std::make_shared<const TagFilter>(tags);
}

void Session::Run(int32_t task, std::function<void(Completion&)> work) {
  runner_.Run([this, task, work = std::move(work)] {
    Completion completion;
    completion.task = task;
    work(completion);
    Complete(std::move(completion));
  });
}

std::shared_ptr<LogPlan>& Session::plan(int32_t number) {
  std::shared_ptr<LogPlan>& plan = plans_[number];
  if (!plan) plan = std::make_shared<LogPlan>();
  return plan;
}

void Session::Complete(Completion completion) {
  {
    std::lock_guard lock(mutex_);
    completions_.push_back(std::move(completion));
  }
  OnProgress();
}

bool Session::TakeCompletion(Completion* completion) {
  std::lock_guard lock(mutex_);
  if (completions_.empty()) return false;
  *completion = std::move(completions_.front());
  completions_.erase(completions_.begin());
  return true;
}

bool Session::Progress(RecoveryPhase phase, int64_t done, int64_t total) {
  done_ = done;
  total_ = total;
  phase_ = static_cast<int32_t>(phase);
  OnProgress();
  return !aborted_;
}

void Session::NoteProgress() {
  scratch_[scratch::kPhase] = phase_.exchange(-1);
  scratch_[scratch::kDone] = static_cast<double>(done_.load());
  scratch_[scratch::kTotal] = static_cast<double>(total_.load());
}

void Session::Open(int32_t task, const std::string& directory, const StoreConfig& config) {
  Run(task, [this, directory, config](Completion& completion) {
    std::unique_ptr<Store> store;
    completion.status = Store::Open(
        RealPlatform(), directory, config,
        [this](RecoveryPhase phase, int64_t done, int64_t total) { return Progress(phase, done, total); }, this, &store);
    std::lock_guard lock(mutex_);
    store_ = std::move(store);
  });
}

}  // namespace millrace::binding
