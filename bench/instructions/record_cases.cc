// Checksums and records alone: no store, no file.
#include <vector>

#include "counted.h"
#include "crc32.h"
#include "record_codec.h"

namespace millrace::counted {
namespace {

constexpr int kOperations = 64;

std::vector<std::byte> SomeBytes(size_t size) {
  std::vector<std::byte> bytes(size);
  uint32_t state = 1;
  for (std::byte& each : bytes) {
    state = state * 1664525 + 1013904223;
    each = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

template <size_t kBytes>
class Checksum final : public Work {
 public:
  void Turn() override {
    for (int i = 0; i < kOperations; i++) crc_ = Crc32(crc_, bytes_);
    Require(crc_ != 0, "a checksum is zero");
  }

 private:
  const std::vector<std::byte> bytes_ = SomeBytes(kBytes);
  uint32_t crc_ = 0;
};

template <size_t kBytes>
class Encode final : public Work {
 public:
  Encode() {
    fields_.topic = "bench";
    fields_.body = body_;
    record_.resize(EncodedBytes(fields_, false));
  }
  void Turn() override {
    for (int i = 0; i < kOperations; i++) {
      EncodeRecord(record_, fields_, false);
      PlaceRecord(record_, i, 1'000'000 + i, 1'700'000'000'000 + i);
      SealRecord(record_);
    }
  }
  std::span<const std::byte> record() const { return record_; }

 private:
  const std::vector<std::byte> body_ = SomeBytes(kBytes);
  RecordFields fields_;
  std::vector<std::byte> record_;
};

template <size_t kBytes>
class Decode final : public Work {
 public:
  Decode() { encode_.Turn(); }
  void Turn() override {
    const std::span<const std::byte> record = encode_.record();
    for (int i = 0; i < kOperations; i++) {
      RecordView view;
      const RecordKind kind =
          DecodeRecord(record, 1'000'000 + kOperations - 1, static_cast<int64_t>(record.size()), ChecksumRule::kRequired, &view);
      Require(kind == RecordKind::kRecord && view.body.size() == kBytes, "a record does not decode");
    }
  }

 private:
  Encode<kBytes> encode_;
};

template <typename T>
std::unique_ptr<Work> Make(const std::string&) {
  return std::make_unique<T>();
}

constexpr Case kCases[] = {
    {"crc/1024", "CRC-32 of 1 KiB", kOperations, Make<Checksum<1024>>},
    {"crc/16384", "CRC-32 of 16 KiB", kOperations, Make<Checksum<16384>>},
    {"encode/128", "a record of 128 B: encoded, placed, sealed", kOperations, Make<Encode<128>>},
    {"encode/1024", "a record of 1 KiB: encoded, placed, sealed", kOperations, Make<Encode<1024>>},
    {"decode/128", "a record of 128 B: decoded, its checksum verified", kOperations, Make<Decode<128>>},
    {"decode/1024", "a record of 1 KiB: decoded, its checksum verified", kOperations, Make<Decode<1024>>},
};

}  // namespace

std::span<const Case> RecordCases() { return kCases; }

}  // namespace millrace::counted
