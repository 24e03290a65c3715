// The power fails, or the process is killed, after every single platform call of a workload; then the store is opened again.
//
// Each crash state is one run of the workload that freezes after its nth call: everything later fails, as it does for a process on
// a machine without power, and whatever the store still acknowledges counts as a promise. From there every kind of end is tried.
// MILLRACE_CRASH_SEEDS asks for more workloads beside the first of each mode.
#include <string>

#include "crash_workload.h"
#include "recovered_store.h"
#include "testing.h"
#include "thoroughness.h"

namespace millrace::testing {
namespace {

constexpr int64_t kStride = kIsSanitized ? 11 : 1;

enum class End { kKilled, kAllKept, kAllDropped, kHalves, kGarbage, kMixed, kMixedAgain };
constexpr End kEnds[] = {End::kKilled, End::kAllKept, End::kAllDropped, End::kHalves, End::kGarbage, End::kMixed, End::kMixedAgain};
constexpr const char* kEndNames[] = {"killed", "all kept", "all dropped", "halves", "garbage", "mixed", "mixed again"};

CrashPlan PlanOf(End end, uint64_t seed) {
  switch (end) {
    case End::kKilled:
    case End::kAllKept: return CrashPlan::KeepAll();
    case End::kAllDropped: return CrashPlan::DropAll();
    case End::kHalves: return CrashPlan::HalveAll();
    case End::kGarbage: return CrashPlan::GarbageAll(seed);
    case End::kMixed:
    case End::kMixedAgain: return CrashPlan::Mix(seed);
  }
  return {};
}

void Finish(SimulatedPlatform* machine, End end, uint64_t seed) {
  if (end == End::kKilled) return machine->KillProcess();
  CrashPlan plan = PlanOf(end, seed);
  plan.spares_unchanged_bytes = true;
  machine->Crash(plan);
}

void CheckNothingLeaks(const SimulatedPlatform& machine) {
  CHECK_EQ(machine.open_files(), 0);
  CHECK_EQ(machine.open_mappings(), 0);
}

// Opening is cut short somewhere, and the machine ends once more.
void CrashWhileOpening(SimulatedPlatform* machine, const WorkloadOptions& options, bool is_kill, SeededRandom* random) {
  machine->FreezeAfter(1 + static_cast<int64_t>(random->Below(60)));
  {
    std::unique_ptr<Store> store;
    (void)Store::Open(*machine, CrashWorkload::kDirectory, options.Config(), nullptr, nullptr, &store);
  }
  CheckNothingLeaks(*machine);
  if (is_kill)
    machine->KillProcess();
  else
    Finish(machine, kEnds[1 + random->Below(std::size(kEnds) - 1)], random->Next());
}

// The store that was recovered is a store: it takes more, keeps its numbers, and survives the next power cut.
void GoOn(SimulatedPlatform* machine, CrashWorkload* workload, const WorkloadOptions& options, const Recovered& found,
          SeededRandom* random) {
  workload->GoOnFrom(found.end, found.generation);
  if (!workload->Open()) return;
  workload->AppendSome(6);
  CheckKeys(*workload->store(), workload->model);
  const bool is_clean = random->Coin();
  if (is_clean)
    workload->Close();
  else
    workload->Leave();
  Finish(machine, kEnds[random->Below(std::size(kEnds))], random->Next());
  const Recovered again = CheckRecovered(*machine, workload->model, options.Config(), workload->durable);
  if (is_clean) CHECK_EQ(again.end, workload->model.end());
  if (again.opened) CheckSecondRecovery(*machine, workload->model, options.Config(), again);
}

// One run that froze after `calls`, and everything that may come of it.
class CrashState {
 public:
  CrashState(const WorkloadOptions& options, int64_t calls)
      : options_(options),
        machine_(options.seed),
        workload_(machine_, machine_, options),
        random_(options.seed ^ static_cast<uint64_t>(calls)) {
    machine_.FreezeAfter(calls);
    workload_.Run();
    workload_.Leave();
    CheckNothingLeaks(machine_);
  }

  // Every end, on the same disk. The kill comes first: after a power cut it is another boot.
  void CheckAllEnds() {
    const SimulatedDisk disk = machine_.Snapshot();
    for (const End end : kEnds) {
      machine_.Restore(disk);
      const Recovered found = Recover(end);
      if (!found.opened || random_.Below(3) != 0) continue;
      machine_.KillProcess();
      CheckSecondRecovery(machine_, workload_.model, options_.Config(), found);
    }
    CheckNothingLeaks(machine_);
  }

  // One end, and life after it: recovered is durable, and the store goes on.
  void CheckGoesOn() {
    const Recovered found = Recover(kEnds[random_.Below(std::size(kEnds))]);
    if (!found.opened) return;
    machine_.Crash(CrashPlan::DropAll());
    const Recovered kept = CheckRecovered(machine_, workload_.model, options_.Config(), found.end);
    CHECK_EQ(kept.end, found.end);
    if (kept.opened) GoOn(&machine_, &workload_, options_, kept, &random_);
    CheckNothingLeaks(machine_);
  }

 private:
  Recovered Recover(End end) {
    const Note how("the machine's end:", kEndNames[static_cast<size_t>(end)]);
    const bool is_kill = end == End::kKilled;
    Finish(&machine_, end, random_.Next());
    if (random_.Below(3) == 0) CrashWhileOpening(&machine_, options_, is_kill, &random_);
    const Recovered found =
        CheckRecovered(machine_, workload_.model, options_.Config(), is_kill ? workload_.written : workload_.durable);
    // Positions that were given and are gone may be given again, under another generation.
    if (found.opened && found.end < workload_.written) CHECK(found.generation > workload_.generation);
    return found;
  }

  const WorkloadOptions options_;
  SimulatedPlatform machine_;
  CrashWorkload workload_;
  SeededRandom random_;
};

void CrashEverywhere(bool sync, bool mapped) {
  for (uint64_t round = 0; round <= MoreSeeds(); round++) {
    SeededRandom random(test_seed() + round);
    WorkloadOptions options{.seed = random.Next(), .sync = sync, .mapped = mapped};
    options.file_bytes = int64_t{4096} << random.Below(3);
    options.appends = options.file_bytes > 8192 ? 200 : 110;
    options.entries_per_file = 10 + static_cast<int64_t>(random.Below(11));
    const Note which("workload:", options.Name());
    int64_t calls = 0;
    {
      SimulatedPlatform machine(options.seed);
      CrashWorkload workload(machine, machine, options);
      workload.Run();
      calls = machine.calls();
      CHECK(workload.errors.empty());
      CHECK(workload.closed_in_order);
      CHECK(workload.model.records().size() >= 100);
      CHECK(workload.model.end() >= 2 * options.file_bytes);
      const Recovered clean = CheckRecovered(machine, workload.model, options.Config(), workload.model.end());
      CHECK_EQ(clean.end, workload.model.end());
      CHECK_EQ(clean.generation, 0);
      CheckNothingLeaks(machine);
    }
    for (int64_t n = static_cast<int64_t>(random.Below(kStride)); n <= calls; n += kStride) {
      const Note at("after call", n);
      CrashState(options, n).CheckAllEnds();
      CrashState(options, n).CheckGoesOn();
    }
  }
}

TEST("a crash after any call of a sync store keeps what was durable, a prefix of the rest, and nothing else") {
  CrashEverywhere(true, false);
}
TEST("a crash after any call of an async store keeps what was durable, a prefix of the rest, and nothing else") {
  CrashEverywhere(false, false);
}
TEST("a crash after any call of a sync store that writes through mappings keeps what was durable") { CrashEverywhere(true, true); }
TEST("a crash after any call of an async store that writes through mappings keeps what was durable") {
  CrashEverywhere(false, true);
}

}  // namespace
}  // namespace millrace::testing
