#include "simulated_file.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace millrace {
namespace {

constexpr size_t kSector = static_cast<size_t>(SimulatedFile::kSectorBytes);
constexpr std::array<std::byte, kSector> kZeroSector{};

// Images are whole blocks long, so a sector is there or not.
const std::byte* SectorOf(const std::shared_ptr<FilePages>& image, int64_t sector) {
  const size_t begin = static_cast<size_t>(sector) * kSector;
  return image != nullptr && begin < image->size() ? image->data() + begin : kZeroSector.data();
}

void ZeroFrom(FilePages* image, int64_t begin, int64_t end) {
  const int64_t stop = std::min(end, static_cast<int64_t>(image->size()));
  if (begin < stop) std::memset(image->data() + begin, 0, static_cast<size_t>(stop - begin));
}

int64_t RoundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

SectorFate Draw(const CrashPlan& plan, SeededRandom* random) {
  uint64_t ticket = random->Below(uint64_t{plan.keep_weight} + plan.drop_weight + plan.half_weight + plan.garbage_weight);
  if (ticket < plan.keep_weight) return SectorFate::kKeep;
  ticket -= plan.keep_weight;
  if (ticket < plan.drop_weight) return SectorFate::kDrop;
  return ticket - plan.drop_weight < plan.half_weight ? SectorFate::kHalf : SectorFate::kGarbage;
}

void FillWithGarbage(std::byte* sector, SeededRandom* random) {
  for (size_t i = 0; i < kSector; i += sizeof(uint64_t)) {
    const uint64_t noise = random->Next();
    std::memcpy(sector + i, &noise, sizeof noise);
  }
}

void PutGarbageWhereChanged(std::byte* sector, const std::byte* shown, SeededRandom* random) {
  size_t begin = 0;
  size_t end = kSector;
  while (begin < end && sector[begin] == shown[begin]) ++begin;
  while (begin < end && sector[end - 1] == shown[end - 1]) --end;
  for (; begin < end; ++begin) sector[begin] = static_cast<std::byte>(random->Next());
}

}  // namespace

// calloc: a large mapping of a sparse file costs nothing until it is touched.
FilePages::FilePages(size_t size) : data_(static_cast<std::byte*>(std::calloc(size, 1))), size_(size) {
  if (data_ == nullptr) std::abort();
}
FilePages::~FilePages() { std::free(data_); }

bool BlockSet::Has(int64_t block) const {
  return static_cast<size_t>(block) < blocks_.size() && blocks_[static_cast<size_t>(block)];
}

void BlockSet::Add(int64_t block) {
  if (Has(block)) return;
  if (static_cast<size_t>(block) >= blocks_.size()) blocks_.resize(static_cast<size_t>(block) + 1);
  blocks_[static_cast<size_t>(block)] = true;
  ++count_;
}

void BlockSet::RemoveFrom(int64_t block) {
  if (static_cast<size_t>(block) >= blocks_.size()) return;
  count_ -= std::count(blocks_.begin() + block, blocks_.end(), true);
  blocks_.resize(static_cast<size_t>(block));
}

SimulatedFile SimulatedFile::WithoutMappings() const {
  SimulatedFile copy;
  copy.size_ = size_;
  copy.durable_size_ = durable_size_;
  copy.cache_ = cache_;
  copy.durable_ = durable_;
  copy.dirty_begin_ = dirty_begin_;
  copy.dirty_end_ = dirty_end_;
  copy.lost_ = lost_;
  copy.blocks_ = blocks_;
  copy.durable_blocks_ = durable_blocks_;
  if (mappings_ > 0) {
    copy.cache_ = std::make_shared<FilePages>(cache_->size());
    std::memcpy(copy.cache_->data(), cache_->data(), cache_->size());
    copy.MarkDirty(mapped_begin_, mapped_end_);
  }
  return copy;
}

// Makes the image this file's alone, and at least `size` long.
std::byte* SimulatedFile::Own(std::shared_ptr<FilePages>* image, int64_t size) {
  const bool is_mapped_image = image == &cache_ && mappings_ > 0;
  const size_t had = *image == nullptr ? 0 : (*image)->size();
  const size_t wanted = static_cast<size_t>(RoundUp(size, kBlockBytes));
  if (had >= wanted && had > 0 && (is_mapped_image || image->use_count() == 1)) return (*image)->data();
  if (is_mapped_image && had < wanted) {
    std::fprintf(stderr, "simulated disk: a mapped file grows past what was mapped of it; map its full size\n");
    std::abort();
  }
  const size_t grown = had == 0 || had >= wanted ? std::max(had, wanted) : std::max(wanted, had + had / 2 / 4096 * 4096);
  auto mine = std::make_shared<FilePages>(std::max<size_t>(grown, static_cast<size_t>(kBlockBytes)));
  if (had > 0) std::memcpy(mine->data(), (*image)->data(), had);
  *image = std::move(mine);
  return (*image)->data();
}

int64_t SimulatedFile::NextData(int64_t position) const {
  const auto has_data = [](const std::shared_ptr<FilePages>& image, int64_t begin) {
    return image != nullptr && begin < static_cast<int64_t>(image->size()) &&
           std::memcmp(image->data() + begin, kZeroSector.data(), kSector) != 0;
  };
  for (int64_t begin = position / kSectorBytes * kSectorBytes; begin < size_; begin += kSectorBytes)
    if (has_data(cache_, begin) || has_data(durable_, begin)) return std::max(position, begin / kBlockBytes * kBlockBytes);
  return size_;
}

int64_t SimulatedFile::Read(std::span<std::byte> to, int64_t position) const {
  const int64_t count = std::clamp<int64_t>(size_ - position, 0, static_cast<int64_t>(to.size()));
  if (count == 0) return 0;
  const int64_t stored = cache_ == nullptr ? 0 : static_cast<int64_t>(cache_->size());
  const int64_t copied = std::clamp<int64_t>(stored - position, 0, count);
  if (copied > 0) std::memcpy(to.data(), cache_->data() + position, static_cast<size_t>(copied));
  std::memset(to.data() + copied, 0, static_cast<size_t>(count - copied));
  return count;
}

void SimulatedFile::Write(std::span<const std::byte> from, int64_t position) {
  if (from.empty()) return;
  const int64_t end = position + static_cast<int64_t>(from.size());
  if (position > size_) Resize(position);
  std::memcpy(Own(&cache_, end) + position, from.data(), from.size());
  size_ = std::max(size_, end);
  MarkDirty(position, end);
  Touch(position, end - position);
}

void SimulatedFile::Resize(int64_t size) {
  const auto [from, to] = std::minmax(size_, size);
  // A store to a mapping past the old end must not come to light when the file grows.
  if (cache_ != nullptr && from < static_cast<int64_t>(cache_->size())) {
    Own(&cache_, 0);
    ZeroFrom(cache_.get(), from, to);
    MarkDirty(from, to);
  }
  if (size < size_) {
    MarkDirty(size, size_);
    Touch(size, size_ - size);
    blocks_.RemoveFrom(RoundUp(size, kBlockBytes) / kBlockBytes);
  }
  size_ = size;
}

void SimulatedFile::WriteZerosDurably(int64_t position, int64_t size) {
  const int64_t end = position + size;
  for (std::shared_ptr<FilePages>* image : {&cache_, &durable_}) {
    if (*image == nullptr || static_cast<int64_t>((*image)->size()) <= position) continue;
    Own(image, 0);
    ZeroFrom(image->get(), position, end);
  }
  Touch(position, size);
  size_ = std::max(size_, end);
  durable_size_ = std::max(durable_size_, end);
  for (int64_t block = position / kBlockBytes; block * kBlockBytes < end; ++block) {
    if (blocks_.Has(block)) durable_blocks_.Add(block);
  }
}

int64_t SimulatedFile::MissingBlocks(int64_t position, int64_t size) const {
  int64_t missing = 0;
  for (int64_t block = position / kBlockBytes; block * kBlockBytes < position + size; ++block) {
    if (!blocks_.Has(block)) ++missing;
  }
  return missing;
}

int64_t SimulatedFile::Allocate(int64_t position, int64_t size, int64_t* free_blocks) {
  for (int64_t block = position / kBlockBytes; block * kBlockBytes < position + size; ++block) {
    if (blocks_.Has(block)) continue;
    if (*free_blocks <= 0) return std::max<int64_t>(block * kBlockBytes - position, 0);
    --*free_blocks;
    blocks_.Add(block);
  }
  return size;
}

std::byte* SimulatedFile::Map(int64_t position, int64_t size, bool is_writable, std::shared_ptr<FilePages>* pages) {
  std::byte* const address = Own(&cache_, std::max(position + size, size_)) + position;
  ++mappings_;
  if (is_writable) {
    const bool is_first = mapped_begin_ == mapped_end_;
    mapped_begin_ = is_first ? position : std::min(mapped_begin_, position);
    mapped_end_ = is_first ? position + size : std::max(mapped_end_, position + size);
  }
  *pages = cache_;
  return address;
}

void SimulatedFile::Unmap() {
  if (--mappings_ > 0) return;
  MarkDirty(mapped_begin_, mapped_end_);
  mapped_begin_ = mapped_end_ = 0;
}

void SimulatedFile::Touch(int64_t position, int64_t size) {
  if (lost_.empty()) return;
  lost_.erase(lost_.lower_bound(position / kSectorBytes), lost_.lower_bound(RoundUp(position + size, kSectorBytes) / kSectorBytes));
}

void SimulatedFile::MarkDirty(int64_t begin, int64_t end) {
  if (begin >= end) return;
  const bool is_first = dirty_begin_ == dirty_end_;
  dirty_begin_ = is_first ? begin : std::min(dirty_begin_, begin);
  dirty_end_ = is_first ? end : std::max(dirty_end_, end);
}

// First and end of the sectors worth a look.
std::pair<int64_t, int64_t> SimulatedFile::DirtySectors() const {
  int64_t begin = dirty_begin_;
  int64_t end = dirty_end_;
  if (mapped_begin_ < mapped_end_) {
    begin = begin == end ? mapped_begin_ : std::min(begin, mapped_begin_);
    end = std::max(end, mapped_end_);
  }
  // Where both images end, both are zeros.
  const size_t longest = std::max(cache_ == nullptr ? 0 : cache_->size(), durable_ == nullptr ? 0 : durable_->size());
  end = std::min(end, static_cast<int64_t>(longest));
  return {begin / kSectorBytes, RoundUp(std::max(begin, end), kSectorBytes) / kSectorBytes};
}

bool SimulatedFile::IsDirty(int64_t sector) const {
  const std::byte* const shown = SectorOf(cache_, sector);
  const std::byte* const held = SectorOf(durable_, sector);
  if (shown == held || std::memcmp(shown, held, kSector) == 0) return false;
  const auto lost = lost_.find(sector);
  return lost == lost_.end() || std::memcmp(shown, lost->second.data(), kSector) != 0;
}

void SimulatedFile::Sync() {
  const auto [first, end] = DirtySectors();
  for (int64_t sector = first; sector < end; ++sector) {
    if (!IsDirty(sector)) continue;
    std::byte* const held = Own(&durable_, (sector + 1) * kSectorBytes);
    std::memcpy(held + sector * kSectorBytes, SectorOf(cache_, sector), kSector);
    lost_.erase(sector);
  }
  dirty_begin_ = dirty_end_ = 0;
  durable_size_ = size_;
  durable_blocks_ = blocks_;
}

void SimulatedFile::LoseDirty() {
  const auto [first, end] = DirtySectors();
  for (int64_t sector = first; sector < end; ++sector) {
    if (IsDirty(sector)) std::memcpy(lost_[sector].data(), SectorOf(cache_, sector), kSector);
  }
  dirty_begin_ = dirty_end_ = 0;
}

void SimulatedFile::Crash(const CrashPlan& plan, SeededRandom* random) {
  const bool is_size_kept = plan.sizes == Happened::kAll || (plan.sizes == Happened::kMix && random->Coin());
  const int64_t new_size = is_size_kept ? size_ : durable_size_;
  BlockSet new_blocks = is_size_kept ? blocks_ : durable_blocks_;
  std::shared_ptr<FilePages> found = durable_;
  const auto [first, end] = DirtySectors();
  for (int64_t sector = first; sector < end; ++sector) {
    // Where an unsynced cut took sectors away and did not happen, there is nothing new to keep.
    if (sector * kSectorBytes >= size_ || !IsDirty(sector)) continue;
    const SectorFate fate = Draw(plan, random);
    if (fate == SectorFate::kDrop) continue;
    std::byte* const place = Own(&found, (sector + 1) * kSectorBytes) + sector * kSectorBytes;
    if (fate == SectorFate::kGarbage && plan.spares_unchanged_bytes) {
      PutGarbageWhereChanged(place, SectorOf(cache_, sector), random);
    } else if (fate == SectorFate::kGarbage) {
      FillWithGarbage(place, random);
    } else {
      std::memcpy(place, SectorOf(cache_, sector), fate == SectorFate::kHalf ? kSector / 2 : kSector);
    }
    if (blocks_.Has(sector * kSectorBytes / kBlockBytes)) new_blocks.Add(sector * kSectorBytes / kBlockBytes);
  }
  if (found != nullptr && new_size < static_cast<int64_t>(found->size())) {
    const auto begin = found->data() + new_size;
    const auto is_not_zero = [](std::byte value) { return value != std::byte{0}; };
    if (std::any_of(begin, found->data() + found->size(), is_not_zero)) {
      Own(&found, 0);
      ZeroFrom(found.get(), new_size, static_cast<int64_t>(found->size()));
    }
  }
  durable_.reset();
  *this = SimulatedFile();
  size_ = durable_size_ = new_size;
  cache_ = durable_ = std::move(found);
  blocks_ = new_blocks;
  durable_blocks_ = std::move(new_blocks);
}

}  // namespace millrace
