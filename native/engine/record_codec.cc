// The writing half of record_codec.h. A record's size, version and the places of its fields follow from RecordFields alone; what is
// sealed later is found again from the record itself.
#include "record_codec.h"

#include <cassert>
#include <cstring>

#include "byte_order.h"
#include "crc32.h"

namespace millrace {
namespace {

using namespace format;

constexpr size_t kDigits = 10;
// From the end of the record: the checksum's property, before it the batch's mark.
constexpr size_t kCrcDigitsFromEnd = kDigits + 1;
constexpr size_t kBatchFromEnd = kCrcPropertyBytes + kBatchPropertyBytes;

size_t HostBytes(const Host& host) { return host.is_v6 ? kHostV6Bytes : kHostV4Bytes; }

bool NeedsV2(const RecordFields& fields) {
  // A topic of at most 127 bytes has at most 127 UTF-16 units.
  return fields.topic.size() > kMaxTopicBytesV1;
}

bool NeedsSeparator(std::string_view properties) { return !properties.empty() && properties.back() != kValueEnd; }

std::byte* Put(std::byte* at, const void* from, size_t size) {
  if (size > 0) std::memcpy(at, from, size);  // an empty view may have no address
  return at + size;
}

std::byte* PutI32(std::byte* at, int32_t value) {
  StoreI32(at, value);
  return at + sizeof value;
}

std::byte* PutI64(std::byte* at, int64_t value) {
  StoreI64(at, value);
  return at + sizeof value;
}

std::byte* PutU16(std::byte* at, size_t value) {
  StoreU16(at, static_cast<uint16_t>(value));
  return at + sizeof(uint16_t);
}

std::byte* PutByte(std::byte* at, size_t value) {
  *at = static_cast<std::byte>(value);
  return at + 1;
}

std::byte* PutHost(std::byte* at, const Host& host) {
  at = Put(at, host.address.data(), HostBytes(host) - sizeof host.port);
  return PutI32(at, host.port);
}

std::byte* PutName(std::byte* at, const char* name, size_t size) { return PutByte(Put(at, name, size), kNameEnd); }

std::byte* PutZeroDigits(std::byte* at) {
  std::memset(at, '0', kDigits);
  return at + kDigits;
}

std::byte* PutProperties(std::byte* at, const RecordFields& fields, bool first_of_batch) {
  at = Put(at, fields.properties.data(), fields.properties.size());
  if (NeedsSeparator(fields.properties)) at = PutByte(at, kValueEnd);
  if (first_of_batch) {
    at = PutZeroDigits(PutName(at, kBatchName, sizeof kBatchName - 1));
    at = PutByte(PutZeroDigits(PutByte(at, ':')), kValueEnd);
  }
  at = PutZeroDigits(PutName(at, kCrcName, sizeof kCrcName - 1));
  return PutByte(at, kValueEnd);
}

size_t BornHostBytes(std::span<const std::byte> record) {
  return (LoadI32(record.data() + kSysFlagAt) & kBornHostV6) != 0 ? kHostV6Bytes : kHostV4Bytes;
}

// Most significant digit first.
void StoreDecimal(std::byte* at, uint32_t value) {
  for (size_t i = kDigits; i-- > 0; value /= 10) at[i] = static_cast<std::byte>('0' + value % 10);
}

}  // namespace

size_t StoredPropertiesBytes(const RecordFields& fields, bool first_of_batch) {
  return fields.properties.size() + (NeedsSeparator(fields.properties) ? 1 : 0) + (first_of_batch ? kBatchPropertyBytes : 0) +
         kCrcPropertyBytes;
}

size_t EncodedBytes(const RecordFields& fields, bool first_of_batch) {
  const size_t fixed = kMinRecordBytes - 2 * kHostV4Bytes + HostBytes(fields.born_host) + HostBytes(fields.store_host);
  const size_t content = fields.body.size() + fields.topic.size() + StoredPropertiesBytes(fields, first_of_batch);
  return fixed + (NeedsV2(fields) ? 1 : 0) + content;
}

void EncodeRecord(std::span<std::byte> to, const RecordFields& fields, bool first_of_batch) {
  const size_t properties_bytes = StoredPropertiesBytes(fields, first_of_batch);
  assert(to.size() == EncodedBytes(fields, first_of_batch) && to.size() <= INT32_MAX);
  assert(properties_bytes <= kMaxPropertiesBytes && fields.topic.size() <= INT16_MAX);
  assert((fields.sys_flag & (kBornHostV6 | kStoreHostV6)) == 0);

  const int32_t host_flags = (fields.born_host.is_v6 ? kBornHostV6 : 0) | (fields.store_host.is_v6 ? kStoreHostV6 : 0);
  std::byte* at = to.data();
  at = PutI32(at, static_cast<int32_t>(to.size()));
  StoreU32(at, NeedsV2(fields) ? kMagicV2 : kMagicV1);
  StoreU32(at + 4, 0);  // checksum of the body
  at = PutI32(at + 8, fields.queue_id);
  at = PutI32(at, fields.flag);
  at = PutI64(at, 0);  // queue offset
  at = PutI64(at, 0);  // position
  at = PutI32(at, fields.sys_flag | host_flags);
  at = PutI64(at, fields.born_timestamp);
  at = PutHost(at, fields.born_host);
  at = PutI64(at, 0);  // store timestamp
  at = PutHost(at, fields.store_host);
  at = PutI32(at, fields.reconsume_times);
  at = PutI64(at, fields.prepared_transaction_offset);
  at = PutI32(at, static_cast<int32_t>(fields.body.size()));
  at = Put(at, fields.body.data(), fields.body.size());
  at = NeedsV2(fields) ? PutU16(at, fields.topic.size()) : PutByte(at, fields.topic.size());
  at = Put(at, fields.topic.data(), fields.topic.size());
  at = PutU16(at, properties_bytes);
  at = PutProperties(at, fields, first_of_batch);
  assert(at == to.data() + to.size());
}

void MarkBatch(std::span<std::byte> record, uint32_t count, uint32_t bytes) {
  assert(record.size() >= kMinRecordBytes + kBatchFromEnd);
  std::byte* name = record.data() + record.size() - kBatchFromEnd;
  assert(std::memcmp(name, kBatchName, sizeof kBatchName - 1) == 0);
  std::byte* digits = name + sizeof kBatchName;  // the name's closing 0x01 takes the place of its terminator
  StoreDecimal(digits, count);
  StoreDecimal(digits + kDigits + 1, bytes);
}

void PlaceRecord(std::span<std::byte> record, int64_t queue_offset, int64_t position, int64_t store_timestamp) {
  StoreI64(record.data() + kQueueOffsetAt, queue_offset);
  StoreI64(record.data() + kPositionAt, position);
  StoreI64(record.data() + kBornHostAt + BornHostBytes(record), store_timestamp);
}

uint32_t SealRecord(std::span<std::byte> record) {
  assert(record.size() >= kMinRecordBytes + kCrcPropertyBytes && LoadU32(record.data()) == record.size());
  const size_t store_bytes = (LoadI32(record.data() + kSysFlagAt) & kStoreHostV6) != 0 ? kHostV6Bytes : kHostV4Bytes;
  const size_t body_at = kBodySizeV4At + sizeof(int32_t) + BornHostBytes(record) + store_bytes - 2 * kHostV4Bytes;
  const std::span<const std::byte> body = record.subspan(body_at, LoadU32(record.data() + body_at - sizeof(int32_t)));
  const uint32_t body_crc = Crc32(0, body);
  StoreU32(record.data() + kBodyCrcAt, StoredCrc(body_crc));

  const size_t behind = body_at + body.size();
  uint32_t crc = Crc32Known(Crc32(0, record.first(body_at)), body, body_crc);
  crc = Crc32(crc, record.subspan(behind, record.size() - kCrcPropertyBytes - behind));
  const uint32_t checksum = StoredCrc(crc);
  uint32_t rest = checksum;
  std::byte* digit = record.data() + record.size() - kCrcDigitsFromEnd;
  for (size_t i = 0; i < kDigits; ++i, rest /= 10) digit[i] = static_cast<std::byte>('0' + rest % 10);
  return checksum;
}

uint32_t SealRecords(std::span<std::byte> records) {
  uint32_t last = 0;
  for (size_t at = 0; at < records.size() && LoadU32(records.data() + at + kMagicAt) != kMagicBlank;) {
    const size_t size = LoadU32(records.data() + at);
    last = SealRecord(records.subspan(at, size));
    at += size;
  }
  return last;
}

void EncodeBlank(std::span<std::byte> to, int32_t bytes_to_end_of_file) {
  assert(to.size() == kBlankBytes && bytes_to_end_of_file >= static_cast<int32_t>(kBlankBytes));
  StoreI32(to.data(), bytes_to_end_of_file);
  StoreU32(to.data() + kMagicAt, kMagicBlank);
}

}  // namespace millrace
