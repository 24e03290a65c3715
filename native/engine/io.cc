#include "io.h"

#include <algorithm>
#include <cerrno>

namespace millrace::io {
namespace {

template <typename Call>
IoResult Repeat(Call call) {
  IoResult result = call();
  for (int i = 0; result.error == EINTR && i < kMaxInterruptions; i++) result = call();
  return result;
}

Status ToStatus(const IoResult& result) { return result.ok() ? Status::Ok() : Status::FromErrno(result.error); }
Status ToStatus(const IoResult& result, const std::string& path) {
  return result.ok() ? Status::Ok() : Status::FromErrno(result.error).In(path);
}

}  // namespace

Status Open(Platform& platform, const std::string& path, OpenMode mode, FileHandle* file) {
  return ToStatus(Repeat([&] { return platform.Open(path, mode, file); }), path);
}

Status Open(Platform& platform, const std::string& path, OpenMode mode, ReadMode read_mode, FileHandle* file) {
  if (read_mode == ReadMode::kMayBlock) return Open(platform, path, mode, file);
  return ToStatus(Repeat([&] { return platform.OpenCached(path, mode, file); }), path);
}

Status Read(Platform& platform, FileHandle file, std::span<std::byte> to, int64_t position, ReadMode mode, size_t* count) {
  *count = 0;
  while (*count < to.size()) {
    const IoResult result =
        Repeat([&] { return platform.Read(file, to.subspan(*count), position + static_cast<int64_t>(*count), mode); });
    if (!result.ok()) return Status::FromErrno(result.error);
    if (result.value == 0) break;
    *count += static_cast<size_t>(result.value);
  }
  return Status::Ok();
}

Status Write(Platform& platform, FileHandle file, std::span<const std::byte> from, int64_t position, size_t* written) {
  *written = 0;
  while (*written < from.size()) {
    const IoResult result =
        Repeat([&] { return platform.Write(file, from.subspan(*written), position + static_cast<int64_t>(*written)); });
    if (!result.ok()) return Status::FromErrno(result.error);
    if (result.value == 0) return Status(Code::kIoError, EIO);
    *written += static_cast<size_t>(result.value);
  }
  return Status::Ok();
}

Status Write(Platform& platform, FileHandle file, std::span<const std::byte> from, int64_t position) {
  size_t written = 0;
  return Write(platform, file, from, position, &written);
}

Status Sync(Platform& platform, FileHandle file) {
  return ToStatus(Repeat([&] { return platform.Sync(file); }));
}

Status Lock(Platform& platform, FileHandle file) {
  const IoResult result = Repeat([&] { return platform.Lock(file); });
  return result.error == EAGAIN ? Status(Code::kLocked) : ToStatus(result);
}

Status Resize(Platform& platform, FileHandle file, int64_t size) {
  return ToStatus(Repeat([&] { return platform.Resize(file, size); }));
}

Status Reserve(Platform& platform, FileHandle file, int64_t position, int64_t size) {
  return ToStatus(Repeat([&] { return platform.Reserve(file, position, size); }));
}

Status Size(Platform& platform, FileHandle file, int64_t* size) {
  const IoResult result = Repeat([&] { return platform.Size(file); });
  *size = result.value;
  return ToStatus(result);
}

Status NextData(Platform& platform, FileHandle file, int64_t position, int64_t* data) {
  const IoResult result = Repeat([&] { return platform.NextData(file, position); });
  *data = result.value;
  return ToStatus(result);
}

Status ZeroRange(Platform& platform, FileHandle file, int64_t from, int64_t to) {
  static constexpr size_t kPiece = 64 * 1024;
  static const std::vector<std::byte> zeros(kPiece);
  while (from < to) {
    const size_t size = static_cast<size_t>(std::min<int64_t>(to - from, kPiece));
    Status status = Write(platform, file, std::span(zeros).first(size), from);
    if (!status.ok()) return status;
    from += static_cast<int64_t>(size);
  }
  return Status::Ok();
}

Status MakeDirectory(Platform& platform, const std::string& path, bool* made) {
  const IoResult result = Repeat([&] { return platform.MakeDirectory(path); });
  *made = result.ok();
  if (result.error == EEXIST && platform.Kind(path) == PathKind::kDirectory) return Status::Ok();
  return ToStatus(result, path);
}

Status SyncDirectory(Platform& platform, const std::string& path) {
  return ToStatus(Repeat([&] { return platform.SyncDirectory(path); }), path);
}

Status SyncFileSystem(Platform& platform, const std::string& path) {
  return ToStatus(Repeat([&] { return platform.SyncFileSystem(path); }), path);
}

Status Rename(Platform& platform, const std::string& from, const std::string& to) {
  return ToStatus(Repeat([&] { return platform.Rename(from, to); }), to);
}

Status Unlink(Platform& platform, const std::string& path) {
  const IoResult result = Repeat([&] { return platform.Unlink(path); });
  return result.error == ENOENT ? Status::Ok() : ToStatus(result, path);
}

Status List(Platform& platform, const std::string& path, std::vector<DirectoryEntry>* entries) {
  entries->clear();
  return ToStatus(Repeat([&] { return platform.List(path, entries); }), path);
}

Status RemoveTree(Platform& platform, const std::string& path) {
  std::vector<DirectoryEntry> entries;
  Status status = List(platform, path, &entries);
  if (status.code() == Code::kNotFound) return Status::Ok();
  if (!status.ok()) return status;
  for (const DirectoryEntry& entry : entries) {
    const std::string child = path + "/" + entry.name;
    status = entry.is_directory ? RemoveTree(platform, child) : Unlink(platform, child);
    if (!status.ok()) return status;
  }
  return ToStatus(Repeat([&] { return platform.RemoveDirectory(path); }), path);
}

Status ReadFile(Platform& platform, const std::string& path, size_t limit, std::vector<std::byte>* bytes) {
  FileHandle file = kNoFile;
  Status status = Open(platform, path, OpenMode::kRead, &file);
  if (!status.ok()) return status;
  int64_t size = 0;
  status = Size(platform, file, &size);
  if (status.ok() && size > static_cast<int64_t>(limit)) status = Status(Code::kCorruption);
  if (status.ok()) {
    bytes->resize(static_cast<size_t>(size));
    size_t count = 0;
    status = Read(platform, file, *bytes, 0, ReadMode::kMayBlock, &count);
    bytes->resize(count);
  }
  platform.Close(file);
  return status.ok() ? std::move(status) : std::move(status).In(path);
}

Status ReplaceFile(Platform& platform, const std::string& directory, const std::string& name,
                   const std::string& temporary_directory, std::span<const std::byte> bytes) {
  const std::string temporary = temporary_directory + "/" + name;
  FileHandle file = kNoFile;
  Status status = Unlink(platform, temporary);
  if (status.ok()) status = Open(platform, temporary, OpenMode::kCreate, &file);
  if (!status.ok()) return status;
  status = Write(platform, file, bytes, 0);
  if (status.ok()) status = Sync(platform, file);
  platform.Close(file);
  if (!status.ok()) return std::move(status).In(temporary);
  status = Rename(platform, temporary, directory + "/" + name);
  return status.ok() ? SyncDirectory(platform, directory) : std::move(status);
}

}  // namespace millrace::io
