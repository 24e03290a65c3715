// See scratch_file.h.
#include "scratch_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <random>
#include <vector>

namespace millrace::bench {

ScratchFile::ScratchFile(const std::string& path, int64_t size, Blocks blocks, bool keep, Figures* figures)
    : path_(path), descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)), keep_(keep) {
  if (descriptor_ < 0) {
    figures->Fail("open " + path, errno);
    return;
  }
  struct stat found = {};
  if (::fstat(descriptor_, &found) == 0 && found.st_size == size) {
    ok_ = true;
  } else {
    ok_ = Make(size, blocks, figures);
    if (!ok_) keep_ = false;
  }
}

ScratchFile::~ScratchFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!keep_) ::unlink(path_.c_str());
}

bool ScratchFile::Make(int64_t size, Blocks blocks, Figures* figures) {
  int error = ::posix_fallocate(descriptor_, 0, size);
  if (blocks != Blocks::kReserved) {
    std::vector<uint32_t> words(1 << 18);
    std::minstd_rand random;
    for (int64_t at = 0; error == 0 && at < size; at += 1 << 20) {
      if (blocks == Blocks::kNoise) std::generate(words.begin(), words.end(), std::ref(random));
      if (::pwrite(descriptor_, words.data(), 1 << 20, at) < 0) error = errno;
    }
    if (error == 0 && ::fsync(descriptor_) != 0) error = errno;
  }
  if (error != 0) figures->Fail("prepare " + path_, error);
  return error == 0;
}

}  // namespace millrace::bench
