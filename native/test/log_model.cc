#include "log_model.h"

#include <algorithm>

#include "testing.h"

namespace millrace::testing {

int64_t LogModel::next_offset(const QueueKey& queue) const {
  const auto found = next_.find(queue);
  return found == next_.end() ? 0 : found->second;
}

std::map<QueueKey, std::vector<const ModelRecord*>> LogModel::Queues() const {
  std::map<QueueKey, std::vector<const ModelRecord*>> queues;
  for (const auto& [key, next] : next_) queues[key];
  for (const ModelRecord& record : records_) {
    if (record.has_entry) queues[record.queue].push_back(&record);
  }
  return queues;
}

int64_t LogModel::PlaceOf(int64_t bytes) const {
  const int64_t file_end = EndOfFile(end_);
  return bytes + static_cast<int64_t>(format::kBlankBytes) > file_end - end_ ? file_end : end_;
}

void LogModel::Append(const QueueKey& queue, const std::vector<RecordFields>& messages, int64_t offset, int64_t position,
                      int64_t store_timestamp) {
  const bool is_batch = messages.size() > 1;
  std::vector<ModelRecord> unit;
  int64_t bytes = 0;
  for (const RecordFields& message : messages) {
    RecordFields fields = message;
    fields.topic = queue.first;
    fields.queue_id = queue.second;
    const int32_t type = fields.sys_flag & format::kTransactionMask;
    ModelRecord record;
    record.queue = queue;
    record.has_entry = type == 0 || type == format::kTransactionCommit;
    record.tags_code = TagsCode(fields.properties);
    record.ends_unit = unit.size() + 1 == messages.size();
    const bool is_first = is_batch && unit.empty();
    record.bytes.resize(EncodedBytes(fields, is_first));
    EncodeRecord(record.bytes, fields, is_first);
    bytes += static_cast<int64_t>(record.bytes.size());
    unit.push_back(std::move(record));
  }
  CHECK_EQ(position, PlaceOf(bytes));
  int64_t& next = next_[queue];
  if (is_batch || unit[0].has_entry) CHECK_EQ(offset, next);
  if (is_batch) MarkBatch(unit[0].bytes, static_cast<uint32_t>(unit.size()), static_cast<uint32_t>(bytes));
  end_ = PlaceOf(bytes);
  for (ModelRecord& record : unit) {
    record.position = end_;
    record.offset = record.has_entry ? next++ : 0;
    PlaceRecord(record.bytes, record.offset, record.position, store_timestamp);
    SealRecord(record.bytes);
    end_ = record.end();
    records_.push_back(std::move(record));
  }
}

void LogModel::CutTo(int64_t end) {
  while (!records_.empty() && records_.back().position >= end) {
    if (records_.back().has_entry) --next_[records_.back().queue];
    records_.pop_back();
  }
  end_ = end;
}

bool LogModel::MayEndAt(int64_t position) const {
  if (position == 0) return true;
  const auto behind =
      std::find_if(records_.begin(), records_.end(), [&](const ModelRecord& record) { return record.end() > position; });
  if (behind == records_.begin()) return false;
  const ModelRecord& last = *(behind - 1);
  if (!last.ends_unit) return false;
  return position == last.end() || position == EndOfFile(last.position);
}

std::vector<std::byte> LogModel::Image(int64_t from, int64_t to) const {
  std::vector<std::byte> image(static_cast<size_t>(to - from));
  const auto put = [&](std::span<const std::byte> bytes, int64_t position) {
    for (size_t i = 0; i < bytes.size(); i++) {
      const int64_t at = position + static_cast<int64_t>(i);
      if (from <= at && at < to) image[static_cast<size_t>(at - from)] = bytes[i];
    }
  };
  for (size_t i = 0; i < records_.size(); i++) {
    const ModelRecord& record = records_[i];
    if (record.position >= to) break;
    put(record.bytes, record.position);
    const int64_t next = i + 1 < records_.size() ? records_[i + 1].position : end_;
    if (next == record.end()) continue;
    std::byte blank[format::kBlankBytes];
    EncodeBlank(blank, static_cast<int32_t>(EndOfFile(record.position) - record.end()));
    put(blank, record.end());
  }
  return image;
}

}  // namespace millrace::testing
