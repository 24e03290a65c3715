// The program that callgrind runs: one case of one process, so that nothing of another is in its count.
//
//   counted --list                  a line for each case, name and title between tabs; first the way that checksums take here
//   counted <case> <directory>      does the case's turns, and says how many operations were counted
//
// Counted is what happens inside CountedTurns, called functions included: callgrind's --toggle-collect=CountedTurns.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "counted.h"
#include "crc32.h"

namespace millrace::counted {
namespace {

constexpr int kTurns = 20;
constexpr int kTurnsBefore = 2;

std::vector<Case> AllCases() {
  std::vector<Case> all;
  for (const std::span<const Case> some : {RecordCases(), StoreCases(), IndexCases()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

}  // namespace

void Require(bool is_true, const char* what) {
  if (is_true) return;
  std::fprintf(stderr, "%s\n", what);
  std::_Exit(1);
}

}  // namespace millrace::counted

// Its name is looked for.
extern "C" __attribute__((noinline, visibility("default"))) void CountedTurns(millrace::counted::Work* work, int turns) {
  for (int i = 0; i < turns; i++) work->Turn();
}

int main(int count, char** words) {
  using namespace millrace::counted;
  if (count == 2 && std::strcmp(words[1], "--list") == 0) {
    std::printf("%s\n", millrace::Crc32Ways().back().name);
    for (const Case& each : AllCases()) std::printf("%s\t%s\n", each.name, each.title);
    return 0;
  }
  Require(count == 3, "counted --list | counted <case> <directory>");
  for (const Case& each : AllCases()) {
    if (std::strcmp(each.name, words[1]) != 0) continue;
    const std::unique_ptr<Work> work = each.make(words[2]);
    for (int i = 0; i < kTurnsBefore; i++) work->Turn();
    CountedTurns(work.get(), kTurns);
    std::printf("%lld\n", static_cast<long long>(kTurns * each.operations));
    return 0;
  }
  Require(false, "there is no such case");
}
