#include "block_reserve.h"

#include <algorithm>
#include <cerrno>

#include "io.h"

namespace millrace {
namespace {

int64_t AlignUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

Status BlockReserve::BeforeWrite(OpenFile& file, int64_t from, int64_t to) {
  const int64_t average = average_write_.load(std::memory_order_relaxed);
  average_write_.store(average + (to - from - average) / 8, std::memory_order_relaxed);
  if (from >= sure_from_ && to <= sure_to_) return Status::Ok();
  const int64_t start = files_.StartOf(from);
  const int64_t high = std::min(to + kLead, files_.EndOf(from));
  int64_t reserve_from = 0;
  bool overlaps = false;
  {
    std::lock_guard lock(mutex_);
    Blocks& blocks = blocks_[start];
    blocks.high = std::max(blocks.high, high);
    overlaps = claim_from_ < high && from < claim_to_;
    reserve_from = std::max(blocks.reserved, start);
  }
  if (overlaps) std::lock_guard wait(claim_);
  sure_from_ = from;
  sure_to_ = std::min(high, reserve_from);
  if (to <= reserve_from) return Status::Ok();
  late_.fetch_add(1, std::memory_order_relaxed);
  if (!policy_.mapped) return Status::Ok();

  // A store into a block that is not there would be a signal instead of an error, so reserve just what this write needs.
  const int64_t end = std::min(AlignUp(to - start, kPage), files_.file_bytes()) + start;
  const int64_t begin = (std::min(reserve_from, from) - start) / kPage * kPage + start;
  Status status = io::Reserve(platform_, file.handle(), begin - start, end - begin);
  if (status.error() == EOPNOTSUPP)
    status = io::ZeroRange(platform_, file.handle(), std::max(reserve_from, from) - start, end - start);
  if (!status.ok()) return status;
  std::lock_guard lock(mutex_);
  blocks_[start].reserved = std::max(blocks_[start].reserved, end);
  return Status::Ok();
}

bool BlockReserve::Prepare(int64_t position) {
  if (!files_.Has(position)) return false;  // made with its first record
  if (opened_at_ < 0) opened_at_ = position;
  // A store that has written little gets little: a small disk must not be filled with empty blocks.
  const int64_t step = std::clamp(AlignUp(position - opened_at_, kMinStep), kMinStep, kMaxStep);
  const bool small = average_write_.load(std::memory_order_relaxed) < kSmallWrite;
  const int64_t end = files_.EndOf(position);
  bool more = false;
  {
    std::lock_guard lock(mutex_);
    blocks_.erase(blocks_.begin(), blocks_.lower_bound(files_.StartOf(position)));
    // What an earlier process wrote lies below `position` too.
    Blocks& blocks = blocks_[files_.StartOf(position)];
    blocks.high = std::max(blocks.high, position);
  }
  const int64_t ahead = std::min(step, kMaxAhead);
  more |= Ahead(files_.StartOf(position), std::min(AlignUp(position + step, kPage), end),
                std::min(AlignUp(position + ahead, kPage), end), small);
  if (end - position <= step && files_.Has(end)) {
    // The next file is there: its first blocks, before the roll needs them.
    const int64_t target = end + std::min(ahead, files_.file_bytes());
    more |= Ahead(end, target, target, small);
  }
  if (!more) wanted_at_.store(std::min(position + (small ? ahead : step) / 2, end), std::memory_order_relaxed);
  return more;
}

// Blocks up to `reserve_to`; ready for small writes up to `ready_to`.
bool BlockReserve::Ahead(int64_t start, int64_t reserve_to, int64_t ready_to, bool small) {
  bool more = ReserveStep(start, reserve_to);
  if (!small) return more;
  if (policy_.zero) more |= ZeroStep(start, ready_to);
  if (!policy_.mapped) more |= WarmStep(start, ready_to);
  return more;
}

bool BlockReserve::ReserveStep(int64_t start, int64_t target) {
  int64_t from;
  {
    std::lock_guard lock(mutex_);
    Blocks& blocks = blocks_[start];
    if (blocks.stopped) return false;
    from = std::max(blocks.reserved, start);
  }
  if (from >= target) return false;
  std::shared_ptr<OpenFile> file;
  Status status = files_.Open(start, &file);
  if (status.ok()) status = io::Reserve(platform_, file->handle(), from - start, target - from);
  std::lock_guard lock(mutex_);
  Blocks& blocks = blocks_[start];
  if (status.ok())
    blocks.reserved = std::max(blocks.reserved, target);
  else
    blocks.stopped = true;
  return false;
}

bool BlockReserve::WarmStep(int64_t start, int64_t target) {
  int64_t from;
  int64_t to;
  {
    std::lock_guard lock(mutex_);
    Blocks& blocks = blocks_[start];
    from = std::max(blocks.warm, FromWriter(start, blocks));
    to = std::min({from + kWarmPiece, target, policy_.zero ? blocks.zeroed : blocks.reserved});
    if (from >= to) return false;
    blocks.warm = to;
  }
  std::shared_ptr<OpenFile> file;
  if (files_.Open(start, &file).ok()) platform_.ReadAhead(file->handle(), from - start, to - from);
  return to < target;
}

// Where work ahead of the writer begins.
int64_t BlockReserve::FromWriter(int64_t start, const Blocks& blocks) {
  return blocks.high > start ? AlignUp(blocks.high - start + kDistance, kPage) + start : start;
}

bool BlockReserve::ZeroStep(int64_t start, int64_t target) {
  std::lock_guard claiming(claim_);
  int64_t from;
  int64_t to;
  {
    std::lock_guard lock(mutex_);
    Blocks& blocks = blocks_[start];
    if (blocks.stopped) return false;
    from = std::max(blocks.zeroed, FromWriter(start, blocks));
    to = std::min({from + kZeroPiece, target, blocks.reserved});
    to = start + (to - start) / kPage * kPage;
    if (from >= to) return false;
    claim_from_ = from;
    claim_to_ = to;
  }
  std::shared_ptr<OpenFile> file;
  Status status = files_.Open(start, &file);
  int64_t done = 0;
  if (status.ok()) {
    const IoResult result = platform_.WriteZerosDurably(file->handle(), from - start, to - from);
    if (!result.ok() && result.error != EINTR) status = Status::FromErrno(result.error);
    done = result.ok() ? result.value / kPage * kPage : 0;
  }
  std::lock_guard lock(mutex_);
  Blocks& blocks = blocks_[start];
  claim_from_ = claim_to_ = 0;
  if (!status.ok())
    blocks.stopped = true;
  else
    blocks.zeroed = from + done;
  return status.ok() && blocks.zeroed < target;
}

}  // namespace millrace
