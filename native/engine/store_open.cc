// Opening and closing a store: in which order its parts are found, recovered, started and ended.
//
// The order is the promise. Opening: lock, look, refuse; only then write. The generation grows, durably, before anything is cut;
// `abort` is there, durably, before the first append. Closing: services end, everything is synced, the slot says `clean`, and only
// then does `abort` go.
#include "store.h"

#include <cerrno>

#include "io.h"

namespace millrace {

Store::Store(Private, Platform& platform, const std::string& directory, const StoreConfig& config, StoreListener* listener)
    : platform_(platform), paths_(directory), config_(config), listener_(listener), side_car_(platform, paths_) {}

Store::~Store() {
  transfers_.reset();
  if (maintenance_thread_) maintenance_thread_->Stop();
  if (group_) group_->StopServices();
  maintenance_thread_.reset();
  side_car_.CloseWatermarks();
  if (lock_ != kNoFile) platform_.Close(lock_);
}

Status Store::Open(Platform& platform, const std::string& directory, const StoreConfig& config, const RecoveryProgress& progress,
                   StoreListener* listener, std::unique_ptr<Store>* store) {
  *store = std::make_unique<Store>(Private{}, platform, directory, config, listener);
  Status status = (*store)->OpenNow(progress);
  if (!status.ok()) store->reset();
  return status;
}

Status Store::OpenNow(const RecoveryProgress& progress) {
  const int64_t began = platform_.MonotonicNanos();
  Opening opening(platform_, paths_, config_);
  Status status = opening.LockDirectory();
  if (status.ok()) status = opening.Inspect();
  if (!status.ok()) return status;
  lock_ = opening.TakeLock();

  files_ =
      std::make_unique<FileSet>(platform_, paths_.commit_log, paths_.temporary, opening.identity.file_bytes, config_.read_only);
  files_->Load(opening.log_files);
  queue_files_ = std::make_unique<QueueFiles>(platform_, paths_, opening.identity.entries_per_file, config_.read_only);
  queues_ = std::make_unique<QueueTable>(*queue_files_);
  losses_.Load(opening.found.losses);
  deletions_ = opening.found.deletions;
  generation_ = opening.generation;
  own_ = opening.start.own;

  Mark end;
  status = Recover(opening, progress, &end);
  if (!status.ok()) return status;
  // RocketMQ takes `abort` away when it closes in order, as we do.
  report_.clean = !opening.exists || (!opening.had_abort && opening.short_last < 0);
  report_.created = !opening.exists;
  report_.foreign = opening.foreign;
  report_.side_car_set_aside = !opening.not_believed.empty();
  report_.nanos = platform_.MonotonicNanos() - began;

  reader_ = std::make_unique<Reader>(platform_, *files_, *queue_files_, losses_, own_, config_.verify);
  time_search_ = std::make_unique<TimeSearch>(platform_, *files_, *queue_files_, losses_, *reader_);
  if (config_.read_only) {
    follower_ = std::make_unique<Follower>(platform_, paths_, *files_, *queues_, losses_, deletions_, side_car_, own_);
    follower_->Start(end.position);
    status = OpenIndex(end.position);
    return status.ok() ? follower_->Catch() : std::move(status);
  }
  return StartServices(base_slot_, end);
}

Status Store::Recover(Opening& opening, const RecoveryProgress& progress, Mark* end) {
  RecoveryStart& start = opening.start;
  if (config_.read_only && opening.found.has_published && opening.found.published.boot_id == ShortText(platform_.BootId())) {
    start.scan_limit = std::max(opening.found.published.visible, start.scan_from);
  }
  if (start.foreign) log_unchanged_ = start.scan_from;
  Recovery recovery(platform_, paths_, *files_, *queues_, losses_, deletions_, progress, config_.read_only);
  RecoveryOutcome& outcome = report_.outcome;
  start.clean = opening.clean;
  if (opening.clean) {
    start.queue_bound = start.scan_from = start.watermark;
    start.last = opening.found.newest.last;
    start.census = opening.found.newest.synced_census;
    start.has_census = true;
  }
  Status status = recovery.Check(start);
  if (!status.ok()) return status;
  if (!config_.read_only) {
    status = WriteOpen(opening);
    if (status.ok() && !opening.clean && opening.exists) {
      // What a killed process left in the page cache comes to the disk now, so that everything below can be believed alike.
      if (progress && !progress(RecoveryPhase::kSync, 0, 1)) return Status(Code::kAborted);
      status = io::SyncFileSystem(platform_, paths_.root);
      if (progress && !progress(RecoveryPhase::kSync, 1, 1)) return Status(Code::kAborted);
    }
    if (!status.ok()) return status;
  }
  status = recovery.Scan(&outcome);
  if (!status.ok()) return status;
  *end = outcome.end;
  if (end->position < start.watermark && opening.clean) end->position = start.watermark;
  own_ = recovery.own();
  if (config_.read_only) return status;

  if (start.foreign) {
    // Before anything else is said of this log: an open that is cut short must not take the other program's records for damaged
    // ones of ours.
    losses_.SetChanged();
    opening.identity.own = own_;
    status = side_car_.SaveIdentity(opening.identity);
    if (!status.ok()) return status;
  }
  if (losses_.TakeChanged()) status = side_car_.SaveLosses(losses_.All());
  if (status.ok()) status = GrowGeneration(opening, recovery, *end);
  if (status.ok() && (!opening.clean || recovery.Changed())) status = recovery.Repair(generation_, &outcome);
  return status.ok() ? TakeOver(opening, *end) : std::move(status);
}

Status Store::GrowGeneration(const Opening& opening, const Recovery& recovery, const Mark& end) {
  // Positions that were given and are gone will be given again, under another generation. What a power cut took leaves no trace, so
  // without the word of this boot that all is there, it counts as taken.
  const WatermarkSlot& told = opening.found.published;
  const bool all_there =
      opening.clean || !opening.found.has_slot ||
      (opening.found.has_published && told.boot_id == ShortText(platform_.BootId()) && told.written <= end.position);
  if (recovery.Cuts() || !all_there) base_slot_.generation = ++generation_;
  if (!recovery.Cuts()) return Status::Ok();
  // That has to last before anything is cut.
  WatermarkSlot slot = base_slot_;
  slot.sync_failed = true;  // until the cut is synced: if that fails, an open after it must not believe that it was made
  slot.first = files_->first();
  slot.durable = std::min(opening.start.watermark, end.position);
  slot.last = end.last.position + end.last.size <= slot.durable ? end.last : LastRecord{};
  slot.written = slot.visible = slot.durable;
  slot.queued = slot.synced_queues = slot.first;
  slot.queued_census = slot.synced_census = QueueCensus{};
  return side_car_.WriteSlot(slot);
}

Status Store::TakeOver(Opening& opening, const Mark& end) {
  Status status;
  // From here on the log is ours again.
  if (own_.empty() || own_.back().to != INT64_MAX) {
    own_.push_back({end.position, INT64_MAX});
    opening.new_identity = true;
  }
  if (opening.new_identity) {
    opening.identity.own = own_;
    status = side_car_.SaveIdentity(opening.identity);
  }
  if (!status.ok()) return status;
  base_slot_.first = files_->empty() ? end.position : files_->first();
  WatermarkSlot slot = base_slot_;
  slot.durable = slot.written = slot.visible = slot.queued = slot.synced_queues = end.position;
  slot.last = end.last;
  slot.queued_census = slot.synced_census = queues_->Census();
  status = side_car_.WriteSlot(slot);
  // RocketMQ ignores it. If it stays, the next open only looks more closely.
  if (status.ok() && opening.start.foreign) (void)io::Unlink(platform_, paths_.abort_backup);
  return status;
}

Status Store::WriteOpen(Opening& opening) {
  bool made = false;
  bool any = false;
  Status status = side_car_.MakeDirectories();
  for (const std::string& path : {paths_.commit_log, paths_.consume_queue}) {
    if (status.ok()) status = io::MakeDirectory(platform_, path, &made);
    any = any || made;
  }
  if (status.ok() && (any || !opening.exists)) status = io::SyncDirectory(platform_, paths_.root);
  if (status.ok()) status = side_car_.SetAside(opening.not_believed);
  if (!status.ok()) return status;
  // What an earlier process was making and never finished.
  std::vector<DirectoryEntry> leftovers;
  status = io::List(platform_, paths_.temporary, &leftovers);
  for (const DirectoryEntry& entry : leftovers) {
    if (status.ok() && !entry.is_directory) status = io::Unlink(platform_, paths_.temporary + "/" + entry.name);
  }
  if (status.ok() && opening.short_last >= 0) {
    std::shared_ptr<OpenFile> file;
    status = files_->Open(opening.short_last, &file);
    if (status.ok()) status = io::Resize(platform_, file->handle(), files_->file_bytes());
    if (status.ok()) status = io::Sync(platform_, file->handle());
  }
  if (!status.ok()) return status;

  base_slot_.store_id = ShortText(opening.identity.store_id);
  base_slot_.boot_id = ShortText(platform_.BootId());
  base_slot_.process_id = platform_.ProcessId();
  base_slot_.session = static_cast<int64_t>(platform_.Random() >> 1);
  base_slot_.generation = generation_;
  // Another program's writing is not forgotten when this open is cut short.
  const int64_t session_before = opening.found.has_slot && !opening.foreign ? opening.found.newest.session : 0;
  const std::string text = AbortText(base_slot_.process_id, base_slot_.session, session_before);
  status = io::ReplaceFile(platform_, paths_.root, "abort", paths_.temporary, std::as_bytes(std::span(text)));
  // An identity must be there before a slot can be believed.
  if (status.ok() && opening.new_identity) status = side_car_.SaveIdentity(opening.identity);
  return status.ok() ? side_car_.OpenWatermarks(opening.sequence) : std::move(status);
}

Status Store::StartServices(const WatermarkSlot& base, const Mark& end) {
  BlockReserve::Policy blocks;
  blocks.zero = config_.commit.sync;
  blocks.mapped = config_.commit.mapped;
  blocks_ = std::make_unique<BlockReserve>(platform_, *files_, blocks);
  CommitListener& listener = *this;
  group_ = std::make_unique<GroupCommit>(platform_, *files_, *blocks_, config_.commit, listener);
  log_ = std::make_unique<CommitLog>(*files_, *group_);
  log_->Start(end);
  reader_->verified().Trust(end.position);
  Status status = OpenIndex(end.position);
  if (!status.ok()) return status;
  const Maintenance::Parts parts{platform_, paths_, *files_, *blocks_, *group_, *queues_, losses_, side_car_, key_index_.get()};
  maintenance_ = std::make_unique<Maintenance>(parts, config_.commit.visible_when_durable);
  maintenance_->on_background_error = [this](Status error) {
    {
      std::lock_guard lock(mutex_);
      if (background_.size() < 16) background_.push_back(std::move(error));
    }
    if (listener_ != nullptr) listener_->OnProgress();
  };
  maintenance_->Start(base, end);
  status = group_->Start(end);
  if (!status.ok()) return status;
  maintenance_->Publish();
  maintenance_thread_ = platform_.StartService("millrace-maint", maintenance_.get());
  if (!maintenance_thread_) return Status(Code::kIoError, EAGAIN);
  maintenance_thread_->Wake();
  return status;
}

Status Store::Close() {
  transfers_.reset();
  if (config_.read_only) return Status::Ok();
  Status status;
  if (!failed() && !rejecting()) status = group_->WriteInline(true);
  maintenance_thread_->Stop();
  group_->StopServices();
  if (status.ok() && rejecting() && !failed()) status = rejection();
  if (status.ok()) status = maintenance_->Finish();
  if (status.ok()) {
    // A file that was prepared and never used: RocketMQ would look for records in it.
    const int64_t end = group_->written();
    status = files_->RemoveFrom(end == files_->StartOf(end) ? end : files_->EndOf(end));
  }
  if (status.ok()) status = io::Unlink(platform_, paths_.abort);
  if (status.ok()) status = io::SyncDirectory(platform_, paths_.root);
  side_car_.CloseWatermarks();
  platform_.Close(std::exchange(lock_, kNoFile));
  return status;
}

}  // namespace millrace
