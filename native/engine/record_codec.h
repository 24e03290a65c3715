// Records of the commit log, encoded into a span and decoded from one. No I/O, no allocation, no state; any thread.
//
// An encoded record always ends in `__CRC32#`, a checksum over everything before it, position included: a record that was
// copied, torn or misdirected does not verify. Decoding accepts records without it (RocketMQ's default) where the caller allows
// that. A view points into the bytes it was decoded from and lives no longer than they do. Layout: docs/format.md, "Record".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "format.h"

namespace millrace {

struct Host {
  std::array<std::byte, 16> address{};  // the first 4 bytes when IPv4
  bool is_v6 = false;
  int32_t port = 0;
};

// What the caller gives. `properties` is the encoded form without checksum and without the batch's mark.
struct RecordFields {
  std::string_view topic;
  std::span<const std::byte> body;
  std::string_view properties;
  Host born_host;
  Host store_host;
  int64_t born_timestamp = 0;
  int64_t prepared_transaction_offset = 0;
  int32_t queue_id = 0;
  int32_t flag = 0;
  int32_t sys_flag = 0;  // without the two host bits: the hosts say
  int32_t reconsume_times = 0;
};

// Bytes of the record, checksum included, and the 0x02 that is put before it when the properties are not empty and do not end in
// one.
size_t EncodedBytes(const RecordFields& fields, bool first_of_batch);
// Bytes of the properties as stored (that separator, the batch's mark and the checksum included): at most kMaxPropertiesBytes.
size_t StoredPropertiesBytes(const RecordFields& fields, bool first_of_batch);

// Writes the record into `to` (exactly EncodedBytes) with zero in place of what only the log knows, and of the checksums.
void EncodeRecord(std::span<std::byte> to, const RecordFields& fields, bool first_of_batch);
// Fills in the batch's mark of a record that was encoded with first_of_batch.
void MarkBatch(std::span<std::byte> record, uint32_t count, uint32_t bytes);
// Fills in the place in queue and log, and the store's time.
void PlaceRecord(std::span<std::byte> record, int64_t queue_offset, int64_t position, int64_t store_timestamp);
// Fills in the checksums of the body and of the record, and returns the latter. After this the record is whole.
uint32_t SealRecord(std::span<std::byte> record);
// Seals records that follow each other, up to the end or to a BLANK; the checksum of the last one, 0 when there is none.
uint32_t SealRecords(std::span<std::byte> records);

// The end of a file that cannot hold the next record.
void EncodeBlank(std::span<std::byte> to /* 8 */, int32_t bytes_to_end_of_file);

enum class RecordKind {
  kRecord,  // valid
  kBlank,   // valid, and reaches exactly to the end of the file
  kZeros,   // the first 8 bytes are zero: nothing was written here
  kBad,     // anything else
};

// What a checksum has to look like.
enum class ChecksumRule {
  kRequired,  // ours: without `__CRC32#` the record is bad
  kIfThere,   // others': `__CRC32#` is verified if there, else the body's own checksum; something that almost spells it is bad
  kSkip,      // verified before
};

struct RecordView {
  std::span<const std::byte> bytes;  // the whole record
  int32_t queue_id = 0;
  int32_t flag = 0;
  int64_t queue_offset = 0;
  int64_t position = 0;
  int32_t sys_flag = 0;
  int64_t born_timestamp = 0;
  int64_t store_timestamp = 0;
  int32_t reconsume_times = 0;
  int64_t prepared_transaction_offset = 0;
  std::span<const std::byte> body;
  std::string_view topic;
  std::string_view properties;  // as stored, checksum and mark included
  bool has_checksum = false;    // `__CRC32#` was there (and, unless kSkip, right)
  uint32_t checksum = 0;        // the 31 bits in `__CRC32#`, else the body's: identifies the record in the side-car
  uint32_t batch_count = 0;     // on the first record of a batch, else 0
  uint32_t batch_bytes = 0;

  // Prepared and rollback records have no entry in a queue.
  bool has_queue_entry() const {
    const int32_t type = sys_flag & format::kTransactionMask;
    return type == 0 || type == format::kTransactionCommit;
  }
};

// Looks at what stands at `position`. `bytes` begins there and reaches to the end of the file, or as far as was read: a record
// longer than `bytes` is bad, so read at least `bytes_to_end_of_file` or the largest record. Nothing in `bytes` is believed before
// it is checked.
RecordKind DecodeRecord(std::span<const std::byte> bytes, int64_t position, int64_t bytes_to_end_of_file, ChecksumRule rule,
                        RecordView* view);

// The value of a property, an empty view with data() == nullptr when absent or empty (an empty value counts as absent).
std::string_view FindProperty(std::string_view properties, std::string_view name);

// Java's String.hashCode over the UTF-16 form of UTF-8 text (ill-formed bytes count as U+FFFD). With the hash of another text, that
// of both together.
int32_t JavaHash(std::string_view utf8, int32_t before = 0);
// What the queue entry holds: the hash of the property TAGS, sign-extended; 0 without it.
int64_t TagsCode(std::string_view properties);

}  // namespace millrace
