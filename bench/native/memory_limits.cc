// How fast bytes move in memory: a plain copy out of the caches, and the copy of small records with their checksum.
//
// The blocks are touched before the clock runs and kept until the process ends, so that no round pays for page faults.
#include <cstddef>
#include <cstring>
#include <vector>

#include "crc32.h"
#include "probe.h"

namespace millrace::bench {
namespace {

// More than the caches of the machines we know, so that each byte comes from memory.
constexpr size_t kColdBytes = size_t{128} << 20;
// As much as one read of the store returns by default.
constexpr size_t kPieceBytes = 256 << 10;
// Bodies that a caller has just made, and a staging buffer: both fit the second-level cache or the third.
constexpr size_t kStagingBytes = 1 << 20;

// Or the checksums would be optimised away.
volatile uint32_t checksum_sink;

std::vector<std::byte>& Block(size_t bytes, std::vector<std::byte>& block) {
  for (size_t i = block.size(); i < bytes; i++) block.push_back(static_cast<std::byte>((i * 2654435761u) >> 24));
  return block;
}

}  // namespace

// bytesPerSecond.
void MeasureCopy(const std::string&, const Parameters& parameters, Figures* figures) {
  static std::vector<std::byte> from_block, to_block;
  if (from_block.empty()) {
    from_block.reserve(kColdBytes);
    to_block.reserve(kColdBytes);
  }
  const std::byte* from = Block(kColdBytes, from_block).data();
  std::byte* to = Block(kColdBytes, to_block).data();
  size_t at = 0;
  int64_t done = 0;
  const Deadline deadline(parameters);
  do {
    std::memcpy(to + at, from + at, kPieceBytes);
    at = (at + kPieceBytes) % kColdBytes;
    done += static_cast<int64_t>(kPieceBytes);
  } while (!deadline.passed());
  figures->Set("bytesPerSecond", static_cast<double>(done) / deadline.seconds());
}

// `bytes=` of one record, default 1024. bytesPerSecond, recordsPerSecond.
void MeasureCopyAndChecksum(const std::string&, const Parameters& parameters, Figures* figures) {
  static std::vector<std::byte> from_block, to_block;
  const size_t record = static_cast<size_t>(parameters.Get("bytes", 1024));
  if (record == 0 || record > kStagingBytes) return figures->Fail("bytes is 1 to 1048576", 0);
  const std::byte* from = Block(kStagingBytes, from_block).data();
  std::byte* to = Block(kStagingBytes, to_block).data();
  const size_t records = kStagingBytes / record;
  uint32_t sum = 0;
  int64_t done = 0;
  const Deadline deadline(parameters);
  do {
    for (size_t i = 0; i < records; i++) {
      std::memcpy(to + i * record, from + i * record, record);
      sum ^= Crc32(0, {to + i * record, record});
    }
    done += static_cast<int64_t>(records);
  } while (!deadline.passed());
  const double seconds = deadline.seconds();
  figures->Set("recordsPerSecond", static_cast<double>(done) / seconds);
  figures->Set("bytesPerSecond", static_cast<double>(done) * static_cast<double>(record) / seconds);
  checksum_sink = sum;
}

}  // namespace millrace::bench
