#include "index_adoption.h"

#include <algorithm>

namespace millrace {

void IndexAdoption::Begin(std::deque<std::string> names, int64_t from) {
  on_ = true;
  names_ = std::move(names);
  from_ = from;
}

void IndexAdoption::End() { *this = IndexAdoption(); }

bool IndexAdoption::IsWaiting(const std::string& name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

bool IndexAdoption::TakeName(std::string* name) {
  if (names_.empty()) return false;
  *name = std::move(names_.front());
  names_.pop_front();
  return true;
}

void IndexAdoption::Enter(std::shared_ptr<IndexFile> file, int32_t first) {
  file_ = std::move(file);
  number_ = first;
  read_.clear();
  at_ = 0;
}

void IndexAdoption::NextRecord(int64_t position, int64_t store_timestamp, std::vector<int32_t> hashes) {
  before_ = std::move(record_);
  record_ = {position, store_timestamp, std::move(hashes)};
}

Status IndexAdoption::Peek(IndexItem* item, bool* any) {
  for (;; at_++, number_++) {
    if (at_ == read_.size()) {
      read_.resize(kAtOnce);
      at_ = 0;
      Status status = file_->ReadItems(number_, &read_);
      if (!status.ok()) return status;
    }
    *any = !read_.empty();
    if (!*any) return Status::Ok();
    *item = read_[at_];
    const bool is_again = item->position == before_.position &&
                          std::find(before_.hashes.begin(), before_.hashes.end(), item->hash) != before_.hashes.end();
    if (item->position >= from_ && !is_again) return Status::Ok();
  }
}

Status IndexAdoption::Take(int32_t hash, Step* step) {
  IndexItem item;
  bool any = false;
  Status status = Peek(&item, &any);
  if (!status.ok()) return status;
  *step = any ? Step::kDiffers : Step::kEnd;
  if (!any) return status;
  const IndexHeader header = file_->header();
  const bool is_in_time = record_.store_timestamp >= header.begin_timestamp && record_.store_timestamp <= header.end_timestamp &&
                          (number_ == 1 ? record_.store_timestamp == header.begin_timestamp
                                        : item.seconds == header.SecondsAt(record_.store_timestamp));
  if (item.position != record_.position || item.hash != hash || !is_in_time) return status;
  *step = Step::kTaken;
  at_++;
  number_++;
  return status;
}

Status IndexAdoption::Rest(Step* step) {
  NextRecord(-1, 0, {});
  IndexItem item;
  bool any = false;
  Status status = Peek(&item, &any);
  *step = any ? Step::kDiffers : Step::kEnd;
  return status;
}

}  // namespace millrace
