// The parts of a file of the key index as bytes, the hash of a key, and the name of a file: docs/format.md, "Key index". No I/O, no
// state; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

struct IndexShape {
  int32_t slots = 5'000'000;
  int32_t entries = 20'000'000;  // the first is never used

  int64_t ItemAt(int32_t number) const;
  int64_t bytes() const { return ItemAt(entries); }
  bool operator==(const IndexShape&) const = default;
};

struct IndexHeader {
  int64_t begin_timestamp = 0;  // of the first item, or the end of the file before
  int64_t end_timestamp = 0;    // of the last one
  int64_t begin_position = 0;
  int64_t end_position = 0;
  int32_t used_slots = 0;
  int32_t next = 1;  // number of the next item

  static constexpr size_t kBytes = 40;
  // What an item that is put now has for a record of this time.
  int32_t SecondsAt(int64_t store_timestamp) const;
  std::array<std::byte, kBytes> Encode() const;
  static IndexHeader Decode(const std::byte* from);
  bool operator==(const IndexHeader&) const = default;
};

struct IndexItem {
  int32_t hash = 0;
  int64_t position = 0;
  int32_t seconds = 0;  // store time after the header's begin, rounded down
  int32_t previous = 0;

  void Encode(std::byte* to) const;
  static IndexItem Decode(const std::byte* from);
};

// RocketMQ's hash of `topic#key`; never negative.
int32_t IndexHash(std::string_view topic, std::string_view key, std::string_view rest_of_key = {});
// yyyyMMddHHmmssSSS of a moment, as a clock shows it that is ahead of UTC by `utc_offset` milliseconds.
std::string IndexFileName(int64_t timestamp, int64_t utc_offset);

}  // namespace millrace
