#include "log_layout.h"

#include <algorithm>

#include "format.h"
#include "io.h"

namespace millrace {
namespace {

constexpr int64_t kEntry = static_cast<int64_t>(format::kEntryBytes);

}  // namespace

Status LogLayout::Inspect(bool known, int64_t* file_bytes, int64_t* entries_per_file) {
  Status status = ListLog();
  if (status.ok() && !known) status = FindFileBytes(file_bytes);
  if (!status.ok()) return status;
  if (config_.file_bytes != 0 && config_.file_bytes != *file_bytes)
    return Status(Code::kInvalid, 0, *file_bytes).In(paths_.commit_log);
  if (!known) status = FindEntriesPerFile(entries_per_file);
  if (!status.ok()) return status;
  if (config_.entries_per_file != 0 && config_.entries_per_file != *entries_per_file) {
    return Status(Code::kInvalid, 0, *entries_per_file).In(paths_.consume_queue);
  }
  return CheckSizes(*file_bytes);
}

Status LogLayout::ListLog() {
  std::vector<DirectoryEntry> names;
  Status status = io::List(platform_, paths_.commit_log, &names);
  if (!status.ok() && status.code() != Code::kNotFound) return status;
  for (const DirectoryEntry& name : names) {
    if (name.is_directory) continue;
    const int64_t start = ParseFileName(name.name);
    if (start < 0) return Status(Code::kFormatMismatch).In(paths_.commit_log + "/" + name.name);
    starts.push_back(start);
  }
  std::sort(starts.begin(), starts.end());
  return Status::Ok();
}

Status LogLayout::FindFileBytes(int64_t* file_bytes) {
  // The names tell the size of all but a single file, and that tells its own.
  *file_bytes = config_.file_bytes;
  for (size_t i = 1; i < starts.size(); i++) {
    const int64_t distance = starts[i] - starts[i - 1];
    *file_bytes = i == 1 ? distance : std::min(*file_bytes, distance);
  }
  Status status;
  if (starts.size() == 1 && config_.file_bytes == 0) status = SizeOf(paths_.commit_log + "/" + FileName(starts[0]), file_bytes);
  if (*file_bytes == 0) *file_bytes = StoreConfig::kDefaultFileBytes;
  return status;
}

Status LogLayout::FindEntriesPerFile(int64_t* entries_per_file) {
  int64_t largest = 0;
  std::vector<DirectoryEntry> topics;
  Status status = io::List(platform_, paths_.consume_queue, &topics);
  for (size_t t = 0; status.ok() && t < topics.size() && largest == 0; t++) {
    if (!topics[t].is_directory) continue;
    std::vector<DirectoryEntry> queues;
    const std::string topic = paths_.consume_queue + "/" + topics[t].name;
    status = io::List(platform_, topic, &queues);
    for (size_t q = 0; status.ok() && q < queues.size() && largest == 0; q++) {
      if (queues[q].is_directory) status = LargestIn(topic + "/" + queues[q].name, &largest);
    }
  }
  if (!status.ok() && status.code() != Code::kNotFound) return status;
  if (largest % kEntry != 0) return Status(Code::kFormatMismatch).In(paths_.consume_queue);
  *entries_per_file = largest > 0 ? largest / kEntry : config_.entries_per_file;
  if (*entries_per_file == 0) *entries_per_file = StoreConfig::kDefaultEntriesPerFile;
  return Status::Ok();
}

Status LogLayout::LargestIn(const std::string& directory, int64_t* largest) {
  std::vector<DirectoryEntry> names;
  Status status = io::List(platform_, directory, &names);
  for (const DirectoryEntry& name : names) {
    if (!status.ok() || name.is_directory || ParseFileName(name.name) < 0) continue;
    int64_t size = 0;
    status = SizeOf(directory + "/" + name.name, &size);
    *largest = std::max(*largest, size);
  }
  return status;
}

Status LogLayout::CheckSizes(int64_t file_bytes) {
  for (const int64_t file : starts) {
    const std::string path = paths_.commit_log + "/" + FileName(file);
    int64_t size = 0;
    Status status = SizeOf(path, &size);
    if (!status.ok()) return std::move(status).At(file);
    if (file % file_bytes != 0 || size > file_bytes) return Status(Code::kFormatMismatch, 0, file).In(path);
    if (size == file_bytes) continue;
    // A crash can cut short only the newest file.
    if (file != starts.back()) return Status(Code::kCorruption, 0, file).In(path);
    short_last = file;
  }
  return Status::Ok();
}

Status LogLayout::SizeOf(const std::string& path, int64_t* size) {
  FileHandle file = kNoFile;
  Status status = io::Open(platform_, path, OpenMode::kRead, &file);
  if (!status.ok()) return status;
  status = io::Size(platform_, file, size);
  platform_.Close(file);
  return status.ok() ? std::move(status) : std::move(status).In(path);
}

}  // namespace millrace
