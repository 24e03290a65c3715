// How much of what could be tried an exhaustive test tries: less under a sanitizer, more when MILLRACE_CRASH_SEEDS asks for it.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace millrace::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif

// Workloads asked for beside the first; 0 when nobody asked.
inline uint64_t MoreSeeds() {
  const char* const text = std::getenv("MILLRACE_CRASH_SEEDS");
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

}  // namespace millrace::testing
