#include "entry_scan.h"

#include <algorithm>

namespace millrace {

EntryScan::EntryScan(const ConsumeQueue& queue, QueueFiles& files, const LossMap& losses, const TagFilter* filter,
                     const Bounds& bounds, ReadMode mode)
    : queue_(queue),
      files_(files),
      losses_(losses),
      filter_(filter),
      bounds_(bounds),
      mode_(mode),
      has_losses_(filter != nullptr && losses.bytes() > 0),
      run_from_(bounds.from) {}

bool EntryScan::IsLetThrough(const std::byte* entry) const {
  const int64_t code = LoadI64(entry + format::kEntryTagsCodeAt);
  if (filter_->MayMatch(code)) return true;
  if (code != 0) return false;
  const QueueEntry whole = QueueEntry::Decode(entry);
  LostRange lost;
  return !whole.valid() || whole.pre_blank() || (has_losses_ && losses_.Find(whole.position, &lost));
}

Status EntryScan::Find(bool* found) {
  for (;;) {
    const std::byte* at = run_.get() + at_ * format::kEntryBytes;
    for (; at_ < run_count_; at_++, at += format::kEntryBytes) {
      if (filter_ != nullptr && !IsLetThrough(at)) continue;
      entry_ = QueueEntry::Decode(at);
      *found = true;
      return Status::Ok();
    }
    *found = false;
    if (offset() >= bounds_.to) return Status::Ok();
    Status status = ReadRun();
    if (!status.ok() || run_count_ == 0) return status;
  }
}

Status EntryScan::ReadRun() {
  run_from_ += static_cast<int64_t>(run_count_);
  at_ = run_count_ = 0;
  if (mode_ == ReadMode::kOnlyCached && run_from_ - bounds_.from >= kMostAtOnce) return Status(Code::kWouldBlock);
  size_t most = kMostEntries;
  if (run_room_ == 0) most = static_cast<size_t>(std::clamp<int64_t>(bounds_.wanted, 1, kMostEntries));
  if (run_room_ == 0 && filter_ != nullptr) most = std::max(most, kFewEntries);
  const size_t count = static_cast<size_t>(std::min(bounds_.to - run_from_, static_cast<int64_t>(most)));
  if (count > run_room_) {
    run_ = std::make_unique_for_overwrite<std::byte[]>(count * format::kEntryBytes);
    run_room_ = count;
  }
  return queue_.ReadBytes(files_, run_from_, bounds_.visible, mode_, {run_.get(), count * format::kEntryBytes}, &run_count_);
}

}  // namespace millrace
