// A descriptor that closes itself when the last holder lets go: how files are pinned while they are read, synced or unlinked.
#pragma once

#include <memory>

#include "platform.h"

namespace millrace {

class OpenFile {
 public:
  OpenFile(Platform& platform, FileHandle handle) : platform_(platform), handle_(handle) {}
  ~OpenFile() {
    if (map_ != nullptr) platform_.Unmap(map_, map_bytes_);
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

 private:
  Platform& platform_;
  const FileHandle handle_;
  std::byte* map_ = nullptr;
  int64_t map_bytes_ = 0;
};

}  // namespace millrace
