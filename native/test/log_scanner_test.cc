#include "log_scanner.h"

#include <cstring>

#include "bare_directory.h"
#include "byte_order.h"
#include "seeded_random.h"

namespace millrace::testing {
namespace {

constexpr int64_t kFile = 1 << 16;

std::vector<std::byte> RecordAt(int64_t position, size_t body_bytes) {
  const std::string body(body_bytes, '\xDA');  // full of what a magic begins with
  RecordFields fields;
  fields.topic = "T";
  fields.body = BytesOf(body);
  std::vector<std::byte> record(EncodedBytes(fields, false));
  EncodeRecord(record, fields, false);
  PlaceRecord(record, 0, position, 1);
  SealRecord(record);
  return record;
}

struct OneFile : BareDirectory {
  OneFile() {
    CHECK_OK(files.Create(0));
    CHECK_OK(files.Open(0, &file));
  }
  void Put(std::span<const std::byte> bytes, int64_t position) { CHECK_OK(io::Write(machine, file->handle(), bytes, position)); }

  FileSet files{machine, paths.commit_log, paths.temporary, kFile, false};
  std::shared_ptr<OpenFile> file;
  LogScanner scanner{machine, files};
  const std::vector<OwnRange> own{{0, INT64_MAX}};
};

TEST("what stands at a position is told apart: a record, a BLANK, nothing, something else, no file") {
  OneFile one;
  const std::vector<std::byte> record = RecordAt(0, 50);
  const int64_t size = static_cast<int64_t>(record.size());
  one.Put(record, 0);
  std::byte blank[format::kBlankBytes];
  EncodeBlank(blank, static_cast<int32_t>(kFile - size));
  one.Put(blank, size);
  LogScanner::Seen seen;
  REQUIRE_OK(one.scanner.Look(0, ChecksumRule::kRequired, &seen));
  CHECK_EQ(seen.kind, RecordKind::kRecord);
  CHECK_EQ(seen.view.bytes, std::span<const std::byte>(record));
  REQUIRE_OK(one.scanner.Look(size, ChecksumRule::kRequired, &seen));
  CHECK_EQ(seen.kind, RecordKind::kBlank);
  REQUIRE_OK(one.scanner.Look(kFile / 2, ChecksumRule::kRequired, &seen));
  CHECK_EQ(seen.kind, RecordKind::kZeros);
  REQUIRE_OK(one.scanner.Look(1, ChecksumRule::kRequired, &seen));
  CHECK_EQ(seen.kind, RecordKind::kBad);
  CHECK(!seen.plausible);
  REQUIRE_OK(one.scanner.Look(kFile, ChecksumRule::kRequired, &seen));
  CHECK_EQ(seen.kind, RecordKind::kBad);
  CHECK(seen.file_missing);
}

TEST("a bad record whose head holds together is told from noise") {
  OneFile one;
  std::vector<std::byte> record = RecordAt(0, 50);
  record[100] ^= std::byte{1};
  one.Put(record, 0);
  LogScanner::Seen seen;
  REQUIRE_OK(one.scanner.Look(0, ChecksumRule::kRequired, &seen));
  CHECK_EQ(seen.kind, RecordKind::kBad);
  CHECK(seen.plausible);
}

TEST("the next record is found behind anything, also where noise looks like the start of one") {
  SeededRandom random(test_seed());
  for (int round = 0; round < 60; round++) {
    OneFile one;
    const int64_t at = 1 + static_cast<int64_t>(random.Below(40'000));
    std::vector<std::byte> noise(static_cast<size_t>(at));
    for (std::byte& byte : noise) byte = random.Below(4) == 0 ? std::byte{0xDA} : static_cast<std::byte>(random.Next());
    for (size_t i = 0; i + 8 < noise.size(); i += 200 + random.Below(500)) StoreU32(&noise[i + 4], format::kMagicV1);
    if (random.Coin()) std::memset(noise.data() + noise.size() / 2, 0, noise.size() - noise.size() / 2);
    one.Put(noise, 0);
    one.Put(RecordAt(at, random.Below(3000)), at);
    int64_t found = 0;
    REQUIRE_OK(one.scanner.FindRecord(0, kFile, one.own, &found));
    CHECK_EQ(found, at);
    REQUIRE_OK(one.scanner.FindRecord(at + 1, kFile, one.own, &found));
    CHECK_EQ(found, -1);
  }
}

TEST("a record that stands where it does not belong is no record") {
  OneFile one;
  one.Put(RecordAt(5000, 10), 300);
  int64_t found = 0;
  REQUIRE_OK(one.scanner.FindRecord(0, kFile, one.own, &found));
  CHECK_EQ(found, -1);
}

TEST("the first and the last byte of data are found in a file that is mostly holes") {
  OneFile one;
  int64_t found = 0;
  REQUIRE_OK(one.scanner.FindData(0, kFile, &found));
  CHECK_EQ(found, kFile);
  REQUIRE_OK(one.scanner.FindDataEnd(0, kFile, &found));
  CHECK_EQ(found, 0);
  const std::byte bytes[] = {std::byte{1}, std::byte{0}, std::byte{2}, std::byte{0}};
  one.Put(bytes, 20'000);
  REQUIRE_OK(one.scanner.FindData(7, kFile, &found));
  CHECK_EQ(found, 20'000);
  REQUIRE_OK(one.scanner.FindData(20'001, kFile, &found));
  CHECK_EQ(found, 20'002);
  REQUIRE_OK(one.scanner.FindDataEnd(0, kFile, &found));
  CHECK_EQ(found, 20'003);
  REQUIRE_OK(one.scanner.FindDataEnd(20'003, kFile, &found));
  CHECK_EQ(found, 20'003);
}

}  // namespace
}  // namespace millrace::testing
