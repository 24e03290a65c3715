#include "store_paths.h"

#include <cinttypes>
#include <cstdio>

#include "format.h"

namespace millrace {

std::string FileName(int64_t start) {
  char name[format::kFileNameDigits + 1];
  std::snprintf(name, sizeof name, "%020" PRId64, start);
  return name;
}

int64_t ParseFileName(const std::string& name) {
  if (name.size() != format::kFileNameDigits || name[0] != '0') return -1;  // 19 digits hold every int64
  int64_t start = 0;
  for (const char c : name) {
    if (c < '0' || c > '9' || start > (INT64_MAX - 9) / 10) return -1;
    start = start * 10 + (c - '0');
  }
  return start;
}

}  // namespace millrace
