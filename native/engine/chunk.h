// A piece of staged log: encoded records on their way from the producer to the writer.
//
// The producer fills a chunk, hands it over, and never touches it again; the writer gives it back empty. A batch, and any record,
// lies whole in one extent, so that `written` can step over it at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace millrace {

// The newest record below some position, by which the side-car recognises the log again.
struct LastRecord {
  int64_t position = -1;  // -1: there is none
  int32_t size = 0;
  int64_t store_timestamp = 0;
  uint32_t checksum = 0;  // known once the record is sealed
};

// A position and the newest record below it, sampled together.
struct Mark {
  int64_t position = 0;
  LastRecord last;
  int64_t messages = 0;  // appended since the store was opened
};

// Bytes that are contiguous in the log. A new one begins where a file does.
struct Extent {
  int64_t position = 0;
  size_t at = 0;
  size_t bytes = 0;
  int64_t end = 0;  // position behind it; the file's end when it closes with a BLANK
  LastRecord last;
  int64_t messages = 0;
};

struct Chunk {
  // Large enough that one pwrite amortises its call, small enough to stay in the second-level cache between encoding and writing,
  // and that what a producer has in flight is several of them: one is filled while another is written.
  static constexpr size_t kBytes = 128 * 1024;

  explicit Chunk(size_t size) : bytes(std::make_unique_for_overwrite<std::byte[]>(size)), capacity(size) {}

  void Clear() {
    used = 0;
    extents.clear();
  }

  std::unique_ptr<std::byte[]> bytes;
  size_t capacity;
  size_t used = 0;
  std::vector<Extent> extents;
};

}  // namespace millrace
