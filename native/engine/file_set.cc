#include "file_set.h"

#include "io.h"
#include "store_paths.h"

namespace millrace {

FileSet::FileSet(Platform& platform, std::string directory, std::string temporary_directory, int64_t file_bytes, bool read_only)
    : platform_(platform),
      directory_(std::move(directory)),
      temporary_directory_(std::move(temporary_directory)),
      file_bytes_(file_bytes),
      read_only_(read_only) {}

void FileSet::Load(const std::vector<int64_t>& starts) {
  std::lock_guard lock(mutex_);
  files_.clear();
  open_count_ = 0;
  for (const int64_t start : starts) files_.emplace(start, Slot{});
}

std::string FileSet::PathOf(int64_t position) const { return directory_ + "/" + FileName(StartOf(position)); }

bool FileSet::empty() const {
  std::lock_guard lock(mutex_);
  return files_.empty();
}

int64_t FileSet::first() const {
  std::lock_guard lock(mutex_);
  return files_.empty() ? 0 : files_.begin()->first;
}

int64_t FileSet::last() const {
  std::lock_guard lock(mutex_);
  return files_.empty() ? -1 : files_.rbegin()->first;
}

bool FileSet::Has(int64_t position) const {
  std::lock_guard lock(mutex_);
  return files_.contains(StartOf(position));
}

int64_t FileSet::NextStart(int64_t position) const {
  std::lock_guard lock(mutex_);
  const auto next = files_.upper_bound(position);
  return next == files_.end() ? -1 : next->first;
}

int64_t FileSet::count() const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(files_.size());
}

int64_t FileSet::open_count() const {
  std::lock_guard lock(mutex_);
  return open_count_;
}

Status FileSet::Open(int64_t position, std::shared_ptr<OpenFile>* file, ReadMode mode) {
  const int64_t start = StartOf(position);
  {
    std::lock_guard lock(mutex_);
    const auto found = files_.find(start);
    if (found != files_.end() && found->second.file) {
      found->second.used = ++clock_;
      *file = found->second.file;
      return Status::Ok();
    }
    if (found == files_.end() && !read_only_) return Status(Code::kNotFound).At(position).In(PathOf(position));
  }
  // Without the lock: an event loop may want it, and the disk may take its time.
  FileHandle handle = kNoFile;
  Status status = io::Open(platform_, PathOf(position), read_only_ ? OpenMode::kRead : OpenMode::kReadWrite, mode, &handle);
  if (!status.ok()) return std::move(status).At(position);
  auto opened = std::make_shared<OpenFile>(platform_, handle);
  std::lock_guard lock(mutex_);
  if (!read_only_ && !files_.contains(start)) return Status(Code::kNotFound).At(position).In(PathOf(position));
  Slot& slot = files_[start];
  if (!slot.file) open_count_++;
  if (!slot.file) slot.file = std::move(opened);  // else somebody else was quicker
  slot.used = ++clock_;
  *file = slot.file;
  EvictLocked();
  return Status::Ok();
}

Status FileSet::Create(int64_t start, bool* existed) {
  std::lock_guard creating(creating_);
  if (existed != nullptr) *existed = true;
  if (Has(start)) return Status::Ok();
  if (existed != nullptr) *existed = false;
  const std::string temporary = temporary_directory_ + "/commitlog-" + FileName(start);
  const std::string path = PathOf(start);
  FileHandle handle = kNoFile;
  Status status = io::Unlink(platform_, temporary);
  if (status.ok()) status = io::Open(platform_, temporary, OpenMode::kCreate, &handle);
  if (!status.ok()) return std::move(status).At(start);
  auto file = std::make_shared<OpenFile>(platform_, handle);
  status = io::Resize(platform_, handle, file_bytes_);
  if (status.ok()) status = io::Sync(platform_, handle);
  if (status.ok()) status = io::Rename(platform_, temporary, path);
  if (!status.ok()) {
    (void)io::Unlink(platform_, temporary);
    return std::move(status).At(start).In(path);
  }
  status = io::SyncDirectory(platform_, directory_);
  // Without the directory's sync the file may be gone after a power cut, so nothing may be written into it; but it is there now.
  if (!status.ok()) {
    (void)io::Unlink(platform_, path);
    return std::move(status).At(start).In(path);
  }
  std::lock_guard lock(mutex_);
  files_[start] = Slot{std::move(file), ++clock_};
  open_count_++;
  EvictLocked();
  return Status::Ok();
}

Status FileSet::RemoveFrom(int64_t from) {
  std::lock_guard creating(creating_);
  for (;;) {
    int64_t start;
    {
      std::lock_guard lock(mutex_);
      if (files_.empty() || files_.rbegin()->first < from) return Status::Ok();
      start = files_.rbegin()->first;
    }
    Status status = io::Unlink(platform_, PathOf(start));
    if (status.ok()) status = io::SyncDirectory(platform_, directory_);
    if (!status.ok()) return std::move(status).At(start);
    std::lock_guard lock(mutex_);
    if (files_[start].file) open_count_--;
    files_.erase(start);
  }
}

void FileSet::SetDurable(int64_t position) {
  std::lock_guard lock(mutex_);
  if (position <= durable_) return;
  durable_ = position;
  EvictLocked();
}

void FileSet::EvictLocked() {
  while (open_count_ > kMaxIdleOpen) {
    auto oldest = files_.end();
    for (auto it = files_.begin(); it != files_.end() && (read_only_ || it->first + file_bytes_ <= durable_); ++it) {
      if (it->second.file && (oldest == files_.end() || it->second.used < oldest->second.used)) oldest = it;
    }
    if (oldest == files_.end()) return;
    oldest->second.file.reset();
    open_count_--;
  }
}

}  // namespace millrace
