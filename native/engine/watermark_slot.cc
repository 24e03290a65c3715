#include "watermark_slot.h"

#include <cstring>

#include "sealed_bytes.h"

namespace millrace {
namespace {

constexpr uint32_t kMagic = 0x4D525753;  // "MRWS"
constexpr uint32_t kVersion = 1;
constexpr uint32_t kClean = 1;
constexpr uint32_t kSyncFailed = 2;
constexpr uint32_t kSyncInFlight = 4;

}  // namespace

std::array<std::byte, WatermarkSlot::kEncodedBytes> WatermarkSlot::Encode() const {
  std::array<std::byte, kEncodedBytes> bytes;
  std::byte* at = bytes.data();
  const auto put_u32 = [&at](uint32_t value) {
    StoreU32(at, value);
    at += 4;
  };
  const auto put = [&at](int64_t value) {
    StoreI64(at, value);
    at += 8;
  };
  const auto put_text = [&at](const ShortText& text) {
    std::memcpy(at, text.text.data(), text.text.size());
    at += text.text.size();
  };
  put_u32(kMagic);
  put_u32(kVersion);
  put_u32(kEncodedBytes - 16);
  put(sequence);
  put_text(store_id);
  put_text(boot_id);
  put(process_id);
  put(session);
  put(generation);
  put_u32((clean ? kClean : 0) | (sync_failed ? kSyncFailed : 0) | (sync_in_flight ? kSyncInFlight : 0));
  put(first);
  put(durable);
  put(last.position);
  put_u32(static_cast<uint32_t>(last.size));
  put_u32(last.checksum);
  put(last.store_timestamp);
  put(written);
  put(visible);
  put(queued);
  put(queued_census.queues);
  put(queued_census.sum);
  put(synced_queues);
  put(synced_census.queues);
  put(synced_census.sum);
  put(0);  // two places to grow
  put(0);
  put_u32(Crc32(0, std::span(bytes).first(kEncodedBytes - 4)));
  return bytes;
}

bool WatermarkSlot::Decode(std::span<const std::byte> bytes) {
  SealedReader reader;
  if (!reader.Open(bytes, kMagic, kVersion)) return false;
  sequence = reader.GetI64();
  reader.GetText(store_id.text);
  reader.GetText(boot_id.text);
  process_id = reader.GetI64();
  session = reader.GetI64();
  generation = reader.GetI64();
  const uint32_t flags = reader.GetU32();
  clean = (flags & kClean) != 0;
  sync_failed = (flags & kSyncFailed) != 0;
  sync_in_flight = (flags & kSyncInFlight) != 0;
  first = reader.GetI64();
  durable = reader.GetI64();
  last.position = reader.GetI64();
  last.size = static_cast<int32_t>(reader.GetU32());
  last.checksum = reader.GetU32();
  last.store_timestamp = reader.GetI64();
  written = reader.GetI64();
  visible = reader.GetI64();
  queued = reader.GetI64();
  queued_census.queues = reader.GetI64();
  queued_census.sum = reader.GetI64();
  synced_queues = reader.GetI64();
  synced_census.queues = reader.GetI64();
  synced_census.sum = reader.GetI64();
  return reader.ok();
}

}  // namespace millrace
