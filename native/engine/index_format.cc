#include "index_format.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "byte_order.h"
#include "format.h"
#include "record_codec.h"

namespace millrace {

static_assert(IndexHeader::kBytes == format::kIndexHeaderBytes);

int64_t IndexShape::ItemAt(int32_t number) const {
  return static_cast<int64_t>(format::kIndexHeaderBytes) + static_cast<int64_t>(format::kIndexSlotBytes) * slots +
         static_cast<int64_t>(format::kIndexItemBytes) * number;
}

int32_t IndexHeader::SecondsAt(int64_t store_timestamp) const {
  if (begin_timestamp <= 0) return 0;
  return static_cast<int32_t>(std::clamp<int64_t>((store_timestamp - begin_timestamp) / 1000, 0, INT32_MAX));
}

std::array<std::byte, IndexHeader::kBytes> IndexHeader::Encode() const {
  std::array<std::byte, kBytes> to;
  StoreI64(to.data() + format::kIndexBeginTimestampAt, begin_timestamp);
  StoreI64(to.data() + format::kIndexEndTimestampAt, end_timestamp);
  StoreI64(to.data() + format::kIndexBeginPositionAt, begin_position);
  StoreI64(to.data() + format::kIndexEndPositionAt, end_position);
  StoreI32(to.data() + format::kIndexUsedSlotsAt, used_slots);
  StoreI32(to.data() + format::kIndexNextItemAt, next);
  return to;
}

IndexHeader IndexHeader::Decode(const std::byte* from) {
  IndexHeader header;
  header.begin_timestamp = LoadI64(from + format::kIndexBeginTimestampAt);
  header.end_timestamp = LoadI64(from + format::kIndexEndTimestampAt);
  header.begin_position = LoadI64(from + format::kIndexBeginPositionAt);
  header.end_position = LoadI64(from + format::kIndexEndPositionAt);
  header.used_slots = LoadI32(from + format::kIndexUsedSlotsAt);
  header.next = std::max(1, LoadI32(from + format::kIndexNextItemAt));  // a new file of RocketMQ's has zero there
  return header;
}

void IndexItem::Encode(std::byte* to) const {
  StoreI32(to + format::kItemHashAt, hash);
  StoreI64(to + format::kItemPositionAt, position);
  StoreI32(to + format::kItemSecondsAt, seconds);
  StoreI32(to + format::kItemPreviousAt, previous);
}

IndexItem IndexItem::Decode(const std::byte* from) {
  return {LoadI32(from + format::kItemHashAt), LoadI64(from + format::kItemPositionAt), LoadI32(from + format::kItemSecondsAt),
          LoadI32(from + format::kItemPreviousAt)};
}

int32_t IndexHash(std::string_view topic, std::string_view key, std::string_view rest_of_key) {
  const int32_t hash = JavaHash(rest_of_key, JavaHash(key, JavaHash("#", JavaHash(topic))));
  if (hash == INT32_MIN) return 0;  // Java's abs cannot make it positive
  return hash < 0 ? -hash : hash;
}

std::string IndexFileName(int64_t timestamp, int64_t utc_offset) {
  using namespace std::chrono;
  const milliseconds moment(std::max<int64_t>(0, timestamp + utc_offset));
  const sys_days day(floor<days>(moment));
  const year_month_day date(day);
  const hh_mm_ss time(moment - floor<days>(moment));
  char name[64];
  std::snprintf(name, sizeof name, "%04d%02u%02u%02d%02d%02d%03d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return name;
}

}  // namespace millrace
