#include "maintenance.h"

#include <algorithm>
#include <utility>

#include "byte_order.h"
#include "io.h"

namespace millrace {

void Maintenance::Start(const WatermarkSlot& base, const Mark& end) {
  base_ = base;
  slot_durable_ = end.position;
  std::lock_guard lock(mutex_);
  queued_ = synced_queues_ = end.position;
  queued_census_ = synced_census_ = parts_.queues.Census();
}

WatermarkSlot Maintenance::Slot() const {
  WatermarkSlot slot = base_;
  const Mark durable = parts_.group.durable_mark();
  slot.sync_failed = parts_.group.failed();
  slot.sync_in_flight = parts_.group.syncing();
  slot.durable = durable.position;
  slot.last = durable.last;
  slot.written = parts_.group.written();
  slot.visible = parts_.group.visible();
  std::lock_guard lock(mutex_);
  slot.queued = queued_;
  slot.queued_census = queued_census_;
  slot.synced_queues = synced_queues_;
  slot.synced_census = synced_census_;
  return slot;
}

void Maintenance::Publish() {
  const WatermarkSlot slot = Slot();
  published_written_.store(slot.written, std::memory_order_relaxed);
  published_durable_.store(slot.durable, std::memory_order_relaxed);
  parts_.side_car.Publish(slot);
}

void Maintenance::PublishSoon() {
  const int64_t news = parts_.group.written() - published_written_.load(std::memory_order_relaxed);
  if (news >= kPublishBytes || parts_.group.durable() != published_durable_.load(std::memory_order_relaxed)) Publish();
}

bool Maintenance::Wanted() const {
  const int64_t written = parts_.group.written();
  const int64_t sleep = sleeps_for_.load(std::memory_order_acquire);
  // Tails, slot and Q are on a clock that the first new record starts, and publishing on a faster one; the rest is a matter of
  // position.
  if (sleep > kTailNanos || (sleep > kPublishNanos && written != published_written_.load(std::memory_order_relaxed))) return true;
  return written >= next_file_at_.load(std::memory_order_relaxed) || parts_.blocks.Wanted(written) ||
         parts_.queues.tail_entries() >= kManyEntries || (parts_.index != nullptr && parts_.index->pending() >= kManyKeys);
}

int64_t Maintenance::QDistance() const { return std::min(kQBytes, kRecoveryFiles * parts_.files.file_bytes()); }

int64_t Maintenance::Step() {
  // Set before looking: progress that comes too late to be seen below wakes for another step.
  sleeps_for_.store(kForever, std::memory_order_release);
  const int64_t wait = StepNow();
  sleeps_for_.store(wait, std::memory_order_release);
  return wait;
}

int64_t Maintenance::StepNow() {
  const int64_t now = parts_.platform.MonotonicNanos();
  const int64_t written = parts_.group.written();
  int64_t wait = SaveLosses();
  if (written != published_written_.load(std::memory_order_relaxed)) {
    Publish();
    wait = std::min(wait, kPublishNanos);  // there may be more that nobody published
  }
  if (parts_.group.failed()) {
    // The mark of the failure, for the next open; nothing else may move.
    if (!std::exchange(slot_failed_, true)) (void)parts_.side_car.WriteSlot(Slot());
    return wait;
  }
  if (written >= next_file_at_.load(std::memory_order_relaxed) && now >= next_file_retry_) PrepareNextFile();
  if (parts_.blocks.Wanted(written) && parts_.blocks.Prepare(written)) wait = 0;
  wait = std::min({wait, FlushTailsWhenDue(now), IndexWhenDue(now), WriteSlotWhenDue(now), AdvanceQWhenDue(now)});
  wait = std::max<int64_t>(0, wait);
  return parts_.group.failed() ? 0 : wait;
}

int64_t Maintenance::SaveLosses() {
  if (!parts_.losses.TakeChanged()) return kForever;
  Status status = parts_.side_car.SaveLosses(parts_.losses.All());
  if (status.ok()) return kForever;
  parts_.losses.SetChanged();
  Report(std::move(status));
  return kRetryNanos;
}

int64_t Maintenance::FlushTailsWhenDue(int64_t now) {
  if (parts_.queues.tail_entries() == 0) return kForever;
  if (tails_since_ == 0) tails_since_ = now;
  const int64_t retry = flush_retry_.load(std::memory_order_relaxed);
  const int64_t due = std::max(tails_since_ + kTailNanos, retry);
  if (now < due && (parts_.queues.tail_entries() < kManyEntries || now < retry)) return due - now;
  Mark reached;
  Status status = FlushQueues(&reached);
  tails_since_ = 0;
  flush_retry_ = status.ok() ? 0 : now + kRetryNanos;
  if (!status.ok()) Report(std::move(status));
  return parts_.queues.tail_entries() > 0 ? kTailNanos : kForever;
}

int64_t Maintenance::IndexWhenDue(int64_t now) {
  if (parts_.index == nullptr || !parts_.index->Behind()) return kForever;
  if (keys_since_ == 0) keys_since_ = now;
  // A gap is read at once: queries are slow until then.
  const bool is_urgent = parts_.index->pending() >= kManyKeys || parts_.index->gap() > 0;
  const int64_t due = std::max(is_urgent ? now : keys_since_ + kTailNanos, index_retry_);
  if (now < due) return due - now;
  bool more = false;
  Status status = parts_.index->Advance(parts_.group.visible(), &more);
  keys_since_ = 0;
  if (status.ok()) return more ? 0 : parts_.index->Behind() ? kTailNanos : kForever;
  index_retry_ = now + kRetryNanos;
  Report(std::move(status));
  return kRetryNanos;
}

int64_t Maintenance::WriteSlotWhenDue(int64_t now) {
  const Mark durable = parts_.group.durable_mark();
  if (durable.position == slot_durable_) return kForever;
  if (slot_since_ == 0) slot_since_ = now;
  if (now - slot_since_ < kSlotNanos) return slot_since_ + kSlotNanos - now;
  Status status = parts_.side_car.WriteSlot(Slot());
  if (status.ok()) {
    slot_durable_ = durable.position;
    slot_since_ = 0;
    return kForever;
  }
  slot_since_ = now + kRetryNanos - kSlotNanos;
  Report(std::move(status));
  return kRetryNanos;
}

int64_t Maintenance::AdvanceQWhenDue(int64_t now) {
  const int64_t behind = parts_.group.visible() - synced_queues_;
  if (behind <= 0) return kForever;
  if (q_since_ == 0) q_since_ = now;
  const int64_t retry = flush_retry_.load(std::memory_order_relaxed);
  if ((behind < QDistance() && now - q_since_ < kQNanos) || now < retry) return std::max(q_since_ + kQNanos, retry) - now;
  Status status = AdvanceQ();
  q_since_ = 0;
  if (status.ok()) return kForever;
  flush_retry_ = now + kRetryNanos;
  Report(std::move(status));
  return kRetryNanos;
}

void Maintenance::PrepareNextFile() {
  const int64_t written = parts_.group.written();
  const int64_t size = parts_.files.file_bytes();
  const int64_t end = parts_.files.EndOf(written);
  const int64_t ahead = size / 4;
  if (end - written > ahead || written == parts_.files.StartOf(written)) {
    next_file_at_ = std::max(end - ahead, written + 1);
    return;
  }
  // Without room the writer will say so when the file is really needed.
  Status status = parts_.files.Create(end);
  if (status.ok())
    next_file_at_ = end + size - ahead;
  else
    next_file_retry_ = parts_.platform.MonotonicNanos() + kRetryNanos;
}

Status Maintenance::FlushQueues(Mark* reached) {
  // The mark is sampled first: what is below it was pushed, and listed, before.
  *reached = visible_when_durable_ ? parts_.group.durable_mark() : parts_.group.written_mark();
  Status status = parts_.queues.FlushTails(reached->position, nullptr);
  if (!status.ok()) return status;
  {
    std::lock_guard lock(mutex_);
    queued_ = reached->position;
    queued_census_ = parts_.queues.Census();
  }
  Publish();
  return status;
}

Status Maintenance::AdvanceQ() {
  Mark reached;
  Status status = FlushQueues(&reached);
  if (!status.ok()) return status;
  status = parts_.queues.files().SyncAll();
  if (status.ok() && parts_.index != nullptr) status = parts_.index->Save();
  if (!status.ok()) return status;
  {
    std::lock_guard lock(mutex_);
    synced_queues_ = queued_;
    synced_census_ = queued_census_;
  }
  status = WriteCheckpoint(reached);
  return status.ok() ? parts_.side_car.WriteSlot(Slot()) : std::move(status);
}

Status Maintenance::WriteCheckpoint(const Mark& queued) {
  std::byte bytes[format::kCheckpointLogicsPositionAt + 8] = {};
  StoreI64(bytes + format::kCheckpointPhysicTimestampAt, parts_.group.durable_mark().last.store_timestamp);
  StoreI64(bytes + format::kCheckpointLogicsTimestampAt, queued.last.store_timestamp);
  if (parts_.index != nullptr) StoreI64(bytes + format::kCheckpointIndexTimestampAt, parts_.index->sealed_timestamp());
  StoreI64(bytes + format::kCheckpointLogicsPositionAt, std::max<int64_t>(0, queued.last.position));
  FileHandle file = kNoFile;
  Status status = io::Open(parts_.platform, parts_.paths.checkpoint, OpenMode::kCreate, &file);
  if (!status.ok()) return status;
  int64_t size = 0;
  status = io::Size(parts_.platform, file, &size);
  if (status.ok() && size < static_cast<int64_t>(format::kCheckpointBytes)) {
    status = io::Resize(parts_.platform, file, static_cast<int64_t>(format::kCheckpointBytes));
  }
  if (status.ok()) status = io::Write(parts_.platform, file, bytes, 0);
  if (status.ok()) {
    status = io::Sync(parts_.platform, file);
    if (!status.ok()) status = Status(Code::kFlushFailed, status.error());
  }
  parts_.platform.Close(file);
  return status.ok() ? std::move(status) : std::move(status).In(parts_.paths.checkpoint);
}

Status Maintenance::Finish() {
  Status status;
  if (parts_.losses.TakeChanged()) status = parts_.side_car.SaveLosses(parts_.losses.All());
  if (!status.ok()) return status;
  if (parts_.group.failed()) {
    (void)parts_.side_car.WriteSlot(Slot());
    return parts_.group.failure();
  }
  if (parts_.index != nullptr) status = parts_.index->Finish(parts_.group.visible());
  if (status.ok()) status = AdvanceQ();
  if (status.code() == Code::kFlushFailed) {
    parts_.group.Fail(Status(Code::kFlushFailed, status.error()).In(status.path()));
    (void)parts_.side_car.WriteSlot(Slot());
  }
  if (!status.ok()) return status;
  base_.clean = true;
  return parts_.side_car.WriteSlot(Slot());
}

void Maintenance::Report(Status status) {
  // A disk that is full, or a process out of descriptors, may recover; anything else cannot be waited out.
  const bool passing = status.code() == Code::kDiskFull || status.code() == Code::kTooManyFiles;
  if (!passing) {
    parts_.group.Fail(Status(Code::kFlushFailed, status.error(), status.position()).In(status.path()));
    Publish();  // should the process be killed before it writes the mark
  }
  if (on_background_error) on_background_error(std::move(status));
}

}  // namespace millrace
