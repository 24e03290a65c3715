// Random records, written and read; and what that costs, which is printed and not judged: it is the machine's.
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "golden_record.h"
#include "read_back.h"
#include "record_codec.h"
#include "testing.h"

namespace millrace {
namespace {

using testing::CheckReadsBack;
using testing::DecodeWhole;
using testing::GoldenFields;
using testing::HostV4;
using testing::HostV6;
using testing::Note;

TEST("random records read back as they were given") {
  std::mt19937_64 random(test_seed());
  const auto text = [&random](size_t most) {
    std::string result(random() % (most + 1), ' ');
    for (char& c : result) c = static_cast<char>(random());
    return result;
  };
  for (int round = 0; round < 2000; ++round) {
    const Note note("round", round);
    const std::string topic = text(300);
    const std::string body = text(random() % 8 == 0 ? 100000 : 2000);
    const std::string properties = text(500);
    RecordFields fields;
    fields.topic = topic;
    fields.body = std::as_bytes(std::span(body));
    fields.properties = properties;
    fields.born_host = random() % 2 == 0 ? HostV4(1, 2, 3, 4, static_cast<int32_t>(random())) : HostV6(1, 2, 3, -1);
    fields.store_host = random() % 2 == 0 ? HostV4(255, 0, 255, 0, 10911) : HostV6(0xFFFF, 0xFFFF, 0xFFFF, 65535);
    fields.born_timestamp = static_cast<int64_t>(random());
    fields.prepared_transaction_offset = static_cast<int64_t>(random());
    fields.queue_id = static_cast<int32_t>(random() >> 33);
    fields.flag = static_cast<int32_t>(random());
    fields.sys_flag = static_cast<int32_t>(random()) & ~(format::kBornHostV6 | format::kStoreHostV6);
    fields.reconsume_times = static_cast<int32_t>(random());
    const bool first_of_batch = random() % 4 == 0;
    const auto count = static_cast<uint32_t>(random());
    const auto queue_offset = static_cast<int64_t>(random() >> 1);
    const auto position = static_cast<int64_t>(random() >> 1);
    const auto store_timestamp = static_cast<int64_t>(random());

    std::vector<std::byte> record(EncodedBytes(fields, first_of_batch));
    EncodeRecord(record, fields, first_of_batch);
    if (first_of_batch) MarkBatch(record, count, ~count);
    PlaceRecord(record, queue_offset, position, store_timestamp);
    SealRecord(record);
    record.resize(record.size() + random() % 10, std::byte{0xEE});  // of what follows
    for (const ChecksumRule rule : {ChecksumRule::kRequired, ChecksumRule::kIfThere, ChecksumRule::kSkip}) {
      RecordView view;
      REQUIRE_EQ(DecodeWhole(record, position, &view, rule), RecordKind::kRecord);
      CheckReadsBack(fields, view);
      CHECK_EQ(view.bytes.size(), EncodedBytes(fields, first_of_batch));
      CHECK_EQ(view.queue_offset, queue_offset);
      CHECK_EQ(view.position, position);
      CHECK_EQ(view.store_timestamp, store_timestamp);
      CHECK_EQ(view.batch_count, first_of_batch ? count : 0);
      CHECK_EQ(view.batch_bytes, first_of_batch ? ~count : 0);
    }
  }
}

TEST("what a record of 1 KiB costs to write and to read is printed") {
  const std::vector<std::byte> body(1024, std::byte{0x5A});
  RecordFields fields = GoldenFields();
  fields.body = body;
  std::vector<std::byte> record(EncodedBytes(fields, false));
  const auto nanos_each = [](auto&& work) {
    constexpr int kRounds = 20000;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kRounds; ++i) work(i);
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / kRounds;
  };
  const double write = nanos_each([&](int i) {
    EncodeRecord(record, fields, false);
    PlaceRecord(record, i, 1, 2);
    SealRecord(record);
  });
  bool is_valid = true;
  const double read = nanos_each([&](int) {
    RecordView view;
    is_valid = is_valid && DecodeWhole(record, 1, &view) == RecordKind::kRecord && TagsCode(view.properties) == 2598919;
  });
  CHECK(is_valid);
  std::printf("  encode and seal %.0f ns, decode, verify and hash the tag %.0f ns\n", write, read);
}

}  // namespace
}  // namespace millrace
