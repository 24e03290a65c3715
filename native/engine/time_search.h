// The place of a time in a queue: the last message stored before it and the first one behind, exact to the millisecond.
//
// A binary search over what is visible of the queue. Store times never go back along a log that we wrote, so the answer is the one
// that a scan would give, equal times and file borders included. Where another program's clock went back, it is one of the places
// where times pass the border: what stands right at `before` is before it, and what stands right at `behind` is behind it.
//
// A time counts only when it was read from a record that holds: one that was verified before by its head (its place in log and
// queue is compared), any other one whole, as a read would verify it. A message that cannot be read has no time: the search goes on
// with the next one that can, as if those between were not there, and what it found damaged goes into the loss map.
//
// Times that were looked at are remembered (time_samples.h), so that a hot search reads nothing, and that of a queue which is too
// large for this a piece of entries and a few heads. With kOnlyCached it reads little and waits for nothing: kWouldBlock, and the
// caller searches again elsewhere. Any thread.
#pragma once

#include "consume_queue.h"
#include "file_set.h"
#include "loss_map.h"
#include "reader.h"
#include "time_samples.h"

namespace millrace {

class TimeSearch {
 public:
  // What is visible while one search runs.
  struct View {
    int64_t visible = 0;
    int64_t first = 0;  // where the log begins
    int64_t cuts = 0;   // moves whenever an offset may have come to name another message
  };
  struct Found {
    int64_t before = 0;  // one less than the first offset when none is
    int64_t behind = 0;  // one past the last offset when none is
  };

  TimeSearch(Platform& platform, FileSet& files, QueueFiles& queue_files, LossMap& losses, Reader& reader)
      : platform_(platform), files_(files), queue_files_(queue_files), losses_(losses), reader_(reader) {}

  Status Find(int32_t handle, const ConsumeQueue& queue, const TimeBorder& border, const View& view, ReadMode mode, Found* found);

 private:
  class Looker;
  static int64_t Guess(const TimeBorder& border, const TimeRange& range, bool halve);

  Platform& platform_;
  FileSet& files_;
  QueueFiles& queue_files_;
  LossMap& losses_;
  Reader& reader_;
  TimeSamples samples_;
};

}  // namespace millrace
