#include "follower.h"

namespace millrace {

Status Follower::Catch() {
  std::lock_guard lock(mutex_);
  WatermarkSlot slot;
  Status status = side_car_.ReadPublished(&slot);
  if (status.code() == Code::kNotFound) return Status::Ok();
  if (!status.ok() || slot.boot_id != boot_id_ || slot.sequence <= sequence_) return status;
  sequence_ = slot.sequence;
  if (slot.visible < scanned_) {
    // The writer came back and cut its log. What was shown here was never durable.
    queues_.Rollback(slot.visible);
    scanned_ = slot.visible;
    cuts_.fetch_add(1, std::memory_order_release);
  }
  scanner_.Forget();  // the window may end in what was zeros then
  while (scanned_ < slot.visible) {
    LogScanner::Seen seen;
    status = scanner_.Look(scanned_, RuleAt(own_, scanned_), &seen);
    if (!status.ok()) return status;
    if (seen.kind == RecordKind::kRecord) {
      (void)rebuild_.Dispatch(seen.view, false, true);
      scanned_ += static_cast<int64_t>(seen.view.bytes.size());
    } else if (seen.kind == RecordKind::kBlank) {
      scanned_ = files_.EndOf(scanned_);
    } else {
      // Damage below the writer's watermark: it is the writer's to record. What follows is shown.
      int64_t next = -1;
      if (files_.Has(scanned_) && !seen.file_missing)
        status = scanner_.FindRecord(scanned_ + 1, files_.EndOf(scanned_), own_, &next);
      if (!status.ok()) return status;
      scanned_ = next < 0 ? files_.EndOf(scanned_) : next;
    }
  }
  if (slot.queued - trimmed_ > (int64_t{1} << 20)) {
    trimmed_ = slot.queued;
    for (const int32_t handle : queues_.All()) queues_.Get(handle)->Trim(slot.queued);
  }
  visible_.store(slot.visible, std::memory_order_release);
  durable_.store(slot.durable, std::memory_order_release);
  written_.store(slot.written, std::memory_order_release);
  return Status::Ok();
}

}  // namespace millrace
