// What one transfer is going to send: whole records of the log, verified, as runs of neighbours or, when they are few, as bytes.
//
// A plan pins the files that its runs lie in: what is planned stays readable, whatever becomes of the files' names. Made by
// Store::Plan on one thread, then given from one to the next; nobody changes it while it is sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "open_file.h"
#include "read_outcome.h"

namespace millrace {

struct LogRun {
  OpenFile* file = nullptr;  // one of the plan's
  int64_t position = 0;      // in the log
  int64_t size = 0;
};

struct LogPlan {
  // So many bytes are read at once when they are in memory: less than a thread costs that would send them.
  static constexpr int64_t kFewBytes = 64 * 1024;

  ReadOutcome outcome;
  std::vector<LogRun> runs;
  std::vector<std::shared_ptr<OpenFile>> files;
  // Instead of runs.
  std::unique_ptr<std::byte[]> few;
  int64_t few_bytes = 0;

  // Sending: what goes before the records, or all that is left of few bytes; and what is gone already.
  std::vector<std::byte> head;
  int64_t sent = 0;

  std::span<const std::byte> in_memory() const { return {few.get(), static_cast<size_t>(few_bytes)}; }
};

}  // namespace millrace
