#include "pending_keys.h"

#include <algorithm>

namespace millrace {

void PendingKeys::Push(int32_t hash, int64_t position, int64_t store_timestamp) {
  if (size() == ring_.size()) Grow();
  ring_[static_cast<size_t>(end_) & (ring_.size() - 1)] = {position, store_timestamp, hash, 0};
  Link(end_++);
}

void PendingKeys::Link(uint64_t number) {
  Key& key = ring_[static_cast<size_t>(number) & (ring_.size() - 1)];
  uint64_t& newest = newest_[BucketOf(key.hash)];
  key.back = newest >= begin_ ? static_cast<uint32_t>(number - newest) : 0;
  newest = number;
}

void PendingKeys::Grow() {
  std::vector<Key> larger(std::max(kLeast, 2 * ring_.size()));
  for (uint64_t number = begin_; number < end_; number++) larger[static_cast<size_t>(number) & (larger.size() - 1)] = At(number);
  ring_ = std::move(larger);
  newest_.assign(ring_.size() / kPerBucket, 0);
  for (uint64_t number = begin_; number < end_; number++) Link(number);
}

void PendingKeys::PopBack() {
  const Key& key = back();
  newest_[BucketOf(key.hash)] = key.back == 0 ? 0 : end_ - 1 - key.back;
  end_--;
}

void PendingKeys::Find(int32_t hash, int64_t below, std::vector<int64_t>* positions) const {
  if (empty()) return;
  for (uint64_t number = newest_[BucketOf(hash)]; number >= begin_;) {
    const Key& key = At(number);
    if (key.hash == hash && key.position < below) positions->push_back(key.position);
    if (key.back == 0) return;
    number -= key.back;
  }
}

}  // namespace millrace
