// The layout of every byte that Apache RocketMQ 5 shares with us: constants, nothing else. Told in full in docs/format.md.
//
// All integers are big-endian. Offsets are from the start of the structure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::format {

// --- commit log record
inline constexpr uint32_t kMagicV1 = 0xDAA320A7;     // topic length in one byte
inline constexpr uint32_t kMagicV2 = 0xDAA320AB;     // topic length in two bytes
inline constexpr uint32_t kMagicBlank = 0xCBD43194;  // the rest of the file is unused

inline constexpr size_t kSizeAt = 0;
inline constexpr size_t kMagicAt = 4;
inline constexpr size_t kBodyCrcAt = 8;
inline constexpr size_t kQueueIdAt = 12;
inline constexpr size_t kFlagAt = 16;
inline constexpr size_t kQueueOffsetAt = 20;
inline constexpr size_t kPositionAt = 28;
inline constexpr size_t kSysFlagAt = 36;
inline constexpr size_t kBornTimestampAt = 40;
inline constexpr size_t kBornHostAt = 48;  // what follows moves by 12 when a host is IPv6

inline constexpr size_t kBodySizeV4At = 84;  // with two IPv4 hosts
inline constexpr size_t kHostV4Bytes = 8;    // address, then the port as i32
inline constexpr size_t kHostV6Bytes = 20;
inline constexpr size_t kMinRecordBytes = 91;  // V1, IPv4 hosts, nothing in it
inline constexpr size_t kBlankBytes = 8;       // {i32 bytes to the end of the file, i32 kMagicBlank}

inline constexpr size_t kMaxTopicBytesV1 = 127;
inline constexpr size_t kMaxPropertiesBytes = 32767;

// --- sysFlag
inline constexpr int32_t kCompressed = 0x1;
inline constexpr int32_t kMultiTags = 0x2;
inline constexpr int32_t kTransactionMask = 0xC;
inline constexpr int32_t kTransactionPrepared = 0x4;
inline constexpr int32_t kTransactionCommit = 0x8;
inline constexpr int32_t kTransactionRollback = 0xC;
inline constexpr int32_t kBornHostV6 = 0x10;
inline constexpr int32_t kStoreHostV6 = 0x20;
inline constexpr int32_t kCompressionType = 0x700;

// --- properties: name 0x01 value 0x02 ...
inline constexpr char kNameEnd = 0x01;
inline constexpr char kValueEnd = 0x02;
inline constexpr char kCrcName[] = "__CRC32#";
inline constexpr size_t kCrcPropertyBytes = 20;  // name, 0x01, ten digits (least significant first), 0x02
// Ours: on the first record of a batch, `count:bytes` as two numbers of ten digits. Readers never show it.
inline constexpr char kBatchName[] = "__MILLRACE_BATCH";
inline constexpr size_t kBatchPropertyBytes = 16 + 1 + 21 + 1;

// --- consume queue entry
inline constexpr size_t kEntryBytes = 20;
inline constexpr size_t kEntryPositionAt = 0;
inline constexpr size_t kEntrySizeAt = 8;
inline constexpr size_t kEntryTagsCodeAt = 12;
inline constexpr int32_t kPreBlankSize = 0x7FFFFFFF;  // {0, kPreBlankSize, 0}: stands where no message ever was

// --- checkpoint
inline constexpr size_t kCheckpointBytes = 4096;
inline constexpr size_t kCheckpointPhysicTimestampAt = 0;
inline constexpr size_t kCheckpointLogicsTimestampAt = 8;
inline constexpr size_t kCheckpointIndexTimestampAt = 16;
inline constexpr size_t kCheckpointMasterFlushedAt = 24;
inline constexpr size_t kCheckpointConfirmAt = 32;
inline constexpr size_t kCheckpointLogicsPositionAt = 40;

// --- key index: header, slots (i32, the number of the newest item), items
inline constexpr size_t kIndexHeaderBytes = 40;
inline constexpr size_t kIndexBeginTimestampAt = 0;
inline constexpr size_t kIndexEndTimestampAt = 8;
inline constexpr size_t kIndexBeginPositionAt = 16;
inline constexpr size_t kIndexEndPositionAt = 24;
inline constexpr size_t kIndexUsedSlotsAt = 32;
inline constexpr size_t kIndexNextItemAt = 36;
inline constexpr size_t kIndexSlotBytes = 4;
inline constexpr size_t kIndexItemBytes = 20;
inline constexpr size_t kItemHashAt = 0;
inline constexpr size_t kItemPositionAt = 4;
inline constexpr size_t kItemSecondsAt = 12;
inline constexpr size_t kItemPreviousAt = 16;

// --- file names
inline constexpr size_t kIndexNameDigits = 17;
inline constexpr size_t kFileNameDigits = 20;

static_assert(kBornHostAt + kHostV4Bytes + 8 + kHostV4Bytes + 4 + 8 + 4 + 1 + 2 == kMinRecordBytes);
static_assert(kEntryTagsCodeAt + 8 == kEntryBytes);
static_assert(kIndexNextItemAt + 4 == kIndexHeaderBytes);
static_assert(kItemPreviousAt + 4 == kIndexItemBytes);
static_assert(sizeof(kCrcName) - 1 + 1 + 10 + 1 == kCrcPropertyBytes);
static_assert(sizeof(kBatchName) - 1 + 1 + 21 + 1 == kBatchPropertyBytes);
static_assert(kCheckpointLogicsPositionAt + 8 <= kCheckpointBytes);

}  // namespace millrace::format
