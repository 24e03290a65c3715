#include "queue_files.h"

#include <algorithm>
#include <cstring>

#include "io.h"

namespace millrace {
namespace {

constexpr int64_t kEntry = static_cast<int64_t>(format::kEntryBytes);

}  // namespace

std::string QueueFiles::DirectoryOf(const std::string& topic, int32_t queue_id) const {
  return paths_.consume_queue + "/" + topic + "/" + std::to_string(queue_id);
}

Status QueueFiles::Write(const std::string& topic, int32_t queue_id, int64_t offset, std::span<const QueueEntry> entries,
                         int64_t* rewritten) {
  const std::string directory = DirectoryOf(topic, queue_id);
  std::vector<std::byte> bytes;
  while (!entries.empty()) {
    const int64_t start = offset - offset % entries_per_file_;
    const size_t count =
        static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(entries.size()), start + entries_per_file_ - offset));
    bytes.resize(count * format::kEntryBytes);
    for (size_t i = 0; i < count; i++) entries[i].Encode(bytes.data() + i * format::kEntryBytes);

    const std::string path = directory + "/" + FileName(start * kEntry);
    std::shared_ptr<OpenFile> file;
    Status status = Acquire(path, OpenMode::kReadWrite, ReadMode::kMayBlock, &file);
    if (status.code() == Code::kNotFound) {
      status = Make(topic, queue_id, start, offset, bytes);
      if (rewritten != nullptr) *rewritten += static_cast<int64_t>(count);
    } else if (status.ok()) {
      int64_t different = static_cast<int64_t>(count);
      if (rewritten != nullptr) status = Compare(*file, (offset - start) * kEntry, bytes, &different);
      if (status.ok()) {
        status = io::Write(platform_, file->handle(), bytes, (offset - start) * kEntry);
        Unsynced(directory, path, false);
      }
      if (rewritten != nullptr) *rewritten += different;
    }
    if (!status.ok()) return *status.path() ? std::move(status) : std::move(status).In(path);
    offset += static_cast<int64_t>(count);
    entries = entries.subspan(count);
  }
  return Status::Ok();
}

Status QueueFiles::Compare(const OpenFile& file, int64_t at, std::span<const std::byte> bytes, int64_t* different) {
  std::vector<std::byte> there(bytes.size());
  size_t count = 0;
  Status status = io::Read(platform_, file.handle(), there, at, ReadMode::kMayBlock, &count);
  if (!status.ok()) return status;
  *different = 0;
  for (size_t i = 0; i < bytes.size(); i += format::kEntryBytes) {
    if (std::memcmp(there.data() + i, bytes.data() + i, format::kEntryBytes) != 0) ++*different;
  }
  return status;
}

Status QueueFiles::Make(const std::string& topic, int32_t queue_id, int64_t start, int64_t offset,
                        std::span<const std::byte> entries) {
  const std::string directory = DirectoryOf(topic, queue_id);
  const std::string path = directory + "/" + FileName(start * kEntry);
  bool made_topic = false;
  bool made_queue = false;
  Status status = io::MakeDirectory(platform_, paths_.consume_queue + "/" + topic, &made_topic);
  if (status.ok()) status = io::MakeDirectory(platform_, directory, &made_queue);
  if (!status.ok()) return status;

  std::string temporary;
  {
    std::lock_guard lock(mutex_);
    temporary = paths_.temporary + "/queue-" + std::to_string(temporary_count_++);
  }
  FileHandle handle = kNoFile;
  status = io::Unlink(platform_, temporary);
  if (status.ok()) status = io::Open(platform_, temporary, OpenMode::kCreate, &handle);
  if (!status.ok()) return status;
  auto file = std::make_shared<OpenFile>(platform_, handle);
  status = io::Resize(platform_, handle, entries_per_file_ * kEntry);
  if (status.ok() && offset > start) {
    std::vector<std::byte> blank(static_cast<size_t>((offset - start) * kEntry));
    for (size_t i = 0; i < blank.size(); i += format::kEntryBytes) QueueEntry::PreBlank().Encode(blank.data() + i);
    status = io::Write(platform_, handle, blank, 0);
  }
  if (status.ok()) status = io::Write(platform_, handle, entries, (offset - start) * kEntry);
  if (status.ok()) status = io::Rename(platform_, temporary, path);
  if (!status.ok()) {
    (void)io::Unlink(platform_, temporary);
    return status;
  }
  Unsynced(directory, path, true);
  std::lock_guard lock(mutex_);
  if (made_topic) unsynced_directories_.insert(paths_.consume_queue);
  if (made_queue) unsynced_directories_.insert(paths_.consume_queue + "/" + topic);
  return status;
}

Status QueueFiles::ReadBytes(const std::string& topic, int32_t queue_id, int64_t offset, ReadMode mode, std::span<std::byte> to,
                             size_t* bytes) {
  const std::string directory = DirectoryOf(topic, queue_id);
  *bytes = 0;
  while (*bytes + format::kEntryBytes <= to.size()) {
    const int64_t start = offset - offset % entries_per_file_;
    const int64_t room = static_cast<int64_t>((to.size() - *bytes) / format::kEntryBytes);
    const int64_t here = std::min(room, start + entries_per_file_ - offset);
    const std::string path = directory + "/" + FileName(start * kEntry);
    std::shared_ptr<OpenFile> file;
    Status status = Acquire(path, read_only_ ? OpenMode::kRead : OpenMode::kReadWrite, mode, &file);
    if (status.code() == Code::kNotFound) return Status::Ok();
    if (!status.ok()) return status;
    const std::span<std::byte> part = to.subspan(*bytes, static_cast<size_t>(here * kEntry));
    size_t got = 0;
    status = io::Read(platform_, file->handle(), part, (offset - start) * kEntry, mode, &got);
    if (!status.ok()) return std::move(status).In(path);
    *bytes += got - got % format::kEntryBytes;
    if (got < part.size()) return Status::Ok();
    offset += here;
  }
  return Status::Ok();
}

Status QueueFiles::Read(const std::string& topic, int32_t queue_id, int64_t offset, int64_t count, ReadMode mode,
                        std::vector<QueueEntry>* entries) {
  std::vector<std::byte> bytes(static_cast<size_t>(count) * format::kEntryBytes);
  size_t got = 0;
  Status status = ReadBytes(topic, queue_id, offset, mode, bytes, &got);
  for (size_t i = 0; status.ok() && i < got; i += format::kEntryBytes) entries->push_back(QueueEntry::Decode(bytes.data() + i));
  return status;
}

Status QueueFiles::SizeOf(const std::string& topic, int32_t queue_id, int64_t start, int64_t* size) {
  const std::string path = DirectoryOf(topic, queue_id) + "/" + FileName(start * kEntry);
  std::shared_ptr<OpenFile> file;
  Status status = Acquire(path, read_only_ ? OpenMode::kRead : OpenMode::kReadWrite, ReadMode::kMayBlock, &file);
  if (status.ok()) status = io::Size(platform_, file->handle(), size);
  return status.ok() ? std::move(status) : std::move(status).In(path);
}

Status QueueFiles::Cut(const std::string& topic, int32_t queue_id, int64_t offset, bool* cut) {
  const std::string directory = DirectoryOf(topic, queue_id);
  if (cut != nullptr) *cut = false;
  std::vector<DirectoryEntry> names;
  Status status = io::List(platform_, directory, &names);
  if (status.code() == Code::kNotFound) return Status::Ok();
  if (!status.ok()) return status;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const int64_t start = ParseFileName(name->name) / kEntry;
    const std::string path = directory + "/" + name->name;
    if (start >= offset) {  // holds nothing that stays
      Forget(path);
      status = io::Unlink(platform_, path);
      if (!status.ok()) return status;
      Unsynced(directory, path, true);
      if (cut != nullptr) *cut = true;
      continue;
    }
    std::shared_ptr<OpenFile> file;
    status = Acquire(path, OpenMode::kReadWrite, ReadMode::kMayBlock, &file);
    if (!status.ok()) return status;
    int64_t data = (offset - start) * kEntry;
    const int64_t end = entries_per_file_ * kEntry;
    int64_t size = 0;
    status = io::Size(platform_, file->handle(), &size);
    if (status.ok() && size < end) status = io::Resize(platform_, file->handle(), end);
    if (!status.ok()) return std::move(status).In(path);
    if (size < end) Unsynced(directory, path, false);
    std::vector<std::byte> bytes(64 * 1024);
    while (data < end) {  // only what is not a hole is looked at, and only what is not zero is written
      status = io::NextData(platform_, file->handle(), data, &data);
      size_t got = 0;
      if (status.ok() && data < end) status = io::Read(platform_, file->handle(), bytes, data, ReadMode::kMayBlock, &got);
      if (!status.ok()) return std::move(status).In(path);
      if (got == 0) break;
      if (std::any_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(got),
                      [](std::byte b) { return b != std::byte{0}; })) {
        status = io::ZeroRange(platform_, file->handle(), data, data + static_cast<int64_t>(got));
        if (!status.ok()) return std::move(status).In(path);
        Unsynced(directory, path, false);
        if (cut != nullptr) *cut = true;
      }
      data += static_cast<int64_t>(got);
    }
    break;
  }
  return Status::Ok();
}

Status QueueFiles::Remove(const std::string& topic, int32_t queue_id) {
  const std::string directory = DirectoryOf(topic, queue_id);
  std::vector<DirectoryEntry> names;
  Status status = io::List(platform_, directory, &names);
  if (status.code() == Code::kNotFound) return Status::Ok();
  if (!status.ok()) return status;
  for (const DirectoryEntry& name : names) Forget(directory + "/" + name.name);
  status = io::RemoveTree(platform_, directory);
  std::lock_guard lock(mutex_);
  unsynced_directories_.erase(directory);
  unsynced_directories_.insert(paths_.consume_queue + "/" + topic);
  return status;
}

void QueueFiles::Unsynced(const std::string& directory, const std::string& path, bool made) {
  std::lock_guard lock(mutex_);
  unsynced_files_.insert(path);
  if (made) unsynced_directories_.insert(directory);
}

Status QueueFiles::SyncAll() {
  std::set<std::string> files;
  std::set<std::string> directories;
  {
    std::lock_guard lock(mutex_);
    files.swap(unsynced_files_);
    directories.swap(unsynced_directories_);
  }
  Status status = Sync(files, directories);
  if (status.ok() || status.code() == Code::kFlushFailed) return status;
  // Nothing was lost, only not asked for.
  std::lock_guard lock(mutex_);
  unsynced_files_.merge(files);
  unsynced_directories_.merge(directories);
  return status;
}

Status QueueFiles::Sync(const std::set<std::string>& files, const std::set<std::string>& directories) {
  const auto failed = [](Status status) {
    const bool was_asked = status.code() != Code::kTooManyFiles;
    return was_asked ? Status(Code::kFlushFailed, status.error()).In(status.path()) : std::move(status);
  };
  if (files.size() + directories.size() > kManyUnsynced) {
    Status status = io::SyncFileSystem(platform_, paths_.consume_queue);
    return status.ok() ? std::move(status) : failed(std::move(status));
  }
  for (const std::string& path : files) {
    std::shared_ptr<OpenFile> file;
    Status status = Acquire(path, OpenMode::kReadWrite, ReadMode::kMayBlock, &file);
    if (status.code() == Code::kNotFound) continue;  // removed meanwhile
    if (!status.ok()) return status;
    status = io::Sync(platform_, file->handle());
    if (!status.ok()) return failed(std::move(status).In(path));
  }
  for (const std::string& path : directories) {
    Status status = io::SyncDirectory(platform_, path);
    if (!status.ok() && status.code() != Code::kNotFound) return failed(std::move(status));
  }
  return Status::Ok();
}

Status QueueFiles::Acquire(const std::string& path, OpenMode mode, ReadMode read_mode, std::shared_ptr<OpenFile>* file) {
  {
    std::lock_guard lock(mutex_);
    const auto found = by_path_.find(path);
    if (found != by_path_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second);
      *file = found->second->file;
      return Status::Ok();
    }
  }
  FileHandle handle = kNoFile;
  Status status = io::Open(platform_, path, mode, read_mode, &handle);
  if (!status.ok()) return status;
  *file = std::make_shared<OpenFile>(platform_, handle);
  std::shared_ptr<OpenFile> evicted;  // closed after the lock is given up
  std::lock_guard lock(mutex_);
  if (by_path_.contains(path)) return status;  // somebody else was quicker: both descriptors see the same file
  recent_.push_front(Pooled{path, *file});
  by_path_[path] = recent_.begin();
  if (recent_.size() > kMaxOpen) {
    evicted = std::move(recent_.back().file);
    by_path_.erase(recent_.back().path);
    recent_.pop_back();
  }
  return status;
}

void QueueFiles::Forget(const std::string& path) {
  std::lock_guard lock(mutex_);
  unsynced_files_.erase(path);
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return;
  recent_.erase(found->second);
  by_path_.erase(found);
}

int64_t QueueFiles::open_count() const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(recent_.size());
}

}  // namespace millrace
