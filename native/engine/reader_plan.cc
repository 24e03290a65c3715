// Planning a transfer: which records it sends, found without reading those that are known to be whole.
//
// A run of neighbours is walked along its entries: each one's end is the next one's begin, so that an entry that points elsewhere
// breaks the run. The two records at its ends are always read and compared with their entries, those between only when nobody has
// verified them yet, or when their tags count.
#include <algorithm>

#include "io.h"
#include "reader.h"

namespace millrace {

Status Reader::Plan(const ConsumeQueue& queue, int64_t offset, const ReadLimits& limits, int64_t visible, int64_t first,
                    ReadMode mode, LogPlan* plan) {
  ReadOutcome* const outcome = &plan->outcome;
  plan->runs.clear();
  if (!Begin(queue, offset, visible, outcome)) return Status::Ok();
  const int64_t end = std::min(outcome->max_offset, offset + std::min(limits.max_scanned, outcome->max_offset - offset));
  EntryScan scan(queue, queue_files_, losses_, limits.filter, {offset, end, visible, limits.max_messages}, mode);
  Round round;
  int64_t read = 0;
  do {
    Status status = Pick(limits, visible, first, &scan, &round, outcome);
    if (!status.ok()) return status;
    outcome->next_offset = scan.offset();
    round.unmatched = 0;
    const std::span<const Picked> picked(round.picked);
    for (size_t i = 0; i < picked.size();) {
      const int64_t file_end = files_.EndOf(picked[i].entry.position);
      size_t next = i + 1;
      while (next < picked.size() && picked[next].entry.position == picked[next - 1].entry.end() &&
             picked[next].entry.end() <= file_end) {
        next++;
      }
      status = Sift(queue, limits.filter, mode, picked.subspan(i, next - i), &round, plan, &read);
      if (!status.ok()) return status;
      i = next;
    }
  } while (round.unmatched > 0 && scan.offset() < end);
  Conclude(round, outcome);
  return Status::Ok();
}

Status Reader::Sift(const ConsumeQueue& queue, const TagFilter* filter, ReadMode mode, std::span<const Picked> picked, Round* round,
                    LogPlan* plan, int64_t* read) {
  std::shared_ptr<OpenFile> file;
  Status status = files_.Open(picked[0].entry.position, &file, mode);
  if (!status.ok() && status.code() != Code::kNotFound) return status;
  const auto is_known = [&](size_t i) {
    return filter == nullptr && i > 0 && i + 1 < picked.size() && Known(picked[i].entry.position);
  };
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < picked.size();) {
    if (is_known(i)) {
      AddRun(file, picked[i++].entry, plan);
      continue;
    }
    const int64_t from = picked[i].entry.position;
    size_t next = i + 1;
    while (next < picked.size() && !is_known(next) && picked[next].entry.end() - from <= kSiftedBytes) next++;
    bytes.resize(static_cast<size_t>(picked[next - 1].entry.end() - from));
    *read += static_cast<int64_t>(bytes.size());
    if (mode == ReadMode::kOnlyCached && *read > kMostSiftedAtOnce) return Status(Code::kWouldBlock);
    status = ReadNeighbours(file.get(), from, mode, bytes);
    if (!status.ok()) return status;
    for (; i < next; i++) {
      const QueueEntry& entry = picked[i].entry;
      SiftOne(queue, filter, picked[i],
              std::span(bytes).subspan(static_cast<size_t>(entry.position - from), static_cast<size_t>(entry.size)), file, round,
              plan);
    }
  }
  return Status::Ok();
}

void Reader::SiftOne(const ConsumeQueue& queue, const TagFilter* filter, const Picked& one, std::span<const std::byte> record,
                     const std::shared_ptr<OpenFile>& file, Round* round, LogPlan* plan) {
  RecordView view;
  LostRange lost;
  if (!Verify(queue, one.entry, one.offset, record, &view, &lost)) {
    AddLost(one.offset, &lost, &plan->outcome.lost);
  } else if (filter != nullptr && !filter->Matches(view.properties)) {
    round->unmatched++;
    round->let_through--;
  } else {
    AddRun(file, one.entry, plan);
  }
}

void Reader::AddRun(const std::shared_ptr<OpenFile>& file, const QueueEntry& entry, LogPlan* plan) {
  plan->outcome.messages++;
  plan->outcome.bytes += entry.size;
  if (!plan->runs.empty()) {
    LogRun& last = plan->runs.back();
    if (last.file == file && last.position + last.size == entry.position) {
      last.size += entry.size;
      return;
    }
  }
  plan->runs.push_back({file, entry.position, entry.size});
}

Status Reader::ReadPlanned(const LogPlan& plan, int64_t at, ReadMode mode, std::span<std::byte> to) {
  int64_t run_from = 0;
  for (const LogRun& run : plan.runs) {
    const int64_t skip = std::max<int64_t>(at - run_from, 0);
    run_from += run.size;
    if (skip >= run.size || to.empty()) continue;
    const std::span<std::byte> part = to.first(std::min(to.size(), static_cast<size_t>(run.size - skip)));
    const int64_t position = run.position + skip;
    size_t count = 0;
    Status status = io::Read(platform_, run.file->handle(), part, position - files_.StartOf(position), mode, &count);
    if (status.ok() && count < part.size()) status = Status(Code::kIoError);
    if (!status.ok()) return std::move(status).At(position).In(files_.PathOf(position));
    to = to.subspan(part.size());
  }
  return Status::Ok();
}

}  // namespace millrace
