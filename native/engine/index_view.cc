#include "index_view.h"

#include <algorithm>

namespace millrace {

IndexView::IndexView(Platform& platform, const StorePaths& paths, int64_t unchanged)
    : platform_(platform), paths_(paths), pool_(platform, paths), unchanged_(unchanged) {
  IndexRecord record;
  if (record.Load(platform, paths).ok()) first_ = last_ = record.Encode();
}

Status IndexView::Snapshot(int64_t visible, KeySnapshot* snapshot) {
  IndexRecord record;
  Status status = record.Load(platform_, paths_);
  if (status.code() == Code::kNotFound || status.code() == Code::kCorruption) {
    *snapshot = KeySnapshot{};
    snapshot->gap_to = visible;
    return Status::Ok();
  }
  if (!status.ok()) return status;
  std::lock_guard lock(mutex_);
  std::vector<std::byte> bytes = record.Encode();
  if (bytes != first_) unchanged_ = INT64_MAX;  // a writer has opened the store since, and has seen to it
  if (bytes != last_) pool_.EndEpoch();
  last_ = std::move(bytes);
  *snapshot = KeySnapshot{};
  snapshot->gap_from = snapshot->below = std::min({record.indexed, unchanged_, visible});
  snapshot->gap_to = visible;
  snapshot->shape = record.shape;
  snapshot->with_tags = record.with_tags;
  snapshot->epoch = pool_.epoch();
  snapshot->files = std::make_shared<const std::vector<IndexRecord::File>>(std::move(record.files));
  return status;
}

}  // namespace millrace
