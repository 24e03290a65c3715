// Which files of the key index are believed: those that the index record knows, as far as they were synced and the log below them
// is still the one that was indexed. The part of key_index.h that takes files away. Always the record first and then the files,
// the newest first: whoever reads beside us never finds a record that says more than there is.
#include <algorithm>

#include "format.h"
#include "io.h"
#include "key_index.h"

namespace millrace {
namespace {

bool IsIndexName(const std::string& name) {
  return name.size() == format::kIndexNameDigits &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Status KeyIndex::Open(int64_t unchanged, bool clean, int64_t end) {
  IndexRecord record;
  Status status = record.Load(platform_, paths_);
  if (!status.ok() && !IsIndexDamage(status)) return status;
  const bool is_known = status.ok();
  if (config_.shape.slots == 0) config_.shape.slots = is_known ? record.shape.slots : IndexShape{}.slots;
  if (config_.shape.entries == 0) config_.shape.entries = is_known ? record.shape.entries : IndexShape{}.entries;
  const bool is_usable = is_known && record.shape == config_.shape && (record.with_tags || !config_.with_tags);
  if (!is_usable) record = IndexRecord{};
  if (is_usable) saved_ = record.Encode();

  Believed believed;
  const int64_t limit = std::min({unchanged, end, record.indexed});
  status = TakeFiles(record, limit, clean && limit < end, clean && limit == record.indexed, &believed);
  if (!status.ok()) return status;
  const auto kept = std::make_shared<std::vector<IndexRecord::File>>(std::move(believed.files));
  indexed_ = believed.all ? limit : kept->empty() ? 0 : kept->back().proof.header.end_position;
  pending_from_ = end;
  had_gap_ = indexed_ < pending_from_;
  if (!active_ && !kept->empty() && kept->back().proof.header.next < config_.shape.entries) {
    // The last one goes on.
    const IndexRecord::File& last = kept->back();
    status = IndexFile::Open(platform_, pool_.PathOf(last.name), config_.shape, last.proof.header, OpenMode::kReadWrite, &active_);
    if (!status.ok()) return status;
    active_name_ = last.name;
    kept->pop_back();
    believed.may_go_on = false;
  }
  files_ = kept;
  if (clean && had_gap_ && believed.all && believed.may_go_on) status = WaitForLog(limit);
  // In a store that never had a key there is nothing to say yet.
  if (status.ok() && (is_known || active_ || !files_->empty())) status = Save();
  return status.ok() ? RemoveOthers() : std::move(status);
}

Status KeyIndex::TakeFiles(const IndexRecord& record, int64_t limit, bool may_wait, bool as_they_are, Believed* believed) {
  for (size_t i = 0; i < record.files.size(); i++) {
    const IndexRecord::File& file = record.files[i];
    IndexRecord::File taken;
    const bool is_last = i + 1 == record.files.size();
    if (may_wait && (file.proof.header.end_position >= limit || (is_last && !as_they_are))) {
      // It reaches beyond what is known of the log, or another program went on with it: perhaps it is right nevertheless.
      if (file.proof.header.begin_position >= limit) return Status::Ok();
      bool entered = false;
      Status status = EnterPart(file, limit, &entered);
      if (!status.ok() || entered) return status;
    }
    Status status = TakeFile(file, limit, as_they_are || !is_last, &taken);
    believed->all = status.ok();
    if (IsIndexDamage(status)) return Status::Ok();
    if (!status.ok()) return status;
    // Nothing of it lies below the limit, nor of those behind it.
    if (taken.proof.header.next <= 1) return status;
    believed->files.push_back(taken);
    if (taken.proof.header.next != file.proof.header.next) {
      believed->may_go_on = false;
      return status;
    }
  }
  return Status::Ok();
}

Status KeyIndex::TakeFile(const IndexRecord::File& file, int64_t limit, bool as_it_is, IndexRecord::File* taken) {
  *taken = file;
  std::shared_ptr<IndexFile> opened;
  IndexHeader there;
  Status status =
      IndexFile::Open(platform_, pool_.PathOf(file.name), config_.shape, file.proof.header, OpenMode::kReadWrite, &opened);
  if (status.ok()) status = opened->ReadHeader(&there);
  if (!status.ok()) return status;
  if (as_it_is && there == file.proof.header && there.end_position < limit) return status;
  status = opened->CutTo(file.proof, limit);
  return status.ok() ? opened->Prove(&taken->proof) : std::move(status);
}

Status KeyIndex::ListOthers(std::vector<std::string>* names) {
  std::vector<DirectoryEntry> entries;
  Status status = io::List(platform_, paths_.index, &entries);
  if (status.code() == Code::kNotFound) return Status::Ok();
  for (const DirectoryEntry& entry : entries) {
    const bool is_known = entry.name == active_name_ || adoption_.IsWaiting(entry.name) ||
                          std::any_of(files_->begin(), files_->end(), [&](const auto& file) { return file.name == entry.name; });
    if (!entry.is_directory && !is_known && IsIndexName(entry.name)) names->push_back(entry.name);
  }
  std::sort(names->begin(), names->end());
  return status;
}

Status KeyIndex::RemoveOthers() {
  std::vector<std::string> others;
  Status status = ListOthers(&others);
  return status.ok() ? Remove(others) : std::move(status);
}

Status KeyIndex::Remove(const std::vector<std::string>& names) {
  Status status;
  for (auto name = names.rbegin(); status.ok() && name != names.rend(); ++name) {
    status = io::Unlink(platform_, pool_.PathOf(*name));
  }
  return status.ok() && !names.empty() ? io::SyncDirectory(platform_, paths_.index) : std::move(status);
}

Status KeyIndex::DropDistrusted() {
  std::string name;
  {
    std::lock_guard lock(mutex_);
    name = std::exchange(distrusted_, {});
  }
  if (name.empty()) return Status::Ok();
  adoption_.End();
  auto kept = std::make_shared<std::vector<IndexRecord::File>>();
  for (const IndexRecord::File& file : *files_) {
    if (file.name < name) kept->push_back(file);
  }
  {
    std::lock_guard lock(mutex_);
    files_ = kept;
    active_.reset();
    active_name_.clear();
    indexed_ = kept->empty() ? 0 : kept->back().proof.header.end_position;
    pool_.EndEpoch();
  }
  had_gap_ = true;
  Status status = Save();
  return status.ok() ? RemoveOthers() : std::move(status);
}

}  // namespace millrace
