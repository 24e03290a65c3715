// Which tags a reader asked for: hashes to hold against queue entries, and texts to hold against records.
//
// The hash rules nearly everything out without touching a record; the text decides about what it lets through, since different tags
// share a hash (`Aa` and `BB`). Both have to agree, so nothing wrong is ever let through, and nothing right is kept back while the
// entry's hash is its record's. A tag is compared as a whole, byte by byte: of a message with several (`a||b`) only all of it. Made
// once, never changed; any number of threads. The hash: docs/format.md, "Consume queue".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

class TagFilter {
 public:
  // Tags in UTF-8 with format::kValueEnd between them, which no tag has in it. Without any tag nothing matches.
  explicit TagFilter(std::string_view tags);
  TagFilter(const TagFilter&) = delete;
  TagFilter& operator=(const TagFilter&) = delete;

  // Whether the record of a queue entry with this code may have a wanted tag. What is no int32 is no hash (RocketMQ keeps times of
  // delivery and places of its extended entries there), and says nothing.
  bool MayMatch(int64_t tags_code) const {
    const int32_t hash = static_cast<int32_t>(tags_code);
    if (hash != tags_code) return true;
    return ((few_bits_ >> (hash & 63)) & 1) != 0 && HasHash(hash);
  }
  // Whether a record with these properties has a wanted tag. One without a tag never does.
  bool Matches(std::string_view properties) const;

 private:
  bool HasHash(int32_t hash) const;

  const std::string text_;
  std::vector<std::string_view> tags_;  // sorted, in text_
  std::vector<int32_t> hashes_;         // sorted
  uint64_t few_bits_ = 0;               // bit h % 64 of each hash h: one look rules most entries out
};

}  // namespace millrace
