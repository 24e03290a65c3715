// What a probe of the limits program is given and gives back: parameters by name, figures by name.
//
// Parameters come as `name=value` words of one command; an absent one has the default that the probe states. Figures leave as one
// line of JSON. A probe that fails says why with Fail, and its figures are dropped. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace millrace::bench {

class Parameters {
 public:
  explicit Parameters(std::map<std::string, int64_t> values) : values_(std::move(values)) {}
  int64_t Get(const std::string& name, int64_t otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
  }

 private:
  std::map<std::string, int64_t> values_;
};

class Figures {
 public:
  void Set(const std::string& name, double value) { values_[name] = value; }
  // Keeps the first reason. `error` is an errno, 0 when none is behind it.
  void Fail(const std::string& what, int error);
  // One object: the figures, or {"error": "..."}.
  std::string ToJson() const;

 private:
  std::map<std::string, double> values_;
  std::string failure_;
};

// Time that a probe may take: `millis=`, default 200.
class Deadline {
 public:
  explicit Deadline(const Parameters& parameters)
      : begin_(Clock::now()), end_(begin_ + std::chrono::milliseconds(parameters.Get("millis", 200))) {}
  bool passed() const { return Clock::now() >= end_; }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_;
  Clock::time_point end_;
};

// Each runs once, for at most `millis`, with files under `directory`.
using Probe = void (*)(const std::string& directory, const Parameters& parameters, Figures* figures);

void MeasureCopy(const std::string& directory, const Parameters& parameters, Figures* figures);
void MeasureCopyAndChecksum(const std::string& directory, const Parameters& parameters, Figures* figures);
void MeasureWrite(const std::string& directory, const Parameters& parameters, Figures* figures);
void MeasureWriteAndSync(const std::string& directory, const Parameters& parameters, Figures* figures);
void MeasureBulk(const std::string& directory, const Parameters& parameters, Figures* figures);
void MeasureRoundTrip(const std::string& directory, const Parameters& parameters, Figures* figures);
void StartReceiver(const std::string& directory, const Parameters& parameters, Figures* figures);
void MeasureSendFile(const std::string& directory, const Parameters& parameters, Figures* figures);
void MeasureGather(const std::string& directory, const Parameters& parameters, Figures* figures);
void MeasureColdRead(const std::string& directory, const Parameters& parameters, Figures* figures);
void EvictFiles(const std::string& directory, const Parameters& parameters, Figures* figures);
void SettleDisk(const std::string& directory, const Parameters& parameters, Figures* figures);

}  // namespace millrace::bench
