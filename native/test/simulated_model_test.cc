// The simulated disk against a model of two plain byte arrays, in random runs; and how fast a crash point is.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "simulated_platform.h"
#include "testing.h"

namespace millrace {
namespace {

using Bytes = std::vector<std::byte>;

constexpr int64_t kLargest = 6 * 4096;
constexpr size_t kSector = 512;

struct Model {
  Bytes cache;
  Bytes durable;
};

Bytes SectorOf(const Bytes& bytes, size_t begin) {
  Bytes sector(kSector);
  if (begin >= bytes.size()) return sector;
  std::copy_n(bytes.begin() + static_cast<int64_t>(begin), std::min(kSector, bytes.size() - begin), sector.begin());
  return sector;
}

class RandomRun {
 public:
  explicit RandomRun(uint64_t seed) : random_(seed), machine_(seed) {
    Open(OpenMode::kCreate);
    CHECK_OK(machine_.SyncDirectory("/"));
  }

  void Step() {
    switch (random_.Below(13)) {
      case 0: return Resize();
      case 1: return Sync();
      case 2: return Map();
      case 3: return Unmap();
      case 4: return Store();
      case 5: return CopyToMapping();
      case 6: return Zeros();
      case 7: return Remember();
      case 8: return Recall();
      case 9: return Die();
      default: return Write();
    }
  }

  void Check() {
    Bytes found(kLargest + 1);
    const IoResult got = machine_.Read(file_, found, 0, ReadMode::kMayBlock);
    CHECK_OK(got);
    found.resize(static_cast<size_t>(got.value));
    CHECK(found == model_.cache);
  }

 private:
  void Open(OpenMode mode) { CHECK_OK(machine_.Open("/a", mode, &file_)); }

  // A range within [0, end), not empty unless end is 0.
  std::pair<int64_t, int64_t> Range(int64_t end) {
    const int64_t a = static_cast<int64_t>(random_.Below(static_cast<uint64_t>(end) + 1));
    const int64_t b = static_cast<int64_t>(random_.Below(static_cast<uint64_t>(end) + 1));
    return std::minmax(a, b);
  }

  Bytes Noise(int64_t size) {
    Bytes bytes(static_cast<size_t>(size));
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_.Next());
    return bytes;
  }

  // No further than the mapping reaches: a mapped file may not grow past it.
  int64_t Limit() const { return address_ == nullptr ? kLargest : std::max<int64_t>(mapped_, Size()); }
  int64_t Size() const { return static_cast<int64_t>(model_.cache.size()); }

  void Write() {
    const auto [begin, end] = Range(Limit());
    const Bytes bytes = Noise(end - begin);
    CHECK_EQ(machine_.Write(file_, bytes, begin).value, end - begin);
    if (begin == end) return;
    model_.cache.resize(static_cast<size_t>(std::max(Size(), end)));
    std::copy(bytes.begin(), bytes.end(), model_.cache.begin() + begin);
  }

  void Resize() {
    const int64_t size = static_cast<int64_t>(random_.Below(static_cast<uint64_t>(Limit()) + 1));
    CHECK_OK(machine_.Resize(file_, size));
    model_.cache.resize(static_cast<size_t>(size));
  }

  void Sync() {
    CHECK_OK(machine_.Sync(file_));
    model_.durable = model_.cache;
  }

  void Map() {
    if (address_ != nullptr) return;
    mapped_ = kLargest;
    CHECK_OK(machine_.Map(file_, 0, mapped_, true, &address_));
  }

  void Unmap() {
    if (address_ != nullptr) machine_.Unmap(address_, mapped_);
    address_ = nullptr;
  }

  void Store() {
    if (address_ == nullptr) return;
    const auto [begin, end] = Range(Size());
    for (int64_t i = begin; i < end; ++i)
      model_.cache[static_cast<size_t>(i)] = address_[i] = static_cast<std::byte>(random_.Next());
  }

  void CopyToMapping() {
    if (address_ == nullptr) return;
    const auto [begin, end] = Range(Size());
    const Bytes bytes = Noise(end - begin);
    CHECK_OK(machine_.CopyGuarded(address_ + begin, bytes.data(), bytes.size()));
    std::copy(bytes.begin(), bytes.end(), model_.cache.begin() + begin);
  }

  void Zeros() {
    // Within the durable file too, so that the model need not know what a gap's size is worth.
    const int64_t blocks = std::min(Size(), static_cast<int64_t>(model_.durable.size())) / 4096;
    if (blocks == 0) return;
    const int64_t begin = static_cast<int64_t>(random_.Below(static_cast<uint64_t>(blocks))) * 4096;
    CHECK_EQ(machine_.WriteZerosDurably(file_, begin, 4096).value, 4096);
    std::fill_n(model_.cache.begin() + begin, 4096, std::byte{0});
    std::fill_n(model_.durable.begin() + begin, 4096, std::byte{0});
  }

  void Remember() {
    if (moments_.size() < 8) moments_.emplace_back(machine_.Snapshot(), model_);
  }

  void Recall() {
    if (moments_.empty()) return;
    const auto& [disk, model] = moments_[random_.Below(moments_.size())];
    machine_.Restore(disk);
    model_ = model;
    BeginAnew();
  }

  void Die() {
    if (random_.Coin()) {
      machine_.KillProcess();
    } else if (random_.Coin()) {
      machine_.Crash(CrashPlan::DropAll());
      model_.cache = model_.durable;
    } else if (random_.Coin()) {
      machine_.Crash(CrashPlan::KeepAll());
      model_.durable = model_.cache;
    } else {
      machine_.Crash(CrashPlan::Mix(random_.Next()));
      AdoptMix();
      return;
    }
    BeginAnew();
  }

  // Handles and mappings of before are dead, and must be harmless.
  void BeginAnew() {
    const FileHandle before = file_;
    Open(OpenMode::kReadWrite);
    machine_.Close(before);
    if (address_ != nullptr) address_[random_.Below(static_cast<uint64_t>(mapped_))] = std::byte{1};
    Unmap();
  }

  void AdoptMix() {
    BeginAnew();
    Bytes found(kLargest + 1);
    found.resize(static_cast<size_t>(machine_.Read(file_, found, 0, ReadMode::kMayBlock).value));
    CHECK(found.size() == model_.cache.size() || found.size() == model_.durable.size());
    for (size_t begin = 0; begin < found.size(); begin += kSector) {
      const Bytes old = SectorOf(model_.durable, begin);
      // What is dirty may be anything now: garbage is one of the fates.
      if (begin + kSector <= found.size() && SectorOf(model_.cache, begin) == old) CHECK(SectorOf(found, begin) == old);
    }
    model_.cache = model_.durable = found;
  }

  SeededRandom random_;
  SimulatedPlatform machine_;
  FileHandle file_ = kNoFile;
  std::byte* address_ = nullptr;
  int64_t mapped_ = 0;
  Model model_;
  std::vector<std::pair<SimulatedDisk, Model>> moments_;
};

TEST("a random run on the simulated disk agrees with two byte arrays") {
  for (uint64_t run = 0; run < 200; ++run) {
    const uint64_t seed = test_seed() + run;
    const testing::Note note("run", seed);
    RandomRun random_run(seed);
    for (int step = 0; step < 100; ++step) {
      random_run.Step();
      random_run.Check();
    }
  }
}

TEST("a crash point of a few small files is cheap to restore, crash and reopen") {
  SimulatedPlatform machine(test_seed());
  const std::vector<std::string> paths = {"/s/log/0", "/s/log/1", "/s/queue/0", "/s/queue/1", "/s/slots", "/s/lock"};
  for (const char* directory : {"/s", "/s/log", "/s/queue"}) CHECK_OK(machine.MakeDirectory(directory));
  const Bytes content(16384, std::byte{'o'});
  FileHandle file = kNoFile;
  for (const std::string& path : paths) {
    CHECK_OK(machine.Open(path, OpenMode::kCreate, &file));
    CHECK_EQ(machine.Write(file, content, 0).value, 16384);
  }
  CHECK_OK(machine.SyncFileSystem("/"));
  for (const int64_t position : {5000, 9000}) CHECK_EQ(machine.Write(file, std::span(content).first(3000), position).value, 3000);
  const SimulatedDisk before = machine.Snapshot();
  constexpr int kRounds = 2000;
  const auto begin = std::chrono::steady_clock::now();
  Bytes found(16384);
  for (uint64_t round = 0; round < kRounds; ++round) {
    machine.Restore(before);
    machine.Crash(CrashPlan::Mix(round));
    for (const std::string& path : paths) {
      REQUIRE_OK(machine.Open(path, OpenMode::kReadWrite, &file));
      REQUIRE_EQ(machine.Read(file, found, 0, ReadMode::kMayBlock).value, 16384);
      REQUIRE_EQ(machine.Write(file, std::span(found).first(100), 100).value, 100);
      REQUIRE_OK(machine.Sync(file));
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("  %.0f crash points a second\n", kRounds / seconds);
}

}  // namespace
}  // namespace millrace
