#include "record_keys.h"

#include "testing.h"

namespace millrace::testing {
namespace {

TEST("a record has the keys that it names, and none that only share a hash with one") {
  const std::string_view unique = "UNIQ_KEY\1Aa\2";
  CHECK(HasKey(unique, 0, false, "Aa"));
  CHECK(!HasKey(unique, 0, false, "BB"));
  CHECK(!HasKey(unique, 0, false, "A"));
  const std::string_view words = "KEYS\1one Aa\2";
  CHECK(HasKey(words, 0, false, "one"));
  CHECK(HasKey(words, 0, false, "Aa"));
  CHECK(!HasKey(words, 0, false, "BB"));
  CHECK(!HasKey(words, 0, false, "one Aa"));
}

}  // namespace
}  // namespace millrace::testing
