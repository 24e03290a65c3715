#include "opening.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <numeric>

#include "io.h"
#include "log_layout.h"

namespace millrace {
namespace {

// How many files of the log RocketMQ looks at when it recovers, by default (commitLogRecoverMaxNum).
constexpr int64_t kRocketmqRecoveryFiles = 10;

Status MakeWithParents(Platform& platform, const std::string& path) {
  bool made = false;
  Status status = io::MakeDirectory(platform, path, &made);
  const size_t slash = path.find_last_of('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
  if (status.code() == Code::kNotFound && parent != path && parent != ".") {
    status = MakeWithParents(platform, parent);
    if (status.ok()) status = io::MakeDirectory(platform, path, &made);
  }
  if (status.ok() && made) status = io::SyncDirectory(platform, parent);
  return status;
}

}  // namespace

std::string AbortText(int64_t process_id, int64_t session, int64_t before) {
  return std::to_string(process_id) + " millrace " + std::to_string(session) + " after " + std::to_string(before);
}

Opening::~Opening() {
  if (lock_ != kNoFile) platform_.Close(lock_);
}

Status Opening::ReadAbort(int64_t* process_id) {
  std::vector<std::byte> bytes;
  *process_id = abort_session_ = abort_before_ = 0;
  Status status = io::ReadFile(platform_, paths_.abort, 4096, &bytes);
  // One that is gone, or no file of this kind, names nobody.
  if (!status.ok())
    return status.code() == Code::kNotFound || status.code() == Code::kCorruption ? Status::Ok() : std::move(status);
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  long long numbers[3] = {};
  (void)std::sscanf(text.c_str(), "%lld millrace %lld after %lld", &numbers[0], &numbers[1], &numbers[2]);
  *process_id = numbers[0];
  abort_session_ = numbers[1];
  abort_before_ = numbers[2];
  return Status::Ok();
}

Status Opening::LockDirectory() {
  const PathKind root = platform_.Kind(paths_.root);
  if (root == PathKind::kFile || root == PathKind::kOther) return Status(Code::kIoError, ENOTDIR).In(paths_.root);
  exists = platform_.Kind(paths_.commit_log) == PathKind::kDirectory || platform_.Kind(paths_.own) == PathKind::kDirectory;
  if (!exists && !config_.create_if_missing) return Status(Code::kNotFound).In(paths_.root);
  if (exists && config_.error_if_exists) return Status(Code::kExists).In(paths_.root);
  if (config_.read_only) return Status::Ok();
  Status status;
  if (root == PathKind::kNone) status = MakeWithParents(platform_, paths_.root);
  if (status.ok()) status = io::Open(platform_, paths_.lock, OpenMode::kCreate, &lock_);
  if (!status.ok()) return status;
  status = io::Lock(platform_, lock_);
  if (!status.ok()) {
    platform_.Close(std::exchange(lock_, kNoFile));
    if (status.code() != Code::kLocked) return std::move(status).In(paths_.lock);
    int64_t process_id = 0;
    (void)ReadAbort(&process_id);
    return Status(Code::kLocked, 0, process_id).In(paths_.root);
  }
  // While waiting for the lock somebody may have made a store, or wiped one.
  exists = platform_.Kind(paths_.commit_log) == PathKind::kDirectory || platform_.Kind(paths_.own) == PathKind::kDirectory;
  const std::byte text[] = {std::byte{'l'}, std::byte{'o'}, std::byte{'c'}, std::byte{'k'}};
  int64_t size = 0;
  status = io::Size(platform_, lock_, &size);
  if (status.ok() && size == 0) status = io::Write(platform_, lock_, text, 0);
  return status.ok() ? std::move(status) : std::move(status).In(paths_.lock);
}

Status Opening::Inspect() {
  SideCar side_car(platform_, paths_);
  Status status = side_car.Load(&found);
  LogLayout layout(platform_, paths_, config_);
  identity = found.identity;
  if (status.ok()) status = layout.Inspect(found.has_identity, &identity.file_bytes, &identity.entries_per_file);
  log_files = layout.starts;
  short_last = layout.short_last;
  if (status.ok()) status = ChooseStart();
  return status;
}

Status Opening::ChooseStart() {
  had_abort = platform_.Kind(paths_.abort) != PathKind::kNone;
  int64_t process_id = 0;
  Status status = ReadAbort(&process_id);
  if (!status.ok()) return status;
  FileSet files(platform_, paths_.commit_log, paths_.temporary, identity.file_bytes, true);
  files.Load(log_files);
  start.read_only = config_.read_only;
  start.sync_failed = found.has_slot && found.newest.sync_failed;
  start.refuse_damage = config_.refuse_damage;
  not_believed = found.damaged;

  bool recognised = found.has_identity && found.has_slot;
  if (recognised) {
    status = Recognise(files, &recognised);
    if (!status.ok()) return status;
    side_car_overtaken = !recognised;
  }
  if (!recognised) return AdoptStart(files);

  const WatermarkSlot& slot = found.newest;
  generation = slot.generation;
  sequence = slot.sequence;
  bool ends = true;
  if (slot.clean && !had_abort && short_last < 0) status = EndsAt(files, slot, &ends);
  if (!status.ok()) return status;
  foreign = had_abort ? abort_session_ != slot.session && abort_before_ != slot.session : !slot.clean || !ends;
  // Where RocketMQ cut below our end and wrote less than it cut, the end still looks like ours. We took this file away when we
  // opened.
  foreign = foreign || platform_.Kind(paths_.abort_backup) != PathKind::kNone;
  clean = slot.clean && !had_abort && !foreign && short_last < 0 && !last_is_damaged_;

  start.own = identity.own;
  start.watermark = slot.durable;
  const int64_t last_end = slot.last.position < 0 ? slot.first : slot.last.position + slot.last.size;
  const bool cache_survived = found.has_published && found.published.boot_id == ShortText(platform_.BootId()) && !slot.sync_failed;
  if (foreign) {
    ForeignStart(files, std::min(last_end, slot.synced_queues));
    return status;
  }
  start.queue_bound = slot.synced_queues;
  start.census = slot.synced_census;
  if (cache_survived && found.published.queued > slot.synced_queues) {
    start.queue_bound = found.published.queued;
    start.census = found.published.queued_census;
  }
  start.has_census = true;
  start.scan_from = std::min(start.watermark, start.queue_bound);
  // What was damaged last may reach further back.
  if (last_is_damaged_) start.scan_from = std::min(start.scan_from, std::max(files.StartOf(slot.last.position), files.first()));
  start.last = slot.last.position < start.scan_from ? slot.last : LastRecord{};
  start.last.store_timestamp = slot.last.store_timestamp;
  return status;
}

void Opening::ForeignStart(const FileSet& files, int64_t known) {
  // RocketMQ may have cut below our last record and gone on, in the files that it looks at when it recovers. There nothing is
  // believed that is not looked at again: it erases neither records nor queue entries that it cut, so neither end tells.
  start.foreign = true;
  start.own_before = start.own;
  start.to_last_valid = !had_abort;
  const int64_t looked_at = files.StartOf(known) - kRocketmqRecoveryFiles * identity.file_bytes;
  start.queue_bound = start.scan_from = std::max(files.first(), looked_at);
  for (OwnRange& range : start.own) range.to = std::min(range.to, std::max(range.from, start.scan_from));
  std::erase_if(found.losses, [this](const LostRange& range) { return range.to > start.scan_from; });
}

Status Opening::AdoptStart(FileSet& files) {
  if (found.has_identity || found.has_slot) {
    for (const char* name : {"identity", "watermarks", "losses", "deletions"}) {
      if (std::find(not_believed.begin(), not_believed.end(), name) == not_believed.end()) not_believed.push_back(name);
    }
    sequence = found.newest.sequence;
    generation = found.newest.generation + 1;  // positions may have been given again by whoever wrote since
  }
  found.losses.clear();
  found.deletions.clear();
  new_identity = start.foreign = true;
  char id[33];
  std::snprintf(id, sizeof id, "%016llx%016llx", static_cast<unsigned long long>(platform_.Random()),
                static_cast<unsigned long long>(platform_.Random()));
  identity.store_id = id;
  start.own_before = std::exchange(identity.own, {});
  start.queue_bound = start.scan_from = start.watermark = files.first();
  start.to_last_valid = !had_abort;
  if (!had_abort || log_files.empty()) return Status::Ok();
  // RocketMQ flushes files in order: what lies before the last but one that holds anything had been flushed.
  LogScanner scanner(platform_, files);
  int holding = 0;
  for (auto file = log_files.rbegin(); file != log_files.rend() && holding < 2; ++file) {
    int64_t data = *file;
    Status status = scanner.FindData(*file, *file + identity.file_bytes, &data);
    if (!status.ok()) return status;
    if (data == *file + identity.file_bytes) continue;
    holding++;
    start.watermark = *file;
  }
  if (holding < 2) start.watermark = files.first();
  return Status::Ok();
}

Status Opening::Recognise(FileSet& files, bool* recognised) {
  const LastRecord& last = found.newest.last;
  *recognised = true;
  if (last.position < 0) return Status::Ok();
  LogScanner scanner(platform_, files);
  LogScanner::Seen seen;
  Status status = scanner.Look(last.position, RuleAt(identity.own, last.position), &seen);
  if (!status.ok()) return status;
  if (seen.kind == RecordKind::kRecord) {
    *recognised = static_cast<int32_t>(seen.view.bytes.size()) == last.size && seen.view.checksum == last.checksum;
    return status;
  }
  // Rot, or a log that somebody cut and went on with? If its records lead to this place, the record here is damaged; if they step
  // over it, or if one of them is not of our making where all are, it is another log.
  bool is_ours = true;
  for (int64_t file = files.StartOf(last.position); is_ours && file >= files.first(); file -= files.file_bytes()) {
    int64_t at = file;
    bool any = false;
    status = FollowRecords(files, file, last.position, &at, &any, &is_ours);
    if (!status.ok()) return status;
    if (file == files.StartOf(last.position)) is_ours = is_ours && at == last.position;
    if (any) break;
  }
  last_is_damaged_ = *recognised = is_ours;
  return status;
}

Status Opening::FollowRecords(FileSet& files, int64_t from, int64_t to, int64_t* at, bool* any, bool* is_ours) {
  LogScanner scanner(platform_, files);
  const int64_t end = std::min(to, files.EndOf(from));
  *at = from;
  while (*at < end) {
    LogScanner::Seen seen;
    Status status = scanner.Look(*at, ChecksumRule::kIfThere, &seen);
    if (!status.ok()) return status;
    if (seen.kind == RecordKind::kRecord) {
      *any = true;
      *is_ours = *is_ours && (seen.view.has_checksum || RuleAt(identity.own, *at) != ChecksumRule::kRequired);
      *at += static_cast<int64_t>(seen.view.bytes.size());
    } else if (seen.kind == RecordKind::kBlank) {
      return status;
    } else {
      int64_t next = -1;
      if (!seen.file_missing) status = scanner.FindRecord(*at + 1, files.EndOf(from), {}, &next);
      if (!status.ok()) return status;
      *at = next < 0 || next > end ? end : next;
    }
  }
  return Status::Ok();
}

Status Opening::EndsAt(FileSet& files, const WatermarkSlot& slot, bool* ends) {
  LogScanner scanner(platform_, files);
  LogScanner::Seen seen;
  Status status;
  *ends = true;
  const int64_t last_end = slot.last.position < 0 ? slot.first : slot.last.position + slot.last.size;
  for (int64_t at = last_end; status.ok() && *ends && at <= slot.durable;
       at = at < slot.durable ? slot.durable : slot.durable + 1) {
    if (!files.Has(at)) continue;
    status = scanner.Look(at, ChecksumRule::kIfThere, &seen);
    // Between the last record and W there can only be a BLANK, and at W nothing.
    *ends = at < slot.durable ? seen.kind == RecordKind::kBlank : seen.kind == RecordKind::kZeros;
  }
  return status;
}

}  // namespace millrace
