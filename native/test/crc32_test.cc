// Every way of computing the checksum against published values, a bit-by-bit definition and each other. The last test prints speeds
// and asserts nothing about them: they are the machine's.
#include "crc32.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "testing.h"

namespace millrace {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::vector<std::byte> RandomBytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

uint32_t ByDefinition(uint32_t crc, std::span<const std::byte> bytes) {
  crc = ~crc;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

TEST("the checksum of known texts is the published one, whichever way it is computed") {
  for (const Crc32Way& way : Crc32Ways()) {
    const testing::Note note("way", way.name);
    CHECK_EQ(way.crc(0, {}), 0U);
    CHECK_EQ(way.crc(0, Bytes("a")), 0xE8B7BE43U);
    CHECK_EQ(way.crc(0, Bytes("abc")), 0x352441C2U);
    CHECK_EQ(way.crc(0, Bytes("123456789")), 0xCBF43926U);
    CHECK_EQ(way.crc(0, Bytes("The quick brown fox jumps over the lazy dog")), 0x414FA339U);
    CHECK_EQ(way.crc(0, std::vector<std::byte>(32)), 0x190A55ADU);
    CHECK_EQ(way.crc(0, std::vector<std::byte>(32, std::byte{0xFF})), 0xFF6CAB0BU);
    CHECK_EQ(way.crc(0x12345678, {}), 0x12345678U);
  }
  CHECK_EQ(StoredCrc(Crc32(0, Bytes("123456789"))), 1274296614U);
}

TEST("the table gives what the polynomial's definition gives") {
  const std::vector<std::byte> bytes = RandomBytes(600, test_seed());
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const testing::Note note("length", size);
    REQUIRE_EQ(Crc32Portable(0, std::span(bytes).first(size)), ByDefinition(0, std::span(bytes).first(size)));
  }
}

TEST("every way agrees with the table for all lengths up to 2000, and reads nothing beyond them") {
  std::mt19937_64 random(test_seed());
  const std::vector<std::byte> bytes = RandomBytes(2000, test_seed());
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const testing::Note note("length", size);
    const auto crc = static_cast<uint32_t>(random());
    const std::unique_ptr<std::byte[]> exact(new std::byte[size]);  // a sanitizer sees a read past its end
    if (size > 0) std::memcpy(exact.get(), bytes.data(), size);
    const std::span<const std::byte> span(exact.get(), size);
    const uint32_t expected = Crc32Portable(crc, span);
    REQUIRE_EQ(Crc32(crc, span), expected);
    for (const Crc32Way& way : Crc32Ways()) REQUIRE_EQ(way.crc(crc, span), expected);
  }
}

TEST("bytes whose own checksum is known need not be looked at") {
  std::mt19937_64 random(test_seed());
  const std::vector<std::byte> bytes = RandomBytes(5 << 20, test_seed() + 2);
  std::vector<size_t> sizes = {255, 256, 65535, 65536, 65537, size_t{1} << 20, (size_t{1} << 20) + 255, size_t{5} << 20};
  for (size_t size = 0; size <= 2000; ++size) sizes.push_back(size);
  for (int i = 0; i < 200; ++i) sizes.push_back(random() % bytes.size());
  for (const size_t size : sizes) {
    const testing::Note note("length", size);
    const std::span<const std::byte> known = std::span(bytes).first(size);
    const auto before = static_cast<uint32_t>(random());
    REQUIRE_EQ(Crc32Known(before, known, Crc32(0, known)), Crc32(before, known));
  }
}

TEST("a checksum does not depend on where the bytes lie nor on the pieces they come in") {
  std::mt19937_64 random(test_seed());
  const std::vector<std::byte> bytes = RandomBytes(20000, test_seed() + 1);
  for (int round = 0; round < 500; ++round) {
    const testing::Note note("round", round);
    const size_t begin = random() % 64;
    const size_t size = random() % (bytes.size() - begin);
    std::span<const std::byte> rest = std::span<const std::byte>(bytes).subspan(begin, size);
    const uint32_t expected = Crc32Portable(7, rest);
    for (const Crc32Way& way : Crc32Ways()) REQUIRE_EQ(way.crc(7, rest), expected);
    uint32_t crc = 7;
    while (!rest.empty()) {
      const size_t piece = std::min<size_t>(rest.size(), 1 + random() % 700);
      const std::span<const Crc32Way> ways = Crc32Ways();
      crc = ways[random() % ways.size()].crc(crc, rest.first(piece));
      rest = rest.subspan(piece);
    }
    REQUIRE_EQ(crc, expected);
  }
}

TEST("the speed of each way on records of 1 KiB is printed") {
  const std::vector<std::byte> bytes = RandomBytes(256 * 1024, test_seed());
  for (const Crc32Way& way : Crc32Ways()) {
    constexpr size_t kRecord = 1024;
    size_t total = 0;
    uint32_t crc = 0;
    const auto begin = std::chrono::steady_clock::now();
    std::chrono::duration<double> took{};
    do {
      for (size_t at = 0; at < bytes.size(); at += kRecord, total += kRecord) {
        crc = way.crc(crc, std::span(bytes).subspan(at, kRecord));
      }
      took = std::chrono::steady_clock::now() - begin;
    } while (took.count() < 0.02);
    std::printf("  %-12s %6.1f GB/s (%08x)\n", way.name, static_cast<double>(total) / took.count() / 1e9, crc);
    CHECK(total > 0);
  }
}

}  // namespace
}  // namespace millrace
