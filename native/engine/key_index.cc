#include "key_index.h"

#include <algorithm>

#include "format.h"
#include "io.h"
#include "record_keys.h"

namespace millrace {

// ------------------------------------------------------------------------------------------------ producer

void KeyIndex::Push(std::span<const int32_t> hashes, int64_t position, int64_t end, int64_t store_timestamp) {
  std::lock_guard lock(mutex_);
  if (pending_.size() + hashes.size() > kMaxPending) {
    pending_.Clear();
    pending_from_ = end;
  } else {
    for (const int32_t hash : hashes) pending_.Push(hash, position, store_timestamp);
  }
  pending_count_.store(pending_.size(), std::memory_order_relaxed);
}

void KeyIndex::Rollback(int64_t position) {
  std::lock_guard lock(mutex_);
  while (!pending_.empty() && pending_.back().position >= position) pending_.PopBack();
  pending_from_ = std::min(pending_from_, position);
  pending_count_.store(pending_.size(), std::memory_order_relaxed);
}

// ------------------------------------------------------------------------------------------------ maintenance

bool KeyIndex::Behind() const {
  std::lock_guard lock(mutex_);
  return !pending_.empty() || indexed_ < pending_from_ || !distrusted_.empty() || adoption_.on();
}

int64_t KeyIndex::gap() const {
  std::lock_guard lock(mutex_);
  return std::max<int64_t>(0, pending_from_ - indexed_);
}

Status KeyIndex::Advance(int64_t visible, bool* more) {
  *more = false;
  Status status = DropDistrusted();
  if (status.ok() && gap() == 0 && adoption_.on()) {
    *more = true;
    return EndAdoption();
  }
  if (status.ok()) status = gap() > 0 ? ReadGap(visible, more) : PutPending(visible, more);
  // What was put before an error stays. The file is written seldom: then a page of slots has many new keys, not one or two.
  if (status.ok() && active_ && active_->unwritten() >= kUnwritten) status = active_->Flush();
  if (!status.ok()) return status;
  // So that a rebuild that came to its end is not begun again after a crash.
  const bool has_gap = gap() > 0 || adoption_.on();
  if (has_gap && gap() == 0) *more = true;
  const bool is_closed = had_gap_ && !has_gap;
  had_gap_ = has_gap;
  return is_closed ? Save() : std::move(status);
}

Status KeyIndex::CatchUp(int64_t end) {
  Status status;
  for (bool more = gap() > 0 && gap() <= kGapAtOpen; status.ok() && more;) status = Advance(end, &more);
  // What may pass is the maintenance thread's to meet again, and to tell.
  const bool is_passing = status.code() == Code::kDiskFull || status.code() == Code::kTooManyFiles;
  return is_passing ? Status::Ok() : std::move(status);
}

Status KeyIndex::Finish(int64_t visible) {
  Status status;
  for (bool more = true; status.ok() && more && gap() <= kGapAtEnd;) status = Advance(visible, &more);
  return status;
}

Status KeyIndex::ReadGap(int64_t visible, bool* more) {
  int64_t at = 0;
  int64_t end = 0;
  {
    std::lock_guard lock(mutex_);
    at = std::max(indexed_, log_.empty() ? 0 : log_.first());
    end = std::min(pending_from_, visible);
  }
  const int64_t far = at + kGapAtOnce;
  walk_.Forget();
  for (size_t keys = 0; at < std::min(end, far) && keys < kAtOnce;) {
    RecordView record;
    bool found = false;
    int64_t next = at;
    Status status = walk_.Next(end, &next, &record, &found);
    gap_hashes_.clear();
    bool agrees = true;
    if (status.ok() && found) status = IndexRecordKeys(record, &agrees);
    *more = !agrees;
    if (!status.ok() || !agrees) return status;
    keys += gap_hashes_.size();
    at = next;
    std::lock_guard lock(mutex_);
    indexed_ = std::max(indexed_, at);
  }
  std::lock_guard lock(mutex_);
  indexed_ = std::max(indexed_, at);
  *more = at < end || (indexed_ >= pending_from_ && !pending_.empty() && pending_.front().position < visible);
  return Status::Ok();
}

Status KeyIndex::PutPending(int64_t visible, bool* more) {
  std::vector<PendingKeys::Key> taken;
  {
    std::lock_guard lock(mutex_);
    for (size_t i = 0; i < pending_.size(); i++) {
      const PendingKeys::Key& one = pending_[i];
      // The keys of one record stay together.
      if (one.position >= visible || (taken.size() >= kAtOnce && taken.back().position != one.position)) break;
      taken.push_back(one);
    }
  }
  Status status;
  for (size_t i = 0; status.ok() && i < taken.size(); i++) {
    if (active_ && i + kAhead < taken.size()) active_->Prefetch(taken[i + kAhead].hash);
    status = Put(taken[i].hash, taken[i].position, taken[i].store_timestamp);
    // The record that was not put whole is put again.
    if (!status.ok()) std::erase_if(taken, [at = taken[i].position](const PendingKeys::Key& one) { return one.position >= at; });
  }
  std::lock_guard lock(mutex_);
  if (indexed_ < pending_from_) {
    // The list was full meanwhile. The last one may be put again.
    if (!taken.empty()) indexed_ = std::max(indexed_, taken.back().position);
    *more = true;
    return status;
  }
  while (!taken.empty() && !pending_.empty() && pending_.front().position <= taken.back().position) pending_.PopFront();
  pending_count_.store(pending_.size(), std::memory_order_relaxed);
  *more = !pending_.empty() && pending_.front().position < visible;
  indexed_ = std::max(indexed_, pending_.empty() ? visible : std::min(visible, pending_.front().position));
  pending_from_ = std::max(pending_from_, indexed_);
  return status;
}

Status KeyIndex::Put(int32_t hash, int64_t position, int64_t store_timestamp) {
  Status status;
  if (!active_ || active_->full()) status = Roll(store_timestamp);
  if (status.ok()) status = active_->Put(hash, position, store_timestamp);
  if (status.ok()) entries_.fetch_add(1, std::memory_order_relaxed);
  return status;
}

Status KeyIndex::MakeFolder() {
  bool made = false;
  Status status = io::MakeDirectory(platform_, paths_.index, &made);
  return status.ok() && made ? io::SyncDirectory(platform_, paths_.root) : std::move(status);
}

Status KeyIndex::Roll(int64_t store_timestamp) {
  Status status = MakeFolder();
  auto files = std::make_shared<std::vector<IndexRecord::File>>(*files_);
  if (active_) {
    IndexRecord::File full{active_name_, {}};
    if (status.ok()) status = active_->Flush();
    if (status.ok()) status = active_->Sync();
    if (status.ok()) status = active_->Prove(&full.proof);
    if (!status.ok()) return status;
    files->push_back(full);
  }
  std::string name = IndexFileName(store_timestamp, config_.utc_offset);
  const std::string last = files->empty() ? std::string() : files->back().name;
  if (name <= last) name = std::to_string(std::stoll(last) + 1);
  const IndexHeader before = files->empty() ? IndexHeader{} : files->back().proof.header;
  std::shared_ptr<IndexFile> file;
  if (status.ok()) status = IndexFile::Create(platform_, pool_.PathOf(name), paths_.temporary, config_.shape, before, &file);
  if (!status.ok()) return status;
  if (active_) {
    active_->Seal();
    pool_.Keep(active_name_, active_);
  }
  std::lock_guard lock(mutex_);
  files_ = std::move(files);
  active_ = std::move(file);
  active_name_ = std::move(name);
  return status;
}

Status KeyIndex::Save() {
  IndexRecord record{config_.shape, config_.with_tags, 0, *files_};
  Status status;
  if (active_) {
    IndexRecord::File file{active_name_, {}};
    status = active_->Flush();
    if (status.ok()) status = active_->Sync();
    if (status.ok()) status = active_->Prove(&file.proof);
    if (!status.ok()) return status;
    if (file.proof.header.next > 1) record.files.push_back(file);
  }
  {
    std::lock_guard lock(mutex_);
    record.indexed = indexed_;
  }
  std::vector<std::byte> bytes = record.Encode();
  if (bytes == saved_) return status;
  status = record.Save(platform_, paths_);
  if (status.ok()) saved_ = std::move(bytes);
  return status;
}

int64_t KeyIndex::sealed_timestamp() const {
  std::lock_guard lock(mutex_);
  return files_->empty() ? 0 : files_->back().proof.header.end_timestamp;
}

// ------------------------------------------------------------------------------------------------ any thread

KeySnapshot KeyIndex::Snapshot(int32_t hash, int64_t visible) const {
  KeySnapshot snapshot;
  std::lock_guard lock(mutex_);
  pending_.Find(hash, visible, &snapshot.pending);
  snapshot.gap_from = indexed_;
  snapshot.gap_to = std::min(pending_from_, visible);
  snapshot.files = files_;
  snapshot.active = active_;
  snapshot.shape = config_.shape;
  snapshot.with_tags = config_.with_tags;
  snapshot.epoch = pool_.epoch();
  return snapshot;
}

void KeyIndex::Distrust(const std::string& name, uint64_t epoch) {
  std::lock_guard lock(mutex_);
  if (epoch != pool_.epoch()) return;
  if (distrusted_.empty() || name < distrusted_) distrusted_ = name;
}

KeyIndex::Numbers KeyIndex::numbers() const {
  Numbers numbers;
  numbers.entries = entries_.load(std::memory_order_relaxed);
  numbers.open_files = static_cast<int64_t>(pool_.open_count());
  std::lock_guard lock(mutex_);
  numbers.files = static_cast<int64_t>(files_->size()) + (active_ ? 1 : 0);
  numbers.open_files += active_ ? 1 : 0;
  numbers.gap = std::max<int64_t>(0, pending_from_ - indexed_);
  return numbers;
}

}  // namespace millrace
