#include "index_file.h"

#include <map>

#include "bare_directory.h"
#include "format.h"
#include "golden_record.h"
#include "seeded_random.h"
#include "sha256.h"

namespace millrace::testing {
namespace {

constexpr IndexShape kSmall{16, 64};
const char kUniqueKey[] = "7F000001ABCD18B4AAC2000000000000";

struct IndexDirectory : BareDirectory {
  IndexDirectory() { CHECK_OK(machine.MakeDirectory(folder)); }

  std::shared_ptr<IndexFile> Make(const IndexShape& shape, const IndexHeader& before = {}) {
    std::shared_ptr<IndexFile> file;
    CHECK_OK(machine.SyncDirectory(paths.root));
    CHECK_OK(IndexFile::Create(machine, path, paths.temporary, shape, before, &file));
    return file;
  }
  std::shared_ptr<IndexFile> Open(const IndexShape& shape, const IndexHeader& header) {
    std::shared_ptr<IndexFile> file;
    CHECK_OK(IndexFile::Open(machine, path, shape, header, OpenMode::kReadWrite, &file));
    return file;
  }

  const std::string folder = paths.root + "/index";
  const std::string path = folder + "/20231114221320123";
};

std::vector<int64_t> FindAll(IndexFile& file, int32_t hash, const TimeWindow& window = {}) {
  std::vector<int64_t> positions;
  IndexFile::Walk walk;
  for (int64_t position = 0;;) {
    const Status status = file.Find(hash, window, ReadMode::kMayBlock, &walk, &position);
    CHECK_OK(status);
    if (!status.ok() || position < 0) return positions;
    positions.push_back(position);
  }
}

void PutGolden(IndexFile& file, int64_t position) {
  for (const char* key : {kUniqueKey, "key0", "order0"}) {
    CHECK_OK(file.Put(IndexHash("GoldenTopic", key), position, kGoldenStoreTimestamp));
  }
}

// Items of a few hashes, each a second after the one before, and the same in a map.
struct Model {
  void Put(IndexFile& file, int count, SeededRandom& random) {
    for (; count > 0; count--, position += 100, time += 1000) {
      const int32_t hash = static_cast<int32_t>(random.Below(40));
      REQUIRE_OK(file.Put(hash, position, time));
      found[hash].insert(found[hash].begin(), position);
    }
  }
  void Check(IndexFile& file) {
    for (int32_t hash = 0; hash < 40; hash++) CHECK_EQ(FindAll(file, hash) == found[hash], true);
  }

  int64_t position = 0;
  int64_t time = 1'700'000'000'000;
  std::map<int32_t, std::vector<int64_t>> found;
};

TEST("an index file has the bytes of RocketMQ's for the golden records") {
  IndexDirectory bare;
  const std::shared_ptr<IndexFile> file = bare.Make(kSmall);
  REQUIRE(file != nullptr);
  PutGolden(*file, 0);
  PutGolden(*file, 197);
  REQUIRE_OK(file->Flush());
  const std::string text = bare.Text(bare.path);
  REQUIRE_EQ(text.size(), 1384);
  CHECK_EQ(Hex(BytesOf(text).first(40)), "0000018bcfe5687b0000018bcfe5687b000000000000000000000000000000c50000000300000007");
  CHECK_EQ(Sha256(BytesOf(text)), "c2a917293c55fe27d90c1cc7523fcd75499d9b77070a6def0507455593ac2979");
  CHECK_EQ(Hex(BytesOf(text).subspan(40 + 64 + 20, 20)), "7938532900000000000000000000000000000000");
}

TEST("the hash of a key is RocketMQ's: never negative, and zero for the one that cannot be made positive") {
  CHECK_EQ(IndexHash("GoldenTopic", "key0"), 1064868494);
  CHECK_EQ(IndexHash("GoldenTopic", kUniqueKey), 2033734441);
  CHECK_EQ(IndexHash("t", "Aa"), IndexHash("t", "BB"));
  CHECK_EQ(JavaHash("polygenelubricants"), INT32_MIN);
  CHECK_EQ(JavaHash("enelubricants", JavaHash("polyg")), INT32_MIN);
}

TEST("an index file is named by a moment as a local clock shows it") {
  CHECK_EQ(IndexFileName(1'700'000'000'123, 0), "20231114221320123");
  CHECK_EQ(IndexFileName(1'700'000'000'123, 2 * 3'600'000), "20231115001320123");
  CHECK_EQ(IndexFileName(951'782'400'000, -1), "20000228235959999");
  CHECK_EQ(IndexFileName(951'782'400'000, 0), "20000229000000000");
}

TEST("positions of a hash come newest first, from memory as from the file") {
  IndexDirectory bare;
  SeededRandom random(test_seed());
  const IndexShape shape{7, 500};
  std::shared_ptr<IndexFile> file = bare.Make(shape);
  REQUIRE(file != nullptr);
  Model model;
  model.Put(*file, 100, random);
  model.Check(*file);
  REQUIRE_OK(file->Flush());
  model.Check(*file);
  model.Put(*file, 100, random);
  model.Check(*file);
  REQUIRE_OK(file->Flush());
  file->Seal();
  model.Check(*file);
  const IndexHeader header = file->header();
  file = bare.Open(shape, header);
  REQUIRE(file != nullptr);
  IndexHeader written;
  REQUIRE_OK(file->ReadHeader(&written));
  CHECK(written == header);
  model.Check(*file);
  model.Put(*file, 50, random);
  REQUIRE_OK(file->Flush());
  model.Check(*file);
}

TEST("a time window loses nothing to the whole seconds that an item keeps") {
  IndexDirectory bare;
  const std::shared_ptr<IndexFile> file = bare.Make(kSmall);
  REQUIRE(file != nullptr);
  REQUIRE_OK(file->Put(1, 0, 1'000'000'500));
  REQUIRE_OK(file->Put(1, 100, 1'000'002'499));  // one second and 999 ms later
  REQUIRE_OK(file->Put(1, 200, 1'000'009'000));
  CHECK_EQ(FindAll(*file, 1, {1'000'002'499, 1'000'002'499}).size(), 2);  // the first item's time is not relied on
  CHECK_EQ(FindAll(*file, 1, {1'000'002'499, 1'000'002'499})[0], 100);
  CHECK(FindAll(*file, 1, {1'000'009'999, INT64_MAX}).empty());
  CHECK_EQ(FindAll(*file, 1, {0, 1'000'001'499}).size(), 1);
}

TEST("a file that follows another counts its first item from the end of that one") {
  IndexDirectory bare;
  IndexHeader before;
  before.end_timestamp = 1'000'000'000;
  before.end_position = 700;
  const std::shared_ptr<IndexFile> file = bare.Make(kSmall, before);
  REQUIRE(file != nullptr);
  REQUIRE_OK(file->Put(1, 800, 1'000'060'000));
  REQUIRE_OK(file->Put(1, 900, 1'000'063'000));
  REQUIRE_OK(file->Flush());
  CHECK_EQ(file->header().begin_timestamp, 1'000'060'000);
  CHECK_EQ(file->header().begin_position, 800);
  const std::string text = bare.Text(bare.path);
  const auto item = [&](int32_t number) {
    return IndexItem::Decode(BytesOf(text).data() + static_cast<size_t>(kSmall.ItemAt(number)));
  };
  CHECK_EQ(item(1).seconds, 60);
  CHECK_EQ(item(2).seconds, 3);
  CHECK_EQ(FindAll(*file, 1, {1'000'060'000, 1'000'060'000}).size(), 1);
}

TEST("a full file takes nothing more, and stays sparse") {
  IndexDirectory bare;
  const std::shared_ptr<IndexFile> file = bare.Make({3, 5});
  REQUIRE(file != nullptr);
  for (int64_t i = 0; i < 4; i++) REQUIRE_OK(file->Put(1, i, 1000 + i));
  CHECK(file->full());
  CHECK_EQ(file->Put(1, 9, 2000).code(), Code::kTooLarge);
  REQUIRE_OK(file->Flush());
  CHECK_EQ(FindAll(*file, 1).size(), 4);
}

TEST("after a power cut what had been synced is found again, whatever became of the rest") {
  for (uint64_t seed = 0; seed < 40; seed++) {
    const Note note("seed", seed);
    IndexDirectory bare;
    SeededRandom random(test_seed() + seed);
    const IndexShape shape{31, 400};
    std::shared_ptr<IndexFile> file = bare.Make(shape);
    REQUIRE(file != nullptr);
    CHECK_OK(bare.machine.SyncDirectory(bare.paths.root));
    Model model;
    model.Put(*file, static_cast<int>(1 + random.Below(150)), random);
    REQUIRE_OK(file->Flush());
    REQUIRE_OK(file->Sync());
    IndexProof synced;
    REQUIRE_OK(file->Prove(&synced));
    const Model kept = model;
    for (uint64_t round = random.Below(4); round > 0; round--) {
      model.Put(*file, static_cast<int>(random.Below(50)), random);
      REQUIRE_OK(file->Flush());
    }
    file.reset();
    CrashPlan plan = CrashPlan::Mix(random.Next());
    plan.spares_unchanged_bytes = random.Coin();
    bare.machine.Crash(plan);
    file = bare.Open(shape, synced.header);
    REQUIRE(file != nullptr);
    const Status status = file->CutTo(synced, INT64_MAX);
    if (status.code() == Code::kCorruption && !plan.spares_unchanged_bytes) continue;  // torn, and told
    REQUIRE_OK(status);
    CHECK(file->header() == synced.header);
    Model after = kept;
    after.Check(*file);
    after.Put(*file, 20, random);
    REQUIRE_OK(file->Flush());
    after.Check(*file);
    file = bare.Open(shape, file->header());
    REQUIRE(file != nullptr);
    after.Check(*file);
  }
}

TEST("a file is cut to the records below a position") {
  IndexDirectory bare;
  SeededRandom random(test_seed());
  const std::shared_ptr<IndexFile> file = bare.Make({31, 400});
  REQUIRE(file != nullptr);
  Model model;
  model.Put(*file, 60, random);
  const IndexHeader at_cut = file->header();
  Model kept = model;
  model.Put(*file, 60, random);
  REQUIRE_OK(file->Flush());
  IndexProof proof;
  REQUIRE_OK(file->Prove(&proof));
  REQUIRE_OK(file->CutTo(proof, kept.position));
  kept.Check(*file);
  CHECK_EQ(file->header().next, at_cut.next);
  CHECK_EQ(file->header().used_slots, at_cut.used_slots);
  CHECK_EQ(file->header().end_position, at_cut.end_position);
  CHECK(file->header().end_timestamp >= at_cut.end_timestamp);
}

TEST("an item that does not hold together is told as damage, by a query and by recovery") {
  IndexDirectory bare;
  const IndexShape shape{1, 50};
  std::shared_ptr<IndexFile> file = bare.Make(shape);
  REQUIRE(file != nullptr);
  for (int64_t i = 0; i < 20; i++) REQUIRE_OK(file->Put(5, i * 100, 1'000'000 + i));
  REQUIRE_OK(file->Flush());
  IndexProof proof;
  FileHandle handle = kNoFile;
  REQUIRE_OK(io::Open(bare.machine, bare.path, OpenMode::kReadWrite, &handle));
  const std::byte loop[] = {std::byte{0}, std::byte{0}, std::byte{0}, std::byte{15}};
  REQUIRE_OK(io::Write(bare.machine, handle, loop, shape.ItemAt(10) + static_cast<int64_t>(format::kItemPreviousAt)));
  bare.machine.Close(handle);
  IndexFile::Walk walk;
  int64_t position = 0;
  Status status;
  int found = 0;
  for (; status.ok() && position >= 0 && found < 100; found++) status = file->Find(5, {}, ReadMode::kMayBlock, &walk, &position);
  CHECK_EQ(status.code(), Code::kCorruption);
  REQUIRE_OK(file->Prove(&proof));  // with the damage: what CutTo sees then are the items themselves
  CHECK_EQ(file->CutTo(proof, INT64_MAX).code(), Code::kCorruption);
  REQUIRE_OK(file->CutTo(proof, 500));
  CHECK_EQ(FindAll(*file, 5).size(), 5);
}

TEST("a file of another shape is not believed") {
  IndexDirectory bare;
  REQUIRE(bare.Make(kSmall) != nullptr);
  std::shared_ptr<IndexFile> file;
  CHECK_EQ(IndexFile::Open(bare.machine, bare.path, {16, 65}, {}, OpenMode::kRead, &file).code(), Code::kCorruption);
}

}  // namespace
}  // namespace millrace::testing
