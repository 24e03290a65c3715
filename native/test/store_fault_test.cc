// Every platform call of a workload fails in turn: with an error, once or from then on; by being interrupted; by being short.
//
// What passes by itself (an interruption, a short count) must not be seen at all. What does not ends in the right error, never in a
// false promise; and afterwards the store opens again on the healthy disk with everything that it had promised. A failed sync loses
// what was dirty, as Linux does: the page cache goes on showing it. MILLRACE_CRASH_SEEDS asks for more workloads and every single
// call.
#include <cerrno>
#include <set>

#include "crash_workload.h"
#include "failing_platform.h"
#include "recovered_store.h"
#include "testing.h"
#include "thoroughness.h"

namespace millrace::testing {
namespace {

constexpr int64_t kStride = kIsSanitized ? 23 : 3;

int64_t Stride() { return MoreSeeds() > 0 ? 1 : kStride; }

struct Case {
  std::optional<CallKind> kind;
  int64_t nth = 1;
  Fault fault;
  Repeat repeat = Repeat::kOnce;
  std::string Name() const {
    return std::string(kind ? NameOf(*kind) : "any call") + " " + std::to_string(nth) + ", " +
           (fault.error != 0 ? "errno " + std::to_string(fault.error) : "short") +
           (repeat == Repeat::kOnce ? ", once" : ", always");
  }
};

// A workload on a disk that fails as the case says, and what came of it.
class FaultyRun {
 public:
  FaultyRun(const WorkloadOptions& options, const Case& fault)
      : options_(options), machine_(options.seed), failing_(&machine_), workload_(failing_, machine_, options) {
    if (fault.fault.error != EINTR) failing_.OnFailedSync([this](FileHandle file) { machine_.LoseDirty(file); });
    if (fault.nth > 0) failing_.Fail(fault.kind, fault.nth, fault.fault, fault.repeat);
    workload_.Run();
    workload_.Leave();
    failing_.Heal();
    CHECK_EQ(machine_.open_files(), 0);
    CHECK_EQ(machine_.open_mappings(), 0);
  }

  CrashWorkload& workload() { return workload_; }
  FailingPlatform& failing() { return failing_; }

  // The disk is healthy again: by the same machine, and after a power cut.
  void CheckRecovers(uint64_t seed) {
    const SimulatedDisk disk = machine_.Snapshot();
    machine_.KillProcess();
    const StoreConfig config = options_.Config();
    {
      const Note after("recovered by:", "the same boot");
      const Recovered found = CheckRecovered(machine_, workload_.model, config, workload_.written);
      if (!found.opened) return;
      machine_.KillProcess();
      CheckSecondRecovery(machine_, workload_.model, config, found);
      // What was found is durable now, whatever an earlier sync lost.
      machine_.Crash(CrashPlan::DropAll());
      const Recovered kept = CheckRecovered(machine_, workload_.model, config, found.end);
      CHECK_EQ(kept.end, found.end);
    }
    const Note after("recovered by:", "another boot");
    machine_.Restore(disk);
    CrashPlan plan = CrashPlan::Mix(seed);
    plan.spares_unchanged_bytes = true;
    machine_.Crash(plan);
    (void)CheckRecovered(machine_, workload_.model, config, workload_.durable);
  }

 private:
  const WorkloadOptions options_;
  SimulatedPlatform machine_;
  FailingPlatform failing_;
  CrashWorkload workload_;
};

bool IsSync(CallKind kind) {
  return kind == CallKind::kSync || kind == CallKind::kSyncDirectory || kind == CallKind::kSyncFileSystem;
}

// Mapping and copying are interrupted by nothing, and know no full disk.
bool IsMemory(CallKind kind) { return kind == CallKind::kMap || kind == CallKind::kCopy; }

void CheckErrors(CrashWorkload& workload, const Case& fault) {
  for (const Status& status : workload.errors) {
    const Code passing = fault.fault.error == ENOSPC ? Code::kDiskFull : Code::kIoError;
    const bool is_right = status.code() == passing || status.code() == Code::kFlushFailed;
    if (!is_right) CHECK_EQ(status.code(), passing);
    CHECK_EQ(status.error(), fault.fault.error);
  }
}

WorkloadOptions OptionsFor(uint64_t round, bool sync, bool mapped) {
  SeededRandom random(test_seed() + round);
  return {.seed = random.Next(), .sync = sync, .mapped = mapped, .appends = 60, .file_bytes = 4096, .entries_per_file = 10};
}

template <typename Body>
void ForAllModes(Body body) {
  for (uint64_t round = 0; round <= MoreSeeds(); round++) {
    for (const bool sync : {true, false}) {
      for (const bool mapped : {false, true}) {
        const WorkloadOptions options = OptionsFor(round, sync, mapped);
        const Note which("workload:", options.Name());
        body(options);
      }
    }
  }
}

// Calls of a run that meets no fault, by kind.
std::vector<int64_t> CountCalls(const WorkloadOptions& options) {
  FaultyRun healthy(options, {.kind = {}, .nth = 0, .fault = {}});
  CHECK(healthy.workload().errors.empty());
  std::vector<int64_t> counts(kCallKinds);
  for (size_t kind = 0; kind < kCallKinds; kind++) counts[kind] = healthy.failing().calls(static_cast<CallKind>(kind));
  return counts;
}

template <typename Body>
void ForEachCall(const WorkloadOptions& options, int64_t stride, Body body) {
  const std::vector<int64_t> counts = CountCalls(options);
  SeededRandom random(options.seed);
  for (size_t kind = 0; kind < static_cast<size_t>(CallKind::kStartService); kind++) {
    for (int64_t nth = 1 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(stride))); nth <= counts[kind]; nth += stride) {
      body(static_cast<CallKind>(kind), nth);
    }
  }
}

TEST("an interrupted call or a short count, anywhere, is not noticed by anybody") {
  ForAllModes([](const WorkloadOptions& options) {
    const auto check = [&](const Case& fault) {
      const Note at("fault:", fault.Name());
      FaultyRun run(options, fault);
      CHECK(run.workload().errors.empty());
      CHECK(run.workload().closed_in_order);
      run.CheckRecovers(options.seed);
    };
    ForEachCall(options, 2 * Stride(), [&](CallKind kind, int64_t nth) {
      if (IsMemory(kind)) return;
      check({.kind = kind, .nth = nth, .fault = Fault::Error(EINTR)});
    });
    for (const CallKind kind : {CallKind::kRead, CallKind::kWrite, CallKind::kZeros}) {
      for (const int64_t most : {1, 100, 4096}) check({.kind = kind, .fault = Fault::Short(most), .repeat = Repeat::kAlways});
    }
  });
}

TEST("an error of any call, once or for ever, ends in its own error and in a store that opens again") {
  ForAllModes([](const WorkloadOptions& options) {
    for (const int error : {EIO, ENOSPC}) {
      for (const Repeat repeat : {Repeat::kOnce, Repeat::kAlways}) {
        ForEachCall(options, repeat == Repeat::kOnce ? Stride() : 2 * Stride(), [&](CallKind kind, int64_t nth) {
          const Case fault{.kind = kind, .nth = nth, .fault = Fault::Error(error), .repeat = repeat};
          const Note at("fault:", fault.Name());
          FaultyRun run(options, fault);
          CheckErrors(run.workload(), fault);
          run.CheckRecovers(options.seed ^ static_cast<uint64_t>(nth));
        });
      }
    }
  });
}

TEST("a call that is interrupted for ever is an error, not a hang") {
  ForAllModes([](const WorkloadOptions& options) {
    ForEachCall(options, 8 * Stride(), [&](CallKind kind, int64_t nth) {
      const Case fault{.kind = kind, .nth = nth, .fault = Fault::Error(EINTR), .repeat = Repeat::kAlways};
      const Note at("fault:", fault.Name());
      FaultyRun run(options, fault);
      CheckErrors(run.workload(), fault);
      run.CheckRecovers(options.seed);
    });
  });
}

TEST("a full disk that passes rejects what it met and nothing else: appends go on and the store closes in order") {
  ForAllModes([](const WorkloadOptions& options) {
    ForEachCall(options, Stride(), [&](CallKind kind, int64_t nth) {
      if (IsSync(kind) || IsMemory(kind)) return;
      const Case fault{.kind = kind, .nth = nth, .fault = Fault::Error(ENOSPC)};
      const Note at("fault:", fault.Name());
      FaultyRun run(options, fault);
      for (const Status& status : run.workload().errors) CHECK_EQ(status.code(), Code::kDiskFull);
      if (run.workload().was_opened && run.workload().errors.size() <= 1) CHECK(run.workload().model.records().size() > 0);
    });
  });
}

TEST("a process that may have no more threads is told so by the open, and nothing is left behind") {
  const WorkloadOptions options = OptionsFor(0, false, false);
  for (int64_t nth = 1; nth <= 3; nth++) {
    SimulatedPlatform machine(options.seed);
    FailingPlatform failing(&machine);
    failing.Fail(CallKind::kStartService, nth, Fault::Error(EAGAIN), Repeat::kOnce);
    std::unique_ptr<Store> store;
    const Status status = Store::Open(failing, CrashWorkload::kDirectory, options.Config(), nullptr, nullptr, &store);
    CHECK_EQ(status.code(), Code::kIoError);
    CHECK(store == nullptr);
    CHECK_EQ(machine.open_files(), 0);
    CHECK_OK(Store::Open(failing, CrashWorkload::kDirectory, options.Config(), nullptr, nullptr, &store));
  }
}

}  // namespace
}  // namespace millrace::testing
