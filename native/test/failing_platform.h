// Another platform whose Nth call fails: with an errno, by being short, or by being interrupted; once or for ever.
//
//   failing.Fail(CallKind::kSync, 3, Fault::Error(EIO), Repeat::kOnce);      // the third Sync from now on
//   failing.Fail(kAnyCall, n, Fault::Error(ENOSPC), Repeat::kAlways);       // the nth call of any kind, and all after it
//
// A call that fails performs nothing (but for the hook of Sync), so that EINTR is told by Error(EINTR). A short one performs less
// than it was asked for. Counts what passes, so that a test can fail every call of a run in turn. Owns nothing of `base`, which
// must outlive it. Calls may come from any thread if those of `base` may; rules are set while nobody calls.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "platform.h"

namespace millrace {

enum class CallKind {
  kOpen,
  kSize,
  kResize,
  kRead,
  kWrite,
  kReserve,
  kZeros,
  kSync,
  kNextData,
  kMap,
  kCopy,
  kDuplicateSocket,
  kSendFile,
  kSend,
  kMakeDirectory,
  kRemoveDirectory,
  kList,
  kRename,
  kUnlink,
  kSyncDirectory,
  kSyncFileSystem,
  kFreeBytes,
  kLock,
  kStartService,  // not one of kAnyCall: it has no errno, and gives no thread
};
inline constexpr size_t kCallKinds = static_cast<size_t>(CallKind::kStartService) + 1;
inline constexpr std::optional<CallKind> kAnyCall = std::nullopt;
const char* NameOf(CallKind kind);

struct Fault {
  int error = 0;
  int64_t most_bytes = 0;  // when error is 0: calls that move bytes get no further than this

  static Fault Error(int error) { return {.error = error}; }
  // At least one byte is moved, and at least one is not (4096 for zeros). Calls that cannot be cut so pass unharmed.
  static Fault Short(int64_t most_bytes) { return {.most_bytes = most_bytes}; }
};

enum class Repeat { kOnce, kAlways };

class FailingPlatform final : public Platform {
 public:
  explicit FailingPlatform(Platform* base) : base_(*base) {}

  struct Range {
    int64_t position;
    int64_t size;
  };
  std::vector<Range> read_ahead;  // what was asked to be in memory

  // The nth matching call from now on (1: the next). Rules add up; of those that match a call the oldest decides.
  void Fail(std::optional<CallKind> kind, int64_t nth, Fault fault, Repeat repeat);
  void Heal();  // forgets all rules
  // A failed Sync loses what was dirty; what that means, `base` knows (SimulatedPlatform::LoseDirty).
  void OnFailedSync(std::function<void(FileHandle)> lose) { lose_ = std::move(lose); }

  int64_t calls() const;  // without those of kStartService
  int64_t calls(CallKind kind) const;
  int64_t failures() const;  // calls that did not pass unharmed

  IoResult Open(const std::string& path, OpenMode mode, FileHandle* file) override;
  IoResult OpenCached(const std::string& path, OpenMode mode, FileHandle* file) override;
  void Close(FileHandle file) override { base_.Close(file); }
  IoResult Size(FileHandle file) override;
  IoResult Resize(FileHandle file, int64_t size) override;
  IoResult Read(FileHandle file, std::span<std::byte> to, int64_t position, ReadMode mode) override;
  IoResult Write(FileHandle file, std::span<const std::byte> from, int64_t position) override;
  IoResult Reserve(FileHandle file, int64_t position, int64_t size) override;
  void ReadAhead(FileHandle file, int64_t position, int64_t size) override {
    read_ahead.push_back({position, size});
    base_.ReadAhead(file, position, size);
  }
  IoResult WriteZerosDurably(FileHandle file, int64_t position, int64_t size) override;
  IoResult Sync(FileHandle file) override;
  IoResult NextData(FileHandle file, int64_t position) override;
  IoResult Map(FileHandle file, int64_t position, int64_t size, bool writable, std::byte** address) override;
  void Unmap(std::byte* address, int64_t size) override { base_.Unmap(address, size); }
  IoResult CopyGuarded(std::byte* to, const std::byte* from, size_t size) override;
  IoResult DuplicateSocket(FileHandle socket, FileHandle* copy) override;
  IoResult SendFile(FileHandle socket, FileHandle file, int64_t position, int64_t size) override;
  IoResult Send(FileHandle socket, std::span<const std::span<const std::byte>> pieces, bool more) override;
  std::unique_ptr<SocketWaiter> NewSocketWaiter() override { return base_.NewSocketWaiter(); }
  IoResult MakeDirectory(const std::string& path) override;
  IoResult RemoveDirectory(const std::string& path) override;
  IoResult List(const std::string& path, std::vector<DirectoryEntry>* entries) override;
  PathKind Kind(const std::string& path) override { return base_.Kind(path); }
  IoResult Rename(const std::string& from, const std::string& to) override;
  IoResult Unlink(const std::string& path) override;
  IoResult SyncDirectory(const std::string& path) override;
  IoResult SyncFileSystem(const std::string& path) override;
  IoResult FreeBytes(const std::string& path) override;
  IoResult Lock(FileHandle file) override;
  int ProcessId() override { return base_.ProcessId(); }
  std::string BootId() override { return base_.BootId(); }
  uint64_t Random() override { return base_.Random(); }
  int64_t MonotonicNanos() override { return base_.MonotonicNanos(); }
  std::unique_ptr<Monitor> NewMonitor() override { return base_.NewMonitor(); }
  std::unique_ptr<ServiceThread> StartService(const char* name, Service* service) override;

 private:
  struct Rule {
    std::optional<CallKind> kind;
    int64_t calls_left;  // 0: it is this one's turn
    Fault fault;
    Repeat repeat;
  };

  // Counts the call. The errno that it shall fail with, or 0.
  int Meet(CallKind kind) {
    int64_t unused = 0;
    return Meet(kind, 0, 1, &unused);
  }
  // The same for a call that moves `size` bytes in whole units: cuts *allowed.
  int Meet(CallKind kind, int64_t size, int64_t unit, int64_t* allowed);

  Platform& base_;
  std::function<void(FileHandle)> lose_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<Rule> rules_;
  std::array<int64_t, kCallKinds> counts_{};
  int64_t failures_ = 0;
};

}  // namespace millrace
