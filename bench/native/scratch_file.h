// A file of fixed size for one probe. The object owns the descriptor, and unlinks the file unless it is told to keep it.
// One thread.
#pragma once

#include <cstdint>
#include <string>

#include "probe.h"

namespace millrace::bench {

class ScratchFile {
 public:
  enum class Blocks {
    kReserved /* as fallocate leaves them */,
    kZeroed /* written once and synced */,
    kNoise /* the same with random bytes */
  };

  // Makes the file, or takes it as it is when it is there in the right size. `keep`: it outlives the object.
  ScratchFile(const std::string& path, int64_t size, Blocks blocks, bool keep, Figures* figures);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  bool ok() const { return ok_; }
  int descriptor() const { return descriptor_; }

 private:
  bool Make(int64_t size, Blocks blocks, Figures* figures);

  std::string path_;
  int descriptor_;
  bool keep_;
  bool ok_ = false;
};

}  // namespace millrace::bench
