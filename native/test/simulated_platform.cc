#include "simulated_platform.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace millrace {
namespace {

constexpr int64_t kBlockBytes = SimulatedFile::kBlockBytes;
constexpr int64_t kLargestZeros = 256 * 1024;  // as the real platform: larger ones are short

IoResult Failure(int error) { return {.value = 0, .error = error}; }
IoResult Value(int64_t value) { return {.value = value, .error = 0}; }
bool IsRange(int64_t position, int64_t size) { return position >= 0 && size >= 0 && size <= INT64_MAX - position; }

}  // namespace

SimulatedPlatform::SimulatedPlatform(uint64_t seed) : random_(seed), scheduler_(random_.Next()), boot_(random_.Next()) {}
SimulatedPlatform::~SimulatedPlatform() = default;

// --- the end of a process or a machine

void SimulatedPlatform::Freeze() { frozen_ = disk_.Copy(); }

void SimulatedPlatform::FreezeAfter(int64_t calls) {
  freeze_at_ = calls_ + calls;
  if (calls == 0 && !is_frozen()) Freeze();
}

SimulatedDisk SimulatedPlatform::Snapshot() const { return frozen_ ? frozen_->Copy() : disk_.Copy(); }

void SimulatedPlatform::EndProcess() {
  disk_ = frozen_ ? std::move(*frozen_) : disk_.Copy();
  frozen_.reset();
  freeze_at_ = -1;
  first_handle_ += static_cast<FileHandle>(handles_.size());
  handles_.clear();
  dead_mappings_.insert(dead_mappings_.end(), mappings_.begin(), mappings_.end());
  mappings_.clear();
  cold_ranges_.clear();
  failing_sync_ = 0;
  scheduler_.StopAll();
  ++process_;
}

void SimulatedPlatform::KillProcess() { EndProcess(); }

void SimulatedPlatform::Restore(const SimulatedDisk& disk) {
  frozen_ = disk.Copy();
  EndProcess();
}

void SimulatedPlatform::Crash(const CrashPlan& plan) {
  EndProcess();
  disk_.Crash(plan);
  scheduler_.RestartClock();
  boot_ = random_.Next();
}

int64_t SimulatedPlatform::open_files() const {
  const auto is_open = [](const Handle& handle) { return handle.node != SimulatedDisk::kNoNode; };
  return std::count_if(handles_.begin(), handles_.end(), is_open);
}

std::string SimulatedPlatform::BootId() {
  char text[40];
  std::snprintf(text, sizeof text, "%08" PRIx64 "-0000-4000-8000-%012" PRIx64, boot_ >> 32, boot_ & uint64_t{0xffffffff});
  return text;
}

// --- files

SimulatedPlatform::Handle* SimulatedPlatform::Find(FileHandle file) {
  const int64_t slot = int64_t{file} - first_handle_;
  if (slot < 0 || slot >= static_cast<int64_t>(handles_.size())) return nullptr;
  Handle& handle = handles_[static_cast<size_t>(slot)];
  return handle.node == SimulatedDisk::kNoNode ? nullptr : &handle;
}

SimulatedFile* SimulatedPlatform::Writable(FileHandle file) {
  const Handle* const handle = Find(file);
  return handle != nullptr && handle->is_writable ? &disk_.file(handle->node) : nullptr;
}

IoResult SimulatedPlatform::Open(const std::string& path, OpenMode mode, FileHandle* file) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  int error = 0;
  const SimulatedDisk::NodeId node = disk_.OpenFile(path, mode == OpenMode::kCreate, &error);
  if (node == SimulatedDisk::kNoNode) return Failure(error);
  *file = first_handle_ + static_cast<FileHandle>(handles_.size());
  handles_.push_back({.node = node, .is_writable = mode != OpenMode::kRead, .is_locked = false});
  return {};
}

void SimulatedPlatform::Close(FileHandle file) {
  sockets_.Close(file);
  Handle* const handle = Find(file);
  if (handle == nullptr) return;
  disk_.CloseFile(handle->node);
  *handle = Handle();
}

IoResult SimulatedPlatform::Size(FileHandle file) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  const Handle* const handle = Find(file);
  return handle == nullptr ? Failure(EBADF) : Value(disk_.file(handle->node).size());
}

IoResult SimulatedPlatform::Resize(FileHandle file, int64_t size) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  if (Writable(file) == nullptr) return Failure(EBADF);
  if (size < 0) return Failure(EINVAL);
  disk_.Resize(Find(file)->node, size);
  return {};
}

void SimulatedPlatform::SetCold(const std::string& path, int64_t position, int64_t size) {
  cold_ranges_.push_back({.node = disk_.Find(path), .begin = position, .end = position + size});
}

int64_t SimulatedPlatform::WarmBytes(SimulatedDisk::NodeId node, int64_t position, int64_t size) const {
  if (is_cold_) return 0;
  int64_t end = position + size;
  for (const ColdRange& range : cold_ranges_) {
    if (range.node == node && range.begin < end && range.end > position) end = std::max(range.begin, position);
  }
  return end - position;
}

IoResult SimulatedPlatform::Read(FileHandle file, std::span<std::byte> to, int64_t position, ReadMode mode) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  const Handle* const handle = Find(file);
  if (handle == nullptr) return Failure(EBADF);
  const int64_t wanted = static_cast<int64_t>(to.size());
  if (!IsRange(position, wanted)) return Failure(EINVAL);
  const SimulatedFile& content = disk_.file(handle->node);
  if (mode == ReadMode::kMayBlock) {
    std::erase_if(cold_ranges_, [&](const ColdRange& range) {
      return range.node == handle->node && range.begin < position + wanted && range.end > position;
    });
    return Value(content.Read(to, position));
  }
  const int64_t there = std::clamp<int64_t>(content.size() - position, 0, wanted);
  const int64_t warm = WarmBytes(handle->node, position, there);
  if (warm == 0 && there > 0) return Failure(EAGAIN);
  return Value(content.Read(to.first(static_cast<size_t>(warm)), position));
}

IoResult SimulatedPlatform::Write(FileHandle file, std::span<const std::byte> from, int64_t position) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  SimulatedFile* const content = Writable(file);
  if (content == nullptr) return Failure(EBADF);
  if (!IsRange(position, static_cast<int64_t>(from.size()))) return Failure(EINVAL);
  const int64_t room = disk_.Allocate(Find(file)->node, position, static_cast<int64_t>(from.size()));
  if (room == 0 && !from.empty()) return Failure(ENOSPC);
  content->Write(from.first(static_cast<size_t>(room)), position);
  return Value(room);
}

IoResult SimulatedPlatform::Reserve(FileHandle file, int64_t position, int64_t size) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  if (Writable(file) == nullptr) return Failure(EBADF);
  if (!IsRange(position, size) || size == 0) return Failure(EINVAL);
  return Failure(disk_.Reserve(Find(file)->node, position, size) ? 0 : ENOSPC);
}

IoResult SimulatedPlatform::WriteZerosDurably(FileHandle file, int64_t position, int64_t size) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  SimulatedFile* const content = Writable(file);
  if (content == nullptr) return Failure(EBADF);
  if (!IsRange(position, size) || position % kBlockBytes != 0 || size % kBlockBytes != 0) return Failure(EINVAL);
  const int64_t room = disk_.Allocate(Find(file)->node, position, std::min(size, kLargestZeros));
  if (room == 0 && size > 0) return Failure(ENOSPC);
  content->WriteZerosDurably(position, room);
  return Value(room);
}

IoResult SimulatedPlatform::Sync(FileHandle file) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  const Handle* const handle = Find(file);
  if (handle == nullptr) return Failure(EBADF);
  if (failing_sync_ != 0) {
    disk_.file(handle->node).LoseDirty();
    return Failure(std::exchange(failing_sync_, 0));
  }
  disk_.file(handle->node).Sync();
  return {};
}

void SimulatedPlatform::LoseDirty(FileHandle file) {
  const Handle* const handle = Find(file);
  if (handle != nullptr && !is_frozen()) disk_.file(handle->node).LoseDirty();
}

IoResult SimulatedPlatform::NextData(FileHandle file, int64_t position) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  const Handle* const handle = Find(file);
  if (handle == nullptr) return Failure(EBADF);
  return position < 0 ? Value(position) : Value(disk_.file(handle->node).NextData(position));
}

IoResult SimulatedPlatform::Lock(FileHandle file) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  if (Writable(file) == nullptr) return Failure(EBADF);
  Handle* const mine = Find(file);
  const bool is_taken = std::any_of(handles_.begin(), handles_.end(), [mine](const Handle& handle) {
    return &handle != mine && handle.is_locked && handle.node == mine->node;
  });
  if (is_taken) return Failure(EAGAIN);
  mine->is_locked = true;
  return {};
}

// --- sockets

IoResult SimulatedPlatform::SendFile(FileHandle socket, FileHandle file, int64_t position, int64_t size) {
  std::vector<std::byte> bytes(static_cast<size_t>(size));
  const IoResult read = Read(file, bytes, position, ReadMode::kMayBlock);
  if (!read.ok() || read.value == 0) return read;
  return sockets_.Send(socket, std::span(bytes).first(static_cast<size_t>(read.value)));
}

IoResult SimulatedPlatform::Send(FileHandle socket, std::span<const std::span<const std::byte>> pieces, bool) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  std::vector<std::byte> bytes;
  for (const std::span<const std::byte> piece : pieces) {
    if (Reachable(MappingOf(piece.data()), piece.data(), piece.size()) < piece.size()) return Failure(EFAULT);
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  return sockets_.Send(socket, bytes);
}

// --- directories

IoResult SimulatedPlatform::MakeDirectory(const std::string& path) {
  const Call call(this);
  return Failure(call.is_refused() ? EIO : disk_.MakeDirectory(path));
}

IoResult SimulatedPlatform::RemoveDirectory(const std::string& path) {
  const Call call(this);
  return Failure(call.is_refused() ? EIO : disk_.RemoveDirectory(path));
}

IoResult SimulatedPlatform::List(const std::string& path, std::vector<DirectoryEntry>* entries) {
  const Call call(this);
  return Failure(call.is_refused() ? EIO : disk_.List(path, entries));
}

PathKind SimulatedPlatform::Kind(const std::string& path) {
  const Call call(this);
  return call.is_refused() ? PathKind::kNone : disk_.Kind(path);
}

IoResult SimulatedPlatform::Rename(const std::string& from, const std::string& to) {
  const Call call(this);
  return Failure(call.is_refused() ? EIO : disk_.Rename(from, to));
}

IoResult SimulatedPlatform::Unlink(const std::string& path) {
  const Call call(this);
  return Failure(call.is_refused() ? EIO : disk_.Unlink(path));
}

IoResult SimulatedPlatform::SyncDirectory(const std::string& path) {
  const Call call(this);
  return Failure(call.is_refused() ? EIO : disk_.SyncDirectory(path));
}

IoResult SimulatedPlatform::SyncFileSystem(const std::string& path) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  if (disk_.Kind(path) == PathKind::kNone) return Failure(ENOENT);
  disk_.SyncEverything();
  return {};
}

IoResult SimulatedPlatform::FreeBytes(const std::string& path) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  return disk_.Kind(path) == PathKind::kNone ? Failure(ENOENT) : Value(disk_.free_bytes());
}

}  // namespace millrace
