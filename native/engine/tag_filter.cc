#include "tag_filter.h"

#include <algorithm>

#include "record_codec.h"

namespace millrace {

TagFilter::TagFilter(std::string_view tags) : text_(tags) {
  for (std::string_view rest = text_; !rest.empty();) {
    const size_t end = rest.find(format::kValueEnd);
    const std::string_view tag = rest.substr(0, end);
    if (!tag.empty()) tags_.push_back(tag);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  std::sort(tags_.begin(), tags_.end());
  for (const std::string_view tag : tags_) {
    const int32_t hash = JavaHash(tag);
    hashes_.push_back(hash);
    few_bits_ |= uint64_t{1} << (hash & 63);
  }
  std::sort(hashes_.begin(), hashes_.end());
}

bool TagFilter::HasHash(int32_t hash) const { return std::binary_search(hashes_.begin(), hashes_.end(), hash); }

bool TagFilter::Matches(std::string_view properties) const {
  const std::string_view tag = FindProperty(properties, "TAGS");
  return !tag.empty() && std::binary_search(tags_.begin(), tags_.end(), tag);
}

}  // namespace millrace
