// Recovery itself meets errors: every platform call of an open that has something to repair fails in turn.
//
// The directory is what a killed process or a power cut left of a workload. The failing open must say so and touch nothing that it
// cannot finish: opened again on the healthy disk, in the same boot and after another power cut, everything that had been promised
// is there, and what is appended from then on is not mixed up with what was cut.
#include <cerrno>

#include "crash_workload.h"
#include "failing_platform.h"
#include "io.h"
#include "recovered_store.h"
#include "testing.h"
#include "thoroughness.h"

namespace millrace::testing {
namespace {

constexpr uint64_t kDirectories = kIsSanitized ? 6 : 12;
constexpr int64_t kStride = kIsSanitized ? 7 : 1;

// A machine whose disk holds an unclean store, always the same for the same seed.
class LeftBehind {
 public:
  explicit LeftBehind(uint64_t seed)
      : random_(seed),
        options_{
            .seed = random_.Next(), .sync = random_.Coin(), .mapped = random_.Coin(), .file_bytes = 4096, .entries_per_file = 10},
        machine(options_.seed),
        failing(&machine),
        workload(failing, machine, options_) {
    machine.FreezeAfter(150 + static_cast<int64_t>(random_.Below(400)));
    workload.Run();
    workload.Leave();
    is_killed_ = random_.Below(3) == 0;
    Cut();
    workload.errors.clear();
    failing.OnFailedSync([this](FileHandle file) { machine.LoseDirty(file); });
  }

  const WorkloadOptions& options() const { return options_; }
  int64_t floor() const { return is_killed_ ? workload.written : workload.durable; }
  StoreConfig config() const { return options_.Config(); }
  void Cut() {
    CrashPlan plan = CrashPlan::Mix(random_.Next());
    plan.spares_unchanged_bytes = true;
    if (is_killed_)
      machine.KillProcess();
    else
      machine.Crash(plan);
  }

 private:
  SeededRandom random_;
  const WorkloadOptions options_;
  bool is_killed_ = false;

 public:
  SimulatedPlatform machine;
  FailingPlatform failing;
  CrashWorkload workload;
};

// Calls that an open of this directory makes.
int64_t CallsOfOpen(uint64_t seed) {
  LeftBehind left(seed);
  std::unique_ptr<Store> store;
  const int64_t before = left.failing.calls();
  CHECK_OK(Store::Open(left.failing, CrashWorkload::kDirectory, left.config(), nullptr, nullptr, &store));
  return left.failing.calls() - before;
}

void CheckFaultAt(uint64_t seed, int64_t nth, int error, Repeat repeat) {
  LeftBehind left(seed);
  left.failing.Fail(kAnyCall, nth, Fault::Error(error), repeat);
  {
    std::unique_ptr<Store> store;
    const Status status = Store::Open(left.failing, CrashWorkload::kDirectory, left.config(), nullptr, nullptr, &store);
    if (!status.ok()) CHECK_EQ(status.error(), error);
    if (status.ok()) CHECK_EQ(store->report().foreign, false);
  }
  left.failing.Heal();
  CHECK_EQ(left.machine.open_files(), 0);
  CHECK_EQ(left.machine.open_mappings(), 0);
  left.machine.KillProcess();
  const Recovered found = CheckRecovered(left.machine, left.workload.model, left.config(), left.floor());
  if (!found.opened) return;
  left.workload.GoOnFrom(found.end, found.generation);
  SeededRandom random(seed ^ static_cast<uint64_t>(nth));
  if (random.Coin() && left.workload.Open()) {
    left.workload.AppendSome(4);
    left.workload.Leave();
  }
  left.machine.Crash(random.Coin() ? CrashPlan::DropAll() : CrashPlan::KeepAll());
  (void)CheckRecovered(left.machine, left.workload.model, left.config(), left.workload.durable);
}

TEST("an error of any call while a store is being recovered leaves a store that the next open recovers") {
  for (uint64_t round = 0; round < kDirectories * (1 + MoreSeeds()); round++) {
    const uint64_t seed = SeededRandom(test_seed() + round).Next();
    const Note which("directory of seed", seed);
    const int64_t calls = CallsOfOpen(seed);
    CHECK(calls > 20);
    for (int64_t nth = 1; nth <= calls; nth += kStride) {
      for (const Repeat repeat : {Repeat::kOnce, Repeat::kAlways}) {
        const int error = nth % 2 == 0 ? EIO : ENOSPC;
        const Note at(repeat == Repeat::kOnce ? "the call that fails:" : "all fail from call", nth);
        CheckFaultAt(seed, nth, error, repeat);
      }
    }
  }
}

TEST("what recovery repaired is on the disk before the store serves, however far back it lies") {
  constexpr int64_t kDamaged = 10;
  StoreConfig config;
  config.file_bytes = 1 << 20;
  config.entries_per_file = 2000;
  config.commit.sync = false;
  config.commit.visible_when_durable = false;
  SimulatedPlatform machine(test_seed());
  std::unique_ptr<Store> store;
  REQUIRE_OK(Store::Open(machine, "/store", config, nullptr, nullptr, &store));
  Appended appended;
  for (int i = 0; i < 6000; i++)
    REQUIRE_OK(store->AppendInline(store->OpenQueue("Orders", 0), RecordFields{}, 1, false, &appended));
  REQUIRE_OK(store->Close());
  store.reset();
  REQUIRE_OK(io::RemoveTree(machine, "/store/millrace"));
  FileHandle file = kNoFile;
  REQUIRE_OK(io::Open(machine, "/store/consumequeue/Orders/0/" + FileName(0), OpenMode::kReadWrite, &file));
  REQUIRE_OK(io::ZeroRange(machine, file, kDamaged * 20, (kDamaged + 1) * 20));
  REQUIRE_OK(io::Sync(machine, file));
  machine.Close(file);

  for (const bool after_power_cut : {false, true}) {
    const Note note("after a power cut", after_power_cut);
    REQUIRE_OK(Store::Open(machine, "/store", config, nullptr, nullptr, &store));
    std::vector<std::byte> buffer(4096);
    ReadOutcome outcome;
    REQUIRE_OK(store->Read(store->OpenQueue("Orders", 0), kDamaged, ReadLimits{}, ReadMode::kMayBlock, buffer, &outcome));
    CHECK(outcome.lost.empty());
    CHECK(outcome.messages > 0);
    store.reset();
    machine.Crash(CrashPlan::DropAll());
  }
}

}  // namespace
}  // namespace millrace::testing
