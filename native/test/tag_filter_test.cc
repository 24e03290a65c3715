#include "tag_filter.h"

#include <string>

#include "record_codec.h"
#include "testing.h"

namespace millrace::testing {
namespace {

std::string Tagged(const std::string& tag) { return "KEYS\1k\2TAGS\1" + tag + "\2"; }

TEST("tags that share a hash pass by hash and are told apart by text") {
  const TagFilter filter("Aa");
  CHECK_EQ(JavaHash("Aa"), JavaHash("BB"));
  CHECK(filter.MayMatch(JavaHash("Aa")));
  CHECK(filter.Matches(Tagged("Aa")));
  CHECK(!filter.Matches(Tagged("BB")));
  CHECK(!filter.MayMatch(JavaHash("Ab")));
}

TEST("any of several tags matches, in any order and of any script") {
  const TagFilter filter("zz\2\xe6\xa0\x87\xe7\xad\xbe\2Aa\2polygenelubricants");
  for (const std::string tag : {"zz", "\xe6\xa0\x87\xe7\xad\xbe", "Aa", "polygenelubricants"}) {
    CHECK(filter.MayMatch(TagsCode(Tagged(tag))));
    CHECK(filter.Matches(Tagged(tag)));
  }
  for (const std::string tag : {"z", "zzz", "aa", "BB", "Aa "}) CHECK(!filter.Matches(Tagged(tag)));
}

TEST("a hash that shares six bits with a wanted one is still ruled out") {
  const TagFilter filter("TagA");
  for (int64_t step = 1; step < 100; step++) CHECK(!filter.MayMatch(JavaHash("TagA") + 64 * step));
}

TEST("without a tag, or with an empty one, nothing matches") {
  const TagFilter filter("a");
  CHECK(!filter.MayMatch(0));
  CHECK(!filter.Matches(""));
  CHECK(!filter.Matches("KEYS\1a\2"));
  CHECK(!filter.Matches("TAGS\1\2"));
  const TagFilter none("");
  CHECK(!none.MayMatch(0));
  CHECK(!none.MayMatch(97));
  CHECK(!none.Matches(Tagged("a")));
}

TEST("a message with several tags has one value, which only itself matches") {
  const TagFilter filter("a\2b");
  CHECK(!filter.Matches(Tagged("a||b")));
  CHECK(TagFilter("a||b").Matches(Tagged("a||b")));
  CHECK(TagFilter("a||b").MayMatch(TagsCode(Tagged("a||b"))));
}

TEST("a code that is no int32 is no hash and rules nothing out") {
  const TagFilter filter("a");
  for (const int64_t code : {int64_t{1'700'000'000'000}, INT64_MIN, INT64_MIN + 97, int64_t{INT32_MAX} + 1, int64_t{1} << 32})
    CHECK(filter.MayMatch(code));
  CHECK(!filter.MayMatch(INT32_MIN));
  CHECK(!filter.MayMatch(INT32_MAX));
}

}  // namespace
}  // namespace millrace::testing
