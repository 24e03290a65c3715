// Our own folder beside RocketMQ's: what its format has no place for, in small checksummed files.
//
//   identity    which store this is, its file sizes, and the ranges of the log that we wrote (there, a missing checksum is damage)
//   watermarks  two slots that are synced and two that are only written: watermark_slot.h
//   losses      the loss map
//   deletions   deleted topics: from where on their records count again, and the numbers their queues go on with
//
// Every file but `watermarks` is replaced whole (old or new, whatever happens). A file that does not verify is not believed and is
// set aside, never deleted. Calls come from open, the maintenance thread and the producer; Publish and WriteSlot are serialised
// here.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "loss_map.h"
#include "open_file.h"
#include "platform.h"
#include "status.h"
#include "store_paths.h"
#include "watermark_slot.h"

namespace millrace {

struct OwnRange {
  int64_t from = 0;
  int64_t to = INT64_MAX;
};

struct Identity {
  std::string store_id;
  int64_t file_bytes = 0;
  int64_t entries_per_file = 0;
  std::vector<OwnRange> own;  // sorted; the last one may be open
};

struct Deletion {
  int64_t position = 0;                    // records of the topic below it are never dispatched again
  std::map<int32_t, int64_t> next_offset;  // by queue
};

class SideCar {
 public:
  SideCar(Platform& platform, const StorePaths& paths) : platform_(platform), paths_(paths) {}

  struct Found {
    bool has_identity = false;
    Identity identity;
    bool has_slot = false;
    WatermarkSlot newest;  // by sequence
    bool has_published = false;
    WatermarkSlot published;
    std::vector<LostRange> losses;
    std::map<std::string, Deletion> deletions;
    std::vector<std::string> damaged;  // names of files that are there and do not verify
  };
  // Reads everything, changes nothing.
  Status Load(Found* found);
  // Follows another process: the newest published slot, as it stands now. kNotFound when there is none.
  Status ReadPublished(WatermarkSlot* slot);

  Status MakeDirectories();
  // Moves files that could not be believed out of the way.
  Status SetAside(const std::vector<std::string>& names);
  Status SaveIdentity(const Identity& identity);
  Status SaveLosses(const std::vector<LostRange>& losses);
  Status SaveDeletions(const std::map<std::string, Deletion>& deletions);

  // Makes or opens `watermarks` for writing; the next slot has a sequence above `sequence`.
  Status OpenWatermarks(int64_t sequence);
  // Durable when it returns OK. kFlushFailed when the sync failed; a write that failed (a full disk) may be tried again.
  Status WriteSlot(WatermarkSlot slot);
  // A store to memory: no call, no sync.
  void Publish(WatermarkSlot slot);
  void CloseWatermarks();

 private:
  Status LoadSealed(const std::string& name, std::vector<std::byte>* bytes);
  int64_t SlotPosition(int index) const { return index * WatermarkSlot::kSlotBytes; }

  Platform& platform_;
  const StorePaths paths_;
  std::mutex mutex_;
  std::unique_ptr<OpenFile> watermarks_;
  std::unique_ptr<OpenFile> followed_;
  std::byte* map_ = nullptr;
  int64_t sequence_ = 0;
  int next_synced_ = 0;
  int next_published_ = 0;
};

}  // namespace millrace
