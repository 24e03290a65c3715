// What is written: golden vectors, every version and kind of host, limits, marks and seals; each read back.
#include "record_codec.h"

#include <string>
#include <vector>

#include "byte_order.h"
#include "crc32.h"
#include "golden_record.h"
#include "read_back.h"
#include "sha256.h"
#include "testing.h"

namespace millrace {
namespace {

using testing::CheckReadsBack;
using testing::DecodeWhole;
using testing::FromHex;
using testing::GoldenFields;
using testing::HostV6;
using testing::Note;
using testing::Sealed;
using testing::WithoutChecksum;

std::string Text(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

TEST("SHA-256 as the vectors need it gives the published values") {
  CHECK_EQ(testing::Sha256({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK_EQ(testing::Sha256(std::as_bytes(std::span(std::string_view("abc")))),
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST("a record with its checksum is byte for byte the golden one") {
  const std::vector<std::byte> record = Sealed(GoldenFields(), 8, 197);
  CHECK_EQ(record, FromHex(testing::kGoldenChecksummedHex));
  CHECK_EQ(Text(std::span(record).last(11)), "8181948501\2");
  RecordView view;
  REQUIRE_EQ(DecodeWhole(record, 197, &view), RecordKind::kRecord);
  CheckReadsBack(GoldenFields(), view);
  CHECK_EQ(view.queue_offset, 8);
  CHECK_EQ(view.position, 197);
  CHECK_EQ(view.store_timestamp, testing::kGoldenStoreTimestamp);
  CHECK_EQ(view.checksum, testing::kGoldenChecksum);
  CHECK_EQ(view.bytes, record);
}

TEST("a record without the checksum is the golden one, and is read by its body's checksum") {
  const size_t properties_bytes = StoredPropertiesBytes(GoldenFields(), false);
  const std::vector<std::byte> record = WithoutChecksum(Sealed(GoldenFields(), 7, 0), properties_bytes);
  CHECK_EQ(record, FromHex(testing::kGoldenPlainHex));
  RecordView view;
  REQUIRE_EQ(DecodeWhole(record, 0, &view, ChecksumRule::kIfThere), RecordKind::kRecord);
  CHECK_EQ(view.checksum, testing::kGoldenBodyCrc);
  CHECK(!view.has_checksum);
  CHECK_EQ(view.properties, testing::kGoldenProperties);
  CHECK_EQ(view.queue_offset, 7);
  CHECK_EQ(DecodeWhole(record, 0, &view), RecordKind::kBad);
}

TEST("IPv6 hosts, a long topic and an empty record have the golden bytes") {
  RecordFields fields = GoldenFields();
  fields.queue_id = 0;
  const auto plain = [&fields] { return WithoutChecksum(Sealed(fields, 0, 0), StoredPropertiesBytes(fields, false)); };
  RecordFields v6 = fields;
  fields.born_host = HostV6(0x2001, 0x0db8, 1, 54321);
  fields.store_host = HostV6(0xfe80, 0, 5, 10911);
  CHECK_EQ(plain().size(), 221U);
  CHECK_EQ(testing::Sha256(plain()), "9bed26a0c774ca9af39649521be3d440794607365da962ed720e281eeb23be6c");

  fields = v6;
  const std::string topic(150, 'L');
  fields.topic = topic;
  CHECK_EQ(plain().size(), 337U);
  CHECK_EQ(testing::Sha256(plain()), "935881b799e7c3a7bc7735237e5916db02e04042f856205fcaf919b234bad354");

  fields.topic = "GoldenTopic";
  fields.body = {};
  fields.properties = {};
  CHECK_EQ(plain().size(), 102U);
  CHECK_EQ(testing::Sha256(plain()), "b9d8d88d1e01c1c1af338de9fffa4c5e8a843d2f3fe482e22d1bf4fd13f0f5e7");
}

TEST("each combination of IPv4 and IPv6 hosts reads back, with the store's time at its place") {
  for (const bool born_v6 : {false, true}) {
    for (const bool store_v6 : {false, true}) {
      const Note born("born host is IPv6", born_v6);
      const Note store("store host is IPv6", store_v6);
      RecordFields fields = GoldenFields();
      if (born_v6) fields.born_host = HostV6(0x2001, 0x0db8, 1, 54321);
      if (store_v6) fields.store_host = HostV6(0xfe80, 0, 5, 10911);
      const std::vector<std::byte> record = Sealed(fields, 1, 2);
      CHECK_EQ(record.size(), 217 + (born_v6 ? 12U : 0U) + (store_v6 ? 12U : 0U));
      RecordView view;
      REQUIRE_EQ(DecodeWhole(record, 2, &view), RecordKind::kRecord);
      CheckReadsBack(fields, view);
      CHECK_EQ(view.store_timestamp, testing::kGoldenStoreTimestamp);
    }
  }
}

TEST("a topic of 127 bytes makes a V1 record, a longer one V2, whatever its characters") {
  std::string wide;  // 50 characters, 150 bytes
  for (int i = 0; i < 50; ++i) wide += "\xE6\xA0\x87";
  for (const std::string& topic : {std::string(), std::string(1, 't'), std::string(127, 't'), std::string(128, 't'), wide,
                                   std::string(255, 't'), std::string(256, 't'), std::string(32767, 't')}) {
    const Note note("bytes of topic", topic.size());
    RecordFields fields = GoldenFields();
    fields.topic = topic;
    const std::vector<std::byte> record = Sealed(fields, 0, 0);
    const bool is_v2 = topic.size() > 127;
    CHECK_EQ(LoadU32(record.data() + format::kMagicAt), is_v2 ? format::kMagicV2 : format::kMagicV1);
    CHECK_EQ(record.size(), 217 - 11 + topic.size() + (is_v2 ? 1 : 0));
    RecordView view;
    REQUIRE_EQ(DecodeWhole(record, 0, &view), RecordKind::kRecord);
    CheckReadsBack(fields, view);
  }
}

TEST("properties may take 32767 bytes with the checksum") {
  for (const bool is_ended : {false, true}) {
    const Note note("ends in 0x02", is_ended);
    std::string properties = "a\1";
    properties.resize(format::kMaxPropertiesBytes - format::kCrcPropertyBytes - (is_ended ? 0 : 1), 'p');
    if (is_ended) properties.back() = '\2';
    RecordFields fields = GoldenFields();
    fields.properties = properties;
    CHECK_EQ(StoredPropertiesBytes(fields, false), format::kMaxPropertiesBytes);
    const std::vector<std::byte> record = Sealed(fields, 0, 0);
    RecordView view;
    REQUIRE_EQ(DecodeWhole(record, 0, &view), RecordKind::kRecord);
    CheckReadsBack(fields, view);
    CHECK_EQ(view.properties.size(), format::kMaxPropertiesBytes);
    CHECK_EQ(FindProperty(view.properties, "a").size(), properties.size() - (is_ended ? 3 : 2));
  }
}

TEST("properties that do not end in 0x02 get one before the checksum, empty ones do not") {
  RecordFields fields = GoldenFields();
  fields.properties = "a\1b";
  CHECK_EQ(StoredPropertiesBytes(fields, false), 3U + 1 + 20);
  RecordView view;
  std::vector<std::byte> record = Sealed(fields, 0, 0);
  REQUIRE_EQ(DecodeWhole(record, 0, &view), RecordKind::kRecord);
  CHECK_EQ(view.properties.substr(0, 12), "a\1b\2__CRC32#");
  fields.properties = {};
  CHECK_EQ(StoredPropertiesBytes(fields, false), 20U);
  record = Sealed(fields, 0, 0);
  REQUIRE_EQ(DecodeWhole(record, 0, &view), RecordKind::kRecord);
  CHECK_EQ(view.properties.substr(0, 9), "__CRC32#\1");
}

TEST("a body may be empty or have 4 MiB") {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4} << 20}) {
    const Note note("bytes of body", size);
    const std::vector<std::byte> body(size, std::byte{0x5A});
    RecordFields fields = GoldenFields();
    fields.body = body;
    const std::vector<std::byte> record = Sealed(fields, 0, 0);
    CHECK_EQ(LoadU32(record.data() + format::kBodyCrcAt), StoredCrc(Crc32Portable(0, body)));
    RecordView view;
    REQUIRE_EQ(DecodeWhole(record, 0, &view), RecordKind::kRecord);
    CheckReadsBack(fields, view);
  }
}

TEST("what only the log knows is zero until the record is sealed") {
  const RecordFields fields = GoldenFields();
  std::vector<std::byte> record(EncodedBytes(fields, false), std::byte{0xEE});
  EncodeRecord(record, fields, false);
  CHECK_EQ(LoadI64(record.data() + format::kQueueOffsetAt), 0);
  CHECK_EQ(LoadI64(record.data() + format::kPositionAt), 0);
  CHECK_EQ(LoadI64(record.data() + 56), 0);
  CHECK_EQ(Text(std::span(record).last(11)), "0000000000\2");
  RecordView view;
  CHECK_EQ(DecodeWhole(record, 0, &view), RecordKind::kBad);
}

TEST("a record sealed again at another place is whole there and bad at the first one") {
  std::vector<std::byte> record = Sealed(GoldenFields(), 8, 197);
  PlaceRecord(record, 9, 1000, testing::kGoldenStoreTimestamp + 1);
  SealRecord(record);
  RecordView view;
  CHECK_EQ(DecodeWhole(record, 197, &view), RecordKind::kBad);
  REQUIRE_EQ(DecodeWhole(record, 1000, &view), RecordKind::kRecord);
  CHECK_EQ(view.queue_offset, 9);
  CHECK_EQ(view.store_timestamp, testing::kGoldenStoreTimestamp + 1);
}

TEST("records that follow each other are sealed together, up to a BLANK") {
  for (const bool with_blank : {false, true}) {
    std::vector<std::byte> expected, records;
    for (int i = 0; i < 3; i++) {
      RecordFields fields = GoldenFields();
      fields.properties = std::string_view("a\1b").substr(0, i == 1 ? 3 : 0);
      const int64_t position = static_cast<int64_t>(expected.size());
      const std::vector<std::byte> sealed = Sealed(fields, i, position);
      std::vector<std::byte> record(sealed.size());
      EncodeRecord(record, fields, false);
      PlaceRecord(record, i, position, testing::kGoldenStoreTimestamp);
      expected.insert(expected.end(), sealed.begin(), sealed.end());
      records.insert(records.end(), record.begin(), record.end());
    }
    if (with_blank) {
      std::byte blank[format::kBlankBytes];
      EncodeBlank(blank, 100);
      expected.insert(expected.end(), std::begin(blank), std::end(blank));
      records.insert(records.end(), std::begin(blank), std::end(blank));
    }
    SealRecords(records);
    CHECK(records == expected);
  }
  std::byte blank[format::kBlankBytes];
  EncodeBlank(blank, 100);
  CHECK_EQ(SealRecords(blank), 0U);
  std::vector<std::byte> one = Sealed(GoldenFields(), 8, 197);
  const uint32_t checksum = SealRecord(one);
  CHECK_EQ(SealRecords(one), checksum);
}

TEST("the first record of a batch carries count and bytes right before its checksum") {
  for (const std::string_view properties : {std::string_view(), std::string_view("a\1b"), testing::kGoldenProperties}) {
    const Note note("properties", properties);
    RecordFields fields = GoldenFields();
    fields.properties = properties;
    CHECK_EQ(EncodedBytes(fields, true), EncodedBytes(fields, false) + format::kBatchPropertyBytes);
    std::vector<std::byte> record(EncodedBytes(fields, true));
    EncodeRecord(record, fields, true);
    CHECK_EQ(Text(std::span(record).last(59).first(39)),
             "__MILLRACE_BATCH\1"
             "0000000000:0000000000\2");
    MarkBatch(record, 42, UINT32_MAX);
    PlaceRecord(record, 1, 2, 3);
    SealRecord(record);
    CHECK_EQ(Text(std::span(record).last(59).first(39)),
             "__MILLRACE_BATCH\1"
             "0000000042:4294967295\2");
    RecordView view;
    REQUIRE_EQ(DecodeWhole(record, 2, &view), RecordKind::kRecord);
    CheckReadsBack(fields, view);
    CHECK_EQ(view.batch_count, 42U);
    CHECK_EQ(view.batch_bytes, UINT32_MAX);
  }
}

TEST("prepared and rolled back messages have no queue entry, all others have one") {
  for (const int32_t type : {0, format::kTransactionPrepared, format::kTransactionCommit, format::kTransactionRollback}) {
    const Note note("type", type);
    const bool has_entry = type == 0 || type == format::kTransactionCommit;
    RecordFields fields = GoldenFields();
    fields.sys_flag = type | format::kCompressed;
    const std::vector<std::byte> record = Sealed(fields, 0, 0);
    RecordView view;
    REQUIRE_EQ(DecodeWhole(record, 0, &view), RecordKind::kRecord);
    CHECK_EQ(view.has_queue_entry(), has_entry);
  }
}

}  // namespace
}  // namespace millrace
