// The way of encoded records from the producer to the writer: chunks that are filled, passed on, written and used again.
//
// The producer owns the current chunk and nobody else looks at it; Pass hands it over, Take gives what was passed, one by one. A
// bounded number of written chunks is kept for the next records, so that appending at full speed allocates nothing. Bounded from
// outside: TypeScript admits no more bytes than `maxPendingBytes`. Stage, Extent access, Pass and Drop: producer. Take and Recycle:
// whoever writes.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "chunk.h"

namespace millrace {

class Staging {
 public:
  // Room for `bytes` that will stand at `position`, behind what was staged last unless `new_extent`. Valid until the next call.
  // *passed is set when a full chunk had to be passed on for it.
  std::byte* Stage(int64_t position, size_t bytes, bool new_extent, bool* passed);
  // Memory right behind what is staged, for a draft that has `used` bytes and grows by `more`: what it has is kept, perhaps moved.
  // Stage gives the same memory to a draft that is finished. nullptr when something else was done since the draft began.
  std::byte* Draft(size_t used, size_t more, bool* passed);
  size_t drafted() const { return drafted_; }
  // What was staged last.
  Extent& last() { return current_->extents.back(); }
  // False when nothing is staged.
  bool Pass();
  // What is staged and not passed on, for a producer that writes it itself: nullptr when nothing is. Reuse makes room again.
  Chunk* current() { return current_.get(); }
  void Reuse() {
    current_->Clear();
    drafted_ = 0;
  }
  // Forgets everything that was not taken.
  void Drop();

  // What was passed on first; nullptr when there is nothing, and then cheap.
  std::unique_ptr<Chunk> Take();
  void Recycle(std::unique_ptr<Chunk> chunk);

 private:
  std::unique_ptr<Chunk> NewChunk(size_t bytes);

  static constexpr size_t kSpareChunks = 8;

  std::unique_ptr<Chunk> current_;
  size_t drafted_ = 0;  // bytes of a draft behind what is used of the current chunk
  std::atomic<bool> has_passed_{false};
  std::mutex mutex_;
  std::deque<std::unique_ptr<Chunk>> passed_;
  std::vector<std::unique_ptr<Chunk>> spare_;
};

}  // namespace millrace
