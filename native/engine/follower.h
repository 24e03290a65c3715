// A read-only handle's view of a store that another process may be writing: follows the published slot.
//
// Entries below the published queue position are in the queues' files; above it the follower scans the log itself and keeps the
// entries in memory. Without a slot of this boot it shows what was valid when it was opened. It changes nothing on disk. One mutex;
// any thread.
#pragma once

#include <atomic>
#include <mutex>

#include "log_scanner.h"
#include "queue_rebuild.h"
#include "side_car.h"

namespace millrace {

class Follower {
 public:
  Follower(Platform& platform, const StorePaths& paths, FileSet& files, QueueTable& queues, LossMap& losses,
           const std::map<std::string, Deletion>& deletions, SideCar& side_car, const std::vector<OwnRange>& own)
      : queues_(queues),
        files_(files),
        side_car_(side_car),
        own_(own),
        boot_id_(ShortText(platform.BootId())),
        scanner_(platform, files),
        rebuild_(platform, paths, queues, losses, deletions, true) {}

  void Start(int64_t visible) { scanned_ = visible_ = durable_ = written_ = visible; }
  // Takes in what was published since. An error of reading leaves the view as it was.
  Status Catch();

  int64_t visible() const { return visible_.load(std::memory_order_acquire); }
  int64_t durable() const { return durable_.load(std::memory_order_acquire); }
  int64_t written() const { return written_.load(std::memory_order_acquire); }
  // How often the writer was seen to have cut its log: an offset from before may name another message since.
  int64_t cuts() const { return cuts_.load(std::memory_order_acquire); }

 private:
  QueueTable& queues_;
  FileSet& files_;
  SideCar& side_car_;
  const std::vector<OwnRange>& own_;
  const ShortText boot_id_;
  std::mutex mutex_;
  LogScanner scanner_;
  QueueRebuild rebuild_;
  int64_t scanned_ = 0;
  int64_t sequence_ = 0;
  int64_t trimmed_ = 0;
  std::atomic<int64_t> visible_{0};
  std::atomic<int64_t> durable_{0};
  std::atomic<int64_t> written_{0};
  std::atomic<int64_t> cuts_{0};
};

}  // namespace millrace
