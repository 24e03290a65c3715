// The message of the golden vectors, and its records as Apache RocketMQ's own store wrote or rebuilt them.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "byte_order.h"
#include "record_codec.h"

namespace millrace::testing {

inline constexpr std::string_view kGoldenProperties =
    "KEYS\1key0 order0\2UNIQ_KEY\1"
    "7F000001ABCD18B4AAC2000000000000\2WAIT\1true\2TAGS\1TagA\2";
inline constexpr int64_t kGoldenStoreTimestamp = 1700000000123;

// Queue offset 7 at position 0, without a checksum; 197 bytes.
inline constexpr std::string_view kGoldenPlainHex =
    "000000c5daa320a735381f16000000030102030400000000000000070000000000000000000000000000018bcfe56800"
    "0a0102030000d4310000018bcfe5687b0a09080700002a9f000000020000000000000000000000100104070a0d101316"
    "191c1f2225282b2e0b476f6c64656e546f706963004f4b455953016b657930206f726465723002554e49515f4b455901"
    "374630303030303141424344313842344141433230303030303030303030303002574149540174727565025441475301"
    "5461674102";
// Queue offset 8 at position 197, with `__CRC32#`; 217 bytes.
inline constexpr std::string_view kGoldenChecksummedHex =
    "000000d9daa320a735381f160000000301020304000000000000000800000000000000c5000000000000018bcfe56800"
    "0a0102030000d4310000018bcfe5687b0a09080700002a9f000000020000000000000000000000100104070a0d101316"
    "191c1f2225282b2e0b476f6c64656e546f70696300634b455953016b657930206f726465723002554e49515f4b455901"
    "374630303030303141424344313842344141433230303030303030303030303002574149540174727565025441475301"
    "54616741025f5f435243333223013831383139343835303102";
inline constexpr uint32_t kGoldenChecksum = 1058491818;
inline constexpr uint32_t kGoldenBodyCrc = 892870422;

inline std::vector<std::byte> FromHex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<std::byte> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes.push_back(static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  return bytes;
}

inline Host HostV4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, int32_t port) {
  Host host;
  host.address = {std::byte{a}, std::byte{b}, std::byte{c}, std::byte{d}};
  host.port = port;
  return host;
}

// high:second::low
inline Host HostV6(uint16_t high, uint16_t second, uint16_t low, int32_t port) {
  Host host;
  host.is_v6 = true;
  host.port = port;
  host.address[0] = static_cast<std::byte>(high >> 8);
  host.address[1] = static_cast<std::byte>(high & 0xFF);
  host.address[2] = static_cast<std::byte>(second >> 8);
  host.address[3] = static_cast<std::byte>(second & 0xFF);
  host.address[14] = static_cast<std::byte>(low >> 8);
  host.address[15] = static_cast<std::byte>(low & 0xFF);
  return host;
}

inline RecordFields GoldenFields() {
  static const auto body = [] {
    std::array<std::byte, 16> bytes;
    for (size_t k = 0; k < bytes.size(); ++k) bytes[k] = static_cast<std::byte>(3 * k + 1);
    return bytes;
  }();
  RecordFields fields;
  fields.topic = "GoldenTopic";
  fields.body = body;
  fields.properties = kGoldenProperties;
  fields.born_host = HostV4(10, 1, 2, 3, 54321);
  fields.store_host = HostV4(10, 9, 8, 7, 10911);
  fields.born_timestamp = 1700000000000;
  fields.queue_id = 3;
  fields.flag = 0x01020304;
  fields.reconsume_times = 2;
  return fields;
}

inline std::vector<std::byte> Sealed(const RecordFields& fields, int64_t queue_offset, int64_t position) {
  std::vector<std::byte> record(EncodedBytes(fields, false));
  EncodeRecord(record, fields, false);
  PlaceRecord(record, queue_offset, position, kGoldenStoreTimestamp);
  SealRecord(record);
  return record;
}

// A sealed record as a store without `__CRC32#` would have written it; `properties_bytes` counts them with the checksum.
inline std::vector<std::byte> WithoutChecksum(std::span<const std::byte> record, size_t properties_bytes) {
  const auto kept = record.first(record.size() - format::kCrcPropertyBytes);
  const size_t left = properties_bytes - format::kCrcPropertyBytes;
  std::vector<std::byte> plain(kept.begin(), kept.end());
  StoreU32(plain.data(), static_cast<uint32_t>(plain.size()));
  StoreU16(plain.data() + plain.size() - left - 2, static_cast<uint16_t>(left));
  return plain;
}

}  // namespace millrace::testing
