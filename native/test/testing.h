// The runner of the native tests: TEST registers itself, main.cc runs what matches the command line.
//
//   TEST("an empty log has no first record") { CHECK(log.empty()); CHECK_EQ(log.end(), 0); REQUIRE_OK(log.Open()); }
//
// A failed CHECK is told with file, line and values, and the test goes on; a failed REQUIRE also returns from the function it
// stands in (which returns void). Arguments are evaluated once. Checks may be made from any thread; a test that leaves threads
// behind is wrong. No exceptions: whatever aborts ends the run, and the last title printed is the culprit.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millrace::testing {

struct Registration {
  Registration(const char* title, void (*run)());
};

// Counts the failure against the running test, and prints it.
void Fail(const char* file, int line, const std::string& what);
// Printed below every failure while it lives, innermost last: the length, round or cut that a loop is at. For its own thread.
class Note {
 public:
  template <typename T>
  Note(const char* name, const T& value);
  ~Note();
  Note(const Note&) = delete;
  Note& operator=(const Note&) = delete;

 private:
  friend void Fail(const char* file, int line, const std::string& what);
  std::string text_;
  Note* outer_;
};

// The same for the whole run, printed at its start, chosen by --seed=N or else by chance.
uint64_t test_seed();

std::string Hex(std::span<const std::byte> bytes);

template <typename T>
std::string Show(const T& value) {
  if constexpr (std::same_as<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    return std::to_string(static_cast<int64_t>(value));
  } else if constexpr (std::is_arithmetic_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::same_as<T, std::nullptr_t>) {
    return "null";
  } else if constexpr (std::is_pointer_v<std::decay_t<T>> && !std::convertible_to<const T&, const char*>) {
    return value == nullptr ? "null" : "pointer";
  } else if constexpr (std::convertible_to<const T&, const char*>) {
    const char* text = value;
    return text == nullptr ? "null" : '"' + std::string(text) + '"';
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    return '"' + std::string(std::string_view(value)) + '"';
  } else if constexpr (std::convertible_to<const T&, std::span<const std::byte>>) {
    return Hex(value);
  } else if constexpr (requires {
                         value.code();
                         value.position();
                         value.path();
                       }) {
    return "code " + Show(value.code()) + ", errno " + Show(value.error()) + ", position " + Show(value.position()) + ", path " +
           Show(value.path());
  } else if constexpr (requires {
                         value.error;
                         value.value;
                       }) {
    return "value " + Show(value.value) + ", errno " + Show(value.error);
  } else {
    return "(not printable)";
  }
}

template <typename T>
concept PlainInteger = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

// Integers by value whatever their signs, texts by their characters, byte ranges by their bytes.
template <typename A, typename B>
bool Same(const A& a, const B& b) {
  if constexpr (PlainInteger<A> && PlainInteger<B>) {
    return std::cmp_equal(a, b);
  } else if constexpr (std::convertible_to<const A&, const char*> && std::convertible_to<const B&, const char*> &&
                       !std::same_as<A, std::nullptr_t> && !std::same_as<B, std::nullptr_t>) {
    const char* left = a;
    const char* right = b;
    return left == right || (left != nullptr && right != nullptr && std::string_view(left) == right);
  } else if constexpr (requires {
                         { a == b } -> std::convertible_to<bool>;
                       }) {
    return a == b;
  } else {
    const std::span<const std::byte> left(a);
    const std::span<const std::byte> right(b);
    return left.size() == right.size() && std::string_view(reinterpret_cast<const char*>(left.data()), left.size()) ==
                                              std::string_view(reinterpret_cast<const char*>(right.data()), right.size());
  }
}

template <typename A, typename B>
bool CheckEqual(const A& a, const B& b, const char* a_text, const char* b_text, const char* file, int line) {
  if (Same(a, b)) return true;
  Fail(file, line, std::string(a_text) + " == " + b_text + "\n    left:  " + Show(a) + "\n    right: " + Show(b));
  return false;
}

template <typename A, typename B>
bool CheckDifferent(const A& a, const B& b, const char* a_text, const char* b_text, const char* file, int line) {
  if (!Same(a, b)) return true;
  Fail(file, line, std::string(a_text) + " != " + b_text + "\n    both:  " + Show(a));
  return false;
}

// For Status and IoResult.
template <typename T>
bool CheckOk(const T& result, const char* text, const char* file, int line) {
  if (result.ok()) return true;
  Fail(file, line, std::string(text) + " is ok\n    it is: " + Show(result));
  return false;
}

Note*& InnermostNote();

template <typename T>
Note::Note(const char* name, const T& value) : text_(std::string(name) + " " + Show(value)), outer_(InnermostNote()) {
  InnermostNote() = this;
}
inline Note::~Note() { InnermostNote() = outer_; }

inline bool CheckTrue(bool value, const char* text, const char* file, int line) {
  if (!value) Fail(file, line, text);
  return value;
}

}  // namespace millrace::testing

using millrace::testing::test_seed;

#define MILLRACE_JOIN_AGAIN(a, b) a##b
#define MILLRACE_JOIN(a, b) MILLRACE_JOIN_AGAIN(a, b)
#define MILLRACE_TEST(title, run)                                                           \
  static void run();                                                                        \
  static const ::millrace::testing::Registration MILLRACE_JOIN(register, run)(title, &run); \
  static void run()
#define TEST(title) MILLRACE_TEST(title, MILLRACE_JOIN(Test, __LINE__))

#define MILLRACE_REQUIRE(check) \
  do {                          \
    if (!(check)) return;       \
  } while (false)
#define MILLRACE_TRUE(condition) ::millrace::testing::CheckTrue(static_cast<bool>(condition), #condition, __FILE__, __LINE__)
#define MILLRACE_COMPARE(check, a, b) ::millrace::testing::check(a, b, #a, #b, __FILE__, __LINE__)

#define CHECK(condition) (void)MILLRACE_TRUE(condition)
#define CHECK_EQ(a, b) (void)MILLRACE_COMPARE(CheckEqual, a, b)
#define CHECK_NE(a, b) (void)MILLRACE_COMPARE(CheckDifferent, a, b)
#define CHECK_OK(result) (void)::millrace::testing::CheckOk(result, #result, __FILE__, __LINE__)
#define REQUIRE(condition) MILLRACE_REQUIRE(MILLRACE_TRUE(condition))
#define REQUIRE_EQ(a, b) MILLRACE_REQUIRE(MILLRACE_COMPARE(CheckEqual, a, b))
#define REQUIRE_OK(result) MILLRACE_REQUIRE(::millrace::testing::CheckOk(result, #result, __FILE__, __LINE__))
