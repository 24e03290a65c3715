// The only door to the operating system: files, directories, mappings, locks, time and threads.
//
// Three back ends: platform_posix*.cc (the real one, and the only files with system calls), and under native/test a simulated disk
// that forgets what was not synced, and a failing one that makes the Nth call fail. The engine runs unchanged on all three.
//
// Every call is one attempt: it may be short, it may be interrupted (EINTR). Repeating is the engine's business (io.h), so that
// the failing platform can prove that it does. Handles belong to the caller until Close. All calls may come from any thread, a
// Monitor's and a Service's rules are told at them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace millrace {

using FileHandle = int;
inline constexpr FileHandle kNoFile = -1;

// What one attempt gave: a count (or size, or position), or an errno.
struct IoResult {
  int64_t value = 0;
  int error = 0;
  bool ok() const { return error == 0; }
};

enum class OpenMode { kRead, kReadWrite, kCreate /* read and write; made if missing, kept if there */ };
// Of reading, and of opening what is there.
enum class ReadMode { kMayBlock, kOnlyCached /* EAGAIN instead of waiting for the device */ };
enum class PathKind { kNone, kFile, kDirectory, kOther };

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
};

// A mutex with one condition. Only threads that call into the store wait; services never do (a simulated platform runs the
// services inside Wait, on the same thread).
class Monitor {
 public:
  virtual ~Monitor() = default;
  virtual void Lock() = 0;
  virtual void Unlock() = 0;
  // Called with the lock held; gives it up, and has it again on return. Returns after NotifyAll, after `nanos`
  // (kForever: no limit), or for no reason at all: callers loop over their condition.
  virtual void Wait(int64_t nanos) = 0;
  virtual void NotifyAll() = 0;
};

class MonitorLock {
 public:
  explicit MonitorLock(Monitor& monitor) : monitor_(monitor) { monitor_.Lock(); }
  ~MonitorLock() { monitor_.Unlock(); }
  MonitorLock(const MonitorLock&) = delete;
  MonitorLock& operator=(const MonitorLock&) = delete;

 private:
  Monitor& monitor_;
};

inline constexpr int64_t kForever = INT64_MAX;

// Work that goes on in the background. Step does what there is to do and returns in how many nanoseconds it wants to be called
// again: 0 at once, kForever only after Wake. It runs on one thread at a time, and never waits for another service.
class Service {
 public:
  virtual ~Service() = default;
  virtual int64_t Step() = 0;
};

class ServiceThread {
 public:
  virtual ~ServiceThread() = default;  // stops and joins
  virtual void Wake() = 0;             // from any thread, cheap when it is awake
  // No Step begins after this returns, and none is running. Idempotent.
  virtual void Stop() = 0;
};

// A socket that somebody waits for, and whether it is worth trying again: it takes bytes, or it has failed.
struct SocketWait {
  FileHandle socket = kNoFile;
  bool is_ready = false;
};

// How one thread waits for many sockets. It is a service's, which therefore gets no Step while it waits: who wants one calls Wake.
class SocketWaiter {
 public:
  virtual ~SocketWaiter() = default;
  // Returns when a socket is ready, after Wake (also one of before), after `nanos` (kForever: no limit), or for no reason at all.
  virtual void Wait(std::span<SocketWait> sockets, int64_t nanos) = 0;
  virtual void Wake() = 0;  // from any thread
};

class Platform {
 public:
  virtual ~Platform() = default;

  // --- files
  virtual IoResult Open(const std::string& path, OpenMode mode, FileHandle* file) = 0;
  // The same (not to make one), but EAGAIN when the path's directories or the file itself would have to be fetched.
  virtual IoResult OpenCached(const std::string& path, OpenMode mode, FileHandle* file) = 0;
  virtual void Close(FileHandle file) = 0;
  virtual IoResult Size(FileHandle file) = 0;
  virtual IoResult Resize(FileHandle file, int64_t size) = 0;
  // Count of bytes read; 0 at the end of the file.
  virtual IoResult Read(FileHandle file, std::span<std::byte> to, int64_t position, ReadMode mode) = 0;
  virtual IoResult Write(FileHandle file, std::span<const std::byte> from, int64_t position) = 0;
  // Gives [position, position + size) blocks of its own, so that writing there cannot run out of space. Reads as before.
  virtual IoResult Reserve(FileHandle file, int64_t position, int64_t size) = 0;
  // Durable zeros, past the page cache where the file system allows it. Position and size are multiples of 4096. Count of bytes.
  virtual IoResult WriteZerosDurably(FileHandle file, int64_t position, int64_t size) = 0;
  // Asks for the pages of [position, position + size) to be in memory soon. A hint: it reports nothing and changes nothing.
  virtual void ReadAhead(FileHandle file, int64_t position, int64_t size) = 0;
  // fdatasync: data, and the metadata needed to find it. Its first error is final, see group_commit.h.
  virtual IoResult Sync(FileHandle file) = 0;
  // Position of the first byte at or after `position` that may differ from zero; the file's size when there is none.
  virtual IoResult NextData(FileHandle file, int64_t position) = 0;

  // --- mappings: shared, so that they and the calls above see the same bytes
  virtual IoResult Map(FileHandle file, int64_t position, int64_t size, bool writable, std::byte** address) = 0;
  virtual void Unmap(std::byte* address, int64_t size) = 0;
  // memcpy to or from a mapping. A fault of the mapping becomes EIO instead of a signal.
  virtual IoResult CopyGuarded(std::byte* to, const std::byte* from, size_t size) = 0;

  // --- sockets of the caller's; they do not block: EAGAIN when one takes nothing now. A peer that is gone is an errno, no signal.
  virtual IoResult DuplicateSocket(FileHandle socket, FileHandle* copy) = 0;
  // Count of bytes taken of the file, which need not come through this process; 0 at its end. May wait for the file's device.
  virtual IoResult SendFile(FileHandle socket, FileHandle file, int64_t position, int64_t size) = 0;
  // Count of bytes taken of the pieces, in order; EFAULT when they are of a mapping that cannot be read. With `more` the system may
  // keep a short end until more comes.
  virtual IoResult Send(FileHandle socket, std::span<const std::span<const std::byte>> pieces, bool more) = 0;
  // Null when the system has no descriptors left.
  virtual std::unique_ptr<SocketWaiter> NewSocketWaiter() = 0;

  // --- directories
  virtual IoResult MakeDirectory(const std::string& path) = 0;  // EEXIST when it is there
  virtual IoResult RemoveDirectory(const std::string& path) = 0;
  virtual IoResult List(const std::string& path, std::vector<DirectoryEntry>* entries) = 0;  // sorted by name
  virtual PathKind Kind(const std::string& path) = 0;
  virtual IoResult Rename(const std::string& from, const std::string& to) = 0;
  virtual IoResult Unlink(const std::string& path) = 0;
  virtual IoResult SyncDirectory(const std::string& path) = 0;
  // Everything written on the file system that holds `path`, files and directories.
  virtual IoResult SyncFileSystem(const std::string& path) = 0;
  virtual IoResult FreeBytes(const std::string& path) = 0;

  // --- lock: an exclusive record lock on byte 0, not inherited, that conflicts with Java's and with any other opener's,
  // also in this process. Kept until Close(file). EAGAIN when somebody else has it.
  virtual IoResult Lock(FileHandle file) = 0;

  // --- the process
  virtual int ProcessId() = 0;
  virtual std::string BootId() = 0;  // the same until the operating system starts anew
  virtual uint64_t Random() = 0;
  virtual int64_t MonotonicNanos() = 0;

  // --- threads
  virtual std::unique_ptr<Monitor> NewMonitor() = 0;
  virtual std::unique_ptr<ServiceThread> StartService(const char* name, Service* service) = 0;
};

// The operating system of this machine. One instance, never destroyed.
Platform& RealPlatform();

}  // namespace millrace
