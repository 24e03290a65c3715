// The ranges of the log that are damaged below the durable watermark: kept for ever, so that nothing is ever skipped in silence.
//
// Recovery and readers add; the maintenance thread saves. Any thread. Ranges are disjoint and sorted.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace millrace {

enum class LossReason : uint32_t { kChecksum = 1, kStructure = 2, kMissingFile = 3, kIoError = 4 };

struct LostRange {
  int64_t from = 0;  // inclusive
  int64_t to = 0;    // exclusive
  LossReason reason = LossReason::kChecksum;
};

class LossMap {
 public:
  void Load(std::vector<LostRange> ranges);
  // False when the whole range was known. Overlapping ranges become one.
  bool Add(const LostRange& range);
  // The range that holds `position`; false when it is not lost.
  bool Find(int64_t position, LostRange* range) const;
  std::vector<LostRange> All() const;
  int64_t bytes() const;
  // True once after each change: what saves the map asks.
  bool TakeChanged();
  void SetChanged();
  // How often a range was added.
  int64_t changes() const { return changes_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  std::vector<LostRange> ranges_;
  std::atomic<bool> any_{false};  // so that a look into a healthy log's map takes no lock
  bool changed_ = false;
  std::atomic<int64_t> changes_{0};
};

}  // namespace millrace
