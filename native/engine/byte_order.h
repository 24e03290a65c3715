// Big-endian integers in byte spans. No bounds are checked here: callers have checked the whole structure once.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace {

static_assert(std::endian::native == std::endian::little, "the loads below swap");

inline uint32_t LoadU32(const std::byte* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}
inline uint64_t LoadU64(const std::byte* at) {
  uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap64(value);
}
inline uint16_t LoadU16(const std::byte* at) {
  uint16_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap16(value);
}
inline int32_t LoadI32(const std::byte* at) { return static_cast<int32_t>(LoadU32(at)); }
inline int64_t LoadI64(const std::byte* at) { return static_cast<int64_t>(LoadU64(at)); }

inline void StoreU16(std::byte* at, uint16_t value) {
  value = __builtin_bswap16(value);
  std::memcpy(at, &value, sizeof value);
}
inline void StoreU32(std::byte* at, uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(at, &value, sizeof value);
}
inline void StoreU64(std::byte* at, uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(at, &value, sizeof value);
}
inline void StoreI32(std::byte* at, int32_t value) { StoreU32(at, static_cast<uint32_t>(value)); }
inline void StoreI64(std::byte* at, int64_t value) { StoreU64(at, static_cast<uint64_t>(value)); }

}  // namespace millrace
