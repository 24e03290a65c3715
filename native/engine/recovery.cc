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
      progress_(progress),
      scanner_(platform, files),
      repair_(platform, paths, files, scanner_),
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
  // Without a census every entry has to tell for itself; after an end that was not clean the newest do.
  const int64_t checked = !start_.has_census ? INT64_MAX : start_.clean ? 0 : kCheckedEntries;
  Status status = rebuild_.Load(start_.queue_bound, files_.first(), checked, &census, &whole);
  if (!status.ok()) return status;
  if (whole && (!start_.has_census || census == start_.census)) return status;
  // Entries, or whole queues, are missing behind our back. Only the log knows what they were.
  FromFirst();
  return rebuild_.Load(start_.queue_bound, files_.first(), 0, &census, &whole);
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
    // Queues may be on disk further than the log is, where records are shown before they are durable. Nothing behind the end is
    // believed.
    start_.queue_bound = outcome->end.position;
    start_.has_census = false;
    status = ScanAgain(outcome);
  }
  if (status.ok()) status = FindCut(outcome);
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
  Status status;
  if (dispatch) status = rebuild_.RemoveStale();
  const int64_t total = std::max<int64_t>(0, std::min(files_.last() + files_.file_bytes(), start.scan_limit) - start.scan_from);
  Pass pass{start, dispatch, start.scan_from <= files_.first(), outcome, start.scan_from, start.scan_from, start.last, {}};
  batch_ = Batch{};
  blanks_.clear();
  strange_ = false;
  bool ends = false;
  while (status.ok() && !ends && pass.at < start.scan_limit) {
    if (!Tell(RecoveryPhase::kScan, pass.at - start.scan_from, total, false)) return Status(Code::kAborted);
    LostRange known;
    if (losses_.Find(pass.at, &known)) {
      pass.at = known.to;
      continue;
    }
    LogScanner::Seen seen;
    status = scanner_.Look(pass.at, RuleAt(start.own, pass.at), &seen);
    if (!status.ok()) break;
    const bool is_older = seen.kind == RecordKind::kRecord && seen.view.store_timestamp < pass.last.store_timestamp;
    if (is_older && start.foreign && dispatch && IsLeftOver(seen.view))
      ends = true;
    else if (seen.kind == RecordKind::kRecord)
      status = TakeRecord(seen.view, &pass);
    else if (seen.kind == RecordKind::kBlank)
      pass.at = files_.EndOf(pass.at);
    else if (pass.at >= start.watermark && !start.to_last_valid)
      ends = true;
    else
      status = StepOver(seen, &pass, &ends);
  }
  if (!status.ok()) return status;
  if (pass.at < batch_.end && batch_.begin >= start.watermark && !start.read_only) {
    // Of a batch all or nothing.
    if (dispatch) rebuild_.Rollback(batch_.begin);
    pass.at = batch_.begin;
    pass.last = batch_.last_before;
  }
  blanks_.insert(blanks_.end(), pass.suspects.begin(), pass.suspects.end());
  outcome->repaired_blanks = static_cast<int64_t>(pass.suspects.size());
  outcome->end = Mark{pass.at, pass.last, 0};
  outcome->scanned_bytes = pass.at - start.scan_from;
  return Tell(RecoveryPhase::kScan, pass.at - start.scan_from, total, true) ? Status::Ok() : Status(Code::kAborted);
}

// What RocketMQ cut may begin right behind what it wrote over it. A clock that was set back explains an older record, but not its
// number too; and while it was us who wrote, time never went back.
bool Recovery::IsLeftOver(const RecordView& record) const {
  const bool is_ours = record.has_checksum && RuleAt(start_.own_before, record.position) == ChecksumRule::kRequired;
  return is_ours || !rebuild_.IsNext(record);
}

Status Recovery::TakeRecord(const RecordView& record, Pass* pass) {
  const int64_t size = static_cast<int64_t>(record.bytes.size());
  if (record.batch_count > 0) batch_ = Batch{pass->at, pass->at + static_cast<int64_t>(record.batch_bytes), pass->last};
  std::vector<int64_t>& suspects = pass->suspects;
  if (pass->dispatch && !rebuild_.Dispatch(record, pass->from_first, suspects.empty())) {
    strange_ = strange_ || suspects.empty();
    for (const int64_t suspect : suspects) Lose(suspect, files_.EndOf(suspect), LossReason::kStructure, pass->outcome);
    if (!suspects.empty()) (void)rebuild_.Dispatch(record, pass->from_first, true);
    suspects.clear();
  }
  const int64_t store_timestamp = std::max(pass->last.store_timestamp, record.store_timestamp);
  pass->last = LastRecord{pass->at, static_cast<int32_t>(size), store_timestamp, record.checksum};
  pass->outcome->recovered_messages++;
  pass->at += size;
  if (!pass->dispatch || pass->at - pass->flushed_at <= kFlushBytes) return Status::Ok();
  pass->flushed_at = pass->at;
  return rebuild_.Flush(pass->at < batch_.end ? batch_.begin : pass->at);
}

Status Recovery::StepOver(const LogScanner::Seen& seen, Pass* pass, bool* ends) {
  const RecoveryStart& start = pass->start;
  const int64_t at = pass->at;
  int64_t next = -1;
  bool blank = false;
  Status status = Resynchronise(at, start, &next, &blank);
  if (status.ok() && start.foreign && next >= 0) {
    // RocketMQ erases nothing when it cuts: an older record behind a bad place is what it cut, and must not come back.
    LogScanner::Seen behind;
    status = scanner_.Look(next, RuleAt(start.own, next), &behind);
    *ends = behind.view.store_timestamp < pass->last.store_timestamp;
  }
  if (!status.ok() || *ends) return status;
  const LossReason unread = seen.file_missing ? LossReason::kMissingFile : LossReason::kStructure;
  if (next < 0 || (next > start.watermark && !start.to_last_valid)) {
    *ends = true;
    if (at >= start.watermark) return status;
    // The log ends below what was durable. What is left of the range is closed with a BLANK, so that positions never repeat.
    const int64_t boundary = start.watermark == files_.StartOf(start.watermark) ? start.watermark : files_.EndOf(start.watermark);
    const int64_t left = files_.EndOf(start.watermark) - start.watermark;
    const bool room = files_.Has(start.watermark) && left >= static_cast<int64_t>(format::kBlankBytes);
    Lose(at, room ? start.watermark : boundary, unread, pass->outcome);
    if (room && boundary > start.watermark) blanks_.push_back(start.watermark);
    pass->at = boundary;
    return status;
  }
  if (blank)
    pass->suspects.push_back(at);
  else
    Lose(at, next, seen.plausible ? LossReason::kChecksum : unread, pass->outcome);
  pass->at = next;
  return status;
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
    if (seen.kind == RecordKind::kRecord)
      *next = file;
    else
      status = scanner_.FindRecord(file + 1, files_.EndOf(file), start.own, next);
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

Status Recovery::FindCut(RecoveryOutcome* outcome) {
  if (start_.read_only) return Status::Ok();
  Status status = repair_.Find(outcome->end.position, &outcome->truncated_bytes);
  if (outcome->truncated_bytes > 0) outcome->truncated_from = outcome->end.position;
  return status;
}

Status Recovery::Repair(int64_t generation, RecoveryOutcome* outcome) {
  const int64_t end = outcome->end.position;
  if (!Tell(RecoveryPhase::kTruncate, 0, outcome->truncated_bytes, true)) return Status(Code::kAborted);
  Status status = repair_.Cut(generation, !start_.sync_failed);
  if (status.ok()) status = repair_.WriteBlanks(blanks_);
  if (status.ok()) {
    const auto tell = [this](int64_t done, int64_t total) { return Tell(RecoveryPhase::kTruncate, done, total, false); };
    status = repair_.RewriteKept(rewrite_from_, end, tell);
  }
  if (!status.ok()) return status;
  if (!Tell(RecoveryPhase::kQueues, 0, table_.tail_entries(), true)) return Status(Code::kAborted);
  status = rebuild_.Finish(end);
  outcome->rebuilt_queue_entries = rebuild_.rewritten();
  scanner_.Forget();
  return status.ok() ? io::SyncFileSystem(platform_, paths_.root) : std::move(status);
}

}  // namespace millrace
