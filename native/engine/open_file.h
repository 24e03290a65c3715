// A descriptor that closes itself when the last holder lets go: how files are pinned while they are read, synced or unlinked.
#pragma once

#include <memory>
#include <mutex>

#include "platform.h"

namespace millrace {

class OpenFile {
 public:
  OpenFile(Platform& platform, FileHandle handle) : platform_(platform), handle_(handle) {}
  ~OpenFile() {
    if (map_ != nullptr) platform_.Unmap(map_, map_bytes_);
    if (read_map_ != nullptr) platform_.Unmap(read_map_, read_map_bytes_);
    platform_.Close(handle_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  FileHandle handle() const { return handle_; }

  // The whole file as writable memory, made at the first call; one thread at a time.
  IoResult MapOnce(int64_t bytes, std::byte** address) {
    IoResult result;
    if (map_ == nullptr) {
      result = platform_.Map(handle_, 0, bytes, true, &map_);
      if (result.ok()) map_bytes_ = bytes;
    }
    *address = map_;
    return result;
  }

  // The same to be read from, by calls of the operating system only; any thread. Stays until the last holder lets go.
  IoResult MapForReading(int64_t bytes, const std::byte** address) {
    std::lock_guard lock(read_map_mutex_);
    IoResult result;
    if (read_map_ == nullptr) {
      result = platform_.Map(handle_, 0, bytes, false, &read_map_);
      if (result.ok()) read_map_bytes_ = bytes;
    }
    *address = read_map_;
    return result;
  }

 private:
  Platform& platform_;
  const FileHandle handle_;
  std::byte* map_ = nullptr;
  int64_t map_bytes_ = 0;
  std::mutex read_map_mutex_;
  std::byte* read_map_ = nullptr;
  int64_t read_map_bytes_ = 0;
};

}  // namespace millrace
