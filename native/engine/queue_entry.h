// One entry of a consume queue: where a record stands, how large it is, and the hash of its tag. 20 bytes, docs/format.md "Consume
// queue".
#pragma once

#include "byte_order.h"
#include "format.h"

namespace millrace {

struct QueueEntry {
  int64_t position = 0;
  int64_t tags_code = 0;
  int32_t size = 0;

  int64_t end() const { return position + size; }
  // All-zero bytes are not an entry: nothing was written there.
  bool valid() const { return position >= 0 && size > 0; }
  // Stands where no message ever was, so that a queue may begin at any number.
  bool pre_blank() const { return position == 0 && size == format::kPreBlankSize; }
  bool operator==(const QueueEntry&) const = default;

  void Encode(std::byte* to) const {
    StoreI64(to + format::kEntryPositionAt, position);
    StoreI32(to + format::kEntrySizeAt, size);
    StoreI64(to + format::kEntryTagsCodeAt, tags_code);
  }
  static QueueEntry Decode(const std::byte* from) {
    return {LoadI64(from + format::kEntryPositionAt), LoadI64(from + format::kEntryTagsCodeAt),
            LoadI32(from + format::kEntrySizeAt)};
  }
  static constexpr QueueEntry PreBlank() { return {0, 0, format::kPreBlankSize}; }
};

}  // namespace millrace
