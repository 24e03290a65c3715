// How fast bytes reach a file: writes into blocks that are reserved, and writes that are synced one by one or in groups.
//
// Unsynced writes go to a new file each time: page cache that is new is what costs, and an old file would already have it. Synced
// writes go to one file that is kept, zeroed and synced before: neither its size nor its extents change under the clock.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "latencies.h"
#include "probe.h"
#include "scratch_file.h"

namespace millrace::bench {
namespace {

constexpr int64_t kZeroedBytes = 64 << 20;

// Syncs a file whenever `step` more bytes were written, as a store with asynchronous flush does, until it is destroyed.
class BackgroundSync {
 public:
  BackgroundSync(int descriptor, int64_t step) : descriptor_(descriptor), step_(step) {
    if (step > 0) thread_ = std::thread([this] { Loop(); });
  }
  ~BackgroundSync() {
    if (!thread_.joinable()) return;
    written_ = -1;
    written_.notify_one();
    thread_.join();
  }
  BackgroundSync(const BackgroundSync&) = delete;
  BackgroundSync& operator=(const BackgroundSync&) = delete;

  void Wrote(int64_t end) {
    if (step_ == 0 || end - told_ < step_) return;
    told_ = end;
    written_ = end;
    written_.notify_one();
  }

 private:
  void Loop() {
    for (int64_t seen = 0; seen >= 0; seen = written_) {
      if (seen > 0) ::fdatasync(descriptor_);
      written_.wait(seen);
    }
  }

  const int descriptor_;
  const int64_t step_;
  int64_t told_ = 0;
  std::atomic<int64_t> written_ = 0;
  std::thread thread_;
};

}  // namespace

// `bytes=` of one write (default 262144), `most=` bytes in all (default 256 MiB), `sync=` bytes after which another thread syncs
// (default 0: never). bytesPerSecond, writesPerSecond.
void MeasureWrite(const std::string& directory, const Parameters& parameters, Figures* figures) {
  const int64_t bytes = parameters.Get("bytes", 256 << 10);
  const int64_t most = parameters.Get("most", int64_t{256} << 20);
  if (bytes <= 0 || bytes > most) return figures->Fail("bytes is 1 to most", 0);
  const ScratchFile file(directory + "/limits-reserved", most, ScratchFile::Blocks::kReserved, false, figures);
  if (!file.ok()) return;
  const std::vector<char> from(static_cast<size_t>(bytes), 'x');
  BackgroundSync sync(file.descriptor(), parameters.Get("sync", 0));
  int64_t at = 0;
  const Deadline deadline(parameters);
  while (at <= most - bytes && !deadline.passed()) {
    const ssize_t count = ::pwrite(file.descriptor(), from.data(), from.size(), at);
    if (count < 0) return figures->Fail("pwrite", errno);
    at += count;
    sync.Wrote(at);
  }
  const double seconds = deadline.seconds();
  figures->Set("bytesPerSecond", static_cast<double>(at) / seconds);
  figures->Set("writesPerSecond", static_cast<double>(at) / static_cast<double>(bytes) / seconds);
}

// `bytes=` of one record (default 1024), `records=` that go together in one write and one fdatasync (default 1). `cold=1`: the
// pages are not in memory when they are written. recordsPerSecond; cycle…: write and sync together; sync…: the sync alone.
void MeasureWriteAndSync(const std::string& directory, const Parameters& parameters, Figures* figures) {
  const int64_t records = parameters.Get("records", 1);
  const int64_t bytes = parameters.Get("bytes", 1024) * records;
  if (bytes <= 0 || bytes > kZeroedBytes) return figures->Fail("bytes times records is 1 to 67108864", 0);
  const ScratchFile file(directory + "/limits-zeroed", kZeroedBytes, ScratchFile::Blocks::kZeroed, true, figures);
  if (!file.ok()) return;
  if (parameters.Get("cold", 0) != 0) ::posix_fadvise(file.descriptor(), 0, 0, POSIX_FADV_DONTNEED);
  const std::vector<char> from(static_cast<size_t>(bytes), 'x');
  static int64_t next = 0;  // goes on where the last round ended: a log does not return to the same page
  Latencies cycle, sync;
  int64_t groups = 0;
  const Deadline deadline(parameters);
  do {
    if (next > kZeroedBytes - bytes) next = 0;
    const auto begin = std::chrono::steady_clock::now();
    if (::pwrite(file.descriptor(), from.data(), from.size(), next) != bytes) return figures->Fail("pwrite", errno);
    const auto written = std::chrono::steady_clock::now();
    if (::fdatasync(file.descriptor()) != 0) return figures->Fail("fdatasync", errno);
    const auto synced = std::chrono::steady_clock::now();
    cycle.Add(synced - begin);
    sync.Add(synced - written);
    next += bytes;
    groups++;
  } while (!deadline.passed());
  figures->Set("recordsPerSecond", static_cast<double>(groups * records) / deadline.seconds());
  cycle.Report("cycle", figures);
  sync.Report("sync", figures);
}

// Waits until nothing of what was measured before is still on its way to the disk. millis.
void SettleDisk(const std::string& directory, const Parameters& parameters, Figures* figures) {
  const Deadline since(parameters);
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return figures->Fail("open " + directory, errno);
  if (::syncfs(descriptor) != 0) figures->Fail("syncfs", errno);
  ::close(descriptor);
  figures->Set("millis", since.seconds() * 1000);
}

}  // namespace millrace::bench
