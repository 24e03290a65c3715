// One file of the key index, as RocketMQ lays it out: a header, a table of slots, and items that are chained from the newest to the
// oldest of each slot. Layout: docs/format.md, "Key index".
//
// An item says "a record whose topic#key has this hash stands there", nothing more: whoever asks compares the record's own keys.
// The format has no checksum, so what a crash leaves behind cannot be told from the file alone. Two rules make it usable:
//   - Put changes memory only. Flush writes items, then slots, then the header: while the machine runs, whoever reads the file sees
//     a slot only after its item.
//   - After an end that was not clean CutTo is told how much had been synced. Items never change, so it believes these, checks
//     each of them, and makes the slots anew; everything newer is forgotten. A file that does not hold together is kCorruption, and
//     is to be made again from the log.
// Threads: one writer (Put, Flush, Sync, Prove, Seal, CutTo, TakeAsItIs, ReadItems). Find may be called by any thread at any
// time; it sees what was put.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "index_format.h"
#include "open_file.h"
#include "platform.h"
#include "status.h"

namespace millrace {

// Store times, both inclusive.
struct TimeWindow {
  int64_t begin = 0;
  int64_t end = INT64_MAX;
};

// What was in a file at one moment: by it the file is known again.
struct IndexProof {
  IndexHeader header;
  uint32_t checksum = 0;  // CRC-32 of the last items: their sector may be torn by a later write
};

// An index file that does not hold together, or is gone: in either case the log says what it said.
inline bool IsIndexDamage(const Status& status) { return status.code() == Code::kCorruption || status.code() == Code::kNotFound; }

class IndexFile {
 public:
  // Makes a file in `temporary` and renames it to `path` when it is whole; `before` is the header of the file before it, if any.
  static Status Create(Platform& platform, const std::string& path, const std::string& temporary, const IndexShape& shape,
                       const IndexHeader& before, std::shared_ptr<IndexFile>* file);
  // A file with this header; what the file itself says is not looked at. kCorruption when it has not the size of this shape.
  static Status Open(Platform& platform, const std::string& path, const IndexShape& shape, const IndexHeader& header, OpenMode mode,
                     std::shared_ptr<IndexFile>* file);
  IndexFile(Platform& platform, std::string path, const IndexShape& shape, const IndexHeader& header, FileHandle handle);

  const std::string& path() const { return path_; }
  std::string name() const { return path_.substr(path_.find_last_of('/') + 1); }
  IndexHeader header() const;
  // Not one item more fits.
  bool full() const { return header().next >= shape_.entries; }

  // --- the writer
  Status Put(int32_t hash, int64_t position, int64_t store_timestamp);
  // This hash will be put soon.
  void Prefetch(int32_t hash) const {
    const size_t at = static_cast<size_t>(hash % shape_.slots) * 4;
    const SlotPage* const page = pages_[at / kPageBytes].get();
    if (page != nullptr) __builtin_prefetch(page->bytes.data() + at % kPageBytes, 1);
  }
  // What was put reaches the file. After an error it may be called again; nothing is forgotten.
  Status Flush();
  // What was flushed is durable; kFlushFailed is final.
  Status Sync();
  // Of what was flushed.
  Status Prove(IndexProof* proof);
  // What the file says.
  Status ReadHeader(IndexHeader* header);
  // Items that were put and not flushed.
  size_t unwritten() const { return tail_.size(); }
  // Nothing more will be put: frees the memory of the slots.
  void Seal();
  // Believes the items of the proof whose position is below `position`, and makes the rest of the file agree with them.
  Status CutTo(const IndexProof& believed, int64_t position);
  // Believes what the file says of itself, and changes nothing; kCorruption when its header, items and slots do not agree. *below:
  // how many of its items have a position below `position`. Whether they are the keys of the log is not asked.
  Status TakeAsItIs(int64_t position, int32_t* below);
  // As many items from number `first` on as fit and are in the file.
  Status ReadItems(int32_t first, std::vector<IndexItem>* items);

  // --- any thread
  // Where a walk from the newest item of a slot to the oldest stands.
  struct Walk {
    int32_t at = kNotBegun;
    int32_t steps = 0;  // items that were looked at
    static constexpr int32_t kNotBegun = -1;
  };
  // The next older position of `hash` whose time may lie in the window; -1 when there is none. The file keeps seconds, so a record
  // of that position may lie up to a second outside. With kOnlyCached a walk that has become too long for an event loop is
  // kWouldBlock, as is what is not in memory.
  Status Find(int32_t hash, const TimeWindow& window, ReadMode mode, Walk* walk, int64_t* position);

 private:
  static constexpr size_t kPageBytes = 4096;
  static constexpr int32_t kProvenItems = 256;  // more than a block of any device
  static constexpr int32_t kMostAtOnce = 2048;  // items an event loop looks at
  struct SlotPage {
    std::array<std::byte, kPageBytes> bytes{};
    bool dirty = false;
  };

  size_t SlotBytes() const { return static_cast<size_t>(shape_.slots) * 4; }
  Status LoadPage(size_t page);
  Status ReadSlot(int32_t slot, ReadMode mode, int32_t* newest);
  Status ReadItem(int32_t number, ReadMode mode, IndexItem* item);
  Status CheckItems(const IndexHeader& believed, int64_t position, std::vector<int32_t>* slots, IndexHeader* header);
  Status CheckTimes(const IndexHeader& header, int64_t position, int32_t* below);
  Status CheckSlots(const std::vector<int32_t>& slots);
  Status WriteSlots(const std::vector<int32_t>& slots);
  Status TailChecksum(int32_t next, uint32_t* checksum);
  Status Bad() const { return Status(Code::kCorruption).In(path_); }

  Platform& platform_;
  const std::string path_;
  const IndexShape shape_;
  OpenFile file_;

  mutable std::mutex mutex_;  // all below; the writer alone changes it, and reads it without
  IndexHeader header_;
  std::vector<std::unique_ptr<SlotPage>> pages_;  // as far as they were needed since it was opened
  std::vector<size_t> dirty_;
  std::vector<IndexItem> tail_;  // items that are not in the file yet: the last ones
};

}  // namespace millrace
