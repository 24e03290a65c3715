#include "group_commit.h"

#include <algorithm>
#include <cerrno>

#include "io.h"

namespace millrace {

// A service that is one of the two steps below.
class GroupCommit::StepService : public Service {
 public:
  StepService(GroupCommit& owner, int64_t (GroupCommit::*step)()) : owner_(owner), step_(step) {}
  int64_t Step() override { return (owner_.*step_)(); }

 private:
  GroupCommit& owner_;
  int64_t (GroupCommit::*const step_)();
};

GroupCommit::GroupCommit(Platform& platform, FileSet& files, BlockReserve& blocks, const Policy& policy, CommitListener& listener)
    : platform_(platform), files_(files), blocks_(blocks), policy_(policy), listener_(listener) {}

Status GroupCommit::Start(const Mark& end) {
  written_mark_ = durable_mark_ = end;
  staged_end_ = end.position;
  written_ = durable_ = visible_ = sync_wanted_ = written_wanted_ = end.position;
  files_.SetDurable(end.position);
  writer_ = std::make_unique<StepService>(*this, &GroupCommit::WriterStep);
  writer_thread_ = platform_.StartService("millrace-writer", writer_.get());
  if (!policy_.sync) {
    flusher_ = std::make_unique<StepService>(*this, &GroupCommit::FlusherStep);
    flusher_thread_ = platform_.StartService("millrace-flush", flusher_.get());
  }
  return writer_thread_ && (policy_.sync || flusher_thread_) ? Status::Ok() : Status(Code::kIoError, EAGAIN);
}

// ------------------------------------------------------------------------------------------------ producer

Status GroupCommit::Ready() const {
  if (failed()) return failure();
  return rejecting() ? rejection() : Status::Ok();
}

std::byte* GroupCommit::Stage(int64_t position, size_t bytes) {
  bool passed = false;
  std::byte* at = staging_.Stage(position, bytes, position == files_.StartOf(position), &passed);
  if (passed) writer_thread_->Wake();
  return at;
}

std::byte* GroupCommit::Draft(size_t used, size_t more) {
  bool passed = false;
  std::byte* at = staging_.Draft(used, more, &passed);
  if (passed) writer_thread_->Wake();
  return at;
}

void GroupCommit::Staged(int64_t end, const LastRecord& last, int64_t messages, Want want) {
  Extent& extent = staging_.last();
  extent.end = end;
  extent.messages += messages;
  if (last.position >= 0) extent.last = last;
  staged_end_.store(end, std::memory_order_relaxed);
  if (want == Want::kDurable) sync_wanted_.store(end, std::memory_order_release);
  if (want == Want::kWritten) written_wanted_.store(end, std::memory_order_release);
}

void GroupCommit::HandOff() {
  if (staging_.Pass()) writer_thread_->Wake();
}

Status GroupCommit::WriteInline(bool sync) {
  const int64_t written_before = written();
  const int64_t durable_before = durable();
  {
    std::lock_guard writing(writing_);
    while (WriteNext()) {  // what was passed on before comes first
    }
    if (Chunk* chunk = staging_.current(); chunk != nullptr && !failed() && !rejecting()) {
      Status status = WriteChunk(*chunk);
      if (status.ok())
        staging_.Reuse();
      else
        Reject(std::move(status));
    }
  }
  if (rejecting()) return rejection();
  if (sync && durable() < staged_end_ && !failed()) {
    std::lock_guard syncing(syncing_);
    if (durable() < staged_end_) SyncWritten();
  }
  if (failed()) return failure();
  listener_.OnProgress(written_wanted_.load(std::memory_order_acquire) > written_before ||
                       sync_wanted_.load(std::memory_order_acquire) > durable_before);
  // What became dirty here needs somebody to keep the time for it.
  if (!policy_.sync)
    WakeFlusherIfDue(written_before);
  else if (durable() < written() && durable_before == written_before)
    writer_thread_->Wake();
  return Status::Ok();
}

void GroupCommit::RequestSync() {
  HandOff();
  sync_wanted_.store(staged_end_, std::memory_order_release);
  (policy_.sync ? writer_thread_ : flusher_thread_)->Wake();
}

Mark GroupCommit::AcceptRejection() {
  std::lock_guard writing(writing_);  // the writer has let go of every chunk
  staging_.Drop();
  std::lock_guard lock(mutex_);
  const int64_t end = written_mark_.position;
  staged_end_ = end;
  sync_wanted_.store(std::min(sync_wanted_.load(), end), std::memory_order_release);
  written_wanted_.store(std::min(written_wanted_.load(), end), std::memory_order_release);
  rejection_ = Status::Ok();
  rejecting_.store(false, std::memory_order_release);
  return written_mark_;
}

// ------------------------------------------------------------------------------------------------ writer

int64_t GroupCommit::WriterStep() {
  // One chunk after the other, and whoever waits is told after each: the producer fills the next ones meanwhile.
  for (;;) {
    const int64_t before = written();
    bool progress;
    {
      std::lock_guard writing(writing_);
      progress = WriteNext();
    }
    if (!progress) break;
    listener_.OnProgress(rejecting() || written_wanted_.load(std::memory_order_acquire) > before);
    // In here, because a producer that keeps up with the writer keeps it in this loop.
    if (!policy_.sync) WakeFlusherIfDue(before);
  }
  if (failed() || !policy_.sync || written() == durable()) return kForever;
  const int64_t due = sync_wanted_.load(std::memory_order_acquire) > durable() ? 0 : NanosUntilDue();
  if (due > 0 && written() - durable() < policy_.max_unflushed_bytes) return due;
  {
    std::lock_guard syncing(syncing_);
    SyncWritten();
  }
  listener_.OnProgress(true);
  return 0;
}

void GroupCommit::WakeFlusherIfDue(int64_t before) {
  // It keeps the time itself, once there is something to keep it for.
  const int64_t unflushed = written() - durable();
  if (unflushed == 0) return;
  if (before == durable() || unflushed >= policy_.max_unflushed_bytes || sync_wanted_ > durable()) flusher_thread_->Wake();
}

int64_t GroupCommit::FlusherStep() {
  if (failed() || written() == durable()) return kForever;
  const bool wanted = sync_wanted_.load(std::memory_order_acquire) > durable();
  const int64_t due = NanosUntilDue();
  if (!wanted && due > 0 && written() - durable() < policy_.max_unflushed_bytes) return due;
  {
    std::lock_guard syncing(syncing_);
    SyncWritten();
  }
  // Always a wake-up: somebody may have begun to wait while the sync ran, or wait without having asked for one.
  listener_.OnProgress(true);
  return 0;
}

int64_t GroupCommit::NanosUntilDue() const {
  return std::max<int64_t>(0, dirty_since_.load(std::memory_order_relaxed) + policy_.interval_nanos - platform_.MonotonicNanos());
}

bool GroupCommit::WriteNext() {
  if (failed() || rejecting()) return false;
  std::unique_ptr<Chunk> chunk = staging_.Take();
  if (!chunk) return false;
  Status status = WriteChunk(*chunk);
  if (status.ok())
    staging_.Recycle(std::move(chunk));
  else
    Reject(std::move(status));
  return true;
}

Status GroupCommit::WriteChunk(Chunk& chunk) {
  for (Extent& extent : chunk.extents) {
    Status status = WriteExtent(extent, {chunk.bytes.get() + extent.at, extent.bytes});
    if (!status.ok()) return std::move(status).At(extent.position);
    Advance(extent);
  }
  return Status::Ok();
}

Status GroupCommit::WriteExtent(Extent& extent, std::span<std::byte> bytes) {
  extent.last.checksum = listener_.Seal(bytes);
  const int64_t start = files_.StartOf(extent.position);
  if (extent.position == start) {
    Status status = files_.Create(start);
    if (!status.ok()) return status;
  }
  if (start != write_start_) {
    Status status = files_.Open(start, &write_file_);
    if (!status.ok()) return status;
    write_start_ = start;
  }
  OpenFile* const file = write_file_.get();
  const int64_t end = extent.position + static_cast<int64_t>(extent.bytes);
  Status status = blocks_.BeforeWrite(*file, extent.position, end);
  if (!status.ok()) return std::move(status).In(files_.PathOf(start));

  // One writer at a time: no need of an atomic addition.
  counters_.writes.store(counters_.writes.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (policy_.mapped) {
    std::byte* map = nullptr;
    IoResult result = file->MapOnce(files_.file_bytes(), &map);
    if (result.ok()) {
      result = platform_.CopyGuarded(map + (extent.position - start), bytes.data(), bytes.size());
      // How far the copy came is not known, and what it left cannot be taken back through a faulting mapping.
      if (!result.ok()) Fail(Status(Code::kFlushFailed, result.error, extent.position).In(files_.PathOf(start)));
    }
    return result.ok() ? Status::Ok() : Status::FromErrno(result.error).In(files_.PathOf(start));
  }
  size_t written = 0;
  status = io::Write(platform_, file->handle(), bytes, extent.position - start, &written);
  if (status.ok()) return status;
  // Recovery must not find half of what is about to be rejected. The blocks are there, so this cannot run out of room.
  const int64_t from = extent.position - start;
  const Status zeroed = io::ZeroRange(platform_, file->handle(), from, from + static_cast<int64_t>(written));
  if (!zeroed.ok()) Fail(Status(Code::kFlushFailed, zeroed.error(), extent.position).In(files_.PathOf(start)));
  return std::move(status).In(files_.PathOf(start));
}

void GroupCommit::Advance(const Extent& extent) {
  std::lock_guard lock(mutex_);
  if (durable() == written()) dirty_since_.store(platform_.MonotonicNanos(), std::memory_order_relaxed);
  written_mark_.position = extent.end;
  written_mark_.messages += extent.messages;
  if (extent.last.position >= 0) written_mark_.last = extent.last;
  written_.store(extent.end, std::memory_order_release);
  if (!policy_.visible_when_durable && !failed()) visible_.store(extent.end, std::memory_order_release);
}

void GroupCommit::Reject(Status status) {
  std::lock_guard lock(mutex_);
  rejection_ = std::move(status);
  rejecting_.store(true, std::memory_order_release);
}

// ------------------------------------------------------------------------------------------------ sync

void GroupCommit::SyncWritten() {
  if (failed()) return;
  const Mark target = written_mark();
  sync_in_flight_.store(true, std::memory_order_relaxed);
  const int64_t began = platform_.MonotonicNanos();
  while (durable() < target.position) {
    Status status = SyncOneFile(durable());
    if (!status.ok()) {
      sync_in_flight_.store(false, std::memory_order_relaxed);
      Fail(std::move(status));
      return;
    }
    const int64_t reached = std::min(files_.EndOf(durable()), target.position);
    std::lock_guard lock(mutex_);
    if (failed()) return;
    durable_.store(reached, std::memory_order_release);
    if (reached == target.position) durable_mark_ = target;
    if (policy_.visible_when_durable) visible_.store(reached, std::memory_order_release);
    if (written() > reached) dirty_since_.store(platform_.MonotonicNanos(), std::memory_order_relaxed);
  }
  sync_in_flight_.store(false, std::memory_order_relaxed);
  const int64_t nanos = platform_.MonotonicNanos() - began;
  counters_.syncs.fetch_add(1, std::memory_order_relaxed);
  counters_.sync_nanos.fetch_add(nanos, std::memory_order_relaxed);
  if (nanos > counters_.sync_nanos_max.load(std::memory_order_relaxed))
    counters_.sync_nanos_max.store(nanos, std::memory_order_relaxed);
  files_.SetDurable(target.position);
}

Status GroupCommit::SyncOneFile(int64_t position) {
  std::shared_ptr<OpenFile> file;
  Status status = files_.Open(position, &file);
  if (status.ok()) status = io::Sync(platform_, file->handle());
  if (status.ok()) return status;
  return Status(Code::kFlushFailed, status.error(), position).In(files_.PathOf(position));
}

void GroupCommit::Fail(Status status) {
  std::lock_guard lock(mutex_);
  if (failed()) return;
  failure_ = Status(Code::kFlushFailed, status.error(), status.position()).In(status.path());
  failed_.store(true, std::memory_order_release);
}

}  // namespace millrace
