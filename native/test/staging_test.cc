// Records and drafts on their way into chunks: what is given, kept, moved and forgotten.
#include "staging.h"

#include <cstring>
#include <string>

#include "testing.h"

namespace millrace::testing {
namespace {

struct Staged {
  Staging staging;
  bool passed = false;
  std::string draft;

  std::byte* Stage(int64_t position, size_t bytes) { return staging.Stage(position, bytes, false, &passed); }
  // Adds to the draft; false when it is gone.
  bool Grow(size_t bytes, char filling) {
    std::byte* const at = staging.Draft(draft.size(), bytes, &passed);
    if (at == nullptr) return false;
    CHECK_EQ(std::memcmp(at, draft.data(), draft.size()), 0);
    std::memset(at + draft.size(), filling, bytes);
    draft.append(bytes, filling);
    return true;
  }
};

TEST("a finished draft is staged where it stands") {
  Staged one;
  std::memset(one.Stage(0, 100), 'r', 100);
  REQUIRE(one.Grow(50, 'a'));
  REQUIRE(one.Grow(70, 'b'));
  CHECK_EQ(one.staging.drafted(), 120);
  std::byte* const at = one.Stage(100, 120);
  CHECK_EQ(std::memcmp(at, one.draft.data(), 120), 0);
  CHECK_EQ(std::to_integer<char>(at[-1]), 'r');
  CHECK_EQ(one.staging.drafted(), 0);
  CHECK_EQ(one.staging.current()->used, 220);
  CHECK_EQ(one.staging.current()->extents.size(), 1);
}

TEST("a draft that outgrows its chunk is moved whole, and what was staged before it is passed on") {
  Staged one;
  one.Stage(0, 1000);
  for (int i = 0; i < 40; i++) {
    REQUIRE(one.Grow(30'000, static_cast<char>('a' + i % 26)));
    if (one.passed) CHECK_EQ(one.staging.Take()->used, 1000);
  }
  std::byte* const at = one.Stage(1000, one.draft.size());
  CHECK(!one.passed);
  CHECK_EQ(std::memcmp(at, one.draft.data(), one.draft.size()), 0);
  CHECK_EQ(one.staging.current()->used, one.draft.size());
}

TEST("a draft that begins in a full chunk passes that on") {
  Staged one;
  one.Stage(0, Chunk::kBytes);
  REQUIRE(one.Grow(10, 'a'));
  CHECK(one.passed);
  CHECK_EQ(one.staging.current()->used, 0);
}

TEST("a draft is gone once anything else is done, and another one may begin") {
  for (int what = 0; what < 4; what++) {
    const Note note("what", what);
    Staged one;
    one.Stage(0, 10);
    REQUIRE(one.Grow(10, 'a'));
    if (what == 0) one.Stage(10, 10);
    if (what == 1) one.staging.Pass();
    if (what == 2) one.staging.Drop();
    if (what == 3) one.staging.Reuse();
    CHECK(!one.Grow(10, 'b'));
    CHECK_EQ(one.staging.drafted(), 0);
    one.draft.clear();
    CHECK(one.Grow(10, 'c'));
  }
}

TEST("a chunk that was written serves again, one of another size does not") {
  Staged one;
  std::byte* const first = one.Stage(0, 10);
  REQUIRE(one.staging.Pass());
  CHECK(!one.staging.Pass());
  one.staging.Recycle(one.staging.Take());
  CHECK(one.staging.Take() == nullptr);
  CHECK(one.Stage(10, 10) == first);
  one.staging.Drop();
  one.Stage(20, 2 * Chunk::kBytes);
  REQUIRE(one.staging.Pass());
  one.staging.Recycle(one.staging.Take());
  one.Stage(30, 10);
  CHECK_EQ(one.staging.current()->capacity, Chunk::kBytes);
}

}  // namespace
}  // namespace millrace::testing
