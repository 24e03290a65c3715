// See scratch_file.h.
#include "scratch_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
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
  if (blocks == Blocks::kZeroed) {
    const std::vector<char> zeros(1 << 20);
    for (int64_t at = 0; error == 0 && at < size; at += static_cast<int64_t>(zeros.size())) {
      if (::pwrite(descriptor_, zeros.data(), zeros.size(), at) < 0) error = errno;
    }
    if (error == 0 && ::fsync(descriptor_) != 0) error = errno;
  }
  if (error != 0) figures->Fail("prepare " + path_, error);
  return error == 0;
}

}  // namespace millrace::bench
