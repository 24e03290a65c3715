#include "index_record.h"

#include <algorithm>

#include "io.h"
#include "sealed_bytes.h"

namespace millrace {
namespace {

constexpr uint32_t kMagic = 0x4D524958;  // "MRIX"
constexpr uint32_t kVersion = 1;
constexpr size_t kLimit = 64u << 20;
const char kName[] = "index";

}  // namespace

std::vector<std::byte> IndexRecord::Encode() const {
  SealedWriter writer(kMagic, kVersion);
  writer.PutU32(static_cast<uint32_t>(shape.slots));
  writer.PutU32(static_cast<uint32_t>(shape.entries));
  writer.PutU32(with_tags ? 1 : 0);
  writer.PutI64(indexed);
  writer.PutU32(static_cast<uint32_t>(files.size()));
  for (const File& file : files) {
    const IndexHeader& header = file.proof.header;
    writer.PutString(file.name);
    writer.PutI64(header.begin_timestamp);
    writer.PutI64(header.end_timestamp);
    writer.PutI64(header.begin_position);
    writer.PutI64(header.end_position);
    writer.PutU32(static_cast<uint32_t>(header.used_slots));
    writer.PutU32(static_cast<uint32_t>(header.next));
    writer.PutU32(file.proof.checksum);
  }
  return writer.Seal();
}

bool IndexRecord::Decode(std::span<const std::byte> bytes) {
  SealedReader reader;
  if (!reader.Open(bytes, kMagic, kVersion)) return false;
  shape.slots = static_cast<int32_t>(reader.GetU32());
  shape.entries = static_cast<int32_t>(reader.GetU32());
  with_tags = reader.GetU32() != 0;
  indexed = reader.GetI64();
  files.clear();
  for (uint32_t left = reader.GetU32(); left > 0 && reader.ok(); left--) {
    File& file = files.emplace_back();
    IndexHeader& header = file.proof.header;
    file.name = reader.GetString();
    header.begin_timestamp = reader.GetI64();
    header.end_timestamp = reader.GetI64();
    header.begin_position = reader.GetI64();
    header.end_position = reader.GetI64();
    header.used_slots = static_cast<int32_t>(reader.GetU32());
    header.next = static_cast<int32_t>(reader.GetU32());
    file.proof.checksum = reader.GetU32();
  }
  return reader.ok() && shape.slots > 0 && shape.entries > 1 && indexed >= 0;
}

Status IndexRecord::Load(Platform& platform, const StorePaths& paths) {
  std::vector<std::byte> bytes;
  const std::string path = paths.own + "/" + kName;
  Status status = io::ReadFile(platform, path, kLimit, &bytes);
  if (!status.ok()) return status;
  return Decode(bytes) ? std::move(status) : Status(Code::kCorruption).In(path);
}

Status IndexRecord::Save(Platform& platform, const StorePaths& paths) const {
  return io::ReplaceFile(platform, paths.own, kName, paths.temporary, Encode());
}

Status LowerIndexRecord(Platform& platform, const StorePaths& paths, int64_t unchanged) {
  IndexRecord record;
  Status status = record.Load(platform, paths);
  if (status.code() == Code::kNotFound || status.code() == Code::kCorruption) return Status::Ok();
  if (!status.ok() || record.indexed <= unchanged) return status;
  record.indexed = unchanged;
  return record.Save(platform, paths);
}

}  // namespace millrace
