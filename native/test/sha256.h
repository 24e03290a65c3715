// SHA-256, for golden vectors too long to be written out. Plain and slow.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "byte_order.h"
#include "testing.h"

namespace millrace::testing {

// The first 32 bits after the point of a number below 2^32.
inline uint32_t FractionBits(long double value) { return static_cast<uint32_t>((value - std::floor(value)) * 4294967296.0L); }

// Fractions of the roots of the first 64 primes: square for the start, cube for the rounds.
struct Sha256Constants {
  std::array<uint32_t, 8> start;
  std::array<uint32_t, 64> round;

  Sha256Constants() {
    size_t count = 0;
    for (int candidate = 2; count < round.size(); ++candidate) {
      bool is_prime = true;
      for (int divisor = 2; divisor * divisor <= candidate; ++divisor) is_prime = is_prime && candidate % divisor != 0;
      if (!is_prime) continue;
      if (count < start.size()) start[count] = FractionBits(std::sqrt(static_cast<long double>(candidate)));
      round[count++] = FractionBits(std::cbrt(static_cast<long double>(candidate)));
    }
  }
};

// In lower-case hex.
inline std::string Sha256(std::span<const std::byte> bytes) {
  const Sha256Constants constants;
  std::vector<std::byte> padded(bytes.begin(), bytes.end());
  padded.push_back(std::byte{0x80});
  padded.resize((padded.size() + 8 + 63) / 64 * 64);
  StoreU64(padded.data() + padded.size() - 8, uint64_t{bytes.size()} * 8);

  std::array<uint32_t, 8> hash = constants.start;
  for (size_t block = 0; block < padded.size(); block += 64) {
    std::array<uint32_t, 64> w;
    for (size_t i = 0; i < 16; ++i) w[i] = LoadU32(padded.data() + block + 4 * i);
    for (size_t i = 16; i < 64; ++i) {
      const uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
      const uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    std::array<uint32_t, 8> v = hash;
    for (size_t i = 0; i < 64; ++i) {
      const uint32_t s1 = std::rotr(v[4], 6) ^ std::rotr(v[4], 11) ^ std::rotr(v[4], 25);
      const uint32_t s0 = std::rotr(v[0], 2) ^ std::rotr(v[0], 13) ^ std::rotr(v[0], 22);
      const uint32_t one = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants.round[i] + w[i];
      const uint32_t two = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      v = {one + two, v[0], v[1], v[2], v[3] + one, v[4], v[5], v[6]};
    }
    for (size_t i = 0; i < 8; ++i) hash[i] += v[i];
  }
  std::array<std::byte, 32> result;
  for (size_t i = 0; i < 8; ++i) StoreU32(result.data() + 4 * i, hash[i]);
  return Hex(result);
}

}  // namespace millrace::testing
