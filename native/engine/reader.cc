#include "reader.h"

#include <algorithm>
#include <cstring>

#include "io.h"
#include "log_scanner.h"

namespace millrace {

bool Reader::Begin(const ConsumeQueue& queue, int64_t offset, int64_t visible, ReadOutcome* outcome) {
  *outcome = ReadOutcome{};
  const ConsumeQueue::Range range = queue.VisibleRange(visible);
  outcome->min_offset = range.min;
  outcome->max_offset = range.max;
  outcome->next_offset = offset;
  if (range.max == 0) {
    outcome->status = ReadStatus::kNoMessageInQueue;
    outcome->next_offset = 0;
    return false;
  }
  if (offset < range.min) {
    outcome->status = ReadStatus::kOffsetTooSmall;
    outcome->next_offset = range.min;
    return false;
  }
  if (offset >= range.max) {
    outcome->status = offset == range.max ? ReadStatus::kOffsetOverflowOne : ReadStatus::kOffsetOverflowBadly;
    outcome->next_offset = range.max;
    return false;
  }
  return true;
}

Status Reader::Read(const ConsumeQueue& queue, int64_t offset, const ReadLimits& limits, int64_t visible, int64_t first,
                    ReadMode mode, std::span<std::byte> to, ReadOutcome* outcome) {
  if (!Begin(queue, offset, visible, outcome)) return Status::Ok();
  const int64_t end = std::min(outcome->max_offset, offset + limits.max_scanned);
  EntryScan scan(queue, queue_files_, losses_, limits.filter, {offset, end, visible, limits.max_messages}, mode);
  Round round;
  // Records have a length: no more of them fit what was given.
  const int64_t fitting = static_cast<int64_t>(to.size() / format::kMinRecordBytes);
  round.picked.reserve(static_cast<size_t>(std::min({limits.max_messages, end - offset, fitting})));
  do {
    Status status = Pick(limits, visible, first, &scan, &round, outcome);
    if (!status.ok()) return status;
    outcome->next_offset = scan.offset();
    if (!round.picked.empty()) {
      const int64_t bytes = static_cast<int64_t>(round.picked.back().at) + round.picked.back().entry.size;
      if (static_cast<size_t>(bytes) > to.size()) {
        outcome->bytes_needed = bytes;
        return Status(Code::kTooLarge);
      }
    }
    status = CopyRuns(round.picked, mode, to);
    if (!status.ok()) return status;
    Keep(queue, limits.filter, to, &round, outcome);
    if (mode == ReadMode::kOnlyCached && round.unmatched_bytes > kMostUnmatchedAtOnce) return Status(Code::kWouldBlock);
  } while (round.unmatched > 0 && scan.offset() < end);
  Conclude(round, outcome);
  return Status::Ok();
}

void Reader::Conclude(const Round& round, ReadOutcome* outcome) {
  if (outcome->messages > 0) return;
  outcome->status = !outcome->lost.empty() ? ReadStatus::kMessageLost
                    : round.removing       ? ReadStatus::kMessageWasRemoving
                                           : ReadStatus::kNoMatchedMessage;
}

Status Reader::Pick(const ReadLimits& limits, int64_t visible, int64_t first, EntryScan* scan, Round* round, ReadOutcome* outcome) {
  round->picked.clear();
  int64_t bytes = outcome->bytes;
  for (; round->let_through < limits.max_messages; round->let_through++, scan->Advance()) {
    bool found = false;
    Status status = scan->Find(&found);
    if (!status.ok() || !found) return status;
    const QueueEntry& entry = scan->entry();
    LostRange lost;
    if (!entry.valid() || entry.pre_blank() || entry.end() > visible ||
        (entry.position >= first && losses_.Find(entry.position, &lost))) {
      AddLost(scan->offset(), lost.to > 0 ? &lost : nullptr, &outcome->lost);
    } else if (entry.position < first) {
      round->removing = true;
    } else {
      if (bytes > 0 && bytes + entry.size > limits.max_bytes) break;
      round->picked.push_back({entry, scan->offset(), static_cast<size_t>(bytes)});
      bytes += entry.size;
    }
  }
  return Status::Ok();
}

void Reader::Keep(const ConsumeQueue& queue, const TagFilter* filter, std::span<std::byte> to, Round* round, ReadOutcome* outcome) {
  round->unmatched = 0;
  size_t kept = static_cast<size_t>(outcome->bytes);
  for (const Picked& one : round->picked) {
    const std::span<const std::byte> record = to.subspan(one.at, static_cast<size_t>(one.entry.size));
    RecordView view;
    LostRange lost;
    if (!Verify(queue, one.entry, one.offset, record, &view, &lost)) {
      AddLost(one.offset, &lost, &outcome->lost);
      continue;
    }
    if (filter != nullptr && !filter->Matches(view.properties)) {
      round->unmatched++;
      round->unmatched_bytes += one.entry.size;
      round->let_through--;
      continue;
    }
    if (kept != one.at) std::memmove(to.data() + kept, record.data(), record.size());
    kept += record.size();
    outcome->messages++;
  }
  outcome->bytes = static_cast<int64_t>(kept);
}

void Reader::AddLost(int64_t offset, const LostRange* range, std::vector<LostMessages>* lost) {
  if (lost->empty() || lost->back().to_offset != offset) lost->push_back({offset, offset, {}});
  LostMessages& run = lost->back();
  run.to_offset = offset + 1;
  if (range != nullptr && (run.ranges.empty() || run.ranges.back().from != range->from)) run.ranges.push_back(*range);
}

Status Reader::CopyRuns(const std::vector<Picked>& picked, ReadMode mode, std::span<std::byte> to) {
  for (size_t i = 0; i < picked.size();) {
    const int64_t from = picked[i].entry.position;
    const int64_t file_end = files_.EndOf(from);
    int64_t end = picked[i].entry.end();
    size_t next = i + 1;
    while (next < picked.size() && picked[next].entry.position == end && picked[next].entry.end() <= file_end)
      end = picked[next++].entry.end();
    const std::span<std::byte> run = to.subspan(picked[i].at, static_cast<size_t>(end - from));
    std::shared_ptr<OpenFile> file;
    Status status = files_.Open(from, &file, mode);
    if (status.ok() || status.code() == Code::kNotFound) status = ReadNeighbours(file.get(), from, mode, run);
    if (!status.ok()) return status;
    i = next;
  }
  return Status::Ok();
}

// A missing file (null) or a short one is damage, which verification will find: what was not read must not look like a record.
Status Reader::ReadNeighbours(const OpenFile* file, int64_t position, ReadMode mode, std::span<std::byte> to) {
  size_t count = 0;
  if (file != nullptr) {
    Status status = io::Read(platform_, file->handle(), to, position - files_.StartOf(position), mode, &count);
    if (!status.ok()) return std::move(status).At(position).In(files_.PathOf(position));
  }
  std::memset(to.data() + count, 0, to.size() - count);
  return Status::Ok();
}

bool Reader::Verify(const ConsumeQueue& queue, const QueueEntry& entry, int64_t offset, std::span<const std::byte> bytes,
                    RecordView* view, LostRange* lost) {
  const int64_t position = entry.position;
  const bool known = Known(position);
  const ChecksumRule rule = known ? ChecksumRule::kSkip : RuleAt(own_, position);
  if (DecodeRecord(bytes, position, files_.EndOf(position) - position, rule, view) != RecordKind::kRecord ||
      view->bytes.size() != bytes.size()) {
    *lost = {position, entry.end(), LossReason::kChecksum};
    losses_.Add(*lost);
    return false;
  }
  if (view->queue_id != queue.queue_id() || view->queue_offset != offset || view->topic != queue.topic()) {
    // Somebody else's whole record is there: the entry is bad, not the log.
    *lost = {position, entry.end(), LossReason::kStructure};
    return false;
  }
  if (!known) verified_.Add(position);
  return true;
}

Status Reader::ReadUnchecked(int64_t position, int64_t visible, ReadMode mode, size_t guess, std::span<std::byte> to,
                             int64_t* bytes) {
  LostRange lost;
  if (losses_.Find(position, &lost)) return Status(Code::kCorruption, 0, position).In(files_.PathOf(position));
  constexpr size_t kLeast = format::kMinRecordBytes;
  const int64_t left = std::min(files_.EndOf(position), visible) - position;
  if (position < 0 || left < static_cast<int64_t>(kLeast)) return Status(Code::kNotFound);
  std::shared_ptr<OpenFile> file;
  Status status = files_.Open(position, &file, mode);
  if (!status.ok()) return status;
  const int64_t at = position - files_.StartOf(position);
  std::byte small[kLeast];
  const size_t wanted = std::min({std::max(guess, kLeast), to.size(), static_cast<size_t>(left)});
  const std::span<std::byte> first = to.size() < kLeast ? std::span(small) : to.first(wanted);
  size_t count = 0;
  status = io::Read(platform_, file->handle(), first, at, mode, &count);
  // An error behind the record is none of the record's.
  if (!status.ok() && count < kLeast) return std::move(status).At(position).In(files_.PathOf(position));
  const std::byte* const head = first.data();
  const uint32_t magic = LoadU32(head + format::kMagicAt);
  const int64_t size = LoadI32(head + format::kSizeAt);
  if (count < kLeast || (magic != format::kMagicV1 && magic != format::kMagicV2) ||
      LoadI64(head + format::kPositionAt) != position || size < static_cast<int64_t>(kLeast) || size > left) {
    return Status(Code::kNotFound);
  }
  *bytes = size;
  const size_t whole = static_cast<size_t>(size);
  if (whole > to.size()) return Status(Code::kTooLarge);
  if (whole <= count) return Status::Ok();
  const std::span<std::byte> rest = to.first(whole).subspan(count);
  status = io::Read(platform_, file->handle(), rest, at + static_cast<int64_t>(count), mode, &count);
  if (!status.ok()) return std::move(status).At(position).In(files_.PathOf(position));
  return count == rest.size() ? std::move(status) : Status(Code::kNotFound);
}

Status Reader::ReadAt(int64_t position, int64_t visible, ReadMode mode, std::span<std::byte> to, int64_t* bytes) {
  constexpr size_t kGuess = 4096;
  Status status = ReadUnchecked(position, visible, mode, kGuess, to, bytes);
  if (!status.ok()) return status;
  RecordView view;
  const std::span<const std::byte> record = to.first(static_cast<size_t>(*bytes));
  if (DecodeRecord(record, position, files_.EndOf(position) - position, RuleAt(own_, position), &view) != RecordKind::kRecord)
    return Status(Code::kNotFound);
  return status;
}

}  // namespace millrace
