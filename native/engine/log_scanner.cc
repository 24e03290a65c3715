#include "log_scanner.h"

#include <algorithm>
#include <cstring>

#include "byte_order.h"
#include "io.h"

namespace millrace {

ChecksumRule RuleAt(const std::vector<OwnRange>& own, int64_t position) {
  for (const OwnRange& range : own) {
    if (range.from <= position && position < range.to) return ChecksumRule::kRequired;
  }
  return ChecksumRule::kIfThere;
}

Status LogScanner::Fill(int64_t position, size_t size, std::span<const std::byte>* view) {
  const int64_t file_end = files_.EndOf(position);
  size = static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(size), file_end - position));
  const bool inside =
      position >= from_ && position < from_ + static_cast<int64_t>(bytes_) && files_.StartOf(position) == files_.StartOf(from_);
  if (!inside || static_cast<size_t>(position - from_) + size > bytes_) {
    const size_t want = static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(std::max(size, kWindow)), file_end - position));
    if (window_.size() < want || window_.size() > 4 * kWindow) window_ = std::vector<std::byte>(want);
    std::shared_ptr<OpenFile> file;
    Status status = files_.Open(position, &file);
    bytes_ = 0;
    if (!status.ok()) return status;
    status = io::Read(platform_, file->handle(), std::span(window_).first(want), position - files_.StartOf(position),
                      ReadMode::kMayBlock, &bytes_);
    if (!status.ok()) return std::move(status).At(position).In(files_.PathOf(position));
    from_ = position;
  }
  *view = std::span<const std::byte>(window_).subspan(static_cast<size_t>(position - from_),
                                                      bytes_ - static_cast<size_t>(position - from_));
  return Status::Ok();
}

Status LogScanner::Look(int64_t position, ChecksumRule rule, Seen* seen) {
  *seen = Seen{};
  const int64_t left = files_.EndOf(position) - position;
  std::span<const std::byte> bytes;
  Status status = Fill(position, format::kMinRecordBytes, &bytes);
  if (status.code() == Code::kNotFound) {
    seen->file_missing = true;
    return Status::Ok();
  }
  if (!status.ok()) return status;
  if (bytes.size() >= format::kMinRecordBytes) {
    const uint32_t magic = LoadU32(bytes.data() + format::kMagicAt);
    const int64_t size = LoadI32(bytes.data() + format::kSizeAt);
    seen->plausible = (magic == format::kMagicV1 || magic == format::kMagicV2) &&
                      size >= static_cast<int64_t>(format::kMinRecordBytes) && size <= left &&
                      LoadI64(bytes.data() + format::kPositionAt) == position;
    // A size is worth memory only when the rest of the head agrees with it.
    if (seen->plausible && static_cast<size_t>(size) > bytes.size() && static_cast<size_t>(size) <= kMaxRecord) {
      status = Fill(position, static_cast<size_t>(size), &bytes);
      if (!status.ok()) return status;
    }
  }
  seen->kind = DecodeRecord(bytes, position, left, rule, &seen->view);
  return Status::Ok();
}

Status LogScanner::FindRecord(int64_t from, int64_t end, const std::vector<OwnRange>& own, int64_t* found) {
  *found = -1;
  constexpr size_t kOverlap = format::kMagicAt + 4;
  while (from + static_cast<int64_t>(format::kMinRecordBytes) <= end) {
    int64_t data = from;
    Status status = FindData(from, end, &data);
    if (!status.ok()) return status;
    // The record's size comes before its magic and may begin with zeros.
    from = std::max(from, data - 3);
    std::span<const std::byte> bytes;
    if (data < end) status = Fill(from, kWindow, &bytes);
    if (!status.ok()) return status;
    if (data >= end || bytes.size() < format::kMinRecordBytes) return Status::Ok();
    bytes = bytes.first(static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(bytes.size()), end - from)));
    size_t at = 0;
    bool refilled = false;
    while (at + kOverlap <= bytes.size()) {
      const void* hit = std::memchr(bytes.data() + at + format::kMagicAt, 0xDA, bytes.size() - at - kOverlap + 1);
      if (hit == nullptr) break;
      at = static_cast<size_t>(static_cast<const std::byte*>(hit) - bytes.data()) - format::kMagicAt;
      const uint32_t magic = LoadU32(bytes.data() + at + format::kMagicAt);
      if (magic == format::kMagicV1 || magic == format::kMagicV2) {
        const int64_t candidate = from + static_cast<int64_t>(at);
        Seen seen;
        status = Look(candidate, RuleAt(own, candidate), &seen);
        if (!status.ok()) return status;
        if (seen.kind == RecordKind::kRecord) {
          *found = candidate;
          return Status::Ok();
        }
        from = candidate + 1;  // Look may have moved the window
        refilled = true;
        break;
      }
      at++;
    }
    if (!refilled) from += static_cast<int64_t>(bytes.size() - kOverlap + 1);
  }
  return Status::Ok();
}

Status LogScanner::FindData(int64_t from, int64_t end, int64_t* found) {
  *found = end;
  std::shared_ptr<OpenFile> file;
  Status status = files_.Open(from, &file);
  if (!status.ok()) return status;
  const int64_t start = files_.StartOf(from);
  std::vector<std::byte> bytes(64 * 1024);
  while (from < end) {
    int64_t data = 0;
    status = io::NextData(platform_, file->handle(), from - start, &data);
    from = std::max(from, start + data);
    if (!status.ok() || from >= end) return status;
    size_t count = 0;
    const size_t want = static_cast<size_t>(std::min<int64_t>(end - from, static_cast<int64_t>(bytes.size())));
    status = io::Read(platform_, file->handle(), std::span(bytes).first(want), from - start, ReadMode::kMayBlock, &count);
    if (!status.ok() || count == 0) return status;
    const auto hit = std::find_if(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count),
                                  [](std::byte b) { return b != std::byte{0}; });
    if (hit != bytes.begin() + static_cast<std::ptrdiff_t>(count)) {
      *found = from + (hit - bytes.begin());
      return status;
    }
    from += static_cast<int64_t>(count);
  }
  return status;
}

Status LogScanner::FindDataEnd(int64_t from, int64_t end, int64_t* found) {
  *found = from;
  std::vector<std::byte> bytes(64 * 1024);
  for (int64_t at = from; at < end;) {
    int64_t data = end;
    Status status = FindData(at, end, &data);
    if (!status.ok() || data >= end) return status;
    std::shared_ptr<OpenFile> file;
    status = files_.Open(data, &file);
    size_t count = 0;
    const size_t want = static_cast<size_t>(std::min<int64_t>(end - data, static_cast<int64_t>(bytes.size())));
    if (status.ok())
      status = io::Read(platform_, file->handle(), std::span(bytes).first(want), data - files_.StartOf(data), ReadMode::kMayBlock,
                        &count);
    if (!status.ok() || count == 0) return status;
    while (bytes[count - 1] == std::byte{0}) count--;  // the first byte is not zero
    *found = data + static_cast<int64_t>(count);
    at = data + static_cast<int64_t>(want);
  }
  return Status::Ok();
}

}  // namespace millrace
