#include "loss_map.h"

#include <algorithm>
#include <utility>

namespace millrace {

void LossMap::Load(std::vector<LostRange> ranges) {
  std::lock_guard lock(mutex_);
  ranges_ = std::move(ranges);
  any_.store(!ranges_.empty(), std::memory_order_release);
  changed_ = false;
}

bool LossMap::Add(const LostRange& range) {
  std::lock_guard lock(mutex_);
  LostRange merged = range;
  auto first = std::find_if(ranges_.begin(), ranges_.end(), [&](const LostRange& there) { return there.to > range.from; });
  if (first != ranges_.end() && first->from <= range.from && range.to <= first->to) return false;
  auto last = first;
  while (last != ranges_.end() && last->from < range.to) {
    merged.from = std::min(merged.from, last->from);
    merged.to = std::max(merged.to, last->to);
    ++last;
  }
  first = ranges_.erase(first, last);
  ranges_.insert(first, merged);
  any_.store(true, std::memory_order_release);
  changed_ = true;
  changes_.fetch_add(1, std::memory_order_release);
  return true;
}

bool LossMap::Find(int64_t position, LostRange* range) const {
  if (!any_.load(std::memory_order_acquire)) return false;
  std::lock_guard lock(mutex_);
  const auto found =
      std::partition_point(ranges_.begin(), ranges_.end(), [position](const LostRange& there) { return there.to <= position; });
  if (found == ranges_.end() || found->from > position) return false;
  *range = *found;
  return true;
}

std::vector<LostRange> LossMap::All() const {
  std::lock_guard lock(mutex_);
  return ranges_;
}

int64_t LossMap::bytes() const {
  std::lock_guard lock(mutex_);
  int64_t sum = 0;
  for (const LostRange& range : ranges_) sum += range.to - range.from;
  return sum;
}

bool LossMap::TakeChanged() {
  std::lock_guard lock(mutex_);
  return std::exchange(changed_, false);
}

void LossMap::SetChanged() {
  std::lock_guard lock(mutex_);
  changed_ = true;
}

}  // namespace millrace
