#include "staging.h"

#include <algorithm>
#include <utility>

namespace millrace {

std::byte* Staging::Draft(size_t used, size_t more, bool* passed) {
  *passed = false;
  if (used != 0 && used != drafted_) return nullptr;
  const size_t bytes = used + more;
  if (!current_) current_ = NewChunk(bytes);
  if (current_->capacity - current_->used < bytes) {
    // Half as large again as it has to be: a draft that grows is moved seldom.
    std::unique_ptr<Chunk> larger = NewChunk(used == 0 ? bytes : bytes + bytes / 2);
    std::copy_n(current_->bytes.get() + current_->used, used, larger->bytes.get());
    *passed = Pass();
    current_ = std::move(larger);
  }
  drafted_ = bytes;
  return current_->bytes.get() + current_->used;
}

std::byte* Staging::Stage(int64_t position, size_t bytes, bool new_extent, bool* passed) {
  drafted_ = 0;
  *passed = current_ && current_->capacity - current_->used < bytes && Pass();
  if (!current_) current_ = NewChunk(bytes);
  Chunk& chunk = *current_;
  if (chunk.extents.empty() || new_extent) chunk.extents.push_back(Extent{position, chunk.used, 0, position, {}, 0});
  std::byte* at = chunk.bytes.get() + chunk.used;
  chunk.extents.back().bytes += bytes;
  chunk.used += bytes;
  return at;
}

bool Staging::Pass() {
  drafted_ = 0;
  if (!current_ || current_->used == 0) return false;
  std::lock_guard lock(mutex_);
  passed_.push_back(std::move(current_));
  has_passed_.store(true, std::memory_order_release);
  return true;
}

void Staging::Drop() {
  drafted_ = 0;
  current_.reset();
  std::lock_guard lock(mutex_);
  passed_.clear();
}

std::unique_ptr<Chunk> Staging::Take() {
  if (!has_passed_.load(std::memory_order_acquire)) return nullptr;
  std::lock_guard lock(mutex_);
  if (passed_.empty()) return nullptr;
  std::unique_ptr<Chunk> first = std::move(passed_.front());
  passed_.pop_front();
  if (passed_.empty()) has_passed_.store(false, std::memory_order_relaxed);
  return first;
}

std::unique_ptr<Chunk> Staging::NewChunk(size_t bytes) {
  if (bytes <= Chunk::kBytes) {
    std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      std::unique_ptr<Chunk> chunk = std::move(spare_.back());
      spare_.pop_back();
      return chunk;
    }
  }
  return std::make_unique<Chunk>(std::max(bytes, Chunk::kBytes));
}

void Staging::Recycle(std::unique_ptr<Chunk> chunk) {
  if (chunk->capacity != Chunk::kBytes) return;
  chunk->Clear();
  std::lock_guard lock(mutex_);
  if (spare_.size() < kSpareChunks) spare_.push_back(std::move(chunk));
}

}  // namespace millrace
