#include "side_car.h"

#include <array>

#include "io.h"
#include "sealed_bytes.h"

namespace millrace {
namespace {

constexpr uint32_t kIdentityMagic = 0x4D524944;   // "MRID"
constexpr uint32_t kLossesMagic = 0x4D524C53;     // "MRLS"
constexpr uint32_t kDeletionsMagic = 0x4D52444C;  // "MRDL"
constexpr uint32_t kVersion = 1;
constexpr size_t kLimit = 256u << 20;  // nobody's side-car is larger: do not believe it

const char kIdentity[] = "identity";
const char kWatermarks[] = "watermarks";
const char kLosses[] = "losses";
const char kDeletions[] = "deletions";

bool DecodeIdentity(std::span<const std::byte> bytes, Identity* identity) {
  SealedReader reader;
  if (!reader.Open(bytes, kIdentityMagic, kVersion)) return false;
  identity->store_id = reader.GetString();
  identity->file_bytes = reader.GetI64();
  identity->entries_per_file = reader.GetI64();
  for (uint32_t left = reader.GetU32(); left > 0 && reader.ok(); left--) {
    OwnRange range;
    range.from = reader.GetI64();
    range.to = reader.GetI64();
    identity->own.push_back(range);
  }
  return reader.ok() && identity->file_bytes > 0 && identity->entries_per_file > 0;
}

bool DecodeLosses(std::span<const std::byte> bytes, std::vector<LostRange>* losses) {
  SealedReader reader;
  if (!reader.Open(bytes, kLossesMagic, kVersion)) return false;
  for (uint32_t left = reader.GetU32(); left > 0 && reader.ok(); left--) {
    LostRange range;
    range.from = reader.GetI64();
    range.to = reader.GetI64();
    range.reason = static_cast<LossReason>(reader.GetU32());
    losses->push_back(range);
  }
  return reader.ok();
}

bool DecodeDeletions(std::span<const std::byte> bytes, std::map<std::string, Deletion>* deletions) {
  SealedReader reader;
  if (!reader.Open(bytes, kDeletionsMagic, kVersion)) return false;
  for (uint32_t left = reader.GetU32(); left > 0 && reader.ok(); left--) {
    Deletion& deletion = (*deletions)[reader.GetString()];
    deletion.position = reader.GetI64();
    for (uint32_t queues = reader.GetU32(); queues > 0 && reader.ok(); queues--) {
      const int32_t id = static_cast<int32_t>(reader.GetU32());
      deletion.next_offset[id] = reader.GetI64();
    }
  }
  return reader.ok();
}

}  // namespace

Status SideCar::LoadSealed(const std::string& name, std::vector<std::byte>* bytes) {
  return io::ReadFile(platform_, paths_.own + "/" + name, kLimit, bytes);
}

Status SideCar::Load(Found* found) {
  std::vector<std::byte> bytes;
  const auto usable = [&](const char* name, auto decode) {
    Status status = LoadSealed(name, &bytes);
    if (status.code() == Code::kNotFound) return std::pair(Status::Ok(), false);
    if (!status.ok() && status.code() != Code::kCorruption) return std::pair(std::move(status), false);
    const bool good = status.ok() && decode();
    if (!good) found->damaged.push_back(name);
    return std::pair(Status::Ok(), good);
  };
  auto [identity_status, has_identity] = usable(kIdentity, [&] { return DecodeIdentity(bytes, &found->identity); });
  if (!identity_status.ok()) return identity_status;
  found->has_identity = has_identity;

  auto [slots_status, has_slots] = usable(kWatermarks, [&] {
    for (int i = 0; i < WatermarkSlot::kSyncedSlots + WatermarkSlot::kPublishedSlots; i++) {
      WatermarkSlot slot;
      const size_t at = static_cast<size_t>(SlotPosition(i));
      if (bytes.size() < at + static_cast<size_t>(WatermarkSlot::kSlotBytes)) break;
      if (!slot.Decode(std::span(bytes).subspan(at, static_cast<size_t>(WatermarkSlot::kSlotBytes)))) continue;
      if (found->has_identity && slot.store_id != ShortText(found->identity.store_id)) continue;
      if (i >= WatermarkSlot::kSyncedSlots && (!found->has_published || slot.sequence > found->published.sequence)) {
        found->has_published = true;
        found->published = slot;
      }
      if (!found->has_slot || slot.sequence > found->newest.sequence) {
        found->has_slot = true;
        found->newest = slot;
      }
    }
    return found->has_slot;
  });
  if (!slots_status.ok()) return slots_status;

  auto [losses_status, has_losses] = usable(kLosses, [&] { return DecodeLosses(bytes, &found->losses); });
  if (!losses_status.ok()) return losses_status;
  if (!has_losses) found->losses.clear();
  auto [deletions_status, has_deletions] = usable(kDeletions, [&] { return DecodeDeletions(bytes, &found->deletions); });
  if (!deletions_status.ok()) return deletions_status;
  if (!has_deletions) found->deletions.clear();
  return Status::Ok();
}

Status SideCar::ReadPublished(WatermarkSlot* slot) {
  std::lock_guard lock(mutex_);
  if (!followed_) {
    FileHandle handle = kNoFile;
    Status status = io::Open(platform_, paths_.watermarks, OpenMode::kRead, &handle);
    if (!status.ok()) return status;
    followed_ = std::make_unique<OpenFile>(platform_, handle);
  }
  bool any = false;
  std::array<std::byte, 512> bytes;
  for (int i = WatermarkSlot::kSyncedSlots; i < WatermarkSlot::kSyncedSlots + WatermarkSlot::kPublishedSlots; i++) {
    size_t count = 0;
    Status status = io::Read(platform_, followed_->handle(), bytes, SlotPosition(i), ReadMode::kMayBlock, &count);
    if (!status.ok()) return std::move(status).In(paths_.watermarks);
    WatermarkSlot candidate;
    // The owner may be storing just now: the other slot is whole then.
    if (!candidate.Decode(std::span(bytes).first(count)) || (any && candidate.sequence <= slot->sequence)) continue;
    *slot = candidate;
    any = true;
  }
  return any ? Status::Ok() : Status(Code::kNotFound).In(paths_.watermarks);
}

Status SideCar::MakeDirectories() {
  bool made = false;
  Status status = io::MakeDirectory(platform_, paths_.own, &made);
  if (status.ok()) status = io::MakeDirectory(platform_, paths_.temporary, &made);
  if (status.ok() && made) status = io::SyncDirectory(platform_, paths_.own);
  return status;
}

Status SideCar::SetAside(const std::vector<std::string>& names) {
  if (names.empty()) return Status::Ok();
  bool made = false;
  Status status = io::MakeDirectory(platform_, paths_.set_aside, &made);
  for (const std::string& name : names) {
    if (!status.ok()) return status;
    const std::string target = paths_.set_aside + "/" + name + "-" + std::to_string(platform_.Random());
    status = io::Rename(platform_, paths_.own + "/" + name, target);
    if (status.code() == Code::kNotFound) status = Status::Ok();
  }
  if (status.ok()) status = io::SyncDirectory(platform_, paths_.set_aside);
  return status.ok() ? io::SyncDirectory(platform_, paths_.own) : std::move(status);
}

Status SideCar::SaveIdentity(const Identity& identity) {
  SealedWriter writer(kIdentityMagic, kVersion);
  writer.PutString(identity.store_id);
  writer.PutI64(identity.file_bytes);
  writer.PutI64(identity.entries_per_file);
  writer.PutU32(static_cast<uint32_t>(identity.own.size()));
  for (const OwnRange& range : identity.own) {
    writer.PutI64(range.from);
    writer.PutI64(range.to);
  }
  return io::ReplaceFile(platform_, paths_.own, kIdentity, paths_.temporary, writer.Seal());
}

Status SideCar::SaveLosses(const std::vector<LostRange>& losses) {
  SealedWriter writer(kLossesMagic, kVersion);
  writer.PutU32(static_cast<uint32_t>(losses.size()));
  for (const LostRange& range : losses) {
    writer.PutI64(range.from);
    writer.PutI64(range.to);
    writer.PutU32(static_cast<uint32_t>(range.reason));
  }
  return io::ReplaceFile(platform_, paths_.own, kLosses, paths_.temporary, writer.Seal());
}

Status SideCar::SaveDeletions(const std::map<std::string, Deletion>& deletions) {
  SealedWriter writer(kDeletionsMagic, kVersion);
  writer.PutU32(static_cast<uint32_t>(deletions.size()));
  for (const auto& [topic, deletion] : deletions) {
    writer.PutString(topic);
    writer.PutI64(deletion.position);
    writer.PutU32(static_cast<uint32_t>(deletion.next_offset.size()));
    for (const auto& [id, next] : deletion.next_offset) {
      writer.PutU32(static_cast<uint32_t>(id));
      writer.PutI64(next);
    }
  }
  return io::ReplaceFile(platform_, paths_.own, kDeletions, paths_.temporary, writer.Seal());
}

Status SideCar::OpenWatermarks(int64_t sequence) {
  if (platform_.Kind(paths_.watermarks) != PathKind::kFile) {
    const std::vector<std::byte> empty(static_cast<size_t>(WatermarkSlot::kFileBytes));
    Status status = io::ReplaceFile(platform_, paths_.own, kWatermarks, paths_.temporary, empty);
    if (!status.ok()) return status;
  }
  FileHandle handle = kNoFile;
  Status status = io::Open(platform_, paths_.watermarks, OpenMode::kReadWrite, &handle);
  if (!status.ok()) return status;
  std::lock_guard lock(mutex_);
  watermarks_ = std::make_unique<OpenFile>(platform_, handle);
  const IoResult mapped = watermarks_->MapOnce(WatermarkSlot::kFileBytes, &map_);
  if (!mapped.ok()) return Status::FromErrno(mapped.error).In(paths_.watermarks);
  sequence_ = sequence;
  // The slot with the newer sequence must not be the first one overwritten; which one it is does not matter once the other is
  // synced.
  next_synced_ = 0;
  std::array<int64_t, 2> sequences{-1, -1};
  for (int i = 0; i < WatermarkSlot::kSyncedSlots; i++) {
    std::array<std::byte, 512> bytes;
    size_t count = 0;
    status = io::Read(platform_, handle, bytes, SlotPosition(i), ReadMode::kMayBlock, &count);
    if (!status.ok()) return std::move(status).In(paths_.watermarks);
    WatermarkSlot slot;
    if (slot.Decode(std::span(bytes).first(count))) sequences[static_cast<size_t>(i)] = slot.sequence;
  }
  if (sequences[0] > sequences[1]) next_synced_ = 1;
  return Status::Ok();
}

Status SideCar::WriteSlot(WatermarkSlot slot) {
  FileHandle handle;
  int64_t position;
  std::array<std::byte, WatermarkSlot::kEncodedBytes> bytes;
  {
    std::lock_guard lock(mutex_);
    if (!watermarks_) return Status(Code::kNotOpen);
    slot.sequence = ++sequence_;
    handle = watermarks_->handle();
    position = SlotPosition(next_synced_);
    bytes = slot.Encode();
    next_synced_ = (next_synced_ + 1) % WatermarkSlot::kSyncedSlots;
  }
  Status status = io::Write(platform_, handle, bytes, position);
  if (status.ok()) {
    status = io::Sync(platform_, handle);
    if (!status.ok()) status = Status(Code::kFlushFailed, status.error());
  }
  return status.ok() ? std::move(status) : std::move(status).In(paths_.watermarks);
}

void SideCar::Publish(WatermarkSlot slot) {
  std::lock_guard lock(mutex_);
  if (map_ == nullptr) return;
  slot.sequence = ++sequence_;
  const std::array<std::byte, WatermarkSlot::kEncodedBytes> bytes = slot.Encode();
  const int64_t position = SlotPosition(WatermarkSlot::kSyncedSlots + next_published_);
  next_published_ = (next_published_ + 1) % WatermarkSlot::kPublishedSlots;
  // A fault here loses a hint, no promise: the synced slots carry those.
  (void)platform_.CopyGuarded(map_ + position, bytes.data(), bytes.size());
}

void SideCar::CloseWatermarks() {
  std::lock_guard lock(mutex_);
  map_ = nullptr;
  watermarks_.reset();
}

}  // namespace millrace
