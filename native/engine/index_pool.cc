#include "index_pool.h"

#include <algorithm>

namespace millrace {

Status IndexPool::Acquire(const IndexRecord::File& named, const IndexShape& shape, uint64_t epoch, ReadMode mode,
                          std::shared_ptr<IndexFile>* file) {
  {
    std::lock_guard lock(mutex_);
    if (epoch != epoch_) return Status(Code::kNotFound);
    const auto found = open_.find(named.name);
    if (found != open_.end()) {
      found->second.used = ++clock_;
      *file = found->second.file;
      return Status::Ok();
    }
  }
  if (mode == ReadMode::kOnlyCached) return Status(Code::kWouldBlock);
  Status status = IndexFile::Open(platform_, PathOf(named.name), shape, named.proof.header, OpenMode::kRead, file);
  if (!status.ok()) return status;
  std::lock_guard lock(mutex_);
  if (epoch != epoch_) return Status(Code::kNotFound);
  KeepLocked(named.name, *file);
  return status;
}

void IndexPool::Keep(const std::string& name, std::shared_ptr<IndexFile> file) {
  std::lock_guard lock(mutex_);
  KeepLocked(name, std::move(file));
}

void IndexPool::KeepLocked(const std::string& name, std::shared_ptr<IndexFile> file) {
  open_[name] = {std::move(file), ++clock_};
  if (open_.size() <= kMaxOpen) return;
  open_.erase(
      std::min_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
}

void IndexPool::EndEpoch() {
  std::lock_guard lock(mutex_);
  open_.clear();
  epoch_++;
}

uint64_t IndexPool::epoch() const {
  std::lock_guard lock(mutex_);
  return epoch_;
}

size_t IndexPool::open_count() const {
  std::lock_guard lock(mutex_);
  return open_.size();
}

}  // namespace millrace
