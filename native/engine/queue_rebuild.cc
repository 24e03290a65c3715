#include "queue_rebuild.h"

#include <algorithm>
#include <charconv>

#include "io.h"

namespace millrace {
namespace {

constexpr int64_t kEntry = static_cast<int64_t>(format::kEntryBytes);

bool ParseQueueId(const std::string& name, int32_t* queue_id) {
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), *queue_id);
  return error == std::errc() && end == name.data() + name.size() && *queue_id >= 0 && std::to_string(*queue_id) == name;
}

}  // namespace

bool IsTopicName(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '%' || c == '|' || c == '_' ||
           c == '-';
  });
}

Status QueueRebuild::Load(int64_t bound, int64_t first, int64_t checked, QueueCensus* census, bool* whole) {
  *census = QueueCensus{};
  *whole = true;
  stale_.clear();
  unfounded_.clear();
  ahead_ = false;
  std::vector<DirectoryEntry> topics;
  Status status = io::List(platform_, paths_.consume_queue, &topics);
  if (status.code() == Code::kNotFound) return Status::Ok();
  if (!status.ok()) return status;
  for (const DirectoryEntry& topic : topics) {
    // RocketMQ steps over files here, and so do we.
    if (!topic.is_directory || !IsTopicName(topic.name)) continue;
    std::vector<DirectoryEntry> queues;
    status = io::List(platform_, paths_.consume_queue + "/" + topic.name, &queues);
    for (const DirectoryEntry& queue : queues) {
      int32_t queue_id = 0;
      if (!status.ok()) return status;
      if (!queue.is_directory || !ParseQueueId(queue.name, &queue_id)) continue;
      status = LoadQueue(topic.name, queue_id, bound, first, checked, census, whole);
    }
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

Status QueueRebuild::FindFiles(const std::string& topic, int32_t queue_id, Span* span, bool* whole) {
  const std::string directory = table_.files().DirectoryOf(topic, queue_id);
  const int64_t per_file = table_.files().entries_per_file();
  std::vector<DirectoryEntry> names;
  Status status = io::List(platform_, directory, &names);
  if (!status.ok()) return status;
  for (const DirectoryEntry& name : names) {
    if (name.is_directory) continue;
    const int64_t start = ParseFileName(name.name);
    if (start < 0 || start % (per_file * kEntry) != 0) return Status(Code::kFormatMismatch).In(directory + "/" + name.name);
    if (span->end >= 0 && start / kEntry != span->end) *whole = false;  // a file between is missing
    if (span->begin < 0) span->begin = start / kEntry;
    span->end = start / kEntry + per_file;
  }
  if (span->begin < 0) return Status::Ok();

  // Only the last file can have a size of its own: the others were followed by one.
  int64_t size = 0;
  status = table_.files().SizeOf(topic, queue_id, span->end - per_file, &size);
  if (!status.ok()) return status;
  if (size < per_file * kEntry) *whole = false;  // Finish gives it its size again
  if (size <= per_file * kEntry) return status;
  return Status(Code::kFormatMismatch).In(directory + "/" + FileName((span->end - per_file) * kEntry));
}

Status QueueRebuild::ReadEntry(const std::string& topic, int32_t queue_id, int64_t offset, QueueEntry* entry) {
  Status status;
  // Never before the first file: what stands behind a missing one is not read on to.
  const int64_t from = std::max(offset - offset % kWindow, first_entry_);
  if (from != window_from_) {
    window_.clear();
    window_from_ = from;
    status = table_.files().Read(topic, queue_id, from, kWindow, ReadMode::kMayBlock, &window_);
  }
  const size_t at = static_cast<size_t>(offset - from);
  *entry = at < window_.size() ? window_[at] : QueueEntry{};
  return status;
}

template <typename Holds>
Status QueueRebuild::CountWhile(const std::string& topic, int32_t queue_id, Span span, Holds holds, int64_t* count) {
  const auto look = [&](int64_t offset) {
    QueueEntry entry;
    Status status = ReadEntry(topic, queue_id, offset, &entry);
    (holds(entry) ? span.begin : span.end) = offset + (holds(entry) ? 1 : 0);
    return status;
  };
  Status status;
  // Most queues are short: at first in strides from the front, each twice as long as the one before.
  for (int64_t stride = kWindow; status.ok() && span.end - span.begin > stride; stride *= 2) {
    const int64_t begin = span.begin;
    status = look(begin + stride - 1);
    if (span.begin == begin) break;
  }
  while (status.ok() && span.begin < span.end) status = look(span.begin + (span.end - span.begin) / 2);
  *count = span.begin;
  return status;
}

Status QueueRebuild::CheckEntries(const std::string& topic, int32_t queue_id, Span span, bool* whole) {
  int64_t last = -1;
  for (int64_t at = span.begin; at < span.end;) {
    std::vector<QueueEntry> entries;
    Status status = table_.files().Read(topic, queue_id, at, std::min<int64_t>(span.end - at, 4096), ReadMode::kMayBlock, &entries);
    if (!status.ok()) return status;
    for (const QueueEntry& entry : entries) {
      const bool follows = entry.pre_blank() ? last < 0 : entry.valid() && entry.position >= last;
      *whole = *whole && follows;
      if (!entry.pre_blank()) last = entry.position;
    }
    *whole = *whole && !entries.empty();
    if (!*whole) return status;
    at += static_cast<int64_t>(entries.size());
  }
  return Status::Ok();
}

Status QueueRebuild::LoadQueue(const std::string& topic, int32_t queue_id, int64_t bound, int64_t first, int64_t checked,
                               QueueCensus* census, bool* whole) {
  Span span;
  window_from_ = -1;
  Status status = FindFiles(topic, queue_id, &span, whole);
  if (!status.ok() || span.begin < 0) return status;
  first_entry_ = span.begin;
  // Of a log that has its first record, only a deleted topic's queue begins later.
  if (first == 0 && span.begin > 0 && !deletions_.contains(topic)) *whole = false;

  // Entries grow with their number, so what lies below a position is found by halving. Pre-blank ones come before all others.
  const auto trusted = [bound](const QueueEntry& entry) { return entry.pre_blank() || (entry.valid() && entry.position < bound); };
  const auto expired = [first](const QueueEntry& entry) { return entry.pre_blank() || entry.position < first; };
  int64_t next = span.begin;
  int64_t min = span.begin;
  status = CountWhile(topic, queue_id, span, trusted, &next);
  QueueEntry behind;
  if (status.ok() && next < span.end) status = ReadEntry(topic, queue_id, next, &behind);
  ahead_ = ahead_ || behind != QueueEntry{};
  const int64_t check_from = next - std::min(next - span.begin, checked);
  if (status.ok()) status = CheckEntries(topic, queue_id, {check_from, next}, whole);
  if (status.ok()) status = CountWhile(topic, queue_id, {span.begin, next}, expired, &min);
  if (!status.ok()) return status;
  if (next == span.begin && span.begin > 0) {
    // A power cut may keep a later file and take the first one. Where the queue begins, its first record tells.
    unfounded_.emplace_back(topic, queue_id);
    return status;
  }
  const auto deleted = deletions_.find(topic);
  if (deleted != deletions_.end()) {
    const auto gone = deleted->second.next_offset.find(queue_id);
    const int64_t begins = gone == deleted->second.next_offset.end() ? 0 : gone->second;
    if (next <= begins) {  // all of it is of the topic that was deleted: a crash came before its files went
      stale_.emplace_back(topic, queue_id);
      return status;
    }
    min = std::max(min, begins);
  }
  // A file that holds nothing below the bound was made after the count was taken.
  QueueEntry newest = QueueEntry::PreBlank();
  if (next > span.begin) status = ReadEntry(topic, queue_id, next - 1, &newest);
  const bool counts = !newest.pre_blank();
  census->queues += counts ? 1 : 0;
  census->sum += counts ? next : 0;
  table_.Add(topic, queue_id, min, next, counts);
  return status;
}

void QueueRebuild::Push(int32_t handle, const QueueEntry& entry) { table_.Push(handle, *table_.Get(handle), {&entry, 1}); }

bool QueueRebuild::IsNext(const RecordView& record) const {
  if (!record.has_queue_entry()) return true;
  const int32_t handle = table_.Find(std::string(record.topic), record.queue_id);
  return handle == QueueTable::kNoQueue || table_.Get(handle)->next_offset() == record.queue_offset;
}

bool QueueRebuild::Dispatch(const RecordView& record, bool from_first, bool accept) {
  if (!record.has_queue_entry() || !IsTopicName(record.topic)) return true;
  const std::string topic(record.topic);
  const auto deleted = deletions_.find(topic);
  if (deleted != deletions_.end() && record.position < deleted->second.position) return true;
  bool follows_on = true;
  int32_t handle = table_.Find(topic, record.queue_id);
  if (handle == QueueTable::kNoQueue) {
    // The first record that is left tells where the queue begins, unless older ones ought to be here and are not.
    int64_t base = record.queue_offset;
    if (deleted != deletions_.end()) {
      const auto next = deleted->second.next_offset.find(record.queue_id);
      base = next == deleted->second.next_offset.end() ? 0 : next->second;
    } else if (!from_first && base > 0) {
      follows_on = false;
      if (!accept) return false;
    }
    handle = table_.Add(topic, record.queue_id, base, base, false);
  }
  std::shared_ptr<ConsumeQueue> queue = table_.Get(handle);
  int64_t next = queue->next_offset();
  // The number is taken: a store that lost count gave it twice. The first one keeps it, as in RocketMQ.
  if (record.queue_offset < next) return follows_on;
  if (record.queue_offset > next) {
    const std::vector<LostRange> lost = losses_.All();
    const auto behind =
        std::find_if(lost.rbegin(), lost.rend(), [&](const LostRange& range) { return range.from < record.position; });
    QueueEntry fill = QueueEntry::PreBlank();
    if (behind == lost.rend()) {
      follows_on = false;
      if (!accept) return false;
    } else {
      fill = {behind->from, 0, static_cast<int32_t>(std::min<int64_t>(behind->to - behind->from, INT32_MAX - 1))};
    }
    for (; next < record.queue_offset; next++) {
      // What survives on disk stands; only what is missing is filled.
      std::vector<QueueEntry> there;
      Status status = table_.files().Read(topic, record.queue_id, next, 1, ReadMode::kMayBlock, &there);
      const bool stands =
          status.ok() && !there.empty() && there[0].valid() && !there[0].pre_blank() && there[0].position < record.position;
      Push(handle, stands ? there[0] : fill);
    }
  }
  Push(handle, {record.position, TagsCode(record.properties), static_cast<int32_t>(record.bytes.size())});
  return follows_on;
}

Status QueueRebuild::Flush(int64_t position) {
  if (read_only_) return Status::Ok();
  return table_.FlushTails(position, &rewritten_);
}

Status QueueRebuild::KeepSurvivors(int32_t handle, ConsumeQueue& queue, int64_t end) {
  for (;;) {
    std::vector<QueueEntry> there;
    Status status = table_.files().Read(queue.topic(), queue.queue_id(), queue.next_offset(), 1, ReadMode::kMayBlock, &there);
    if (!status.ok()) return status;
    LostRange range;
    if (there.empty() || !there[0].valid() || there[0].pre_blank() || there[0].position >= end ||
        !losses_.Find(there[0].position, &range))
      return status;
    Push(handle, there[0]);
  }
}

Status QueueRebuild::RemoveStale() {
  if (read_only_) return Status::Ok();
  for (const auto& [topic, queue_id] : stale_) {
    Status status = table_.files().Remove(topic, queue_id);
    if (!status.ok()) return status;
  }
  stale_.clear();
  return Status::Ok();
}

Status QueueRebuild::Finish(int64_t end) {
  for (const int32_t handle : table_.All()) {
    std::shared_ptr<ConsumeQueue> queue = table_.Get(handle);
    Status status = losses_.bytes() > 0 ? KeepSurvivors(handle, *queue, end) : Status::Ok();
    if (!status.ok()) return status;
  }
  if (read_only_) return Status::Ok();
  Status status = table_.FlushTails(INT64_MAX, &rewritten_);
  if (!status.ok()) return status;
  for (const int32_t handle : table_.All()) {
    std::shared_ptr<ConsumeQueue> queue = table_.Get(handle);
    status = table_.files().Cut(queue->topic(), queue->queue_id(), queue->next_offset(), nullptr);
    if (!status.ok()) return status;
  }
  for (const auto& [topic, queue_id] : unfounded_) {
    if (table_.Find(topic, queue_id) == QueueTable::kNoQueue) status = table_.files().Remove(topic, queue_id);
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

}  // namespace millrace
