// The JSON that the limits program answers with. Numbers that JSON cannot spell do not occur: every rate has time below it.
#include <cstdio>
#include <cstring>

#include "probe.h"

namespace millrace::bench {
namespace {

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + "\"";
}

}  // namespace

void Figures::Fail(const std::string& what, int error) {
  if (!failure_.empty()) return;
  failure_ = error == 0 ? what : what + ": " + std::strerror(error);
}

std::string Figures::ToJson() const {
  if (!failure_.empty()) return "{\"error\":" + Quoted(failure_) + "}";
  std::string json = "{";
  for (const auto& [name, value] : values_) {
    char number[40];
    std::snprintf(number, sizeof number, "%.6g", value);
    if (json.size() > 1) json += ',';
    json += Quoted(name) + ":" + number;
  }
  return json + "}";
}

}  // namespace millrace::bench
