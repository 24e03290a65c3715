// What is counted, case by case: a piece of the engine's work that is done the same way in each run.
//
// A case is made once, which is not counted, does two turns that are not counted either, so that all memory is there, and then the
// turns that are. A case that fails, or does not do what it says, ends the process: a count of something else must not pass for its
// own. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace millrace::counted {

class Work {
 public:
  virtual ~Work() = default;
  virtual void Turn() = 0;
};

struct Case {
  const char* name;
  const char* title;
  int64_t operations;  // of one turn
  std::unique_ptr<Work> (*make)(const std::string& directory);
};

std::span<const Case> RecordCases();
std::span<const Case> StoreCases();
std::span<const Case> IndexCases();

// Ends the process unless `is_true`.
void Require(bool is_true, const char* what);

}  // namespace millrace::counted
