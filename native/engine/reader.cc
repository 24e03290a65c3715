#include "reader.h"

#include <algorithm>
#include <cstring>

#include "io.h"
#include "log_scanner.h"

namespace millrace {

Status Reader::Read(const ConsumeQueue& queue, int64_t offset, const ReadLimits& limits, int64_t visible, int64_t first,
                    ReadMode mode, std::span<std::byte> to, ReadOutcome* outcome) {
  *outcome = ReadOutcome{};
  const ConsumeQueue::Range range = queue.VisibleRange(visible);
  outcome->min_offset = range.min;
  outcome->max_offset = range.max;
  outcome->next_offset = offset;
  if (range.max == 0) {
    outcome->status = ReadStatus::kNoMessageInQueue;
    outcome->next_offset = 0;
    return Status::Ok();
  }
  if (offset < range.min) {
    outcome->status = ReadStatus::kOffsetTooSmall;
    outcome->next_offset = range.min;
    return Status::Ok();
  }
  if (offset >= range.max) {
    outcome->status = offset == range.max ? ReadStatus::kOffsetOverflowOne : ReadStatus::kOffsetOverflowBadly;
    outcome->next_offset = range.max;
    return Status::Ok();
  }

  std::vector<QueueEntry> entries;
  const int64_t want = std::min({limits.max_scanned, limits.max_messages, range.max - offset});
  Status status = queue.Read(queue_files_, offset, want, visible, mode, &entries);
  if (!status.ok()) return status;

  std::vector<Picked> picked;
  picked.reserve(entries.size());
  size_t bytes = 0;
  bool removing = false;
  for (const QueueEntry& entry : entries) {
    LostRange lost;
    if (!entry.valid() || entry.pre_blank() || entry.end() > visible ||
        (entry.position >= first && losses_.Find(entry.position, &lost))) {
      AddLost(outcome->next_offset, lost.to > 0 ? &lost : nullptr, &outcome->lost);
    } else if (entry.position < first) {
      removing = true;
    } else {
      const size_t size = static_cast<size_t>(entry.size);
      if (!picked.empty() && bytes + size > static_cast<size_t>(limits.max_bytes)) break;
      picked.push_back({entry, outcome->next_offset, bytes});
      bytes += size;
    }
    outcome->next_offset++;
  }
  if (bytes > to.size()) {
    outcome->bytes_needed = static_cast<int64_t>(bytes);
    return Status(Code::kTooLarge);
  }
  status = CopyRuns(picked, mode, to);
  if (!status.ok()) return status;

  size_t kept = 0;
  for (const Picked& one : picked) {
    const std::span<const std::byte> record = to.subspan(one.at, static_cast<size_t>(one.entry.size));
    LostRange lost;
    if (!Verify(queue, one.entry, one.offset, record, &lost)) {
      AddLost(one.offset, &lost, &outcome->lost);
      continue;
    }
    if (kept != one.at) std::memmove(to.data() + kept, record.data(), record.size());
    kept += record.size();
    outcome->messages++;
  }
  outcome->bytes = static_cast<int64_t>(kept);
  if (outcome->messages == 0) {
    outcome->status = !outcome->lost.empty() ? ReadStatus::kMessageLost
                      : removing             ? ReadStatus::kMessageWasRemoving
                                             : ReadStatus::kNoMatchedMessage;
  }
  return Status::Ok();
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
    Status status = files_.Open(from, &file);
    size_t count = 0;
    if (status.ok()) status = io::Read(platform_, file->handle(), run, from - files_.StartOf(from), mode, &count);
    // A missing file or a short one is damage, which verification will find: what was not read must not look like a record.
    if (status.code() == Code::kNotFound) status = Status::Ok();
    if (!status.ok()) return std::move(status).At(from).In(files_.PathOf(from));
    std::memset(run.data() + count, 0, run.size() - count);
    i = next;
  }
  return Status::Ok();
}

bool Reader::Verify(const ConsumeQueue& queue, const QueueEntry& entry, int64_t offset, std::span<const std::byte> bytes,
                    LostRange* lost) {
  const int64_t position = entry.position;
  const bool known = Known(position);
  const ChecksumRule rule = known ? ChecksumRule::kSkip : RuleAt(own_, position);
  RecordView view;
  if (DecodeRecord(bytes, position, files_.EndOf(position) - position, rule, &view) != RecordKind::kRecord ||
      view.bytes.size() != bytes.size()) {
    *lost = {position, entry.end(), LossReason::kChecksum};
    losses_.Add(*lost);
    return false;
  }
  if (view.queue_id != queue.queue_id() || view.queue_offset != offset || view.topic != queue.topic()) {
    // Somebody else's whole record is there: the entry is bad, not the log.
    *lost = {position, entry.end(), LossReason::kStructure};
    return false;
  }
  if (!known) verified_.Add(position);
  return true;
}

Status Reader::ReadAt(int64_t position, int64_t visible, ReadMode mode, std::span<std::byte> to, int64_t* bytes) {
  LostRange lost;
  if (losses_.Find(position, &lost)) return Status(Code::kCorruption, 0, position).In(files_.PathOf(position));
  if (position < 0 || position + static_cast<int64_t>(format::kMinRecordBytes) > visible) return Status(Code::kNotFound);
  std::shared_ptr<OpenFile> file;
  Status status = files_.Open(position, &file);
  if (!status.ok()) return status;
  const int64_t left = files_.EndOf(position) - position;
  std::byte head[format::kMinRecordBytes];
  size_t count = 0;
  status = io::Read(platform_, file->handle(), head, position - files_.StartOf(position), mode, &count);
  if (!status.ok()) return std::move(status).At(position).In(files_.PathOf(position));
  const uint32_t magic = LoadU32(head + format::kMagicAt);
  const int64_t size = LoadI32(head + format::kSizeAt);
  if (count < sizeof head || (magic != format::kMagicV1 && magic != format::kMagicV2) ||
      LoadI64(head + format::kPositionAt) != position || size < static_cast<int64_t>(format::kMinRecordBytes) || size > left ||
      position + size > visible) {
    return Status(Code::kNotFound);
  }
  *bytes = size;
  if (static_cast<size_t>(size) > to.size()) return Status(Code::kTooLarge);
  to = to.first(static_cast<size_t>(size));
  status = io::Read(platform_, file->handle(), to, position - files_.StartOf(position), mode, &count);
  if (!status.ok()) return std::move(status).At(position).In(files_.PathOf(position));
  RecordView view;
  if (DecodeRecord(to.first(count), position, left, RuleAt(own_, position), &view) != RecordKind::kRecord)
    return Status(Code::kNotFound);
  return Status::Ok();
}

}  // namespace millrace
