// CRC-32 with the polynomial of zlib (reflected 0xEDB88320), because the format asks for it: carry-less multiplication on x86-64,
// the CRC instructions on arm64, a table elsewhere. Chosen once, at the first call. Pure, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace millrace {

// Goes on from `crc`, the result for the bytes before; 0 to begin. The same values as zlib's crc32().
uint32_t Crc32(uint32_t crc, std::span<const std::byte> bytes);

// The same, where `own`, the checksum of these bytes alone, is known: without looking at them where that is faster.
uint32_t Crc32Known(uint32_t crc, std::span<const std::byte> bytes, uint32_t own);

// For tests: the table, whatever the machine can do.
uint32_t Crc32Portable(uint32_t crc, std::span<const std::byte> bytes);

// For tests: every way this machine can go, the table first and the one that Crc32 takes last.
struct Crc32Way {
  const char* name;
  uint32_t (*crc)(uint32_t crc, std::span<const std::byte> bytes);
};
std::span<const Crc32Way> Crc32Ways();

// What is stored: RocketMQ keeps 31 bits.
inline uint32_t StoredCrc(uint32_t crc) { return crc & 0x7FFFFFFF; }

}  // namespace millrace
