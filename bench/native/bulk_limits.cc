// How fast a long stream of bytes reaches the device, when more of it comes than the kernel lets lie in memory.
//
// Through the page cache as anybody would write, or past it (O_DIRECT). What is still in memory at the end is synced within the
// time that is counted: bytes that only the page cache has did not reach the device. A new file each time, removed at the end.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "probe.h"
#include "scratch_file.h"

namespace millrace::bench {
namespace {

constexpr size_t kAlignment = 4096;  // what O_DIRECT asks for on the devices we know

struct Free {
  void operator()(void* block) const { std::free(block); }
};

}  // namespace

// `bytes=` of one write (default 1 MiB), `direct=1`: past the page cache, `most=` bytes in all (default 1 GiB). Ends at the first
// of most and millis. bytesPerSecond, seconds, writtenBytes.
void MeasureBulk(const std::string& directory, const Parameters& parameters, Figures* figures) {
  const int64_t bytes = parameters.Get("bytes", 1 << 20);
  const int64_t most = parameters.Get("most", int64_t{1} << 30);
  if (bytes <= 0 || bytes % static_cast<int64_t>(kAlignment) != 0 || bytes > most)
    return figures->Fail("bytes is a multiple of 4096, and at most `most`", 0);
  const std::string path = directory + "/limits-bulk";
  const ScratchFile file(path, most, ScratchFile::Blocks::kReserved, false, figures);
  if (!file.ok()) return;
  const int flags = parameters.Get("direct", 0) != 0 ? O_WRONLY | O_DIRECT | O_CLOEXEC : O_WRONLY | O_CLOEXEC;
  const int descriptor = ::open(path.c_str(), flags);
  if (descriptor < 0) return figures->Fail("open for bulk", errno);
  const std::unique_ptr<char, Free> from(static_cast<char*>(std::aligned_alloc(kAlignment, static_cast<size_t>(bytes))));
  for (int64_t i = 0; i < bytes; i++) from.get()[i] = static_cast<char>((static_cast<uint32_t>(i) * 2654435761u) >> 24);
  int64_t at = 0;
  int error = 0;
  const Deadline deadline(parameters);
  while (error == 0 && at <= most - bytes && !deadline.passed()) {
    if (::pwrite(descriptor, from.get(), static_cast<size_t>(bytes), at) != bytes) error = errno == 0 ? EIO : errno;
    at += bytes;
  }
  if (error == 0 && ::fdatasync(descriptor) != 0) error = errno;
  const double seconds = deadline.seconds();
  ::close(descriptor);
  if (error != 0) return figures->Fail("bulk", error);
  figures->Set("bytesPerSecond", static_cast<double>(at) / seconds);
  figures->Set("seconds", seconds);
  figures->Set("writtenBytes", static_cast<double>(at));
}

}  // namespace millrace::bench
