// Planning a transfer: which records it sends, found without reading those that are known to be whole.
//
// A run of neighbours is walked along its entries: each one's end is the next one's begin, so that an entry that points elsewhere
// breaks the run. The two records at its ends are compared with their entries unless this process made those, the ones between only
// when nobody has verified them yet, or when their tags count. Records in the form that nearly all have (V1, two IPv4 hosts) are
// compared in a mapping, where the thread may wait; the others are read.
#include <algorithm>
#include <cstring>

#include "io.h"
#include "reader.h"

namespace millrace {

Status Reader::Plan(const ConsumeQueue& queue, int64_t offset, const ReadLimits& limits, int64_t visible, int64_t first,
                    ReadMode mode, LogPlan* plan) {
  ReadOutcome* const outcome = &plan->outcome;
  plan->runs.clear();
  plan->files.clear();
  if (!Begin(queue, offset, visible, outcome)) return Status::Ok();
  const int64_t end = std::min(outcome->max_offset, offset + std::min(limits.max_scanned, outcome->max_offset - offset));
  EntryScan scan(queue, queue_files_, losses_, limits.filter, {offset, end, visible, limits.max_messages}, mode);
  Round round;
  Lying lying;
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
      status = Locate(picked[i].entry.position, limits.filter, mode, plan, &lying);
      if (status.ok()) status = Sift(queue, limits.filter, mode, picked.subspan(i, next - i), lying, &round, plan, &read);
      if (!status.ok()) return status;
      i = next;
    }
  } while (round.unmatched > 0 && scan.offset() < end);
  Conclude(round, outcome);
  return Status::Ok();
}

Status Reader::Locate(int64_t position, const TagFilter* filter, ReadMode mode, LogPlan* plan, Lying* lying) {
  if (lying->start == files_.StartOf(position)) return Status::Ok();
  std::shared_ptr<OpenFile> file;
  Status status = files_.Open(position, &file, mode);
  if (!status.ok() && status.code() != Code::kNotFound) return status;
  *lying = {.start = files_.StartOf(position), .file = file.get()};
  // Whoever may wait looks at records where they lie; two places of one are cheaper than reading it.
  if (filter == nullptr && mode == ReadMode::kMayBlock && file && !file->MapForReading(files_.file_bytes(), &lying->log).ok())
    lying->log = nullptr;
  if (file) plan->files.push_back(std::move(file));
  return Status::Ok();
}

Status Reader::Sift(const ConsumeQueue& queue, const TagFilter* filter, ReadMode mode, std::span<const Picked> picked,
                    const Lying& lying, Round* round, LogPlan* plan, int64_t* read) {
  const auto is_known = [&](size_t i) {
    if (filter != nullptr || lying.file == nullptr || !Known(picked[i].entry.position)) return false;
    if (picked[i].offset >= queue.made_from() || (i > 0 && i + 1 < picked.size())) return true;
    return lying.log != nullptr && IsAsKnown(queue, picked[i], lying);
  };
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < picked.size();) {
    if (is_known(i)) {
      AddRun(lying.file, picked[i++].entry, plan);
      continue;
    }
    const int64_t from = picked[i].entry.position;
    size_t next = i + 1;
    while (next < picked.size() && !is_known(next) && picked[next].entry.end() - from <= kSiftedBytes) next++;
    bytes.resize(static_cast<size_t>(picked[next - 1].entry.end() - from));
    *read += static_cast<int64_t>(bytes.size());
    if (mode == ReadMode::kOnlyCached && *read > kMostSiftedAtOnce) return Status(Code::kWouldBlock);
    Status status = ReadNeighbours(lying.file, from, mode, bytes);
    if (!status.ok()) return status;
    for (; i < next; i++) {
      const QueueEntry& entry = picked[i].entry;
      SiftOne(queue, filter, picked[i],
              std::span(bytes).subspan(static_cast<size_t>(entry.position - from), static_cast<size_t>(entry.size)), lying.file,
              round, plan);
    }
  }
  return Status::Ok();
}

bool Reader::IsAsKnown(const ConsumeQueue& queue, const Picked& one, const Lying& lying) {
  const QueueEntry& entry = one.entry;
  const std::byte* const record = lying.log + (entry.position - lying.start);
  std::byte head[format::kMinRecordBytes];
  if (entry.size < static_cast<int32_t>(sizeof head) || entry.end() > files_.EndOf(entry.position)) return false;
  if (!platform_.CopyGuarded(head, record, sizeof head).ok()) return false;
  const int32_t flags = LoadI32(head + format::kSysFlagAt);
  if (LoadI32(head + format::kSizeAt) != entry.size || LoadI64(head + format::kPositionAt) != entry.position ||
      LoadI32(head + format::kQueueIdAt) != queue.queue_id() || LoadI64(head + format::kQueueOffsetAt) != one.offset ||
      LoadU32(head + format::kMagicAt) != format::kMagicV1 || (flags & (format::kBornHostV6 | format::kStoreHostV6)) != 0) {
    return false;
  }
  const int64_t topic_at = static_cast<int64_t>(format::kBodySizeV4At) + 4 + LoadI32(head + format::kBodySizeV4At);
  std::byte topic[1 + format::kMaxTopicBytesV1];
  const size_t topic_bytes = 1 + queue.topic().size();
  if (topic_at < 0 || topic_bytes > sizeof topic || topic_at + static_cast<int64_t>(topic_bytes) > entry.size) return false;
  if (!platform_.CopyGuarded(topic, record + topic_at, topic_bytes).ok()) return false;
  return static_cast<size_t>(topic[0]) + 1 == topic_bytes &&
         std::memcmp(topic + 1, queue.topic().data(), queue.topic().size()) == 0;
}

void Reader::SiftOne(const ConsumeQueue& queue, const TagFilter* filter, const Picked& one, std::span<const std::byte> record,
                     OpenFile* file, Round* round, LogPlan* plan) {
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

void Reader::AddRun(OpenFile* file, const QueueEntry& entry, LogPlan* plan) {
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
