// What is looked up in a record's properties, and Java's hash of it. Rules of the format: of two properties with one name the last
// counts, and one with an empty value is no property.
#include <cstring>

#include "record_codec.h"

namespace millrace {
namespace {

bool IsContinuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// How many bytes beyond the first are right in the sequence that begins at `text`, as many as the first byte asks for at most.
size_t RightContinuations(std::string_view text, size_t wanted) {
  const auto first = static_cast<uint8_t>(text[0]);
  for (size_t i = 1; i <= wanted; ++i) {
    if (i >= text.size()) return i - 1;
    const auto byte = static_cast<uint8_t>(text[i]);
    if (!IsContinuation(byte)) return i - 1;
    // Longer than needed, or beyond U+10FFFF.
    if (i == 1 && ((first == 0xE0 && byte < 0xA0) || (first == 0xF0 && byte < 0x90) || (first == 0xF4 && byte >= 0x90))) return 0;
  }
  return wanted;
}

// The code point that `text` begins with, and the bytes it takes; U+FFFD for what is ill-formed, in the pieces that Java's decoder
// makes of it: a surrogate's three bytes are one piece.
uint32_t DecodeCodePoint(std::string_view text, size_t* taken) {
  constexpr uint32_t kReplacement = 0xFFFD;
  const auto first = static_cast<uint8_t>(text[0]);
  *taken = 1;
  if (first < 0x80) return first;
  if (first < 0xC2 || first > 0xF4) return kReplacement;
  const size_t wanted = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  const size_t right = RightContinuations(text, wanted);
  *taken = 1 + right;
  if (right < wanted) return kReplacement;
  uint32_t point = first & (0x3FU >> wanted);
  for (size_t i = 1; i <= wanted; ++i) point = (point << 6) | (static_cast<uint8_t>(text[i]) & 0x3FU);
  return point >= 0xD800 && point <= 0xDFFF ? kReplacement : point;
}

}  // namespace

std::string_view FindProperty(std::string_view properties, std::string_view name) {
  std::string_view value;
  while (!properties.empty()) {
    const size_t end = properties.find(format::kValueEnd);
    const std::string_view property = properties.substr(0, end);
    const bool has_value = !name.empty() && property.size() > name.size() + 1;
    if (has_value && property.starts_with(name) && property[name.size()] == format::kNameEnd) {
      value = property.substr(name.size() + 1);
    }
    properties.remove_prefix(end == std::string_view::npos ? properties.size() : end + 1);
  }
  return value;
}

int32_t JavaHash(std::string_view utf8, int32_t before) {
  uint32_t hash = static_cast<uint32_t>(before);
  while (!utf8.empty()) {
    size_t taken = 1;
    uint32_t unit = DecodeCodePoint(utf8, &taken);
    utf8.remove_prefix(taken);
    if (unit >= 0x10000) {
      hash = 31 * hash + (0xD800 + ((unit - 0x10000) >> 10));
      unit = 0xDC00 + (unit & 0x3FF);
    }
    hash = 31 * hash + unit;
  }
  return static_cast<int32_t>(hash);
}

int64_t TagsCode(std::string_view properties) { return JavaHash(FindProperty(properties, "TAGS")); }

}  // namespace millrace
