#include "time_scan.h"

#include "testing.h"

namespace millrace::testing {

Scan ScanOf(Store& store, int32_t queue) {
  Store::QueueNumbers numbers;
  CHECK(store.Numbers(queue, &numbers));
  Scan scan{.first = numbers.min, .times = {}};
  std::vector<std::byte> buffer(1 << 18);
  ReadLimits one;
  one.max_messages = 1;
  for (int64_t offset = numbers.min; offset < numbers.max; offset++) {
    ReadOutcome outcome;
    CHECK_OK(store.Read(queue, offset, one, ReadMode::kMayBlock, buffer, &outcome));
    scan.times.emplace_back();
    if (outcome.messages == 0) continue;
    RecordView view;
    const std::span<const std::byte> bytes = std::span<const std::byte>(buffer).first(static_cast<size_t>(outcome.bytes));
    CHECK_EQ(DecodeRecord(bytes, LoadI64(bytes.data() + format::kPositionAt), outcome.bytes, ChecksumRule::kSkip, &view),
             RecordKind::kRecord);
    scan.times.back() = view.store_timestamp;
  }
  return scan;
}

TimeSearch::Found FoundByScan(const Scan& scan, const TimeBorder& border) {
  TimeSearch::Found found{scan.first - 1, scan.end()};
  for (int64_t offset = scan.first; offset < scan.end(); offset++) {
    if (scan.at(offset) && IsBefore(*scan.at(offset), border)) found.before = offset;
  }
  for (int64_t offset = scan.end() - 1; offset >= scan.first; offset--) {
    if (scan.at(offset) && !IsBefore(*scan.at(offset), border)) found.behind = offset;
  }
  return found;
}

}  // namespace millrace::testing
