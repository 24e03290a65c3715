// Looking up properties, and Java's hash of what is found. The hashes are those that the Java platform gives.
#include <span>
#include <string_view>
#include <utility>

#include "golden_record.h"
#include "record_codec.h"
#include "testing.h"

namespace millrace {
namespace {

using testing::Note;

TEST("a property is found by its whole name, wherever it stands") {
  const std::string_view properties = testing::kGoldenProperties;
  CHECK_EQ(FindProperty(properties, "KEYS"), "key0 order0");
  CHECK_EQ(FindProperty(properties, "UNIQ_KEY"), "7F000001ABCD18B4AAC2000000000000");
  CHECK_EQ(FindProperty(properties, "TAGS"), "TagA");
  for (const std::string_view name : {"", "KEY", "EYS", "KEYSX", "key0 order0", "TagA"}) {
    const Note note("name", name);
    CHECK(FindProperty(properties, name).data() == nullptr);
  }
  CHECK_EQ(FindProperty("a\1b", "a"), "b");
  CHECK_EQ(FindProperty("a\1b\1c\2", "a"), "b\1c");
}

TEST("an empty value is no property, and of two with one name the last counts") {
  CHECK(FindProperty("", "a").data() == nullptr);
  CHECK(FindProperty("a\1\2", "a").data() == nullptr);
  CHECK(FindProperty("a\2", "a").data() == nullptr);
  CHECK(FindProperty("\1b\2", "").data() == nullptr);
  CHECK_EQ(FindProperty("a\1one\2b\1x\2a\1two\2", "a"), "two");
  CHECK_EQ(FindProperty("a\1one\2a\1\2", "a"), "one");
  CHECK_EQ(FindProperty("\2\2a\1one\2\2", "a"), "one");
}

TEST("hashes are Java's, over UTF-16 units and 32 bits that wrap") {
  CHECK_EQ(JavaHash(""), 0);
  CHECK_EQ(JavaHash("A"), 65);
  CHECK_EQ(JavaHash("TagA"), 2598919);
  CHECK_EQ(JavaHash("TagB"), 2598920);
  CHECK_EQ(JavaHash("TAGS_LONG_VALUE_0123456789"), -390068880);
  CHECK_EQ(JavaHash("\xE6\xA0\x87\xE7\xAD\xBE"), 857175);
  CHECK_EQ(JavaHash("\xE6\xA0\x87\xE7\xAD\xBE\xF0\x9F\x9A\x80"), 825518202);
  CHECK_EQ(JavaHash("a||b"), 3012833);
  CHECK_EQ(JavaHash("polygenelubricants"), INT32_MIN);
}

TEST("the code of a tag is its hash, sign-extended, and 0 without one") {
  CHECK_EQ(TagsCode(testing::kGoldenProperties), 0x27A807);
  CHECK_EQ(TagsCode("TAGS\1TAGS_LONG_VALUE_0123456789\2"), static_cast<int64_t>(0xFFFFFFFFE8C00570U));
  CHECK_EQ(TagsCode("TAGS\1polygenelubricants\2"), static_cast<int64_t>(0xFFFFFFFF80000000U));
  CHECK_EQ(TagsCode("TAGS\1\2"), 0);
  CHECK_EQ(TagsCode(""), 0);
}

TEST("ill-formed UTF-8 is hashed as the replacement characters that Java puts in") {
  const std::pair<std::string_view, int32_t> cases[] = {
      {"\xE0\x80", 2097056},
      {"\xF0\x80\x80", 65533 * (31 * 31 + 31 + 1)},
      {"\x80", 65533},
      {"\xC0\x80", 2097056},
      {"\xED\xA0\x80", 65533},
      {"\xED\xA0"
       "A",
       2031588},
      {"\xE2\x82"
       "A",
       2031588},
      {"\xF0\x90\x80"
       "A",
       2031588},
      {"\xE2\x82", 65533},
      {"\xF4\x90\x80\x80", 2017367872},
      {"\xF0\x9F\x9A", 65533},
      {"\xFF"
       "A",
       2031588},
      {"\xED\xA0\x80\xED\xB0\x80", 2097056},
  };
  for (const auto& [text, hash] : cases) {
    const Note note("bytes", std::as_bytes(std::span(text)));
    CHECK_EQ(JavaHash(text), hash);
  }
}

}  // namespace
}  // namespace millrace
