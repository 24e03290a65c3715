// The reading half of record_codec.h. What it is given may be anything: a length is compared with what is left before it is used,
// and the lengths must add up to the record's size exactly, so that one wrong length cannot pass.
#include <cstring>

#include "byte_order.h"
#include "crc32.h"
#include "record_codec.h"

namespace millrace {
namespace {

using namespace format;

constexpr size_t kDigits = 10;
constexpr size_t kCrcNameBytes = sizeof kCrcName - 1;
constexpr size_t kBatchNameBytes = sizeof kBatchName - 1;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Ten decimal digits, most significant first; false when one is none, or they are too many for 32 bits.
bool ParseDecimal(std::string_view digits, uint32_t* value) {
  uint64_t sum = 0;
  for (const char digit : digits) {
    if (!IsDigit(digit)) return false;
    sum = sum * 10 + static_cast<uint64_t>(digit - '0');
  }
  *value = static_cast<uint32_t>(sum);
  return sum <= UINT32_MAX;
}

enum class CrcFrame { kAbsent, kPresent, kAlmost };

// Whether the properties end in `__CRC32#` and its digits. A damaged one must not pass for a record that never had it: a frame with
// few wrong bytes, or with the right name, is almost one.
CrcFrame FindCrcFrame(std::string_view properties, uint32_t* checksum) {
  constexpr int kFewWrong = 2;
  if (properties.size() < kCrcPropertyBytes) return CrcFrame::kAbsent;
  const std::string_view frame = properties.substr(properties.size() - kCrcPropertyBytes);
  int wrong = 0;
  for (size_t i = 0; i < kCrcNameBytes; ++i) wrong += frame[i] != kCrcName[i];
  const bool is_named = wrong == 0;
  wrong += frame[kCrcNameBytes] != kNameEnd;
  for (const char digit : frame.substr(kCrcNameBytes + 1, kDigits)) wrong += !IsDigit(digit);
  wrong += frame.back() != kValueEnd;
  if (wrong != 0) return is_named || wrong <= kFewWrong ? CrcFrame::kAlmost : CrcFrame::kAbsent;

  uint64_t value = 0;
  for (size_t i = kDigits; i-- > 0;) value = value * 10 + static_cast<uint64_t>(frame[kCrcNameBytes + 1 + i] - '0');
  if (value != StoredCrc(static_cast<uint32_t>(value))) return CrcFrame::kAlmost;
  *checksum = static_cast<uint32_t>(value);
  return CrcFrame::kPresent;
}

// The mark stands right before the checksum, and is a property of its own: the one before it, if any, has ended.
void FindBatchMark(std::string_view properties, RecordView* view) {
  constexpr size_t kFromEnd = kCrcPropertyBytes + kBatchPropertyBytes;
  if (properties.size() < kFromEnd) return;
  const size_t at = properties.size() - kFromEnd;
  if (at > 0 && properties[at - 1] != kValueEnd) return;
  const std::string_view mark = properties.substr(at, kBatchPropertyBytes);
  const size_t count_at = kBatchNameBytes + 1;
  const size_t bytes_at = count_at + kDigits + 1;
  if (!mark.starts_with(kBatchName) || mark[kBatchNameBytes] != kNameEnd) return;
  if (mark[bytes_at - 1] != ':' || mark.back() != kValueEnd) return;
  uint32_t count = 0;
  uint32_t bytes = 0;
  if (!ParseDecimal(mark.substr(count_at, kDigits), &count) || !ParseDecimal(mark.substr(bytes_at, kDigits), &bytes)) return;
  view->batch_count = count;
  view->batch_bytes = bytes;
}

// Fills in the view; false when the lengths do not add up. `bytes` is as long as the record says it is.
bool Parse(std::span<const std::byte> bytes, RecordView* view) {
  const std::byte* const start = bytes.data();
  if (bytes.size() < kMinRecordBytes) return false;
  const bool is_v2 = LoadU32(start + kMagicAt) == kMagicV2;
  view->sys_flag = LoadI32(start + kSysFlagAt);
  const size_t born_host_bytes = (view->sys_flag & kBornHostV6) != 0 ? kHostV6Bytes : kHostV4Bytes;
  const size_t store_host_bytes = (view->sys_flag & kStoreHostV6) != 0 ? kHostV6Bytes : kHostV4Bytes;
  const size_t fixed = kMinRecordBytes - 2 * kHostV4Bytes + born_host_bytes + store_host_bytes + (is_v2 ? 1 : 0);
  if (bytes.size() < fixed) return false;
  size_t left = bytes.size() - fixed;  // for body, topic and properties

  view->bytes = bytes;
  view->queue_id = LoadI32(start + kQueueIdAt);
  view->flag = LoadI32(start + kFlagAt);
  view->queue_offset = LoadI64(start + kQueueOffsetAt);
  view->position = LoadI64(start + kPositionAt);
  view->born_timestamp = LoadI64(start + kBornTimestampAt);
  const std::byte* at = start + kBornHostAt + born_host_bytes;
  view->store_timestamp = LoadI64(at);
  at += 8 + store_host_bytes;
  view->reconsume_times = LoadI32(at);
  view->prepared_transaction_offset = LoadI64(at + 4);

  const int32_t body_bytes = LoadI32(at + 12);
  at += 16;
  if (body_bytes < 0 || static_cast<size_t>(body_bytes) > left) return false;
  view->body = {at, static_cast<size_t>(body_bytes)};
  at += body_bytes;
  left -= static_cast<size_t>(body_bytes);

  const int topic_bytes = is_v2 ? static_cast<int16_t>(LoadU16(at)) : static_cast<int8_t>(*at);
  at += is_v2 ? 2 : 1;
  if (topic_bytes < 0 || static_cast<size_t>(topic_bytes) > left) return false;
  view->topic = {reinterpret_cast<const char*>(at), static_cast<size_t>(topic_bytes)};
  at += topic_bytes;
  left -= static_cast<size_t>(topic_bytes);

  const int16_t properties_bytes = static_cast<int16_t>(LoadU16(at));
  if (properties_bytes < 0 || static_cast<size_t>(properties_bytes) != left) return false;
  view->properties = {reinterpret_cast<const char*>(at + 2), left};
  return true;
}

bool ChecksumHolds(const RecordView& view, CrcFrame frame, ChecksumRule rule) {
  if (rule == ChecksumRule::kSkip) return true;
  if (frame == CrcFrame::kPresent) {
    return StoredCrc(Crc32(0, view.bytes.first(view.bytes.size() - kCrcPropertyBytes))) == view.checksum;
  }
  if (frame == CrcFrame::kAlmost || rule == ChecksumRule::kRequired) return false;
  // A zero byte ends no text: a page of properties that never reached the disk, which the body's checksum does not notice.
  if (!view.properties.empty() && view.properties.back() == '\0') return false;
  return StoredCrc(Crc32(0, view.body)) == view.checksum;
}

}  // namespace

RecordKind DecodeRecord(std::span<const std::byte> bytes, int64_t position, int64_t bytes_to_end_of_file, ChecksumRule rule,
                        RecordView* view) {
  *view = RecordView{};
  if (bytes.size() < kBlankBytes || bytes_to_end_of_file < static_cast<int64_t>(kBlankBytes)) return RecordKind::kBad;
  if (LoadU64(bytes.data()) == 0) return RecordKind::kZeros;
  const int32_t size = LoadI32(bytes.data() + kSizeAt);
  const uint32_t magic = LoadU32(bytes.data() + kMagicAt);
  if (magic == kMagicBlank) return size == bytes_to_end_of_file ? RecordKind::kBlank : RecordKind::kBad;
  if (magic != kMagicV1 && magic != kMagicV2) return RecordKind::kBad;
  if (size < 0 || size > bytes_to_end_of_file || static_cast<size_t>(size) > bytes.size()) return RecordKind::kBad;

  RecordView found;
  if (!Parse(bytes.first(static_cast<size_t>(size)), &found)) return RecordKind::kBad;
  if (found.position != position || found.queue_offset < 0 || found.queue_id < 0) return RecordKind::kBad;
  const CrcFrame frame = FindCrcFrame(found.properties, &found.checksum);
  found.has_checksum = frame == CrcFrame::kPresent;
  if (!found.has_checksum) found.checksum = LoadU32(bytes.data() + kBodyCrcAt);
  if (!ChecksumHolds(found, frame, rule)) return RecordKind::kBad;
  if (found.has_checksum) FindBatchMark(found.properties, &found);
  *view = found;
  return RecordKind::kRecord;
}

}  // namespace millrace
