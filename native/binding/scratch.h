// The places of the numbers that a call takes and gives in the store's Float64Array. ts/addon.ts has the same list.
#pragma once

#include <cstddef>

namespace millrace::binding::scratch {

inline constexpr size_t kNumbers = 34;

// Given with an append.
inline constexpr size_t kFlag = 0, kSysFlag = 1, kBornTimestamp = 2, kNow = 3, kReconsumeTimes = 4, kPreparedOffset = 5, kWant = 6,
                        kBornHost = 7;
// Each message of a parcel: the same places, and how many bytes of body and properties it has.
inline constexpr size_t kParcelBodyBytes = 8, kParcelPropertiesBytes = 9, kParcelNumbers = 10;
// Given with a read.
inline constexpr size_t kOffset = 0, kMaxMessages = 1, kMaxBytes = 2, kMaxScanned = 3, kOnlyCached = 4, kFilter = 5;
// Given with a look-up by key, and kMaxMessages.
inline constexpr size_t kBegin = 0, kEnd = 2;

// Where an append stands.
inline constexpr size_t kAppendOffset = 8, kAppendPosition = 9, kAppendSize = 10, kAppendTimestamp = 11;
// What belongs to a status that is not OK.
inline constexpr size_t kErrno = 12, kErrorPosition = 13;
// Watermarks.
inline constexpr size_t kFirst = 14, kWritten = 15, kDurable = 16, kVisible = 17, kFailed = 18, kRejecting = 19;
// What a read found.
inline constexpr size_t kReadStatus = 20, kNextOffset = 21, kMinOffset = 22, kMaxOffset = 23, kMessages = 24, kBytes = 25,
                        kBytesNeeded = 26, kLostRuns = 27;
// A finished task's status; the numbers of a queue share places with a read.
inline constexpr size_t kTaskStatus = 28;
// Progress of opening.
inline constexpr size_t kPhase = 29, kDone = 30, kTotal = 31;
// How far a transfer got, and how.
inline constexpr size_t kSent = 32, kSendPath = 33;

}  // namespace millrace::binding::scratch
