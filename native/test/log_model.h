// What a store ought to hold: every record that was appended, byte by byte, in order, with its place in log and queue.
//
// The model encodes each record once more from its fields, and lays out files and offsets by the rules of docs/format.md, so that a
// store which is wrong twice in the same way is still wrong here. Not for two threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "queue_entry.h"
#include "record_codec.h"

namespace millrace::testing {

using QueueKey = std::pair<std::string, int32_t>;

struct ModelRecord {
  int64_t position = 0;
  int64_t offset = 0;
  QueueKey queue;
  bool has_entry = true;
  bool ends_unit = true;  // the log may end behind it: it is no inner part of a batch
  int64_t tags_code = 0;
  std::vector<std::byte> bytes;

  int64_t end() const { return position + static_cast<int64_t>(bytes.size()); }
  QueueEntry entry() const { return {position, tags_code, static_cast<int32_t>(bytes.size())}; }
};

class LogModel {
 public:
  explicit LogModel(int64_t file_bytes) : file_bytes_(file_bytes) {}

  int64_t file_bytes() const { return file_bytes_; }
  int64_t end() const { return end_; }
  const std::vector<ModelRecord>& records() const { return records_; }
  int64_t next_offset(const QueueKey& queue) const;
  // Every queue that ever had a record, with the records that have an entry.
  std::map<QueueKey, std::vector<const ModelRecord*>> Queues() const;

  // Where a record or a batch of that many bytes has to stand.
  int64_t PlaceOf(int64_t bytes) const;
  // Appends messages as one unit; topic and queue are those of `queue`. What the store said about the first one is compared.
  void Append(const QueueKey& queue, const std::vector<RecordFields>& messages, int64_t offset, int64_t position,
              int64_t store_timestamp);
  // The log went back to `end`.
  void CutTo(int64_t end);
  // Whether the log may end there: behind a unit, or behind the BLANK that follows one.
  bool MayEndAt(int64_t position) const;
  // The log's bytes from `from` to `to`, BLANKs and their zeros among them.
  std::vector<std::byte> Image(int64_t from, int64_t to) const;

 private:
  int64_t EndOfFile(int64_t position) const { return position - position % file_bytes_ + file_bytes_; }

  const int64_t file_bytes_;
  int64_t end_ = 0;
  std::vector<ModelRecord> records_;
  std::map<QueueKey, int64_t> next_;
};

}  // namespace millrace::testing
