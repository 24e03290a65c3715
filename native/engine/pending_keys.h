// Keys of records that are in no index file yet: a ring, oldest first, in which the keys of one hash are found without looking at
// the others. It grows to what it is asked for and never shrinks: whoever pushes keeps it bounded. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

class PendingKeys {
 public:
  struct Key {
    int64_t position = 0;
    int64_t store_timestamp = 0;
    int32_t hash = 0;
    uint32_t back = 0;  // so many keys before it is the next older one of its bucket; 0: there is none
  };

  bool empty() const { return begin_ == end_; }
  size_t size() const { return static_cast<size_t>(end_ - begin_); }
  const Key& front() const { return At(begin_); }
  const Key& back() const { return At(end_ - 1); }
  // The i-th oldest.
  const Key& operator[](size_t i) const { return At(begin_ + i); }

  void Push(int32_t hash, int64_t position, int64_t store_timestamp);
  void PopFront() { begin_++; }
  void PopBack();
  void Clear() { begin_ = end_; }

  // Adds the positions of a hash that are below `below`, newest first.
  void Find(int32_t hash, int64_t below, std::vector<int64_t>* positions) const;

 private:
  const Key& At(uint64_t number) const { return ring_[static_cast<size_t>(number) & (ring_.size() - 1)]; }
  size_t BucketOf(int32_t hash) const { return (static_cast<uint32_t>(hash) * 0x9E3779B1u >> 8) & (newest_.size() - 1); }
  void Link(uint64_t number);
  void Grow();

  static constexpr size_t kLeast = 256;
  static constexpr size_t kPerBucket = 4;

  // Keys are counted from 1 on, so that 0 is none: those in the ring are [begin_, end_).
  uint64_t begin_ = 1;
  uint64_t end_ = 1;
  std::vector<Key> ring_;         // a power of two
  std::vector<uint64_t> newest_;  // of each bucket; one before begin_ has left
};

}  // namespace millrace
