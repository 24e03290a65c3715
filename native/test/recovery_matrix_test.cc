// What else may be wrong when the log itself is whole: every combination of how the store was left, its checkpoint, its side-car
// and its queues.
//
// In all of them every record is there again, under its number, in every queue, and nothing is reported lost.
#include <array>

#include "damaged_directory.h"
#include "io.h"
#include "testing.h"
#include "thoroughness.h"

namespace millrace::testing {
namespace {

enum class Checkpoint { kAsItIs, kMissing, kZero, kAhead, kBehind };
enum class Car { kAsItIs, kMissing, kStale, kNoSlots, kDamagedSlots, kDamagedIdentity };
enum class Queues { kAsTheyAre, kOneEntryShort, kManyShort, kAhead, kQueueMissing, kAllMissing, kFirstFileMissing, kShortFile };
constexpr int kCheckpoints = 5;
constexpr int kCars = 6;
constexpr int kQueueStates = 8;
constexpr uint64_t kStride = kIsSanitized ? 7 : 1;  // every combination is met without a sanitizer
constexpr int64_t kEntry = static_cast<int64_t>(format::kEntryBytes);

void Apply(DamagedDirectory& directory, Checkpoint checkpoint) {
  const std::string& path = directory.paths.checkpoint;
  std::array<std::byte, 48> bytes{};
  switch (checkpoint) {
    case Checkpoint::kAsItIs: return;
    case Checkpoint::kMissing: return directory.Remove(path);
    case Checkpoint::kZero: return directory.Put(path, 0, bytes);
    case Checkpoint::kAhead:
    case Checkpoint::kBehind:
      for (size_t at = 0; at < bytes.size(); at += 8) StoreI64(&bytes[at], checkpoint == Checkpoint::kAhead ? int64_t{1} << 60 : 1);
      return directory.Put(path, 0, bytes);
  }
}

void Apply(DamagedDirectory& directory, Car car, const std::vector<std::byte>& old_slots) {
  const StorePaths& paths = directory.paths;
  switch (car) {
    case Car::kAsItIs: return;
    case Car::kMissing: return directory.Remove(paths.own);
    case Car::kStale: return directory.Put(paths.watermarks, 0, old_slots);
    case Car::kNoSlots: return directory.Remove(paths.watermarks);
    case Car::kDamagedSlots:
      for (int64_t at = 20; at < WatermarkSlot::kFileBytes; at += WatermarkSlot::kSlotBytes) directory.Flip(paths.watermarks, at);
      return;
    case Car::kDamagedIdentity: return directory.Flip(paths.own + "/identity", 20);
  }
}

void Apply(DamagedDirectory& directory, Queues queues) {
  if (queues == Queues::kAsTheyAre) return;
  if (queues == Queues::kAllMissing) return directory.Remove(directory.paths.consume_queue);
  for (const auto& [key, records] : directory.workload.model.Queues()) {
    const int64_t count = static_cast<int64_t>(records.size());
    if (count <= 2 * DamagedDirectory::kEntries) continue;  // one with three files will do
    const std::string last = directory.QueueFile(key, count - 1);
    const int64_t in_file = (count - 1) % DamagedDirectory::kEntries;
    std::byte entry[kEntry];
    switch (queues) {
      case Queues::kAsTheyAre:
      case Queues::kAllMissing: return;
      case Queues::kOneEntryShort: return directory.Zero(last, in_file * kEntry, kEntry);
      case Queues::kManyShort:
        directory.Remove(last);
        return directory.Zero(directory.QueueFile(key, DamagedDirectory::kEntries), 5 * kEntry, 5 * kEntry);
      case Queues::kAhead:
        QueueEntry{directory.workload.model.end() + 500, 0, 300}.Encode(entry);
        return directory.Put(directory.QueueFile(key, count), count % DamagedDirectory::kEntries * kEntry, entry);
      case Queues::kQueueMissing:
        return directory.Remove(directory.paths.consume_queue + "/" + key.first + "/" + std::to_string(key.second));
      case Queues::kFirstFileMissing: return directory.Remove(directory.QueueFile(key, 0));
      case Queues::kShortFile: return directory.Resize(last, (in_file + 1) * kEntry);
    }
  }
  CHECK(false);  // the workload has no queue that is long enough
}

struct Left {
  bool is_closed;
  bool is_rebooted;
};

void CheckCombination(uint64_t seed, Left left, Checkpoint checkpoint, Car car, Queues queues) {
  DamagedDirectory directory(seed);
  directory.AppendAndClose(70);
  const std::vector<std::byte> old_slots = directory.Content(directory.paths.watermarks);
  if (left.is_closed)
    directory.AppendAndClose(60);
  else
    directory.AppendAndLeave(60, 0);
  if (left.is_rebooted)
    directory.Reboot();
  else
    directory.machine.KillProcess();
  Apply(directory, checkpoint);
  Apply(directory, car, old_slots);
  Apply(directory, queues);

  const int64_t end = directory.workload.model.end();
  {
    std::unique_ptr<Store> store;
    REQUIRE_OK(directory.Open(&store));
    const OpenReport& report = store->report();
    CHECK_EQ(store->marks().written, end);
    CHECK_EQ(store->marks().durable, end);
    CHECK(store->losses().empty());
    CHECK_EQ(report.outcome.truncated_from, -1);
    CHECK(!report.created);
    // What could not be believed is told, and only then.
    CHECK_EQ(report.side_car_set_aside, car == Car::kNoSlots || car == Car::kDamagedSlots || car == Car::kDamagedIdentity);
    CheckHolds(directory.machine, *store, directory.workload.model);
  }
  // Once more, in another boot: nothing was left half done.
  directory.Reboot();
  (void)CheckRecovered(directory.machine, directory.workload.model, directory.config(), end);
}

TEST("with a whole log, any checkpoint, side-car and queues make the same store, however it was left") {
  uint64_t round = test_seed();
  for (const Left left : {Left{true, false}, Left{true, true}, Left{false, false}, Left{false, true}}) {
    const Note how("closed in order:", left.is_closed);
    const Note boot("rebooted:", left.is_rebooted);
    for (int checkpoint = 0; checkpoint < kCheckpoints; checkpoint++) {
      for (int car = 0; car < kCars; car++) {
        for (int queues = 0; queues < kQueueStates; queues++) {
          const Note first("checkpoint", checkpoint);
          const Note second("side-car", car);
          const Note third("queues", queues);
          const uint64_t seed = SeededRandom(round++).Next();
          if (round % kStride != 0) continue;
          const Note fourth("seed", seed);
          CheckCombination(seed, left, static_cast<Checkpoint>(checkpoint), static_cast<Car>(car), static_cast<Queues>(queues));
        }
      }
    }
  }
}

}  // namespace
}  // namespace millrace::testing
