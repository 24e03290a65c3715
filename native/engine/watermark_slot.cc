#include "watermark_slot.h"

#include "sealed_bytes.h"

namespace millrace {
namespace {

constexpr uint32_t kMagic = 0x4D525753;  // "MRWS"
constexpr uint32_t kVersion = 1;
constexpr uint32_t kClean = 1;
constexpr uint32_t kSyncFailed = 2;
constexpr uint32_t kSyncInFlight = 4;

}  // namespace

std::vector<std::byte> WatermarkSlot::Encode() const {
  SealedWriter writer(kMagic, kVersion);
  writer.PutI64(sequence);
  writer.PutString(store_id);
  writer.PutString(boot_id);
  writer.PutI64(process_id);
  writer.PutI64(session);
  writer.PutI64(generation);
  writer.PutU32((clean ? kClean : 0) | (sync_failed ? kSyncFailed : 0) | (sync_in_flight ? kSyncInFlight : 0));
  writer.PutI64(first);
  writer.PutI64(durable);
  writer.PutI64(last.position);
  writer.PutU32(static_cast<uint32_t>(last.size));
  writer.PutU32(last.checksum);
  writer.PutI64(last.store_timestamp);
  writer.PutI64(written);
  writer.PutI64(visible);
  writer.PutI64(queued);
  writer.PutI64(queued_census.queues);
  writer.PutI64(queued_census.sum);
  writer.PutI64(synced_queues);
  writer.PutI64(synced_census.queues);
  writer.PutI64(synced_census.sum);
  return writer.Seal();
}

bool WatermarkSlot::Decode(std::span<const std::byte> bytes) {
  SealedReader reader;
  if (!reader.Open(bytes, kMagic, kVersion)) return false;
  sequence = reader.GetI64();
  store_id = reader.GetString();
  boot_id = reader.GetString();
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
