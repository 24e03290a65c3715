// How fast bytes come from the disk when no page of them is in memory, and how to bring that about for the files of a store.
//
// The limit reads past the page cache (O_DIRECT) in a file of random bytes that was written and synced before: what it gives is
// the device, and whatever caches that has below it. Files are evicted one by one with POSIX_FADV_DONTNEED, which needs no
// rights, leaves the pages of everybody else alone, and takes neither pages that are not written yet nor those that somebody has
// mapped.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "probe.h"
#include "scratch_file.h"

namespace millrace::bench {
namespace {

constexpr int64_t kFileBytes = 256 << 20;
constexpr size_t kAlignment = 4096;

struct Freer {
  void operator()(void* memory) const { std::free(memory); }
};

// The readers of one probe share where to read next; each has a buffer of its own.
class Readers {
 public:
  Readers(int descriptor, int64_t bytes, bool is_random, const Deadline* deadline)
      : descriptor_(descriptor), bytes_(bytes), is_random_(is_random), deadline_(deadline) {}

  void Run(int64_t threads) {
    std::vector<std::thread> others;
    for (int64_t i = 1; i < threads; i++) others.emplace_back([this, i] { Read(i); });
    Read(0);
    for (std::thread& other : others) other.join();
  }
  int64_t reads() const { return reads_; }
  int error() const { return error_; }

 private:
  void Read(int64_t seed) {
    const std::unique_ptr<void, Freer> buffer(std::aligned_alloc(kAlignment, static_cast<size_t>(bytes_)));
    std::mt19937_64 random(std::random_device{}() + static_cast<uint64_t>(seed));
    const uint64_t places = static_cast<uint64_t>(kFileBytes / bytes_);
    do {
      const uint64_t place = is_random_ ? random() : next_++;
      const ssize_t count =
          ::pread(descriptor_, buffer.get(), static_cast<size_t>(bytes_), static_cast<off_t>(place % places) * bytes_);
      if (count != bytes_) {
        error_ = count < 0 ? errno : EIO;
        return;
      }
      reads_++;
    } while (!deadline_->passed());
  }

  const int descriptor_;
  const int64_t bytes_;
  const bool is_random_;
  const Deadline* const deadline_;
  std::atomic<uint64_t> next_ = 0;
  std::atomic<int64_t> reads_ = 0;
  std::atomic<int> error_ = 0;
};

// Bytes of the file that are in memory.
int64_t ResidentBytes(int descriptor, size_t size) {
  void* const mapping = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (mapping == MAP_FAILED) return 0;
  std::vector<unsigned char> pages((size + kAlignment - 1) / kAlignment);
  ::mincore(mapping, size, pages.data());
  ::munmap(mapping, size);
  return std::count_if(pages.begin(), pages.end(), [](unsigned char page) { return (page & 1) != 0; }) *
         static_cast<int64_t>(kAlignment);
}

}  // namespace

// `bytes=` of one read (default 1 MiB, a multiple of 4096), `threads=` that read at once (default 1), `random=1`: anywhere, else
// one behind the other. bytesPerSecond, readsPerSecond.
void MeasureColdRead(const std::string& directory, const Parameters& parameters, Figures* figures) {
  const int64_t bytes = parameters.Get("bytes", 1 << 20);
  const int64_t threads = parameters.Get("threads", 1);
  if (bytes <= 0 || bytes > kFileBytes || bytes % static_cast<int64_t>(kAlignment) != 0)
    return figures->Fail("bytes is a multiple of 4096 up to 268435456", 0);
  if (threads < 1 || threads > 64) return figures->Fail("threads is 1 to 64", 0);
  const std::string path = directory + "/limits-cold";
  const ScratchFile file(path, kFileBytes, ScratchFile::Blocks::kNoise, true, figures);
  if (!file.ok()) return;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
  if (descriptor < 0) return figures->Fail("open with O_DIRECT", errno);
  const Deadline deadline(parameters);
  Readers readers(descriptor, bytes, parameters.Get("random", 0) != 0, &deadline);
  readers.Run(threads);
  const double seconds = deadline.seconds();
  ::close(descriptor);
  if (readers.error() != 0) return figures->Fail("pread", readers.error());
  figures->Set("bytesPerSecond", static_cast<double>(readers.reads() * bytes) / seconds);
  figures->Set("readsPerSecond", static_cast<double>(readers.reads()) / seconds);
}

// Evicts every file under the folder `cold` of the directory. bytes of the files; residentBytes: what stayed in memory.
void EvictFiles(const std::string& directory, const Parameters&, Figures* figures) {
  std::error_code error;
  int64_t bytes = 0, resident = 0;
  for (std::filesystem::recursive_directory_iterator entry(directory + "/cold", error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    const size_t size = entry->file_size(error);
    const int descriptor = ::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || size == 0) {
      if (descriptor >= 0) ::close(descriptor);
      continue;
    }
    ::fsync(descriptor);
    ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
    bytes += static_cast<int64_t>(size);
    resident += ResidentBytes(descriptor, size);
    ::close(descriptor);
  }
  if (error) figures->Fail("look into " + directory + "/cold", error.value());
  figures->Set("bytes", static_cast<double>(bytes));
  figures->Set("residentBytes", static_cast<double>(resident));
}

}  // namespace millrace::bench
