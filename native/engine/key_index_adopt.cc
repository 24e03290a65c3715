// Taking over what another program wrote into the index: the part of key_index.h that compares files with the log while the gap is
// read. The file at hand is the active one meanwhile; nothing is put before all items of all files have been met.
#include <algorithm>

#include "key_index.h"
#include "record_keys.h"

namespace millrace {
Status KeyIndex::WaitForLog(int64_t limit) {
  std::vector<std::string> others;
  Status status = ListOthers(&others);
  if (!status.ok()) return status;
  const std::string last = active_ ? active_name_ : files_->empty() ? std::string() : files_->back().name;
  std::deque<std::string> names;
  for (std::string& name : others) {
    if (name > last) names.push_back(std::move(name));
  }
  // Records that are no more cannot be asked.
  const int64_t from = std::max(limit, log_.empty() ? 0 : log_.first());
  if (active_ || !names.empty()) adoption_.Begin(std::move(names), from);
  return status;
}

Status KeyIndex::EnterPart(const IndexRecord::File& file, int64_t limit, bool* entered) {
  *entered = false;
  const IndexHeader& known = file.proof.header;
  std::shared_ptr<IndexFile> opened;
  IndexProof proof;
  int32_t below = 0;
  Status status = IndexFile::Open(platform_, pool_.PathOf(file.name), config_.shape, known, OpenMode::kReadWrite, &opened);
  // What we knew of it is there still.
  if (status.ok()) status = opened->Prove(&proof);
  if (status.ok() && proof.checksum != file.proof.checksum) return status;
  if (status.ok()) status = opened->TakeAsItIs(limit, &below);
  if (IsIndexDamage(status)) return Status::Ok();
  if (!status.ok()) return status;
  const IndexHeader there = opened->header();
  if (there.begin_timestamp != known.begin_timestamp || there.next < known.next) return status;
  active_ = std::move(opened);
  active_name_ = file.name;
  adoption_.Enter(active_, below + 1);
  *entered = true;
  return status;
}

Status KeyIndex::EnterNext() {
  auto files = std::make_shared<std::vector<IndexRecord::File>>(*files_);
  Status status;
  const bool is_full = active_ && active_->full();
  if (is_full) {
    IndexRecord::File full{active_name_, {}};
    status = active_->Sync();
    if (status.ok()) status = active_->Prove(&full.proof);
    if (!status.ok()) return status;
    files->push_back(full);
  }
  std::string name;
  std::shared_ptr<IndexFile> file;
  int32_t below = 0;
  bool found = (!active_ || is_full) && adoption_.TakeName(&name);
  if (found) {
    status = IndexFile::Open(platform_, pool_.PathOf(name), config_.shape, IndexHeader{}, OpenMode::kReadWrite, &file);
    if (status.ok()) status = file->TakeAsItIs(0, &below);
    found = status.ok();
    if (IsIndexDamage(status)) status = Status::Ok();
  }
  if (!status.ok()) return status;
  if (!found) {
    adoption_.End();
    return RemoveOthers();
  }
  if (active_) {
    active_->Seal();
    pool_.Keep(active_name_, active_);
  }
  adoption_.Enter(file, 1);
  std::lock_guard lock(mutex_);
  files_ = std::move(files);
  active_ = std::move(file);
  active_name_ = std::move(name);
  return status;
}

Status KeyIndex::TakeOrPut(int32_t hash, const RecordView& record, IndexAdoption::Step* step) {
  while (adoption_.on()) {
    *step = IndexAdoption::Step::kEnd;
    Status status = active_ ? adoption_.Take(hash, step) : Status::Ok();
    if (!status.ok() || *step != IndexAdoption::Step::kEnd) return status;
    status = EnterNext();
    if (!status.ok()) return status;
  }
  *step = IndexAdoption::Step::kTaken;
  return Put(hash, record.position, record.store_timestamp);
}

Status KeyIndex::PassTag(int32_t hash) {
  IndexAdoption::Step step = IndexAdoption::Step::kEnd;
  Status status = active_ ? adoption_.Take(hash, &step) : Status::Ok();
  if (!status.ok() || step != IndexAdoption::Step::kEnd || (active_ && !active_->full())) return status;
  status = EnterNext();
  return status.ok() && adoption_.on() ? adoption_.Take(hash, &step) : std::move(status);
}

Status KeyIndex::IndexRecordKeys(const RecordView& record, bool* agrees) {
  const bool may_differ = adoption_.on();
  AddKeyHashes(record.topic, record.properties, record.sys_flag, config_.with_tags, &gap_hashes_);
  all_hashes_.clear();
  if (may_differ) AddKeyHashes(record.topic, record.properties, record.sys_flag, true, &all_hashes_);
  if (!all_hashes_.empty()) adoption_.NextRecord(record.position, record.store_timestamp, all_hashes_);
  Status status;
  IndexAdoption::Step step = IndexAdoption::Step::kTaken;
  for (size_t i = 0; status.ok() && step == IndexAdoption::Step::kTaken && i < gap_hashes_.size(); i++) {
    status = TakeOrPut(gap_hashes_[i], record, &step);
  }
  const bool is_same = step == IndexAdoption::Step::kTaken;
  // A tag that we do not index may be there.
  if (status.ok() && is_same && adoption_.on() && all_hashes_.size() > gap_hashes_.size()) status = PassTag(all_hashes_.back());
  *agrees = is_same && !(may_differ && IsIndexDamage(status));
  if (*agrees) return status;
  Distrust(active_name_, pool_.epoch());
  return Status::Ok();
}

Status KeyIndex::EndAdoption() {
  IndexAdoption::Step step = IndexAdoption::Step::kEnd;
  Status status = active_ ? adoption_.Rest(&step) : Status::Ok();
  if (IsIndexDamage(status) || step == IndexAdoption::Step::kDiffers) {
    Distrust(active_name_, pool_.epoch());
    return Status::Ok();
  }
  return status.ok() ? EnterNext() : std::move(status);
}

}  // namespace millrace
