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
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '%' || c == '|' || c == '_' || c == '-';
  });
}

Status QueueRebuild::Load(int64_t bound, int64_t first, QueueCensus* census, bool* whole) {
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
      status = LoadQueue(topic.name, queue_id, bound, first, census, whole);
    }
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

Status QueueRebuild::LoadQueue(const std::string& topic, int32_t queue_id, int64_t bound, int64_t first, QueueCensus* census, bool* whole) {
  QueueFiles& files = table_.files();
  const std::string directory = files.DirectoryOf(topic, queue_id);
  const int64_t per_file = files.entries_per_file();
  std::vector<DirectoryEntry> names;
  Status status = io::List(platform_, directory, &names);
  if (!status.ok()) return status;
  int64_t begin = -1;
  int64_t end = -1;
  for (const DirectoryEntry& name : names) {
    if (name.is_directory) continue;
    const int64_t start = ParseFileName(name.name);
    if (start < 0 || start % (per_file * kEntry) != 0) return Status(Code::kFormatMismatch).In(directory + "/" + name.name);
    if (begin < 0) begin = start / kEntry;
    if (end >= 0 && start / kEntry != end) *whole = false;  // a file between is missing
    end = start / kEntry + per_file;
  }
  if (begin < 0) return Status::Ok();
  // Of a log that has its first record, only a deleted topic's queue begins later.
  if (first == 0 && begin > 0 && !deletions_.contains(topic)) *whole = false;

  // Only the last file can have a size of its own: the others were followed by one.
  const std::string last = directory + "/" + FileName((end - per_file) * kEntry);
  FileHandle handle = kNoFile;
  int64_t size = 0;
  status = io::Open(platform_, last, OpenMode::kRead, &handle);
  if (!status.ok()) return status;
  status = io::Size(platform_, handle, &size);
  if (status.ok() && size > per_file * kEntry) status = Status(Code::kFormatMismatch);
  if (status.ok() && size < per_file * kEntry) *whole = false;  // Finish gives it its size again
  platform_.Close(handle);
  if (!status.ok()) return std::move(status).In(last);

  // Entries grow with their number, so what lies below a position is found by halving. Pre-blank ones come before all others.
  const auto count_while = [&](int64_t low, auto holds, int64_t* count) {
    int64_t high = end;
    Status reading;
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      std::vector<QueueEntry> entry;
      reading = files.Read(topic, queue_id, middle, 1, ReadMode::kMayBlock, &entry);
      if (!reading.ok()) return reading;
      if (!entry.empty() && holds(entry[0])) low = middle + 1;
      else high = middle;
    }
    *count = low;
    return reading;
  };
  int64_t next = begin;
  int64_t min = begin;
  const int64_t room = end;
  status = count_while(begin, [&](const QueueEntry& entry) { return entry.pre_blank() || (entry.valid() && entry.position < bound); }, &next);
  if (!status.ok()) return status;
  std::vector<QueueEntry> behind;
  if (next < room) status = files.Read(topic, queue_id, next, 1, ReadMode::kMayBlock, &behind);
  if (!status.ok()) return status;
  ahead_ = ahead_ || (!behind.empty() && behind[0] != QueueEntry{});
  end = next;
  status = count_while(begin, [&](const QueueEntry& entry) { return entry.pre_blank() || entry.position < first; }, &min);
  if (!status.ok()) return status;
  if (next == begin && begin > 0) {
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
  std::vector<QueueEntry> newest;
  if (next > begin) status = files.Read(topic, queue_id, next - 1, 1, ReadMode::kMayBlock, &newest);
  const bool counts = !newest.empty() && !newest[0].pre_blank();
  if (counts) {
    census->queues++;
    census->sum += next;
  }
  table_.Add(topic, queue_id, min, next, counts);
  return status;
}

void QueueRebuild::Push(int32_t handle, const QueueEntry& entry) { table_.Push(handle, *table_.Get(handle), entry); }

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
    const auto behind = std::find_if(lost.rbegin(), lost.rend(), [&](const LostRange& range) { return range.from < record.position; });
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
      const bool stands = status.ok() && !there.empty() && there[0].valid() && !there[0].pre_blank() && there[0].position < record.position;
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
    if (there.empty() || !there[0].valid() || there[0].pre_blank() || there[0].position >= end || !losses_.Find(there[0].position, &range)) return status;
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
