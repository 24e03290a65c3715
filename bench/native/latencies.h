// Durations of single operations, kept one by one, for percentiles without buckets. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "probe.h"

namespace millrace::bench {

class Latencies {
 public:
  Latencies() { micros_.reserve(1 << 16); }

  void Add(std::chrono::steady_clock::duration duration) {
    micros_.push_back(std::chrono::duration<double, std::micro>(duration).count());
  }

  // Sets <prefix>P50Micros, P90, P99, P999 and MaxMicros, and <prefix>MeanMicros; nothing when nothing was added.
  void Report(const std::string& prefix, Figures* figures) {
    if (micros_.empty()) return;
    std::sort(micros_.begin(), micros_.end());
    double sum = 0;
    for (const double value : micros_) sum += value;
    figures->Set(prefix + "P50Micros", At(0.5));
    figures->Set(prefix + "P90Micros", At(0.9));
    figures->Set(prefix + "P99Micros", At(0.99));
    figures->Set(prefix + "P999Micros", At(0.999));
    figures->Set(prefix + "MaxMicros", micros_.back());
    figures->Set(prefix + "MeanMicros", sum / static_cast<double>(micros_.size()));
  }

 private:
  double At(double quantile) const {
    return micros_[std::min(micros_.size() - 1, static_cast<size_t>(quantile * static_cast<double>(micros_.size())))];
  }

  std::vector<double> micros_;
};

}  // namespace millrace::bench
