// Walks over the entries of one queue, and stops at those whose records a tag filter lets through; without a filter at every one.
//
// Entries are read in runs, many with one pread, and looked at as they stand in the buffer: the hash that rules an entry out is
// all that is decoded of it. Records are not touched; whoever walks reads them and asks TagFilter::Matches. An entry that has no
// hash to hold against the filter is let through, for it may stand for any message: one that is none (never written, or
// pre-blank), and one without a tag that points into a loss (recovery puts it where the true entry is gone). A scan is for one
// walk on one thread; queue, files, losses and filter outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "consume_queue.h"
#include "loss_map.h"
#include "tag_filter.h"

namespace millrace {

class EntryScan {
 public:
  struct Bounds {
    int64_t from = 0;     // the first entry to look at
    int64_t to = 0;       // and the end; all below it are visible
    int64_t visible = 0;  // of the log
    int64_t wanted = 1;   // so many are going to be taken: nothing is read ahead that a dense filter does not need
  };

  // `filter` may be null: everything is let through.
  EntryScan(const ConsumeQueue& queue, QueueFiles& files, const LossMap& losses, const TagFilter* filter, const Bounds& bounds,
            ReadMode mode);

  // Goes on to the next entry that is let through; stays where it is when it stands on one. *found is false at the end. With
  // kOnlyCached a walk that has become too long for an event loop is kWouldBlock, as is what is not in memory.
  Status Find(bool* found);
  // The entry that Find stopped at, and its number in the queue; at the end `offset` is the end.
  const QueueEntry& entry() const { return entry_; }
  int64_t offset() const { return run_from_ + static_cast<int64_t>(at_); }
  // Steps over it.
  void Advance() { at_++; }

 private:
  static constexpr size_t kFewEntries = 256;
  static constexpr size_t kMostEntries = 4096;  // of one run: 80 KiB, which stays in the processor's cache
  static constexpr int64_t kMostAtOnce = 64 * 1024;

  bool IsLetThrough(const std::byte* entry) const;
  Status ReadRun();

  const ConsumeQueue& queue_;
  QueueFiles& files_;
  const LossMap& losses_;
  const TagFilter* const filter_;
  const Bounds bounds_;
  const ReadMode mode_;
  const bool has_losses_;

  std::unique_ptr<std::byte[]> run_;
  size_t run_room_ = 0;  // in entries
  int64_t run_from_;     // the number of its first entry
  size_t run_count_ = 0;
  size_t at_ = 0;  // in the run
  QueueEntry entry_;
};

}  // namespace millrace
