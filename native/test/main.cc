// Runs the native tests: [MILLRACE_TEST_SEED=N] engine_tests [--seed=N] [part of a title]
//
// Prints the seed, each title before it runs, each failure, and last `N passed, N failed`. Exit code 1 when a test failed or none
// matched, 2 for a wrong argument.
#include <atomic>
#include <charconv>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <string_view>
#include <vector>

#include "testing.h"

namespace millrace::testing {
namespace {

struct Test {
  const char* title;
  void (*run)();
};

// Made at first use, because tests of other files register before this one's statics exist.
std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

uint64_t g_seed = 0;
std::atomic<int> g_failures{0};  // of the running test
std::mutex g_print_mutex;

bool ParseNumber(std::string_view text, uint64_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

int Run(std::string_view filter) {
  int passed = 0;
  int failed = 0;
  std::printf("seed %" PRIu64 "\n", g_seed);
  for (const Test& test : Tests()) {
    if (std::string_view(test.title).find(filter) == std::string_view::npos) continue;
    std::printf("- %s\n", test.title);
    std::fflush(stdout);
    g_failures = 0;
    const auto begin = std::chrono::steady_clock::now();
    test.run();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
    if (ms >= 1000) std::printf("  took %lld ms\n", static_cast<long long>(ms));
    if (g_failures != 0) std::printf("  FAILED, repeat with --seed=%" PRIu64 "\n", g_seed);
    ++(g_failures == 0 ? passed : failed);
  }
  if (passed + failed == 0) std::printf("no title contains \"%.*s\"\n", static_cast<int>(filter.size()), filter.data());
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed != 0 || passed == 0 ? 1 : 0;
}

}  // namespace

Registration::Registration(const char* title, void (*run)()) { Tests().push_back({title, run}); }

Note*& InnermostNote() {
  static thread_local Note* innermost = nullptr;
  return innermost;
}

void Fail(const char* file, int line, const std::string& what) {
  ++g_failures;
  std::vector<const std::string*> notes;
  for (const Note* note = InnermostNote(); note != nullptr; note = note->outer_) notes.push_back(&note->text_);
  const std::lock_guard<std::mutex> lock(g_print_mutex);
  std::printf("  %s:%d: %s\n", file, line, what.c_str());
  for (auto note = notes.rbegin(); note != notes.rend(); ++note) std::printf("    at %s\n", (*note)->c_str());
  std::fflush(stdout);
}

uint64_t test_seed() { return g_seed; }

std::string Hex(std::span<const std::byte> bytes) {
  constexpr size_t kShown = 256;
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes.first(bytes.size() < kShown ? bytes.size() : kShown)) {
    text += kDigits[static_cast<unsigned>(byte) >> 4];
    text += kDigits[static_cast<unsigned>(byte) & 15];
  }
  if (bytes.size() > kShown) text += "... of " + std::to_string(bytes.size()) + " bytes";
  return text;
}

}  // namespace millrace::testing

int main(int argc, char** argv) {
  using namespace millrace::testing;
  std::string_view filter;
  g_seed = std::random_device{}();
  if (const char* given = std::getenv("MILLRACE_TEST_SEED"); given != nullptr && !ParseNumber(given, &g_seed)) {
    std::fprintf(stderr, "MILLRACE_TEST_SEED is not a seed: %s\n", given);
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument(argv[i]);
    if (argument.starts_with("--seed=")) {
      if (!ParseNumber(argument.substr(std::strlen("--seed=")), &g_seed)) {
        std::fprintf(stderr, "not a seed: %s\n", argv[i]);
        return 2;
      }
    } else if (argument.starts_with("-") || !filter.empty()) {
      std::fprintf(stderr, "usage: %s [--seed=N] [part of a title]\n", argv[0]);
      return 2;
    } else {
      filter = argument;
    }
  }
  return Run(filter);
}
