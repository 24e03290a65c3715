#include "time_search.h"

#include <algorithm>
#include <cstring>

#include "io.h"

namespace millrace {
namespace {

// Entries that are read together once no more are in question.
constexpr int64_t kWindow = 256;
// What one search may read on a thread that must not wait, however much of it is in memory: as much as a read's default.
constexpr int64_t kBytesAtOnce = 256 * 1024;
// As far as the store's time, with the longer of the two hosts that may stand before it. Every record is longer.
constexpr size_t kHeadBytes = format::kBornHostAt + format::kHostV6Bytes + 8;
static_assert(kHeadBytes <= format::kMinRecordBytes);

int64_t StoreTimeOf(const std::byte* head) {
  const bool is_v6 = (LoadI32(head + format::kSysFlagAt) & format::kBornHostV6) != 0;
  return LoadI64(head + format::kBornHostAt + (is_v6 ? format::kHostV6Bytes : format::kHostV4Bytes));
}

}  // namespace

// Looks at single messages of one queue, for one search.
class TimeSearch::Looker {
 public:
  Looker(TimeSearch& search, const ConsumeQueue& queue, const View& view, ReadMode mode)
      : search_(search), queue_(queue), view_(view), mode_(mode) {}

  // The first message of [at, range.to) that can be read, and its time; *offset is range.to when there is none.
  Status Look(int64_t at, const TimeRange& range, int64_t* offset, int64_t* time) {
    // When few are in question, these are all the entries that the search will need.
    Status status = range.size() <= kWindow ? Load(range.from, range.size()) : Load(at, 1);
    for (*offset = at; status.ok() && *offset < range.to;) {
      if (!Holds(*offset)) status = Load(*offset, std::min(kWindow, range.to - *offset));
      if (!status.ok()) break;
      const QueueEntry entry = window_[static_cast<size_t>(*offset - window_from_)];
      LostRange lost;
      if (!entry.valid() || entry.pre_blank() || entry.end() > std::min(view_.visible, search_.files_.EndOf(entry.position))) {
        ++*offset;
      } else if (entry.position < view_.first) {
        status = StepOver({0, view_.first}, range.to, offset);
      } else if (search_.losses_.Find(entry.position, &lost)) {
        status = StepOver(lost, range.to, offset);
      } else {
        bool holds = false;
        status = Time(*offset, entry, &holds, time);
        if (!status.ok() || holds) return status;
        ++*offset;
      }
    }
    return status;
  }

 private:
  bool Holds(int64_t offset) const {
    return offset >= window_from_ && offset < window_from_ + static_cast<int64_t>(window_.size());
  }

  Status Spend(size_t bytes) {
    left_ -= static_cast<int64_t>(bytes);
    return Status(mode_ == ReadMode::kOnlyCached && left_ < 0 ? Code::kWouldBlock : Code::kOk);
  }

  Status Load(int64_t offset, int64_t count) {
    if (Holds(offset) && Holds(offset + count - 1)) return Status::Ok();
    Status status = Spend(static_cast<size_t>(count) * format::kEntryBytes);
    window_.clear();
    window_.reserve(static_cast<size_t>(count));
    window_from_ = offset;
    if (status.ok()) status = queue_.Read(search_.queue_files_, offset, count, view_.visible, mode_, &window_);
    // Taken back meanwhile: shown as entries that are none.
    window_.resize(static_cast<size_t>(count));
    return status;
  }

  // From an entry within `lost` to the first one behind that is not, in steps that double: a lost file may hold a million messages.
  // Entries that are damaged themselves end the run.
  Status StepOver(const LostRange& lost, int64_t to, int64_t* offset) {
    int64_t inside = *offset;
    int64_t outside = to;
    for (int64_t step = 1; outside - inside > 1;) {
      const int64_t at = outside == to && inside + step < to ? inside + step : inside + (outside - inside) / 2;
      Status status = Holds(at) ? Status::Ok() : Load(at, 1);
      if (!status.ok()) return status;
      const QueueEntry& entry = window_[static_cast<size_t>(at - window_from_)];
      if (entry.valid() && !entry.pre_blank() && entry.position >= lost.from && entry.position < lost.to) {
        inside = at;
        step *= 2;
      } else {
        outside = at;
      }
    }
    *offset = outside;
    return Status::Ok();
  }

  Status Time(int64_t offset, const QueueEntry& entry, bool* holds, int64_t* time) {
    if (search_.reader_.Known(entry.position)) {
      std::byte head[kHeadBytes];
      Status status = Copy(entry.position, head);
      if (!status.ok()) return status;
      *time = StoreTimeOf(head);
      *holds = LoadI32(head + format::kSizeAt) == entry.size && LoadI64(head + format::kPositionAt) == entry.position &&
               LoadI32(head + format::kQueueIdAt) == queue_.queue_id() && LoadI64(head + format::kQueueOffsetAt) == offset;
      if (*holds) return status;
    }
    record_.resize(static_cast<size_t>(entry.size));
    Status status = Copy(entry.position, record_);
    if (!status.ok()) return status;
    RecordView view;
    LostRange lost;
    *holds = search_.reader_.Verify(queue_, entry, offset, record_, &view, &lost);
    if (*holds) *time = view.store_timestamp;
    return status;
  }

  // What is not there reads as zeros: damage, as everywhere.
  Status Copy(int64_t position, std::span<std::byte> to) {
    Status status = Spend(to.size());
    if (!status.ok()) return status;
    FileSet& files = search_.files_;
    std::shared_ptr<OpenFile> file;
    size_t count = 0;
    status = files.Open(position, &file, mode_);
    if (status.ok()) status = io::Read(search_.platform_, file->handle(), to, position - files.StartOf(position), mode_, &count);
    if (status.code() == Code::kNotFound) status = Status::Ok();
    if (!status.ok()) return std::move(status).At(position).In(files.PathOf(position));
    std::memset(to.data() + count, 0, to.size() - count);
    return status;
  }

  TimeSearch& search_;
  const ConsumeQueue& queue_;
  const View view_;
  const ReadMode mode_;
  int64_t left_ = kBytesAtOnce;
  int64_t window_from_ = 0;
  std::vector<QueueEntry> window_;
  std::vector<std::byte> record_;
};

Status TimeSearch::Find(int32_t handle, const ConsumeQueue& queue, const TimeBorder& border, const View& view, ReadMode mode,
                        Found* found) {
  const int64_t epoch = view.cuts + losses_.changes();
  const ConsumeQueue::Range all = queue.VisibleRange(view.visible);
  TimeRange range{all.min, all.max, all.min - 1, all.max};
  const int64_t spacing = TimeSamples::SpacingOf(range.size());
  if (!samples_.Begin(epoch, range.size(), mode == ReadMode::kOnlyCached)) return Status(Code::kWouldBlock);
  Looker looker(*this, queue, view, mode);
  bool halve = false;
  for (;;) {
    samples_.Narrow(handle, spacing, border, &range);
    if (range.size() == 0) break;
    const int64_t middle = TimeSamples::Middle(range.from, range.to);
    const int64_t size = range.size();
    const int64_t at = middle % spacing == 0 ? middle : Guess(border, range, halve);
    int64_t offset = 0;
    int64_t time = 0;
    Status status = looker.Look(at, range, &offset, &time);
    if (!status.ok()) return status;
    if (offset == range.to) {
      range.to = at;
      continue;
    }
    if (offset % spacing == 0) samples_.Add(epoch, handle, spacing, offset, time);
    range.Take(border, at, offset, time);
    halve = range.size() > size / 2;
  }
  *found = {range.before, range.behind};
  return Status::Ok();
}

// Where the border is likely to be. Times tend to grow evenly, then few looks are enough; where they do not, or many messages share
// a time, halving is. After a guess that did not halve the range the next one does, so that there are never twice as many.
int64_t TimeSearch::Guess(const TimeBorder& border, const TimeRange& range, bool halve) {
  const int64_t half = range.from + range.size() / 2;
  if (halve || range.before_time == TimeRange::kUnknown || range.behind_time == TimeRange::kUnknown) return half;
  const double gap = static_cast<double>(range.behind_time) - static_cast<double>(range.before_time);
  const double messages = static_cast<double>(range.behind - range.before);
  if (gap * 2 < messages) return half;
  const double share = (static_cast<double>(border.timestamp) - static_cast<double>(range.before_time)) / gap;
  return std::clamp(range.before + static_cast<int64_t>(share * messages), range.from, range.to - 1);
}

}  // namespace millrace
