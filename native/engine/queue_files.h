// The files of all consume queues: entries written and read by queue and offset, a bounded number of descriptors for any number of
// queues.
//
// A file holds a fixed number of 20-byte entries and is named by the byte it begins at. It is made under a temporary name and
// renamed in only when it holds its first entry (an empty one would give RocketMQ a phantom entry). Nothing here is durable before
// SyncAll: queues are derived from the log, and what a crash takes is written again. Any thread; the pool hands out pins, so
// eviction never closes a file under a reader. Layout: docs/format.md, "Consume queue".
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "open_file.h"
#include "platform.h"
#include "queue_entry.h"
#include "status.h"
#include "store_paths.h"

namespace millrace {

class QueueFiles {
 public:
  QueueFiles(Platform& platform, const StorePaths& paths, int64_t entries_per_file, bool read_only)
      : platform_(platform), paths_(paths), entries_per_file_(entries_per_file), read_only_(read_only) {}

  int64_t entries_per_file() const { return entries_per_file_; }
  std::string DirectoryOf(const std::string& topic, int32_t queue_id) const;

  // Writes entries of one queue from `offset` on. A file that is missing is made; before `offset` it is filled with pre-blank
  // entries. With `rewritten`, what stands there already is compared first, and only what differs is counted. It is written all the
  // same: the page cache may show what a failed sync never brought to the disk.
  Status Write(const std::string& topic, int32_t queue_id, int64_t offset, std::span<const QueueEntry> entries, int64_t* rewritten);
  // Entries from `offset` on as they stand there, as many as `to` has room for. *bytes, of whole entries, is less where the files
  // end.
  Status ReadBytes(const std::string& topic, int32_t queue_id, int64_t offset, ReadMode mode, std::span<std::byte> to,
                   size_t* bytes);
  // The same, at most `count`, decoded and added to *entries.
  Status Read(const std::string& topic, int32_t queue_id, int64_t offset, int64_t count, ReadMode mode,
              std::vector<QueueEntry>* entries);
  // Bytes of the file that begins at offset `start`.
  Status SizeOf(const std::string& topic, int32_t queue_id, int64_t start, int64_t* size);
  // Zeroes everything from `offset` on, removes the files behind, and gives a short file its size again. *cut (optional) says
  // whether there was anything.
  Status Cut(const std::string& topic, int32_t queue_id, int64_t offset, bool* cut);
  // Removes the queue's files and directory.
  Status Remove(const std::string& topic, int32_t queue_id);

  // Everything written since the last call becomes durable, files and directories. kFlushFailed is final for the store; after any
  // other error (no descriptor is left) the call may be made again.
  Status SyncAll();

  int64_t open_count() const;

 private:
  Status Acquire(const std::string& path, OpenMode mode, ReadMode read_mode, std::shared_ptr<OpenFile>* file);
  void Forget(const std::string& path);
  Status Make(const std::string& topic, int32_t queue_id, int64_t start, int64_t offset, std::span<const std::byte> entries);
  Status Compare(const OpenFile& file, int64_t at, std::span<const std::byte> bytes, int64_t* different);
  Status Sync(const std::set<std::string>& files, const std::set<std::string>& directories);
  void Unsynced(const std::string& directory, const std::string& path, bool made);

  static constexpr size_t kMaxOpen = 128;
  static constexpr size_t kManyUnsynced = 64;  // beyond it one sync of the file system is cheaper than one of each file

  Platform& platform_;
  const StorePaths paths_;
  const int64_t entries_per_file_;
  const bool read_only_;

  struct Pooled {
    std::string path;
    std::shared_ptr<OpenFile> file;
  };
  mutable std::mutex mutex_;
  std::list<Pooled> recent_;  // most recently used first
  std::unordered_map<std::string, std::list<Pooled>::iterator> by_path_;
  std::set<std::string> unsynced_files_;
  std::set<std::string> unsynced_directories_;
  uint64_t temporary_count_ = 0;
};

}  // namespace millrace
