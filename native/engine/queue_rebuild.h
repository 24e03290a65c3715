// The queues' part of recovery: finds how far the entries on disk can be believed, and dispatches the records behind that anew.
//
// Load trusts entries of positions below a bound and forgets the rest; Dispatch pushes what the scan finds; Flush compares with
// what is in the files and counts what differs. Numbers never move: an entry that damage took becomes one that names the lost
// range. One thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "loss_map.h"
#include "queue_table.h"
#include "record_codec.h"
#include "side_car.h"

namespace millrace {

class QueueRebuild {
 public:
  QueueRebuild(Platform& platform, const StorePaths& paths, QueueTable& table, LossMap& losses,
               const std::map<std::string, Deletion>& deletions, bool read_only)
      : platform_(platform), paths_(paths), table_(table), losses_(losses), deletions_(deletions), read_only_(read_only) {}

  // Adds every queue that has a directory. `bound`: entries of positions below are trusted. `first`: the log begins there.
  // *whole is false when files are missing or misshapen: only a scan of the whole log can tell what they held.
  // `checked`: so many of the newest trusted entries of each queue are looked at, because a census may not tell of a hole.
  Status Load(int64_t bound, int64_t first, int64_t checked, QueueCensus* census, bool* whole);

  // False when the record's number does not follow on and no damage is known that explains it; then the record is dispatched only
  // with `accept`. `from_first`: the scan began with the first record there is, so a queue may begin at any number.
  bool Dispatch(const RecordView& record, bool from_first, bool accept);
  // Whether the record's number is the one that its queue goes on with; true for a queue that is not known.
  bool IsNext(const RecordView& record) const;
  // Removes what Load found of deleted topics: a crash came before their files went. Not for a read-only handle.
  Status RemoveStale();
  void Rollback(int64_t position) { table_.Rollback(position); }
  // Bounds memory: entries below `position` go to their files.
  Status Flush(int64_t position);
  // Keeps entries on disk that point into lost ranges behind the last record found; everything else behind the end is cut.
  Status Finish(int64_t end);

  int64_t rewritten() const { return rewritten_; }
  // Load found entries that nothing below the bound explains. Finish cuts what the log does not explain either.
  bool ahead() const { return ahead_; }

 private:
  // Entries that a queue's files have room for; begin is -1 when there is no file.
  struct Span {
    int64_t begin = -1;
    int64_t end = -1;
  };
  Status FindFiles(const std::string& topic, int32_t queue_id, Span* span, bool* whole);
  // All zeros behind the end of the files. Reads a window of entries, and remembers it.
  Status ReadEntry(const std::string& topic, int32_t queue_id, int64_t offset, QueueEntry* entry);
  // The first offset of the span whose entry does not hold: in all before it, it does.
  template <typename Holds>
  Status CountWhile(const std::string& topic, int32_t queue_id, Span span, Holds holds, int64_t* count);
  Status LoadQueue(const std::string& topic, int32_t queue_id, int64_t bound, int64_t first, int64_t checked, QueueCensus* census,
                   bool* whole);
  // *whole is false when an entry of the span is none, or points back.
  Status CheckEntries(const std::string& topic, int32_t queue_id, Span span, bool* whole);
  Status KeepSurvivors(int32_t handle, ConsumeQueue& queue, int64_t end);
  void Push(int32_t handle, const QueueEntry& entry);

  static constexpr int64_t kWindow = 200;

  Platform& platform_;
  const StorePaths& paths_;
  QueueTable& table_;
  LossMap& losses_;
  const std::map<std::string, Deletion>& deletions_;
  const bool read_only_;
  int64_t rewritten_ = 0;
  bool ahead_ = false;
  int64_t first_entry_ = 0;   // of the queue that is being loaded
  int64_t window_from_ = -1;  // in that queue
  std::vector<QueueEntry> window_;
  std::vector<std::pair<std::string, int32_t>> stale_;      // directories of deleted topics
  std::vector<std::pair<std::string, int32_t>> unfounded_;  // queues with files of which no entry can be believed
};

// What may name a directory: RocketMQ's characters, so that no record can point outside the store.
bool IsTopicName(std::string_view name);

}  // namespace millrace
