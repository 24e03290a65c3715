// A machine in memory: a disk that forgets what was not synced, simulated time, and background services that run one step at a
// time. The same seed and the same calls give the same run.
//
// Promises what platform.h says. What a crash keeps and loses: simulated_disk.h and crash_plan.h. When services run and time
// passes: simulated_scheduler.h. Everything runs on one thread, the caller's; nothing here may be called from two.
//
// A test's round: make the platform; run the engine, with FreezeAfter(n) or a Snapshot in the observer; destroy the engine's
// objects; Crash or KillProcess; open again. Handles, mappings, locks and services of before are dead then: calls with them fail
// with EBADF or do nothing, and a mapping's memory stays valid until it is unmapped.
#pragma once

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crash_plan.h"
#include "platform.h"
#include "seeded_random.h"
#include "simulated_disk.h"
#include "simulated_scheduler.h"
#include "simulated_sockets.h"

namespace millrace {

class SimulatedPlatform final : public Platform {
 public:
  explicit SimulatedPlatform(uint64_t seed);
  ~SimulatedPlatform() override;

  // --- the end of a process or a machine. From a frozen platform: as it was when it froze. Both unfreeze.
  // The disk as found after a power loss. Another boot.
  void Crash(const CrashPlan& plan);
  // As after SIGKILL: the page cache survives. The same boot, another process.
  void KillProcess();

  // --- the power is off: every later file or directory call fails with EIO and changes nothing, nor do stores to mappings
  void FreezeAfter(int64_t calls);  // after that many more calls; 0: now
  bool is_frozen() const { return frozen_.has_value(); }
  // File and directory calls carried out so far (all of Platform but Close, Unmap, and what is neither file nor directory).
  int64_t calls() const { return calls_; }
  // Called after each of them, with the call's effect in place; may take a Snapshot, must not call the platform otherwise.
  void ObserveCalls(std::function<void()> observer) { observer_ = std::move(observer); }

  // --- the whole disk as a value, page cache and all; of a frozen platform, as it was when it froze
  SimulatedDisk Snapshot() const;
  // The disk of another moment, and a new process on it, as after KillProcess. Crash may follow.
  void Restore(const SimulatedDisk& disk);

  // --- faults
  // What is left for new blocks of 4096 bytes; beyond it Write is short or ENOSPC, and Reserve ENOSPC. Unlimited until set.
  void SetFreeBytes(int64_t bytes) { disk_.SetFreeBytes(bytes); }
  // Reads with kOnlyCached give EAGAIN: all of them; or those of a range, until somebody reads it with kMayBlock.
  void SetCold(bool is_cold) { is_cold_ = is_cold; }
  void SetCold(const std::string& path, int64_t position, int64_t size);
  // Nothing can be opened without waiting for the device.
  void SetNamesCold(bool are_cold) { are_names_cold_ = are_cold; }
  // The next Sync, of whatever file, fails. What was dirty in that file is lost: the cache goes on showing it, the disk never
  // gets it unless it is written again, and later syncs succeed.
  void FailNextSync(int error) { failing_sync_ = error; }
  void LoseDirty(FileHandle file);  // that, for a wrapper that fails the Sync itself

  // --- services and time
  // Runs services that are woken or due, at most that many steps, without letting time jump. Count of steps.
  int64_t RunServices(int64_t max_steps) { return scheduler_.Run(max_steps); }
  void AdvanceTime(int64_t nanos) { scheduler_.Advance(nanos); }

  SimulatedSockets& sockets() { return sockets_; }

  // --- leaks: what the running process has not given back
  int64_t open_files() const;
  int64_t open_mappings() const { return static_cast<int64_t>(mappings_.size()); }

  IoResult Open(const std::string& path, OpenMode mode, FileHandle* file) override;
  IoResult OpenCached(const std::string& path, OpenMode mode, FileHandle* file) override {
    return are_names_cold_ ? IoResult{.value = 0, .error = EAGAIN} : Open(path, mode, file);
  }
  void Close(FileHandle file) override;
  IoResult Size(FileHandle file) override;
  IoResult Resize(FileHandle file, int64_t size) override;
  IoResult Read(FileHandle file, std::span<std::byte> to, int64_t position, ReadMode mode) override;
  IoResult Write(FileHandle file, std::span<const std::byte> from, int64_t position) override;
  IoResult Reserve(FileHandle file, int64_t position, int64_t size) override;
  void ReadAhead(FileHandle, int64_t, int64_t) override {}
  IoResult WriteZerosDurably(FileHandle file, int64_t position, int64_t size) override;
  IoResult Sync(FileHandle file) override;
  IoResult NextData(FileHandle file, int64_t position) override;
  IoResult Map(FileHandle file, int64_t position, int64_t size, bool writable, std::byte** address) override;
  void Unmap(std::byte* address, int64_t size) override;
  IoResult CopyGuarded(std::byte* to, const std::byte* from, size_t size) override;
  IoResult DuplicateSocket(FileHandle socket, FileHandle* copy) override { return sockets_.Duplicate(socket, copy); }
  IoResult SendFile(FileHandle socket, FileHandle file, int64_t position, int64_t size) override;
  IoResult Send(FileHandle socket, std::span<const std::span<const std::byte>> pieces, bool more) override;
  std::unique_ptr<SocketWaiter> NewSocketWaiter() override { return std::make_unique<SimulatedSocketWaiter>(&sockets_); }
  IoResult MakeDirectory(const std::string& path) override;
  IoResult RemoveDirectory(const std::string& path) override;
  IoResult List(const std::string& path, std::vector<DirectoryEntry>* entries) override;
  PathKind Kind(const std::string& path) override;  // kNone when frozen
  IoResult Rename(const std::string& from, const std::string& to) override;
  IoResult Unlink(const std::string& path) override;
  IoResult SyncDirectory(const std::string& path) override;
  IoResult SyncFileSystem(const std::string& path) override;
  IoResult FreeBytes(const std::string& path) override;
  IoResult Lock(FileHandle file) override;
  int ProcessId() override { return 1000 + process_; }
  std::string BootId() override;
  uint64_t Random() override { return random_.Next(); }
  int64_t MonotonicNanos() override { return scheduler_.now(); }
  std::unique_ptr<Monitor> NewMonitor() override { return scheduler_.NewMonitor(); }
  std::unique_ptr<ServiceThread> StartService(const char* name, Service* service) override {
    return scheduler_.Start(name, service);
  }

 private:
  class Call;
  static constexpr int64_t kNanosPerCall = 1000;
  struct Handle {
    SimulatedDisk::NodeId node = SimulatedDisk::kNoNode;  // kNoNode: closed
    bool is_writable = false;
    bool is_locked = false;
  };
  struct Mapping {
    std::byte* address = nullptr;
    int64_t size = 0;
    int64_t position = 0;
    SimulatedDisk::NodeId node = SimulatedDisk::kNoNode;
    bool is_writable = false;
    std::shared_ptr<FilePages> pages;  // outlives the process: whoever still holds the address must not fault
  };
  struct ColdRange {
    SimulatedDisk::NodeId node;
    int64_t begin;
    int64_t end;
  };

  Handle* Find(FileHandle file);
  SimulatedFile* Writable(FileHandle file);
  const Mapping* MappingOf(const std::byte* address) const;
  // How much of [address, address + size) lies before the end of its file; all of it when it is no mapping.
  size_t Reachable(const Mapping* mapping, const std::byte* address, size_t size);
  int64_t WarmBytes(SimulatedDisk::NodeId node, int64_t position, int64_t size) const;
  void Freeze();
  void EndProcess();

  SeededRandom random_;
  SimulatedScheduler scheduler_;
  SimulatedDisk disk_;
  SimulatedSockets sockets_;
  std::optional<SimulatedDisk> frozen_;
  std::vector<Handle> handles_;
  FileHandle first_handle_ = 3;  // of handles_; numbers are never given twice, so that a dead handle cannot hit a living file
  std::vector<Mapping> mappings_;
  std::vector<Mapping> dead_mappings_;
  std::vector<ColdRange> cold_ranges_;
  std::function<void()> observer_;
  bool is_cold_ = false;
  bool are_names_cold_ = false;
  int failing_sync_ = 0;
  int64_t calls_ = 0;
  int64_t freeze_at_ = -1;
  int process_ = 0;
  uint64_t boot_ = 0;
};

// Around every counted call: refuses it when the power is off; counts it, tells the observer and freezes, once it is done.
class SimulatedPlatform::Call {
 public:
  explicit Call(SimulatedPlatform* platform) : platform_(*platform), is_refused_(platform->is_frozen()) {}
  ~Call() {
    if (is_refused_) return;
    ++platform_.calls_;
    platform_.scheduler_.Advance(kNanosPerCall);
    if (platform_.calls_ == platform_.freeze_at_) platform_.Freeze();
    if (platform_.observer_) platform_.observer_();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  bool is_refused() const { return is_refused_; }

 private:
  SimulatedPlatform& platform_;
  const bool is_refused_;
};

}  // namespace millrace
