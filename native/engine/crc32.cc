// Ways to one number. What they share is the view of a message as a polynomial over GF(2): the first bit of the first byte, the
// least significant one, is the highest power, so loads need no byte swap. The CRC is the message times x^32 modulo P.
//
// x86-64 keeps one or more blocks of 16 bytes and moves them over the message: moving a block D bits on multiplies it by x^D,
// which modulo P is two carry-less multiplications by constants of 32 bits (Fold). With AVX-512 one instruction does that to
// four blocks. All constants are computed here from P, none is copied from a table. No function reads outside its span.
#include "crc32.h"

#include <array>

#include "byte_order.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

namespace millrace {
namespace {

constexpr uint32_t kPolynomial = 0xEDB88320;  // bit i is the coefficient of x^(31-i), x^32 is implied

// The way to go on from `state`, the complement of the CRC.
using Update = uint32_t (*)(uint32_t state, const std::byte* at, size_t size);

template <Update kUpdate>
uint32_t Whole(uint32_t crc, std::span<const std::byte> bytes) {
  return ~kUpdate(~crc, bytes.data(), bytes.size());
}

constexpr uint32_t TimesX(uint32_t value) { return (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0); }

// kTable[k][b]: what byte b contributes when k bytes follow it.
constexpr auto kTable = [] {
  std::array<std::array<uint32_t, 256>, 8> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = TimesX(value);
    table[0][byte] = value;
  }
  for (size_t k = 1; k < table.size(); ++k) {
    for (size_t byte = 0; byte < 256; ++byte) table[k][byte] = (table[k - 1][byte] >> 8) ^ table[0][table[k - 1][byte] & 0xFF];
  }
  return table;
}();

uint32_t UpdateByTable(uint32_t state, const std::byte* at, size_t size) {
  for (; size >= 8; at += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    word ^= state;
    state = 0;
    for (size_t i = 0; i < 8; ++i) state ^= kTable[7 - i][(word >> (8 * i)) & 0xFF];
  }
  for (; size > 0; ++at, --size) state = (state >> 8) ^ kTable[0][(state ^ static_cast<uint32_t>(*at)) & 0xFF];
  return state;
}

using Join = uint32_t (*)(uint32_t crc, uint32_t next, size_t size);
constexpr size_t kMaxJoined = size_t{1} << 24;

#if defined(__x86_64__)

constexpr uint32_t kOne = 0x80000000;
constexpr uint32_t OverX(uint32_t value) { return (value & kOne) != 0 ? ((value ^ kPolynomial) << 1) | 1 : value << 1; }
constexpr uint32_t Times(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (uint32_t bit = kOne; bit != 0; bit >>= 1, a = TimesX(a)) product ^= (b & bit) != 0 ? a : 0;
  return product;
}

// kOver[d][n]: x^(8 n 256^d - 65), which moves a state over n 256^d bytes (JoinByClmul).
constexpr auto kOver = [] {
  std::array<std::array<uint32_t, 256>, 3> over{};
  uint32_t first = kOne;
  for (int i = 0; i < 65; ++i) first = OverX(first);
  uint32_t unit = kOne >> 8;
  for (auto& digit : over) {
    uint32_t all = kOne;
    for (uint32_t& value : digit) {
      value = Times(first, all);
      all = Times(all, unit);
    }
    unit = all;
  }
  return over;
}();

#define MILLRACE_CLMUL __attribute__((target("pclmul,sse4.1")))
#define MILLRACE_CLMUL512 __attribute__((target("pclmul,sse4.1,vpclmulqdq,avx512f")))

// x^n modulo P, bit i being the coefficient of x^(63-i).
consteval long long Power(int n) {
  uint32_t value = 0x80000000;
  for (int i = 0; i < n; ++i) value = TimesX(value);
  return static_cast<long long>(uint64_t{value} << 32);
}
// The multipliers that move the low (earlier) and the high half of a block: the product of two reflected 64-bit numbers
// comes out one power too high, hence the 1 less.
consteval long long MoveLow(int bits) { return Power(bits + 63); }
consteval long long MoveHigh(int bits) { return Power(bits - 1); }

// x^96 divided by P, bit i being the coefficient of x^(64-i); x^0 does not fit and does not matter.
constexpr long long kQuotient = [] {
  uint64_t quotient = 0;
  uint32_t remainder = 0x80000000;
  for (int power = 95; power > 0; --power) {
    if ((remainder & 1) != 0 && power <= 64) quotient |= uint64_t{1} << (64 - power);
    remainder = TimesX(remainder);
  }
  return static_cast<long long>(quotient);
}();
constexpr long long kPolynomial33 = (static_cast<long long>(kPolynomial) << 1) | 1;  // bit i: x^(32-i)

// Shuffle controls. From kShift + n: moves bytes up by 16 - n, zeros below; from kShift + 16 + n: down by n, zeros above.
constexpr auto kShift = [] {
  std::array<uint8_t, 48> control{};
  for (size_t i = 0; i < control.size(); ++i) control[i] = static_cast<uint8_t>(i >= 16 && i < 32 ? i - 16 : 0x80);
  return control;
}();

template <typename T>
MILLRACE_CLMUL inline __m128i Load(const T* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// `block` moved on, plus `next`.
MILLRACE_CLMUL inline __m128i Fold(__m128i block, __m128i move, __m128i next) {
  return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(block, move, 0x00), _mm_clmulepi64_si128(block, move, 0x11)), next);
}

// The state after the rest of the message, when `block` stands for all before it: at least 16 bytes, right before `at`.
MILLRACE_CLMUL inline uint32_t Finish(__m128i block, const std::byte* at, size_t size) {
  const __m128i move = _mm_set_epi64x(MoveHigh(128), MoveLow(128));
  for (; size >= 16; at += 16, size -= 16) block = Fold(block, move, Load(at));
  if (size > 0) {
    // Block and rest together, as zeros and two blocks.
    const __m128i up = Load(kShift.data() + size);
    const __m128i rest = _mm_blendv_epi8(Load(at + size - 16), _mm_shuffle_epi8(block, Load(kShift.data() + 16 + size)), up);
    block = Fold(_mm_shuffle_epi8(block, up), move, rest);
  }
  // Times x^32: 160 bits, the first 64 of them moved on: 96 are left, of which 64 are divided by P (Barrett) and 32 added.
  const __m128i high = _mm_clmulepi64_si128(block, _mm_cvtsi64_si128(MoveLow(32)), 0x00);
  const __m128i left = _mm_srli_si128(_mm_xor_si128(high, _mm_slli_si128(_mm_srli_si128(block, 8), 4)), 4);
  const __m128i division = _mm_set_epi64x(kPolynomial33, kQuotient);
  const __m128i quotient = _mm_clmulepi64_si128(left, division, 0x00);
  const __m128i product = _mm_clmulepi64_si128(quotient, division, 0x10);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(left, product), 2));
}

// One product for each digit of `size` that is not 0. The block is 65 powers behind what it stands for, which kOver makes up for.
MILLRACE_CLMUL uint32_t JoinByClmul(uint32_t crc, uint32_t next, size_t size) {
  for (size_t digit = 0; size > 0; ++digit, size >>= 8) {
    if ((size & 0xFF) == 0) continue;
    const __m128i over = _mm_cvtsi64_si128(static_cast<long long>(uint64_t{kOver[digit][size & 0xFF]} << 32));
    crc = Finish(_mm_clmulepi64_si128(_mm_cvtsi32_si128(static_cast<int>(crc)), over, 0x00), nullptr, 0);
  }
  return crc ^ next;
}

MILLRACE_CLMUL uint32_t UpdateByClmul(uint32_t state, const std::byte* at, size_t size) {
  if (size < 16) return UpdateByTable(state, at, size);
  __m128i a = _mm_xor_si128(Load(at), _mm_cvtsi32_si128(static_cast<int>(state)));
  if (size < 64) return Finish(a, at + 16, size - 16);
  __m128i b = Load(at + 16);
  __m128i c = Load(at + 32);
  __m128i d = Load(at + 48);
  const __m128i move = _mm_set_epi64x(MoveHigh(512), MoveLow(512));
  for (at += 64, size -= 64; size >= 64; at += 64, size -= 64) {
    a = Fold(a, move, Load(at));
    b = Fold(b, move, Load(at + 16));
    c = Fold(c, move, Load(at + 32));
    d = Fold(d, move, Load(at + 48));
  }
  a = Fold(a, _mm_set_epi64x(MoveHigh(384), MoveLow(384)), d);
  b = Fold(b, _mm_set_epi64x(MoveHigh(256), MoveLow(256)), a);
  c = Fold(c, _mm_set_epi64x(MoveHigh(128), MoveLow(128)), b);
  return Finish(c, at, size);
}

// `blocks` moved on, plus `next`.
MILLRACE_CLMUL512 inline __m512i Fold4(__m512i blocks, __m512i move, __m512i next) {
  constexpr int kXorOfThree = 0x96;
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(blocks, move, 0x00), _mm512_clmulepi64_epi128(blocks, move, 0x11), next,
                                   kXorOfThree);
}

template <int kIndex>
MILLRACE_CLMUL512 inline __m128i Block(__m512i blocks) {
  return _mm512_maskz_extracti32x4_epi32(0xF, blocks, kIndex);  // masked: the other form trips a warning of GCC
}

template <int kBits>
MILLRACE_CLMUL512 inline __m512i Move4() {
  return _mm512_set4_epi64(MoveHigh(kBits), MoveLow(kBits), MoveHigh(kBits), MoveLow(kBits));
}

MILLRACE_CLMUL512 uint32_t UpdateByClmul512(uint32_t state, const std::byte* at, size_t size) {
  if (size < 128) return UpdateByClmul(state, at, size);
  __m512i a = _mm512_xor_si512(_mm512_loadu_si512(at), _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(state))));
  at += 64;
  size -= 64;
  if (size >= 192) {
    __m512i b = _mm512_loadu_si512(at);
    __m512i c = _mm512_loadu_si512(at + 64);
    __m512i d = _mm512_loadu_si512(at + 128);
    for (at += 192, size -= 192; size >= 256; at += 256, size -= 256) {
      const __m512i move = Move4<2048>();
      a = Fold4(a, move, _mm512_loadu_si512(at));
      b = Fold4(b, move, _mm512_loadu_si512(at + 64));
      c = Fold4(c, move, _mm512_loadu_si512(at + 128));
      d = Fold4(d, move, _mm512_loadu_si512(at + 192));
    }
    a = Fold4(a, Move4<1536>(), d);
    b = Fold4(b, Move4<1024>(), a);
    a = Fold4(c, Move4<512>(), b);
  }
  for (; size >= 64; at += 64, size -= 64) a = Fold4(a, Move4<512>(), _mm512_loadu_si512(at));
  // The first three blocks onto the fourth.
  const __m512i move =
      _mm512_set_epi64(0, 0, MoveHigh(128), MoveLow(128), MoveHigh(256), MoveLow(256), MoveHigh(384), MoveLow(384));
  const __m512i moved = Fold4(a, move, _mm512_setzero_si512());
  const __m128i first = _mm_xor_si128(Block<0>(moved), Block<1>(moved));
  const __m128i last = _mm_xor_si128(Block<2>(moved), Block<3>(a));
  return Finish(_mm_xor_si128(first, last), at, size);
}

Join FindJoin() { return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1") ? JoinByClmul : nullptr; }

std::span<const Crc32Way> FindWays() {
  static constexpr Crc32Way kWays[] = {
      {"table", Whole<UpdateByTable>}, {"pclmulqdq", Whole<UpdateByClmul>}, {"vpclmulqdq", Whole<UpdateByClmul512>}};
  if (!__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1")) return std::span(kWays).first(1);
  if (!__builtin_cpu_supports("vpclmulqdq") || !__builtin_cpu_supports("avx512f")) return std::span(kWays).first(2);
  return kWays;
}

#elif defined(__aarch64__)

Join FindJoin() { return nullptr; }

#if defined(__clang__)
#define MILLRACE_CRC __attribute__((target("crc")))
#else
#define MILLRACE_CRC __attribute__((target("+crc")))
#endif

MILLRACE_CRC uint32_t UpdateByInstruction(uint32_t state, const std::byte* at, size_t size) {
  for (; size >= 8; at += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    state = __crc32d(state, word);
  }
  for (; size > 0; ++at, --size) state = __crc32b(state, static_cast<uint8_t>(*at));
  return state;
}

std::span<const Crc32Way> FindWays() {
  static constexpr Crc32Way kWays[] = {{"table", Whole<UpdateByTable>}, {"crc instructions", Whole<UpdateByInstruction>}};
#if defined(__linux__)
  constexpr unsigned long kHasCrc = 1UL << 7;  // HWCAP_CRC32
  if ((getauxval(AT_HWCAP) & kHasCrc) == 0) return std::span(kWays).first(1);
#endif
  return kWays;
}

#else

Join FindJoin() { return nullptr; }

std::span<const Crc32Way> FindWays() {
  static constexpr Crc32Way kWays[] = {{"table", Whole<UpdateByTable>}};
  return kWays;
}

#endif

}  // namespace

uint32_t Crc32(uint32_t crc, std::span<const std::byte> bytes) {
  static const auto fastest = FindWays().back().crc;
  return fastest(crc, bytes);
}

uint32_t Crc32Known(uint32_t crc, std::span<const std::byte> bytes, uint32_t own) {
  static const Join join = FindJoin();
  constexpr size_t kWorthIt = 256;
  if (join == nullptr || bytes.size() < kWorthIt || bytes.size() >= kMaxJoined) return Crc32(crc, bytes);
  return join(crc, own, bytes.size());
}

uint32_t Crc32Portable(uint32_t crc, std::span<const std::byte> bytes) { return Whole<UpdateByTable>(crc, bytes); }

std::span<const Crc32Way> Crc32Ways() { return FindWays(); }

}  // namespace millrace
