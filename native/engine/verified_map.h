// Which records have been verified since the store was opened: one bit for each 64 bytes of log, which is less than any record.
//
// Memory is bounded: pages of bits are made on first use and the oldest go first; a record whose page is gone is verified again.
// What this process wrote, or recovery read, counts as verified. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <unordered_map>

namespace millrace {

class VerifiedMap {
 public:
  // Everything in [from, to) is verified; the store's own appends extend it to the end of time.
  void Trust(int64_t from) { trusted_from_.store(from, std::memory_order_relaxed); }

  bool Has(int64_t position) const {
    if (position >= trusted_from_.load(std::memory_order_relaxed)) return true;
    std::lock_guard lock(mutex_);
    const auto page = pages_.find(position / kPageSpan);
    return page != pages_.end() && (page->second[Word(position)] & Bit(position)) != 0;
  }

  void Add(int64_t position) {
    if (position >= trusted_from_.load(std::memory_order_relaxed)) return;
    std::lock_guard lock(mutex_);
    const auto [page, made] = pages_.try_emplace(position / kPageSpan);
    if (made) {
      order_.push_back(position / kPageSpan);
      if (order_.size() > kMaxPages) {
        pages_.erase(order_.front());
        order_.pop_front();
      }
    }
    const auto there = pages_.find(position / kPageSpan);
    if (there != pages_.end()) there->second[Word(position)] |= Bit(position);
  }

 private:
  static constexpr int64_t kGranule = 64;
  static constexpr int64_t kPageSpan = 64 * 1024;
  static constexpr size_t kMaxPages = 65536;  // 8 MiB of bits: 4 GiB of log

  using Page = std::array<uint64_t, kPageSpan / kGranule / 64>;
  static size_t Word(int64_t position) { return static_cast<size_t>(position % kPageSpan / kGranule / 64); }
  static uint64_t Bit(int64_t position) { return uint64_t{1} << (position / kGranule % 64); }

  std::atomic<int64_t> trusted_from_{INT64_MAX};
  mutable std::mutex mutex_;
  std::unordered_map<int64_t, Page> pages_;
  std::deque<int64_t> order_;
};

}  // namespace millrace
