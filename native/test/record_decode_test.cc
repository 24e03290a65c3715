// What is read when the bytes are not what was written: damage of every kind, cuts, lies about lengths, and plain garbage.
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "byte_order.h"
#include "crc32.h"
#include "golden_record.h"
#include "record_codec.h"
#include "testing.h"

namespace millrace {
namespace {

using testing::GoldenFields;
using testing::HostV6;
using testing::Note;
using testing::Sealed;
using testing::WithoutChecksum;

constexpr ChecksumRule kRules[] = {ChecksumRule::kRequired, ChecksumRule::kIfThere, ChecksumRule::kSkip};

RecordKind Decode(std::span<const std::byte> bytes, int64_t position, ChecksumRule rule) {
  RecordView view;
  return DecodeRecord(bytes, position, static_cast<int64_t>(bytes.size()), rule, &view);
}

std::vector<std::byte> Plain() {
  return WithoutChecksum(Sealed(GoldenFields(), 7, 0), StoredPropertiesBytes(GoldenFields(), false));
}

// A record without checksum whose properties end in `end` and nothing else; all lengths are right.
std::vector<std::byte> PlainEndingIn(std::string_view end) {
  RecordFields fields = GoldenFields();
  const std::string properties = "a\1b\2" + std::string(end);
  fields.properties = properties;
  const size_t stored = StoredPropertiesBytes(fields, false);
  std::vector<std::byte> record = Sealed(fields, 7, 0);
  if (stored > properties.size() + format::kCrcPropertyBytes) {  // without the separator that was put in
    record.erase(record.end() - static_cast<ptrdiff_t>(format::kCrcPropertyBytes) - 1);
  }
  return WithoutChecksum(record, properties.size() + format::kCrcPropertyBytes);
}

TEST("no flipped bit of a record passes, where a checksum is required or only looked for") {
  RecordFields fields = GoldenFields();
  std::vector<std::vector<std::byte>> records = {Sealed(fields, 8, 197)};
  fields.born_host = HostV6(0x2001, 0x0db8, 1, 54321);
  records.push_back(Sealed(fields, 8, 197));
  const std::string topic(200, 't');
  fields.topic = topic;
  fields.body = {};
  records.push_back(Sealed(fields, 8, 197));
  for (std::vector<std::byte>& record : records) {
    record.resize(record.size() + 300);  // what follows, so that a greater size would fit
    const size_t size = LoadU32(record.data());
    for (size_t bit = 0; bit < size * 8; ++bit) {
      const Note note("bit", bit);
      const auto mask = static_cast<std::byte>(1U << (bit % 8));
      record[bit / 8] ^= mask;
      CHECK_NE(Decode(record, 197, ChecksumRule::kRequired), RecordKind::kRecord);
      CHECK_NE(Decode(record, 197, ChecksumRule::kIfThere), RecordKind::kRecord);
      record[bit / 8] ^= mask;
    }
    CHECK_EQ(Decode(record, 197, ChecksumRule::kRequired), RecordKind::kRecord);
  }
}

TEST("a cut record is bad at every length, and nothing beyond the cut is read") {
  RecordFields fields = GoldenFields();
  fields.store_host = HostV6(0xfe80, 0, 5, 10911);
  const std::string topic(130, 't');
  const std::vector<std::byte> v1 = Sealed(fields, 8, 0);
  fields.topic = topic;
  const std::vector<std::byte> v2 = Sealed(fields, 8, 0);
  for (const std::vector<std::byte>* record : {&v1, &v2}) {
    for (size_t size = 0; size < record->size(); ++size) {
      const Note note("length", size);
      const std::unique_ptr<std::byte[]> exact(new std::byte[size]);  // a sanitizer sees a read past its end
      if (size > 0) std::memcpy(exact.get(), record->data(), size);
      for (const ChecksumRule rule : kRules) {
        RecordView view;
        CHECK_EQ(DecodeRecord({exact.get(), size}, 0, 1 << 20, rule, &view), RecordKind::kBad);
        CHECK_EQ(view.bytes.size(), 0U);
        if (size < 8) continue;
        StoreU32(exact.get(), static_cast<uint32_t>(size));  // the size says so too
        CHECK_EQ(DecodeRecord({exact.get(), size}, 0, 1 << 20, rule, &view), RecordKind::kBad);
        std::memcpy(exact.get(), record->data(), 4);
      }
    }
  }
}

TEST("lengths that do not add up to the record's size are bad, even unverified") {
  const std::vector<std::byte> record = Sealed(GoldenFields(), 8, 0);
  const size_t body_length_at = 84;
  const size_t topic_length_at = 104;
  const size_t properties_length_at = 116;
  for (const int32_t change : {-100000, -200, -100, -20, -1, 1, 20, 100, 200, 100000}) {
    const Note note("change", change);
    std::vector<std::byte> wrong = record;
    StoreI32(wrong.data() + body_length_at, 16 + change);
    CHECK_EQ(Decode(wrong, 0, ChecksumRule::kSkip), RecordKind::kBad);
    wrong = record;
    wrong[topic_length_at] = static_cast<std::byte>(11 + change);
    CHECK_EQ(Decode(wrong, 0, ChecksumRule::kSkip), RecordKind::kBad);
    wrong = record;
    StoreU16(wrong.data() + properties_length_at, static_cast<uint16_t>(99 + change));
    CHECK_EQ(Decode(wrong, 0, ChecksumRule::kSkip), RecordKind::kBad);
  }
  CHECK_EQ(Decode(record, 0, ChecksumRule::kSkip), RecordKind::kRecord);
}

TEST("a record that reaches beyond its file is bad, one that ends with it is not") {
  const std::vector<std::byte> record = Sealed(GoldenFields(), 8, 0);
  const auto size = static_cast<int64_t>(record.size());
  RecordView view;
  CHECK_EQ(DecodeRecord(record, 0, size, ChecksumRule::kRequired, &view), RecordKind::kRecord);
  CHECK_EQ(DecodeRecord(record, 0, size - 1, ChecksumRule::kRequired, &view), RecordKind::kBad);
  CHECK_EQ(DecodeRecord(record, 0, 0, ChecksumRule::kRequired, &view), RecordKind::kBad);
  CHECK_EQ(DecodeRecord(record, 0, -1, ChecksumRule::kRequired, &view), RecordKind::kBad);
}

TEST("a record at another place than it says is bad, even unverified") {
  const std::vector<std::byte> record = Sealed(GoldenFields(), 8, 197);
  for (const ChecksumRule rule : kRules) {
    CHECK_EQ(Decode(record, 197, rule), RecordKind::kRecord);
    CHECK_EQ(Decode(record, 196, rule), RecordKind::kBad);
    CHECK_EQ(Decode(record, 0, rule), RecordKind::kBad);
  }
}

TEST("negative offsets in a queue and negative queues are bad, although the checksum holds") {
  RecordFields fields = GoldenFields();
  CHECK_EQ(Decode(Sealed(fields, -1, 0), 0, ChecksumRule::kRequired), RecordKind::kBad);
  CHECK_EQ(Decode(Sealed(fields, 0, 0), 0, ChecksumRule::kRequired), RecordKind::kRecord);
  fields.queue_id = -1;
  CHECK_EQ(Decode(Sealed(fields, 0, 0), 0, ChecksumRule::kRequired), RecordKind::kBad);
}

TEST("eight zero bytes are unwritten space, fewer or others are bad") {
  std::vector<std::byte> zeros(100);
  CHECK_EQ(Decode(zeros, 0, ChecksumRule::kRequired), RecordKind::kZeros);
  CHECK_EQ(Decode(std::span(zeros).first(8), 0, ChecksumRule::kRequired), RecordKind::kZeros);
  CHECK_EQ(Decode(std::span(zeros).first(7), 0, ChecksumRule::kRequired), RecordKind::kBad);
  CHECK_EQ(Decode({}, 0, ChecksumRule::kRequired), RecordKind::kBad);
  zeros[7] = std::byte{1};
  CHECK_EQ(Decode(zeros, 0, ChecksumRule::kRequired), RecordKind::kBad);
}

TEST("a blank has the golden bytes, and counts only if it reaches exactly to the end of the file") {
  std::vector<std::byte> blank(8);
  EncodeBlank(blank, 136);
  CHECK_EQ(blank, testing::FromHex("00000088cbd43194"));
  RecordView view;
  CHECK_EQ(DecodeRecord(blank, 0, 136, ChecksumRule::kRequired, &view), RecordKind::kBlank);
  CHECK_EQ(DecodeRecord(blank, 0, 135, ChecksumRule::kRequired, &view), RecordKind::kBad);
  CHECK_EQ(DecodeRecord(blank, 0, 137, ChecksumRule::kRequired, &view), RecordKind::kBad);
  EncodeBlank(blank, 8);
  CHECK_EQ(DecodeRecord(blank, 0, 8, ChecksumRule::kRequired, &view), RecordKind::kBlank);
}

TEST("without the whole checksum a damaged body is found, and a damaged topic is not") {
  std::vector<std::byte> record = Plain();
  REQUIRE_EQ(Decode(record, 0, ChecksumRule::kIfThere), RecordKind::kRecord);
  record[90] ^= std::byte{1};
  CHECK_EQ(Decode(record, 0, ChecksumRule::kIfThere), RecordKind::kBad);
  CHECK_EQ(Decode(record, 0, ChecksumRule::kSkip), RecordKind::kRecord);
  record[90] ^= std::byte{1};
  record[106] ^= std::byte{1};
  CHECK_EQ(Decode(record, 0, ChecksumRule::kIfThere), RecordKind::kRecord);
}

TEST("properties that almost spell a checksum are bad, others without one are not") {
  for (const std::string_view bad : {"__CRC32#\1"
                                     "12345x7890\2",
                                     "__CRC32#\1"
                                     "xxxxxxxxxx\2",
                                     "__CRC32#\1"
                                     "9999999999\2",
                                     "__CRC32#\1"
                                     "1234567890\3",
                                     "__CRC32#\3"
                                     "1234567890\2",
                                     "__CRC32!\1"
                                     "1234567890\2",
                                     "_-CRC32!\1"
                                     "1234567890\2",
                                     "__CRC31#\1"
                                     "123456789\n\2",
                                     "__CRC32#\1"
                                     "1234567890\2"}) {
    const Note note("end", bad);
    CHECK_EQ(Decode(PlainEndingIn(bad), 0, ChecksumRule::kIfThere), RecordKind::kBad);
    CHECK_EQ(Decode(PlainEndingIn(bad), 0, ChecksumRule::kSkip), RecordKind::kRecord);
  }
  for (const std::string_view good : {"", "TAGS\1TagA\2", "no end",
                                      "12345678\1"
                                      "1234567890\2",
                                      "__CRC\1"
                                      "1234567890\2",
                                      "__CRC32#\1"
                                      "123\2"}) {
    const Note note("end", good);
    CHECK_EQ(Decode(PlainEndingIn(good), 0, ChecksumRule::kIfThere), RecordKind::kRecord);
    CHECK_EQ(Decode(PlainEndingIn(good), 0, ChecksumRule::kRequired), RecordKind::kBad);
  }
}

TEST("properties whose end never reached the disk are bad, although the body is whole") {
  CHECK_EQ(Decode(PlainEndingIn(std::string_view("TAGS\1Ta\0\0\0", 10)), 0, ChecksumRule::kIfThere), RecordKind::kBad);
  std::vector<std::byte> record = Sealed(GoldenFields(), 8, 0);
  for (size_t cut = 1; cut <= StoredPropertiesBytes(GoldenFields(), false); ++cut) {
    const Note note("zeros", cut);
    record[record.size() - cut] = std::byte{0};
    CHECK_EQ(Decode(record, 0, ChecksumRule::kIfThere), RecordKind::kBad);
  }
}

TEST("a batch's mark counts only whole, at its place and beside a checksum") {
  const std::string mark = std::string(format::kBatchName) +
                           "\1"
                           "0000000003:0000000999\2";
  const auto count = [](const std::string& properties) {
    RecordFields fields = GoldenFields();
    fields.properties = properties;
    const std::vector<std::byte> record = Sealed(fields, 0, 0);
    RecordView view;
    CHECK_EQ(DecodeRecord(record, 0, 1 << 20, ChecksumRule::kRequired, &view), RecordKind::kRecord);
    return view.batch_count;
  };
  CHECK_EQ(count(mark), 3U);
  CHECK_EQ(count("a\1b\2" + mark), 3U);
  CHECK_EQ(count("a" + mark), 0U);
  CHECK_EQ(count(mark + "a\1b\2"), 0U);
  CHECK_EQ(count(mark.substr(0, 27) + ";" + mark.substr(28)), 0U);
  CHECK_EQ(count(mark.substr(0, 20) + "x" + mark.substr(21)), 0U);
  CHECK_EQ(count(mark.substr(0, 17) + "9" + mark.substr(18)), 0U);  // beyond 32 bits
  RecordView view;
  const std::vector<std::byte> plain = PlainEndingIn(mark);
  CHECK_EQ(DecodeRecord(plain, 0, 1 << 20, ChecksumRule::kIfThere, &view), RecordKind::kRecord);
  CHECK_EQ(view.batch_count, 0U);
}

TEST("garbage behind a believable head is never read past its end, and what is taken lies inside it") {
  std::mt19937_64 random(test_seed());
  int taken = 0;
  for (int round = 0; round < 200000; ++round) {
    const Note note("round", round);
    const size_t size = 8 + random() % 200;
    const std::unique_ptr<std::byte[]> bytes(new std::byte[size]);
    // Mostly zeros and small numbers, so that some lengths fit.
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(random() % 4 == 0 ? random() % 64 : 0);
    StoreU32(bytes.get(), static_cast<uint32_t>(random() % 8 == 0 ? random() : size - random() % 2));
    StoreU32(bytes.get() + 4, random() % 2 == 0 ? format::kMagicV1 : format::kMagicV2);
    if (size > 44 && random() % 4 != 0) std::memset(bytes.get() + format::kPositionAt, 0, 8);
    if (size > 93 && random() % 2 != 0) std::memset(bytes.get() + 84, 0, 4);
    for (const ChecksumRule rule : kRules) {
      RecordView view;
      if (DecodeRecord({bytes.get(), size}, 0, static_cast<int64_t>(size), rule, &view) != RecordKind::kRecord) continue;
      ++taken;
      const auto inside = [&](const void* at, size_t length) {
        const auto* begin = static_cast<const std::byte*>(at);
        return begin >= bytes.get() && begin + length <= bytes.get() + size;
      };
      REQUIRE(inside(view.body.data(), view.body.size()));
      REQUIRE(inside(view.topic.data(), view.topic.size()));
      REQUIRE(inside(view.properties.data(), view.properties.size()));
    }
  }
  CHECK(taken > 0);
}

}  // namespace
}  // namespace millrace
