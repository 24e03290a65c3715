/**
 * What is done to the engine, one line at a time: `from` stands exactly once in native/engine/`file`, however its lines are broken, and
 * becomes `to`.
 *
 * A sabotage is something that a person might write by mistake and that ordinary use would never show.
 */
export const sabotages = [
  {
    name: 'skip the fdatasync',
    file: 'group_commit.cc',
    from: 'if (status.ok()) status = io::Sync(platform_, file->handle());',
    to: '',
  },
  {
    name: 'acknowledge before the sync',
    file: 'group_commit.cc',
    from: 'Status status = SyncOneFile(durable());',
    to: 'const int64_t unsynced = durable(); durable_ = std::min(files_.EndOf(unsynced), target.position); Status status = SyncOneFile(unsynced);',
  },
  {
    name: 'sync only the last file of a group that rolls',
    file: 'group_commit.cc',
    from: 'Status status = SyncOneFile(durable());',
    to: 'Status status = SyncOneFile(target.position - 1);',
  },
  {
    name: 'try a failed sync again',
    file: 'group_commit.cc',
    from: 'if (status.ok()) status = io::Sync(platform_, file->handle());',
    to: 'if (status.ok() && !io::Sync(platform_, file->handle()).ok()) status = io::Sync(platform_, file->handle());',
  },
  {
    name: 'leave half a rejected write in the file',
    file: 'group_commit.cc',
    from: 'io::ZeroRange(platform_, file->handle(), from, from + static_cast<int64_t>(written));',
    to: 'io::ZeroRange(platform_, file->handle(), from, from);',
  },
  {
    name: 'make a log file without syncing its directory',
    file: 'file_set.cc',
    from: '.In(path); } status = io::SyncDirectory(platform_, directory_);',
    to: '.In(path); }',
  },
  {
    name: 'make a log file without syncing its size',
    file: 'file_set.cc',
    from: 'if (status.ok()) status = io::Sync(platform_, handle);',
    to: '',
  },
  {
    name: 'make `abort` without syncing it',
    file: 'store_open.cc',
    from: 'status = io::ReplaceFile(platform_, paths_.root, "abort", paths_.temporary, std::as_bytes(std::span(text)));',
    to: 'FileHandle left = kNoFile; status = io::Open(platform_, paths_.abort, OpenMode::kCreate, &left); if (status.ok()) status = io::Write(platform_, left, std::as_bytes(std::span(text)), 0); platform_.Close(left);',
  },
  {
    name: 'trust the length, skip the checksum',
    file: 'record_decode.cc',
    from: 'if (rule == ChecksumRule::kSkip) return true;',
    to: 'if (frame == CrcFrame::kPresent || rule == ChecksumRule::kSkip) return true;',
  },
  {
    name: 'verify the checksum over the head only',
    file: 'record_decode.cc',
    from: 'return StoredCrc(Crc32(0, view.bytes.first(view.bytes.size() - kCrcPropertyBytes))) == view.checksum;',
    to: 'return view.checksum != 0 || view.body.empty();',
  },
  {
    name: 'lose the check of the stored position',
    file: 'record_decode.cc',
    from: 'found.position != position || ',
    to: 'position < 0 || ',
  },
  {
    name: 'forget to zero the tail',
    file: 'log_repair.cc',
    from: 'io::ZeroRange(platform_, file, end_ - start, cut_to_ - start);',
    to: 'io::ZeroRange(platform_, file, end_ - start, end_ - start);',
  },
  {
    name: 'believe that a cut was made although its sync failed',
    file: 'store_open.cc',
    from: 'slot.sync_failed = true;',
    to: '',
  },
  {
    name: 'serve before what was repaired is synced',
    file: 'recovery.cc',
    from: 'return status.ok() ? io::SyncFileSystem(platform_, paths_.root) : std::move(status);',
    to: 'return status;',
  },
  {
    name: 'keep half a batch',
    file: 'recovery.cc',
    from: 'if (pass.at < batch_.end && batch_.begin >= start.watermark && !start.read_only) {',
    to: 'if (pass.at < batch_.begin) {',
  },
  {
    name: 'believe the page cache: do not write again what is kept',
    file: 'recovery.cc',
    from: 'status = repair_.RewriteKept(rewrite_from_, end, tell);',
    to: 'status = repair_.RewriteKept(end, end, tell);',
  },
  {
    name: 'give positions again under the same generation',
    file: 'store_open.cc',
    from: 'base_slot_.generation = ++generation_;',
    to: 'base_slot_.generation = generation_;',
  },
  {
    name: 'truncate at the first bad record, wherever it is',
    file: 'recovery.cc',
    from: 'else if (pass.at >= start.watermark && !start.to_last_valid) ends = true;',
    to: 'else if (pass.at >= 0) ends = true;',
  },
  {
    name: 'write queue entries of records that are only written',
    file: 'maintenance.cc',
    from: '*reached = visible_when_durable_ ? parts_.group.durable_mark() : parts_.group.written_mark();',
    to: '*reached = parts_.group.written_mark();',
  },
  {
    name: 'claim that queues are synced without syncing them',
    file: 'maintenance.cc',
    from: 'status = parts_.queues.files().SyncAll();',
    to: '',
  },
  {
    name: 'write a queue entry only where it differs from what is shown',
    file: 'queue_files.cc',
    from: 'if (status.ok()) { status = io::Write(',
    to: 'if (status.ok() && different > 0) { status = io::Write(',
  },
  {
    name: 'say `clean` before everything is durable',
    file: 'maintenance.cc',
    from: '} status = AdvanceQ(); if',
    to: '} if',
  },
  {
    name: 'zero blocks that hold records',
    file: 'block_reserve.cc',
    from: 'blocks.high = std::max(blocks.high, high);',
    to: '',
  },
  {
    name: 'overwrite the newer of two slots',
    file: 'side_car.cc',
    from: 'next_synced_ = (next_synced_ + 1) % WatermarkSlot::kSyncedSlots;',
    to: '',
  },
  {
    name: 'wake the flusher only when the writer has nothing left',
    file: 'group_commit.cc',
    from: 'if (!policy_.sync) WakeFlusherIfDue(group);',
    to: '(void)group;',
  },
  {
    name: 'take a draft for the batch that something else was staged over',
    file: 'staging.cc',
    from: 'if (used != 0 && used != drafted_) return nullptr;',
    to: '',
  },
];
