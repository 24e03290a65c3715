// The operating system as a Platform: Linux, with what macOS offers of it.
//
// Promises what platform.h says and adds nothing: every call is one attempt, no call repeats after EINTR. Holds no state about
// files: a FileHandle is the descriptor, owned by the caller. Every call may come from any thread; for services and their threads
// see platform_posix_threads.h. What the file system cannot do is told as EOPNOTSUPP (Reserve, WriteZerosDurably, Lock) or as
// EAGAIN (Read with kOnlyCached, OpenCached). Only Linux is tested.
//
// More than 300 lines: with the parts for sockets and threads (platform_posix_*.h) it is what makes system calls, best seen
// together.
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#include <sys/sysctl.h>
#endif

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "platform.h"
#include "platform_posix_sockets.h"
#include "platform_posix_threads.h"
#include "sigbus_guard.h"

namespace millrace {
namespace {

constexpr int64_t kZerosBytes =
    1024 * 1024;  // one write of zeros: whoever meets it waits, so few long ones rather than many short ones

IoResult Failure(int error) { return {.value = 0, .error = error}; }
IoResult FromCall(int64_t result) { return result < 0 ? Failure(errno) : IoResult{.value = result, .error = 0}; }

// A descriptor that lives for one call.
class ScopedDescriptor {
 public:
  ScopedDescriptor(const char* path, int flags) : fd_(open(path, flags | O_CLOEXEC)) {}
  ~ScopedDescriptor() {
    if (fd_ < 0) return;
    const int saved_errno = errno;
    close(fd_);
    errno = saved_errno;
  }
  ScopedDescriptor(const ScopedDescriptor&) = delete;
  ScopedDescriptor& operator=(const ScopedDescriptor&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

// --- what differs by operating system

#if defined(__linux__)

// Calls younger than the headers that this may be built with; their numbers are the same on every processor.
constexpr long kOpenat2 = 437;
constexpr long kCachestat = 451;

// Whether those bytes, as far as the file goes, are all in the page cache. True also where the kernel cannot tell.
bool IsCached(int fd, int64_t position, size_t size) {
  static std::atomic<bool> can_tell{true};
  if (!can_tell.load(std::memory_order_relaxed)) return true;
  const uint64_t range[2] = {static_cast<uint64_t>(position), size};
  uint64_t counts[5] = {};  // in the cache, dirty, and more
  if (syscall(kCachestat, fd, range, counts, 0) != 0) {
    if (errno == ENOSYS) can_tell = false;
    return true;
  }
  static const int64_t page = sysconf(_SC_PAGESIZE);
  const auto pages_to = [position](int64_t end) { return static_cast<uint64_t>((end - 1) / page - position / page + 1); };
  const int64_t end = position + static_cast<int64_t>(size);
  if (size == 0 || counts[0] >= pages_to(end)) return true;
  struct stat found;
  if (fstat(fd, &found) != 0 || found.st_size >= end) return false;
  return found.st_size <= position || counts[0] >= pages_to(found.st_size);
}

// RWF_NOWAIT alone begins to read ahead, and for that waits until the file's block map has been fetched.
IoResult ReadCached(int fd, std::span<std::byte> to, int64_t position) {
  if (!IsCached(fd, position, to.size())) return Failure(EAGAIN);
  const iovec piece{.iov_base = to.data(), .iov_len = to.size()};
  const ssize_t count = preadv2(fd, &piece, 1, position, RWF_NOWAIT);
  if (count < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) return Failure(EAGAIN);
  return FromCall(count);
}

int OpenWithoutWaiting(const char* path, int flags) {
  constexpr uint64_t kResolveCached = 0x20;
  const uint64_t how[3] = {static_cast<uint64_t>(flags), 0, kResolveCached};  // the second are permissions
  const long fd = syscall(kOpenat2, AT_FDCWD, path, how, sizeof how);
  if (fd < 0 && (errno == ENOSYS || errno == EINVAL || errno == EPERM)) errno = EAGAIN;  // cannot, or may not
  return static_cast<int>(fd);
}

IoResult ReserveBlocks(int fd, int64_t position, int64_t size) {
  return FromCall(fallocate(fd, FALLOC_FL_KEEP_SIZE, position, size));
}

IoResult WriteZeros(int fd, int64_t position, int64_t size) {
  alignas(4096) static std::byte zeros[kZerosBytes];  // never written: not const, so that it takes no room in the binary
  const iovec piece{.iov_base = zeros, .iov_len = static_cast<size_t>(std::min(size, kZerosBytes))};
  // O_DIRECT is a property of an open file, and the handle's own stays buffered: hence a second descriptor. The page cache would
  // hand the zeros to whoever syncs next, and that somebody is waiting.
  char self[40];
  std::snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  const ScopedDescriptor direct(self, O_WRONLY | O_DIRECT);
  if (direct.ok()) {
    const ssize_t count = pwritev2(direct.get(), &piece, 1, position, RWF_DSYNC);
    if (count >= 0 || errno != EINVAL) return FromCall(count);
  }
  return FromCall(pwritev2(fd, &piece, 1, position, RWF_DSYNC));
}

int SyncData(int fd) { return fdatasync(fd); }
int SyncAll(int fd) { return syncfs(fd); }

std::string ReadBootId() {
  const ScopedDescriptor file("/proc/sys/kernel/random/boot_id", O_RDONLY);
  char text[64];
  const ssize_t count = file.ok() ? read(file.get(), text, sizeof text) : 0;
  std::string id(text, count > 0 ? static_cast<size_t>(count) : 0);
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

#else

IoResult ReadCached(int, std::span<std::byte>, int64_t) { return Failure(EAGAIN); }
int OpenWithoutWaiting(const char*, int) {
  errno = EAGAIN;
  return -1;
}
IoResult ReserveBlocks(int, int64_t, int64_t) { return Failure(EOPNOTSUPP); }
IoResult WriteZeros(int, int64_t, int64_t) { return Failure(EOPNOTSUPP); }

int SyncData(int fd) {
#if defined(F_FULLFSYNC)
  if (fcntl(fd, F_FULLFSYNC) == 0) return 0;
  if (errno != ENOTSUP && errno != EINVAL) return -1;  // a file system without it has only fsync
#endif
  return fsync(fd);
}

int SyncAll(int) {
  sync();
  return 0;
}

#if defined(__APPLE__)
std::string ReadBootId() {
  char text[64];
  size_t size = sizeof text;
  if (sysctlbyname("kern.bootsessionuuid", text, &size, nullptr, 0) != 0) return {};
  return std::string(text, size > 0 ? size - 1 : 0);
}
#else
std::string ReadBootId() { return {}; }
#endif

#endif

// --- the platform

bool IsDirectory(DIR* parent, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN && entry.d_type != DT_LNK) return entry.d_type == DT_DIR;
  struct stat found;
  return fstatat(dirfd(parent), entry.d_name, &found, 0) == 0 && S_ISDIR(found.st_mode);
}

class PosixPlatform final : public Platform {
 public:
  IoResult Open(const std::string& path, OpenMode mode, FileHandle* file) override {
    int flags = O_CLOEXEC;
    flags |= mode == OpenMode::kRead ? O_RDONLY : O_RDWR;
    if (mode == OpenMode::kCreate) flags |= O_CREAT;
    const int fd = open(path.c_str(), flags, 0666);
    if (fd < 0) return Failure(errno);
    *file = fd;
    return {};
  }

  IoResult OpenCached(const std::string& path, OpenMode mode, FileHandle* file) override {
    const int fd = OpenWithoutWaiting(path.c_str(), O_CLOEXEC | (mode == OpenMode::kRead ? O_RDONLY : O_RDWR));
    if (fd < 0) return Failure(errno);
    *file = fd;
    return {};
  }

  void Close(FileHandle file) override { close(file); }

  IoResult Size(FileHandle file) override {
    struct stat found;
    if (fstat(file, &found) != 0) return Failure(errno);
    return {.value = found.st_size, .error = 0};
  }

  IoResult Resize(FileHandle file, int64_t size) override { return FromCall(ftruncate(file, size)); }

  IoResult Read(FileHandle file, std::span<std::byte> to, int64_t position, ReadMode mode) override {
    if (mode == ReadMode::kOnlyCached) return ReadCached(file, to, position);
    return FromCall(pread(file, to.data(), to.size(), position));
  }

  IoResult Write(FileHandle file, std::span<const std::byte> from, int64_t position) override {
#if defined(__linux__) && defined(__LP64__)
    // The library's pwrite is a cancellation point: atomic operations before and after, for a cancellation that nobody asks for.
    return FromCall(syscall(SYS_pwrite64, file, from.data(), from.size(), position));
#else
    return FromCall(pwrite(file, from.data(), from.size(), position));
#endif
  }

  IoResult Reserve(FileHandle file, int64_t position, int64_t size) override { return ReserveBlocks(file, position, size); }
  IoResult WriteZerosDurably(FileHandle file, int64_t position, int64_t size) override { return WriteZeros(file, position, size); }
  void ReadAhead(FileHandle file, int64_t position, int64_t size) override {
#if defined(POSIX_FADV_WILLNEED)
    posix_fadvise(file, position, size, POSIX_FADV_WILLNEED);
#else
    (void)file, (void)position, (void)size;
#endif
  }
  IoResult Sync(FileHandle file) override { return FromCall(SyncData(file)); }

  IoResult NextData(FileHandle file, int64_t position) override {
    const off_t found = lseek(file, position, SEEK_DATA);
    if (found >= 0) return {.value = found, .error = 0};
    if (errno == ENXIO) return Size(file);
    if (errno == EINVAL) return {.value = position, .error = 0};  // the file system keeps no account of holes
    return Failure(errno);
  }

  IoResult Map(FileHandle file, int64_t position, int64_t size, bool writable, std::byte** address) override {
    const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    void* const mapped = mmap(nullptr, static_cast<size_t>(size), protection, MAP_SHARED, file, position);
    if (mapped == MAP_FAILED) return Failure(errno);
    *address = static_cast<std::byte*>(mapped);
    return {};
  }

  void Unmap(std::byte* address, int64_t size) override { munmap(address, static_cast<size_t>(size)); }

  IoResult CopyGuarded(std::byte* to, const std::byte* from, size_t size) override { return Failure(GuardedCopy(to, from, size)); }

  IoResult DuplicateSocket(FileHandle socket, FileHandle* copy) override { return DuplicateDescriptor(socket, copy); }
  IoResult SendFile(FileHandle socket, FileHandle file, int64_t position, int64_t size) override {
    return SendFromFile(socket, file, position, size);
  }
  IoResult Send(FileHandle socket, std::span<const std::span<const std::byte>> pieces, bool more) override {
    return SendPieces(socket, pieces, more);
  }
  std::unique_ptr<SocketWaiter> NewSocketWaiter() override { return MakeSocketWaiter(); }

  IoResult MakeDirectory(const std::string& path) override { return FromCall(mkdir(path.c_str(), 0777)); }
  IoResult RemoveDirectory(const std::string& path) override { return FromCall(rmdir(path.c_str())); }

  IoResult List(const std::string& path, std::vector<DirectoryEntry>* entries) override {
    entries->clear();
    DIR* const directory = opendir(path.c_str());
    if (directory == nullptr) return Failure(errno);
    int error = 0;
    for (;;) {
      errno = 0;
      const dirent* const entry = readdir(directory);
      if (entry == nullptr) {
        error = errno;
        break;
      }
      std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      entries->push_back({.name = std::move(name), .is_directory = IsDirectory(directory, *entry)});
    }
    closedir(directory);
    std::sort(entries->begin(), entries->end(), [](const auto& left, const auto& right) { return left.name < right.name; });
    return Failure(error);
  }

  PathKind Kind(const std::string& path) override {
    struct stat found;
    if (stat(path.c_str(), &found) == 0) {
      if (S_ISREG(found.st_mode)) return PathKind::kFile;
      return S_ISDIR(found.st_mode) ? PathKind::kDirectory : PathKind::kOther;
    }
    if (errno != ENOENT && errno != ENOTDIR) return PathKind::kOther;  // something is there, and we may not look
    return lstat(path.c_str(), &found) == 0 ? PathKind::kOther : PathKind::kNone;
  }

  IoResult Rename(const std::string& from, const std::string& to) override { return FromCall(rename(from.c_str(), to.c_str())); }
  IoResult Unlink(const std::string& path) override { return FromCall(unlink(path.c_str())); }

  IoResult SyncDirectory(const std::string& path) override {
    const ScopedDescriptor directory(path.c_str(), O_RDONLY | O_DIRECTORY);
    return FromCall(directory.ok() ? fsync(directory.get()) : -1);
  }

  IoResult SyncFileSystem(const std::string& path) override {
    const ScopedDescriptor place(path.c_str(), O_RDONLY);
    return FromCall(place.ok() ? SyncAll(place.get()) : -1);
  }

  IoResult FreeBytes(const std::string& path) override {
    struct statvfs found;
    if (statvfs(path.c_str(), &found) != 0) return Failure(errno);
    return {.value = static_cast<int64_t>(found.f_bavail) * static_cast<int64_t>(found.f_frsize), .error = 0};
  }

  IoResult Lock(FileHandle file) override {
#if defined(F_OFD_SETLK)
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 0;
    lock.l_len = 1;
    if (fcntl(file, F_OFD_SETLK, &lock) == 0) return {};
    return Failure(errno == EACCES ? EAGAIN : errno);
#else
    static_cast<void>(file);
    return Failure(EOPNOTSUPP);
#endif
  }

  int ProcessId() override { return getpid(); }
  std::string BootId() override { return ReadBootId(); }

  uint64_t Random() override {
    uint64_t value = 0;
    if (getentropy(&value, sizeof value) == 0) return value;
    // A sandbox may forbid it. What is asked for are names that differ, not secrets.
    return static_cast<uint64_t>(MonotonicNanos()) * 0x9e3779b97f4a7c15ULL ^ static_cast<uint64_t>(getpid()) << 40;
  }

  int64_t MonotonicNanos() override {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }

  std::unique_ptr<Monitor> NewMonitor() override { return MakeMonitor(); }

  // Null when the system has no thread left.
  std::unique_ptr<ServiceThread> StartService(const char* name, Service* service) override {
    return StartServiceThread(name, service);
  }
};

}  // namespace

Platform& RealPlatform() {
  static PosixPlatform* const platform = new PosixPlatform;
  return *platform;
}

}  // namespace millrace
