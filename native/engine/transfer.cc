#include "transfer.h"

#include <algorithm>
#include <cerrno>

#include "io.h"

namespace millrace {

Transfer::Transfer(Platform& platform, const FileSet& files, FileHandle socket, std::shared_ptr<const LogPlan> plan, SendPath path)
    : platform_(platform), files_(files), socket_(socket), plan_(std::move(plan)), path_(path), sent_(plan_->sent) {
  if (path_ != SendPath::kChosen) return;
  const int64_t runs = static_cast<int64_t>(plan_->runs.size());
  const bool is_long = runs > 0 && plan_->outcome.bytes / runs >= kLongRunBytes;
  path_ = is_long ? SendPath::kSendFile : SendPath::kGather;
}

Transfer::State Transfer::Advance(int64_t most) {
  int interruptions = 0;
  for (int64_t left = most; left > 0 && !is_done();) {
    const IoResult result = SendSome(left);
    if (result.error == EAGAIN) return State::kBlocked;
    if (result.error == EINTR && ++interruptions < io::kMaxInterruptions) continue;
    if (!result.ok()) return Fail(result.error);
    if (result.value == 0) return Fail(EIO);  // the log has ended where a record was
    Skip(result.value);
    left -= result.value;
  }
  return is_done() ? State::kDone : State::kMore;
}

IoResult Transfer::SendSome(int64_t most) {
  if (path_ == SendPath::kGather) return SendGathered(most);
  if (head_left() > 0) {
    const std::span<const std::byte> head = std::span(plan_->head).subspan(head_sent_);
    return platform_.Send(socket_, {&head, 1}, run_ < plan_->runs.size());
  }
  const LogRun& run = plan_->runs[run_];
  const int64_t from = run.position - files_.StartOf(run.position) + run_sent_;
  return platform_.SendFile(socket_, run.file->handle(), from, std::min(run.size - run_sent_, most));
}

IoResult Transfer::SendGathered(int64_t most) {
  pieces_.clear();
  if (head_left() > 0) pieces_.push_back(std::span(plan_->head).subspan(head_sent_));
  int64_t skip = run_sent_;
  size_t next = run_;
  for (; next < plan_->runs.size() && pieces_.size() < kMostPieces && most > 0; next++, skip = 0) {
    const LogRun& run = plan_->runs[next];
    const int64_t size = std::min(run.size - skip, most);
    if (!AddPiece(run, skip, size)) {
      path_ = SendPath::kSendFile;
      return SendSome(most);
    }
    most -= size;
  }
  return platform_.Send(socket_, pieces_, next < plan_->runs.size());
}

bool Transfer::AddPiece(const LogRun& run, int64_t from, int64_t size) {
  const int64_t start = files_.StartOf(run.position);
  if (run.file != mapped_) {
    if (!run.file->MapForReading(files_.file_bytes(), &mapping_).ok()) return false;
    mapped_ = run.file;
  }
  pieces_.push_back({mapping_ + (run.position - start) + from, static_cast<size_t>(size)});
  return true;
}

void Transfer::Skip(int64_t count) {
  sent_ += count;
  const int64_t of_head = std::min(count, static_cast<int64_t>(head_left()));
  head_sent_ += static_cast<size_t>(of_head);
  count -= of_head;
  while (count > 0) {
    const int64_t of_run = std::min(count, plan_->runs[run_].size - run_sent_);
    run_sent_ += of_run;
    count -= of_run;
    if (run_sent_ < plan_->runs[run_].size) continue;
    run_++;
    run_sent_ = 0;
  }
}

Transfer::State Transfer::Fail(int error) {
  // A mapping that cannot be read is told as a bad address.
  const bool is_file = error == EIO || error == EFAULT;
  status_ = Status::FromErrno(is_file ? EIO : error);
  if (is_file && run_ < plan_->runs.size()) {
    const int64_t position = plan_->runs[run_].position + run_sent_;
    status_ = std::move(status_).At(position).In(files_.PathOf(position));
  }
  return State::kFailed;
}

}  // namespace millrace
