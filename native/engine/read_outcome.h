// What a read found: how it ended, where to go on, and what was stepped over.
#pragma once

#include <cstdint>
#include <vector>

#include "loss_map.h"

namespace millrace {

// In RocketMQ's words; TypeScript has the same list.
enum class ReadStatus : int32_t {
  kFound = 0,
  kNoMatchedMessage = 1,
  kNoMessageInQueue = 2,
  kNoMatchedLogicQueue = 3,
  kOffsetTooSmall = 4,
  kOffsetOverflowOne = 5,
  kOffsetOverflowBadly = 6,
  kMessageWasRemoving = 7,
  kMessageLost = 8,
};

struct LostMessages {
  int64_t from_offset = 0;
  int64_t to_offset = 0;
  std::vector<LostRange> ranges;
};

struct ReadOutcome {
  ReadStatus status = ReadStatus::kFound;
  int64_t next_offset = 0;
  int64_t min_offset = 0;
  int64_t max_offset = 0;
  int64_t messages = 0;
  int64_t bytes = 0;         // written into the span
  int64_t bytes_needed = 0;  // kTooLarge: how large it has to be
  std::vector<LostMessages> lost;
};

}  // namespace millrace
