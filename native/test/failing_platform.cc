#include "failing_platform.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace millrace {
namespace {

constexpr int64_t kZerosUnit = 4096;

IoResult Failure(int error) { return {.value = 0, .error = error}; }

}  // namespace

const char* NameOf(CallKind kind) {
  static constexpr const char* kNames[] = {
      "Open",   "Size",          "Resize",          "Read",      "Write", "Reserve",       "WriteZerosDurably", "Sync", "NextData",
      "Map",    "Copy",          "DuplicateSocket", "SendFile",  "Send",  "MakeDirectory", "RemoveDirectory",   "List", "Rename",
      "Unlink", "SyncDirectory", "SyncFileSystem",  "FreeBytes", "Lock",  "StartService",
  };
  static_assert(std::size(kNames) == kCallKinds);
  return kNames[static_cast<size_t>(kind)];
}

void FailingPlatform::Fail(std::optional<CallKind> kind, int64_t nth, Fault fault, Repeat repeat) {
  const std::lock_guard<std::mutex> lock(mutex_);
  rules_.push_back({.kind = kind, .calls_left = std::max<int64_t>(nth, 1), .fault = fault, .repeat = repeat});
}

void FailingPlatform::Heal() {
  const std::lock_guard<std::mutex> lock(mutex_);
  rules_.clear();
}

int64_t FailingPlatform::calls() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::accumulate(counts_.begin(), counts_.end(), int64_t{0}) - counts_[static_cast<size_t>(CallKind::kStartService)];
}

int64_t FailingPlatform::calls(CallKind kind) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counts_[static_cast<size_t>(kind)];
}

int64_t FailingPlatform::failures() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return failures_;
}

int FailingPlatform::Meet(CallKind kind, int64_t size, int64_t unit, int64_t* allowed) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++counts_[static_cast<size_t>(kind)];
  *allowed = size;
  const Rule* decisive = nullptr;
  for (Rule& rule : rules_) {
    const bool matches = rule.kind ? *rule.kind == kind : kind != CallKind::kStartService;
    if (!matches) continue;
    if (rule.calls_left > 0) --rule.calls_left;
    if (rule.calls_left == 0 && decisive == nullptr) decisive = &rule;
  }
  int error = 0;
  if (decisive != nullptr) {
    error = decisive->fault.error;
    const int64_t most = std::max(std::min(decisive->fault.most_bytes, size - 1) / unit, int64_t{1}) * unit;
    if (error == 0) *allowed = std::min(size, most);
    if (error != 0 || *allowed < size) ++failures_;
  }
  // Also those whose turn came together with an older one's: their call is over.
  std::erase_if(rules_, [](const Rule& rule) { return rule.calls_left == 0 && rule.repeat == Repeat::kOnce; });
  return error;
}

IoResult FailingPlatform::Open(const std::string& path, OpenMode mode, FileHandle* file) {
  const int error = Meet(CallKind::kOpen);
  return error != 0 ? Failure(error) : base_.Open(path, mode, file);
}

IoResult FailingPlatform::OpenCached(const std::string& path, OpenMode mode, FileHandle* file) {
  const int error = Meet(CallKind::kOpen);
  return error != 0 ? Failure(error) : base_.OpenCached(path, mode, file);
}

IoResult FailingPlatform::Size(FileHandle file) {
  const int error = Meet(CallKind::kSize);
  return error != 0 ? Failure(error) : base_.Size(file);
}

IoResult FailingPlatform::Resize(FileHandle file, int64_t size) {
  const int error = Meet(CallKind::kResize);
  return error != 0 ? Failure(error) : base_.Resize(file, size);
}

IoResult FailingPlatform::Read(FileHandle file, std::span<std::byte> to, int64_t position, ReadMode mode) {
  int64_t allowed;
  const int error = Meet(CallKind::kRead, static_cast<int64_t>(to.size()), 1, &allowed);
  return error != 0 ? Failure(error) : base_.Read(file, to.first(static_cast<size_t>(allowed)), position, mode);
}

IoResult FailingPlatform::Write(FileHandle file, std::span<const std::byte> from, int64_t position) {
  int64_t allowed;
  const int error = Meet(CallKind::kWrite, static_cast<int64_t>(from.size()), 1, &allowed);
  return error != 0 ? Failure(error) : base_.Write(file, from.first(static_cast<size_t>(allowed)), position);
}

IoResult FailingPlatform::Reserve(FileHandle file, int64_t position, int64_t size) {
  const int error = Meet(CallKind::kReserve);
  return error != 0 ? Failure(error) : base_.Reserve(file, position, size);
}

IoResult FailingPlatform::WriteZerosDurably(FileHandle file, int64_t position, int64_t size) {
  int64_t allowed;
  const int error = Meet(CallKind::kZeros, size, kZerosUnit, &allowed);
  return error != 0 ? Failure(error) : base_.WriteZerosDurably(file, position, allowed);
}

IoResult FailingPlatform::Sync(FileHandle file) {
  const int error = Meet(CallKind::kSync);
  if (error == 0) return base_.Sync(file);
  if (lose_) lose_(file);
  return Failure(error);
}

IoResult FailingPlatform::NextData(FileHandle file, int64_t position) {
  const int error = Meet(CallKind::kNextData);
  return error != 0 ? Failure(error) : base_.NextData(file, position);
}

IoResult FailingPlatform::Map(FileHandle file, int64_t position, int64_t size, bool writable, std::byte** address) {
  const int error = Meet(CallKind::kMap);
  return error != 0 ? Failure(error) : base_.Map(file, position, size, writable, address);
}

IoResult FailingPlatform::CopyGuarded(std::byte* to, const std::byte* from, size_t size) {
  const int error = Meet(CallKind::kCopy);
  return error != 0 ? Failure(error) : base_.CopyGuarded(to, from, size);
}

IoResult FailingPlatform::DuplicateSocket(FileHandle socket, FileHandle* copy) {
  const int error = Meet(CallKind::kDuplicateSocket);
  return error != 0 ? Failure(error) : base_.DuplicateSocket(socket, copy);
}

IoResult FailingPlatform::SendFile(FileHandle socket, FileHandle file, int64_t position, int64_t size) {
  int64_t allowed;
  const int error = Meet(CallKind::kSendFile, size, 1, &allowed);
  return error != 0 ? Failure(error) : base_.SendFile(socket, file, position, allowed);
}

IoResult FailingPlatform::Send(FileHandle socket, std::span<const std::span<const std::byte>> pieces, bool more) {
  int64_t size = 0;
  for (const std::span<const std::byte> piece : pieces) size += static_cast<int64_t>(piece.size());
  int64_t allowed;
  const int error = Meet(CallKind::kSend, size, 1, &allowed);
  if (error != 0) return Failure(error);
  std::vector<std::span<const std::byte>> cut;
  for (const std::span<const std::byte> piece : pieces) {
    cut.push_back(piece.first(std::min(piece.size(), static_cast<size_t>(allowed))));
    allowed -= static_cast<int64_t>(cut.back().size());
  }
  return base_.Send(socket, cut, more);
}

IoResult FailingPlatform::MakeDirectory(const std::string& path) {
  const int error = Meet(CallKind::kMakeDirectory);
  return error != 0 ? Failure(error) : base_.MakeDirectory(path);
}

IoResult FailingPlatform::RemoveDirectory(const std::string& path) {
  const int error = Meet(CallKind::kRemoveDirectory);
  return error != 0 ? Failure(error) : base_.RemoveDirectory(path);
}

IoResult FailingPlatform::List(const std::string& path, std::vector<DirectoryEntry>* entries) {
  const int error = Meet(CallKind::kList);
  return error != 0 ? Failure(error) : base_.List(path, entries);
}

IoResult FailingPlatform::Rename(const std::string& from, const std::string& to) {
  const int error = Meet(CallKind::kRename);
  return error != 0 ? Failure(error) : base_.Rename(from, to);
}

IoResult FailingPlatform::Unlink(const std::string& path) {
  const int error = Meet(CallKind::kUnlink);
  return error != 0 ? Failure(error) : base_.Unlink(path);
}

IoResult FailingPlatform::SyncDirectory(const std::string& path) {
  const int error = Meet(CallKind::kSyncDirectory);
  return error != 0 ? Failure(error) : base_.SyncDirectory(path);
}

IoResult FailingPlatform::SyncFileSystem(const std::string& path) {
  const int error = Meet(CallKind::kSyncFileSystem);
  return error != 0 ? Failure(error) : base_.SyncFileSystem(path);
}

IoResult FailingPlatform::FreeBytes(const std::string& path) {
  const int error = Meet(CallKind::kFreeBytes);
  return error != 0 ? Failure(error) : base_.FreeBytes(path);
}

IoResult FailingPlatform::Lock(FileHandle file) {
  const int error = Meet(CallKind::kLock);
  return error != 0 ? Failure(error) : base_.Lock(file);
}

std::unique_ptr<ServiceThread> FailingPlatform::StartService(const char* name, Service* service) {
  return Meet(CallKind::kStartService) != 0 ? nullptr : base_.StartService(name, service);
}

}  // namespace millrace
