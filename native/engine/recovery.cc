#include "recovery.h"

#include <algorithm>

#include "io.h"

namespace millrace {

Recovery::Recovery(Platform& platform, const StorePaths& paths, FileSet& files, QueueTable& queues, LossMap& losses,
                   const std::map<std::string, Deletion>& deletions, const RecoveryProgress& progress, bool read_only)
    : platform_(platform),
      paths_(paths),
      files_(files),
      table_(queues),
      losses_(losses),
      deletions_(deletions),
      progress_(progress),
      scanner_(platform, files),
      rebuild_(platform, paths, queues, losses, deletions, read_only) {}

bool Recovery::Tell(RecoveryPhase phase, int64_t done, int64_t total, bool always) {
  const int64_t now = platform_.MonotonicNanos();
  if (!always && now - told_at_ < 100'000'000) return true;
  told_at_ = now;
  return !progress_ || progress_(phase, done, total);
}

Status Recovery::LoadQueues() {
  for (const int32_t handle : table_.All()) table_.Forget(handle);
  QueueCensus census;
  bool whole = true;
  Status status = rebuild_.Load(start_.queue_bound, files_.first(), &census, &whole);
  if (!status.ok()) return status;
  if (whole && (!start_.has_census || census == start_.census)) return status;
  // Entries, or whole queues, are missing behind our back. Only the log knows what they were.
  FromFirst();
  return rebuild_.Load(start_.queue_bound, files_.first(), &census, &whole);
}

void Recovery::FromFirst() {
  for (const int32_t handle : table_.All()) table_.Forget(handle);
  start_.scan_from = start_.queue_bound = files_.first();
  start_.has_census = false;
  start_.last = LastRecord{};
  if (!start_.foreign) return;
  // Whoever wrote cut the log before going on. What we knew of positions may be about records that are no longer there.
  start_.own.clear();
  losses_.Load({});
}

Status Recovery::Check(const RecoveryStart& start) {
  start_ = start;
  Status status = LoadQueues();
  if (!status.ok() || !start.refuse_damage) return status;
  const std::vector<LostRange> known = losses_.All();
  RecoveryOutcome looked;
  status = ScanLog(start_, false, &looked);
  if (!status.ok()) return status;
  losses_.Load(known);
  if (looked.newly_lost.empty()) return status;
  const LostRange& range = looked.newly_lost.front();
  return Status(Code::kCorruption, 0, range.from).In(files_.PathOf(range.from));
}

Status Recovery::Scan(RecoveryOutcome* outcome) {
  Status status = ScanLog(start_, true, outcome);
  if (status.ok() && strange_ && start_.scan_from > files_.first()) {
    // A queue's numbers do not follow on: its older entries went missing. Once more, from the first record.
    FromFirst();
    if (start_.foreign) outcome->newly_lost.clear();
    status = ScanAgain(outcome);
  }
  if (status.ok() && outcome->end.position < start_.queue_bound) {
    // Queues may be on disk further than the log is, where records are shown before they are durable. Nothing behind the end is believed.
    start_.queue_bound = outcome->end.position;
    start_.has_census = false;
    status = ScanAgain(outcome);
  }
  if (status.ok()) status = FindCut(start_, outcome);
  rewrite_from_ = start_.to_last_valid ? outcome->end.position : std::max(start_.watermark, files_.first());
  return status;
}

Status Recovery::ScanAgain(RecoveryOutcome* outcome) {
  RecoveryOutcome fresh;
  fresh.newly_lost = std::move(outcome->newly_lost);  // known by now: they will not be found again
  *outcome = std::move(fresh);
  Status status = LoadQueues();
  return status.ok() ? ScanLog(start_, true, outcome) : std::move(status);
}

void Recovery::Lose(int64_t from, int64_t to, LossReason reason, RecoveryOutcome* outcome) {
  const LostRange range{from, to, reason};
  if (losses_.Add(range)) outcome->newly_lost.push_back(range);
}

Status Recovery::ScanLog(const RecoveryStart& start, bool dispatch, RecoveryOutcome* outcome) {
  if (dispatch) {
    Status status = rebuild_.RemoveStale();
    if (!status.ok()) return status;
  }
  const bool from_first = start.scan_from <= files_.first();
  const int64_t total = std::max<int64_t>(0, std::min(files_.last() + files_.file_bytes(), start.scan_limit) - start.scan_from);
  int64_t at = start.scan_from;
  int64_t flushed_at = at;
  LastRecord last = start.last;
  batch_ = Batch{};
  blanks_.clear();
  strange_ = false;
  std::vector<int64_t> suspects;  // where a BLANK is bad, until a gap in a queue shows that more than a BLANK was lost

  while (at < start.scan_limit) {
    if (!Tell(RecoveryPhase::kScan, at - start.scan_from, total, false)) return Status(Code::kAborted);
    LostRange known;
    if (losses_.Find(at, &known)) {
      at = known.to;
      continue;
    }
    LogScanner::Seen seen;
    Status status = scanner_.Look(at, RuleAt(start.own, at), &seen);
    if (!status.ok()) return status;
    if (seen.kind == RecordKind::kRecord) {
      const RecordView& record = seen.view;
      if (record.batch_count > 0) batch_ = Batch{at, at + static_cast<int64_t>(record.batch_bytes), last};
      if (dispatch) {
        if (!rebuild_.Dispatch(record, from_first, suspects.empty())) {
          strange_ = strange_ || suspects.empty();
          for (const int64_t suspect : suspects) Lose(suspect, files_.EndOf(suspect), LossReason::kStructure, outcome);
          if (!suspects.empty()) (void)rebuild_.Dispatch(record, from_first, true);
          suspects.clear();
        }
      }
      last = LastRecord{at, static_cast<int32_t>(record.bytes.size()), record.checksum, std::max(last.store_timestamp, record.store_timestamp)};
      outcome->recovered_messages++;
      at += static_cast<int64_t>(record.bytes.size());
      if (dispatch && at - flushed_at > (int64_t{64} << 20)) {
        flushed_at = at;
        status = rebuild_.Flush(at < batch_.end ? batch_.begin : at);
        if (!status.ok()) return status;
      }
      continue;
    }
    if (seen.kind == RecordKind::kBlank) {
      at = files_.EndOf(at);
      continue;
    }
    if (at >= start.watermark && !start.to_last_valid) break;

    int64_t next = -1;
    bool blank = false;
    status = Resynchronise(at, start, &next, &blank);
    if (!status.ok()) return status;
    if (start.foreign && next >= 0) {
      // RocketMQ erases nothing when it cuts: an older record behind a bad place is what it cut, and must not come back.
      LogScanner::Seen behind;
      status = scanner_.Look(next, RuleAt(start.own, next), &behind);
      if (!status.ok()) return status;
      if (behind.view.store_timestamp < last.store_timestamp) break;
    }
    if (next < 0 || (next > start.watermark && !start.to_last_valid)) {
      if (at >= start.watermark) break;
      // The log ends below what was durable. What is left of the range is closed with a BLANK, so that positions never repeat.
      const bool room = files_.Has(start.watermark) && files_.EndOf(start.watermark) - start.watermark >= static_cast<int64_t>(format::kBlankBytes);
      const int64_t boundary = start.watermark == files_.StartOf(start.watermark) ? start.watermark : files_.EndOf(start.watermark);
      Lose(at, room ? start.watermark : boundary, seen.file_missing ? LossReason::kMissingFile : LossReason::kStructure, outcome);
      if (room && boundary > start.watermark) blanks_.push_back(start.watermark);
      at = boundary;
      break;
    }
    if (blank) suspects.push_back(at);
    else Lose(at, next, seen.file_missing ? LossReason::kMissingFile : seen.plausible ? LossReason::kChecksum : LossReason::kStructure, outcome);
    at = next;
  }

  if (at < batch_.end && batch_.begin >= start.watermark && !start.read_only) {
    // Of a batch all or nothing.
    if (dispatch) rebuild_.Rollback(batch_.begin);
    at = batch_.begin;
    last = batch_.last_before;
  }
  blanks_.insert(blanks_.end(), suspects.begin(), suspects.end());
  outcome->repaired_blanks = static_cast<int64_t>(suspects.size());
  outcome->end = Mark{at, last};
  outcome->scanned_bytes = at - start.scan_from;
  return Tell(RecoveryPhase::kScan, at - start.scan_from, total, true) ? Status::Ok() : Status(Code::kAborted);
}

Status Recovery::Resynchronise(int64_t bad, const RecoveryStart& start, int64_t* next, bool* blank) {
  *next = -1;
  *blank = false;
  Status status;
  if (files_.Has(bad)) {
    status = scanner_.FindRecord(bad + 1, files_.EndOf(bad), start.own, next);
    if (!status.ok() || *next >= 0) return status;
  }
  for (int64_t file = files_.NextStart(bad); file >= 0; file = files_.NextStart(file)) {
    LogScanner::Seen seen;
    status = scanner_.Look(file, RuleAt(start.own, file), &seen);
    if (!status.ok()) return status;
    if (seen.kind == RecordKind::kRecord) *next = file;
    else status = scanner_.FindRecord(file + 1, files_.EndOf(file), start.own, next);
    if (!status.ok()) return status;
    if (*next < 0) continue;
    const int64_t behind = bad + static_cast<int64_t>(format::kBlankBytes);
    if (*next == files_.EndOf(bad) && files_.Has(bad) && behind <= *next) {
      int64_t data = *next;
      if (behind < *next) status = scanner_.FindData(behind, *next, &data);
      *blank = status.ok() && data >= *next;
    }
    return status;
  }
  return status;
}

Status Recovery::FindCut(const RecoveryStart& start, RecoveryOutcome* outcome) {
  cut_from_ = cut_to_ = outcome->end.position;
  later_data_ = false;
  if (start.read_only) return Status::Ok();
  const int64_t end = outcome->end.position;
  Status status;
  if (files_.Has(end)) status = scanner_.FindDataEnd(end, files_.EndOf(end), &cut_to_);
  if (!status.ok()) return status;
  outcome->truncated_bytes = cut_to_ - cut_from_;
  for (int64_t file = files_.NextStart(end); file >= 0; file = files_.NextStart(file)) {
    int64_t data_end = file;
    status = scanner_.FindDataEnd(file, files_.EndOf(file), &data_end);
    if (!status.ok()) return status;
    outcome->truncated_bytes += data_end - file;
    later_data_ = later_data_ || data_end > file;
  }
  if (outcome->truncated_bytes > 0) outcome->truncated_from = end;
  return status;
}

Status Recovery::Repair(int64_t generation, RecoveryOutcome* outcome) {
  const int64_t end = outcome->end.position;
  const int64_t total = outcome->truncated_bytes + std::max<int64_t>(0, end - rewrite_from_);
  if (!Tell(RecoveryPhase::kTruncate, 0, total, true)) return Status(Code::kAborted);
  Status status;
  if (Cuts()) status = CopyAside(generation);
  // From the last file down, then the tail of the one that stays: whatever a crash leaves, the log still ends where it ended.
  if (status.ok()) status = files_.RemoveFrom(end == files_.StartOf(end) ? end : files_.EndOf(end));
  if (!status.ok()) return status;
  std::shared_ptr<OpenFile> file;
  if (cut_to_ > cut_from_ && files_.Has(cut_from_)) {
    status = files_.Open(cut_from_, &file);
    const int64_t start = files_.StartOf(cut_from_);
    if (status.ok()) status = io::ZeroRange(platform_, file->handle(), cut_from_ - start, cut_to_ - start);
    if (status.ok()) status = io::Sync(platform_, file->handle());
    if (!status.ok()) return std::move(status).In(files_.PathOf(cut_from_));
  }
  for (const int64_t blank : blanks_) {
    std::byte bytes[format::kBlankBytes];
    EncodeBlank(bytes, static_cast<int32_t>(files_.EndOf(blank) - blank));
    status = files_.Open(blank, &file);
    if (status.ok()) status = io::Write(platform_, file->handle(), bytes, blank - files_.StartOf(blank));
    if (status.ok()) status = io::Sync(platform_, file->handle());
    if (!status.ok()) return std::move(status).In(files_.PathOf(blank));
  }
  status = RewriteKept(rewrite_from_, end);
  if (!status.ok()) return status;
  if (!Tell(RecoveryPhase::kQueues, 0, table_.tail_entries(), true)) return Status(Code::kAborted);
  status = rebuild_.Finish(end);
  outcome->rebuilt_queue_entries = rebuild_.rewritten();
  scanner_.Forget();
  return status.ok() ? io::SyncFileSystem(platform_, paths_.root) : std::move(status);
}

Status Recovery::CopyAside(int64_t generation) {
  bool made = false;
  Status status = io::MakeDirectory(platform_, paths_.cut, &made);
  const std::string prefix = paths_.cut + "/" + std::to_string(generation) + "-";
  std::vector<std::byte> bytes(size_t{256} << 10);
  const auto copy = [&](int64_t from, int64_t to) {
    std::shared_ptr<OpenFile> file;
    FileHandle target = kNoFile;
    Status copying = files_.Open(from, &file);
    if (copying.ok()) copying = io::Open(platform_, prefix + FileName(from), OpenMode::kCreate, &target);
    for (int64_t at = from; copying.ok() && at < to;) {
      size_t count = 0;
      const size_t want = static_cast<size_t>(std::min<int64_t>(to - at, static_cast<int64_t>(bytes.size())));
      copying = io::Read(platform_, file->handle(), std::span(bytes).first(want), at - files_.StartOf(at), ReadMode::kMayBlock, &count);
      if (copying.ok() && count > 0) copying = io::Write(platform_, target, std::span(bytes).first(count), at - from);
      if (count == 0) break;
      at += static_cast<int64_t>(count);
    }
    if (target != kNoFile) platform_.Close(target);
    return copying;
  };
  if (status.ok() && cut_to_ > cut_from_) status = copy(cut_from_, cut_to_);
  for (int64_t file = files_.NextStart(cut_from_); status.ok() && file >= 0; file = files_.NextStart(file)) {
    int64_t data_end = file;
    status = scanner_.FindDataEnd(file, files_.EndOf(file), &data_end);
    if (status.ok() && data_end > file) status = copy(file, data_end);
  }
  // A copy is for looking at later. A disk without room for it must not keep the store from opening.
  return status.code() == Code::kDiskFull ? Status::Ok() : std::move(status);
}

Status Recovery::RewriteKept(int64_t from, int64_t to) {
  std::vector<std::byte> bytes(size_t{1} << 20);
  while (from < to) {
    if (!files_.Has(from)) {  // a lost file
      from = files_.EndOf(from);
      continue;
    }
    std::shared_ptr<OpenFile> file;
    Status status = files_.Open(from, &file);
    const int64_t start = files_.StartOf(from);
    const int64_t end = std::min(to, files_.EndOf(from));
    int64_t at = from;
    while (status.ok() && at < end) {
      size_t count = 0;
      const size_t want = static_cast<size_t>(std::min<int64_t>(end - at, static_cast<int64_t>(bytes.size())));
      status = io::Read(platform_, file->handle(), std::span(bytes).first(want), at - start, ReadMode::kMayBlock, &count);
      if (status.ok()) status = io::Write(platform_, file->handle(), std::span(bytes).first(count), at - start);
      if (count == 0) break;
      at += static_cast<int64_t>(count);
      if (!Tell(RecoveryPhase::kTruncate, at - from, to - from, false)) return Status(Code::kAborted);
    }
    if (status.ok()) status = io::Sync(platform_, file->handle());
    if (!status.ok()) return std::move(status).In(files_.PathOf(from));
    from = end;
  }
  return Status::Ok();
}

}  // namespace millrace
