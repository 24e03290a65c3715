// Whole operations over the platform's single attempts: repeated after EINTR, continued after a short count, and given a path for
// the error's text. The only place that loops over Platform calls, so that every caller treats interruption alike.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "platform.h"
#include "status.h"

namespace millrace::io {

// An interrupted call is repeated this often before the interruption counts as an error: a signal storm must not hang a store.
inline constexpr int kMaxInterruptions = 100;

Status Open(Platform& platform, const std::string& path, OpenMode mode, FileHandle* file);
// With kOnlyCached: kWouldBlock when it would wait for the device.
Status Open(Platform& platform, const std::string& path, OpenMode mode, ReadMode read_mode, FileHandle* file);
// Reads until `to` is full or the file ends; *count says how much there was.
Status Read(Platform& platform, FileHandle file, std::span<std::byte> to, int64_t position, ReadMode mode, size_t* count);
// *written says how much reached the file, also when the rest failed.
Status Write(Platform& platform, FileHandle file, std::span<const std::byte> from, int64_t position, size_t* written);
Status Write(Platform& platform, FileHandle file, std::span<const std::byte> from, int64_t position);
Status Sync(Platform& platform, FileHandle file);
// kLocked when somebody else has it.
Status Lock(Platform& platform, FileHandle file);
Status Resize(Platform& platform, FileHandle file, int64_t size);
Status Reserve(Platform& platform, FileHandle file, int64_t position, int64_t size);
Status Size(Platform& platform, FileHandle file, int64_t* size);
Status NextData(Platform& platform, FileHandle file, int64_t position, int64_t* data);
Status ZeroRange(Platform& platform, FileHandle file, int64_t from, int64_t to);  // buffered

Status MakeDirectory(Platform& platform, const std::string& path, bool* made);  // one that is there is fine
Status SyncDirectory(Platform& platform, const std::string& path);
Status SyncFileSystem(Platform& platform, const std::string& path);
Status Rename(Platform& platform, const std::string& from, const std::string& to);
Status Unlink(Platform& platform, const std::string& path);  // one that is gone is fine
Status List(Platform& platform, const std::string& path, std::vector<DirectoryEntry>* entries);
// All files below, then the directory itself.
Status RemoveTree(Platform& platform, const std::string& path);

// kNotFound when there is no such file; kCorruption when it is larger than `limit`.
Status ReadFile(Platform& platform, const std::string& path, size_t limit, std::vector<std::byte>* bytes);
// The old content or the new one, whatever happens: written beside, synced, renamed over, directory synced.
Status ReplaceFile(Platform& platform, const std::string& directory, const std::string& name,
                   const std::string& temporary_directory, std::span<const std::byte> bytes);

}  // namespace millrace::io
