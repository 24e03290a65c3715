// The envelope of our own small files: magic, version, payload, CRC-32. Written whole, believed only whole.
//
// Readers check the envelope once (Open); after that every Get checks its bounds and, past the end, gives zeros and ok() == false.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "byte_order.h"
#include "crc32.h"

namespace millrace {

class SealedWriter {
 public:
  SealedWriter(uint32_t magic, uint32_t version) {
    bytes_.reserve(512);
    PutU32(magic);
    PutU32(version);
    PutU32(0);  // payload size
  }

  void PutU32(uint32_t value) {
    std::byte bytes[4];
    StoreU32(bytes, value);
    Put(bytes, sizeof bytes);
  }
  void PutI64(int64_t value) {
    std::byte bytes[8];
    StoreI64(bytes, value);
    Put(bytes, sizeof bytes);
  }
  void PutString(std::string_view text) {
    PutU32(static_cast<uint32_t>(text.size()));
    Put(reinterpret_cast<const std::byte*>(text.data()), text.size());
  }
  const std::vector<std::byte>& Seal() {
    StoreU32(bytes_.data() + 8, static_cast<uint32_t>(bytes_.size() - 12));
    PutU32(Crc32(0, bytes_));
    return bytes_;
  }

 private:
  void Put(const std::byte* from, size_t count) {
    for (size_t i = 0; i < count; i++) bytes_.push_back(from[i]);
  }

  std::vector<std::byte> bytes_;
};

class SealedReader {
 public:
  // Finds the envelope at the start of `bytes`, which may be longer. False: it is not there or does not verify.
  bool Open(std::span<const std::byte> bytes, uint32_t magic, uint32_t version) {
    if (bytes.size() < 16 || LoadU32(bytes.data()) != magic || LoadU32(bytes.data() + 4) != version) return false;
    const size_t payload = LoadU32(bytes.data() + 8);
    if (payload > bytes.size() - 16) return false;
    if (Crc32(0, bytes.first(12 + payload)) != LoadU32(bytes.data() + 12 + payload)) return false;
    rest_ = bytes.subspan(12, payload);
    return true;
  }

  uint32_t GetU32() {
    if (!Has(4)) return 0;
    const uint32_t value = LoadU32(rest_.data());
    rest_ = rest_.subspan(4);
    return value;
  }
  int64_t GetI64() {
    if (!Has(8)) return 0;
    const int64_t value = LoadI64(rest_.data());
    rest_ = rest_.subspan(8);
    return value;
  }
  std::string GetString() {
    const size_t size = GetU32();
    if (!Has(size)) return {};
    std::string text(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
    return text;
  }
  // As many bytes as `text` has.
  void GetText(std::span<char> text) {
    if (!Has(text.size())) return;
    std::memcpy(text.data(), rest_.data(), text.size());
    rest_ = rest_.subspan(text.size());
  }
  bool ok() const { return ok_; }

 private:
  bool Has(size_t size) {
    ok_ = ok_ && size <= rest_.size();
    return ok_;
  }

  std::span<const std::byte> rest_;
  bool ok_ = true;
};

}  // namespace millrace
