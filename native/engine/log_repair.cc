#include "log_repair.h"

#include <algorithm>

#include "io.h"

namespace millrace {
namespace {

constexpr int64_t kZeroPiece = 64 * 1024;

}  // namespace

Status LogRepair::Find(int64_t end, int64_t* bytes) {
  end_ = cut_to_ = end;
  later_data_ = false;
  Status status;
  if (files_.Has(end)) status = scanner_.FindDataEnd(end, files_.EndOf(end), &cut_to_);
  *bytes = cut_to_ - end_;
  for (int64_t file = files_.NextStart(end); status.ok() && file >= 0; file = files_.NextStart(file)) {
    int64_t data_end = file;
    status = scanner_.FindDataEnd(file, files_.EndOf(file), &data_end);
    *bytes += data_end - file;
    later_data_ = later_data_ || data_end > file;
  }
  return status;
}

Status LogRepair::Cut(int64_t generation, bool believes_zeros) {
  Status status;
  if (cuts()) status = CopyAside(generation);
  if (status.ok()) status = files_.RemoveFrom(end_ == files_.StartOf(end_) ? end_ : files_.EndOf(end_));
  if (!status.ok() || (cut_to_ == end_ && believes_zeros) || !files_.Has(end_)) return status;
  std::shared_ptr<OpenFile> file;
  status = files_.Open(end_, &file);
  if (status.ok()) status = believes_zeros ? ZeroSeen(file->handle()) : ZeroAll(file->handle());
  if (status.ok()) status = io::Sync(platform_, file->handle());
  return status.ok() ? std::move(status) : std::move(status).In(files_.PathOf(end_));
}

Status LogRepair::ZeroSeen(FileHandle file) {
  const int64_t start = files_.StartOf(end_);
  return io::ZeroRange(platform_, file, end_ - start, cut_to_ - start);
}

Status LogRepair::ZeroAll(FileHandle file) {
  Status status;
  for (int64_t at = end_ - files_.StartOf(end_); status.ok() && at < files_.file_bytes();) {
    int64_t data = files_.file_bytes();
    status = io::NextData(platform_, file, at, &data);
    if (!status.ok() || data >= files_.file_bytes()) break;
    at = std::min(data + kZeroPiece, files_.file_bytes());
    status = io::ZeroRange(platform_, file, data, at);
  }
  return status;
}

Status LogRepair::WriteBlanks(const std::vector<int64_t>& positions) {
  for (const int64_t blank : positions) {
    std::byte bytes[format::kBlankBytes];
    EncodeBlank(bytes, static_cast<int32_t>(files_.EndOf(blank) - blank));
    std::shared_ptr<OpenFile> file;
    Status status = files_.Open(blank, &file);
    if (status.ok()) status = io::Write(platform_, file->handle(), bytes, blank - files_.StartOf(blank));
    if (status.ok()) status = io::Sync(platform_, file->handle());
    if (!status.ok()) return std::move(status).In(files_.PathOf(blank));
  }
  return Status::Ok();
}

Status LogRepair::CopyAside(int64_t generation) {
  bool made = false;
  Status status = io::MakeDirectory(platform_, paths_.cut, &made);
  const std::string prefix = paths_.cut + "/" + std::to_string(generation) + "-";
  if (status.ok() && cut_to_ > end_) status = Copy(end_, cut_to_, prefix + FileName(end_));
  for (int64_t file = files_.NextStart(end_); status.ok() && file >= 0; file = files_.NextStart(file)) {
    int64_t data_end = file;
    status = scanner_.FindDataEnd(file, files_.EndOf(file), &data_end);
    if (status.ok() && data_end > file) status = Copy(file, data_end, prefix + FileName(file));
  }
  // A copy is for looking at later. A disk without room for it must not keep the store from opening.
  return status.code() == Code::kDiskFull ? Status::Ok() : std::move(status);
}

Status LogRepair::Copy(int64_t from, int64_t to, const std::string& path) {
  std::vector<std::byte> bytes(size_t{256} << 10);
  std::shared_ptr<OpenFile> file;
  FileHandle target = kNoFile;
  Status status = files_.Open(from, &file);
  if (status.ok()) status = io::Open(platform_, path, OpenMode::kCreate, &target);
  for (int64_t at = from; status.ok() && at < to;) {
    size_t count = 0;
    const size_t want = static_cast<size_t>(std::min<int64_t>(to - at, static_cast<int64_t>(bytes.size())));
    status =
        io::Read(platform_, file->handle(), std::span(bytes).first(want), at - files_.StartOf(at), ReadMode::kMayBlock, &count);
    if (status.ok() && count > 0) status = io::Write(platform_, target, std::span(bytes).first(count), at - from);
    if (count == 0) break;
    at += static_cast<int64_t>(count);
  }
  if (target != kNoFile) platform_.Close(target);
  return status;
}

Status LogRepair::RewriteKept(int64_t from, int64_t to, const std::function<bool(int64_t, int64_t)>& tell) {
  std::vector<std::byte> bytes(size_t{1} << 20);
  const int64_t begin = from;
  while (from < to) {
    const int64_t end = std::min(to, files_.EndOf(from));
    std::shared_ptr<OpenFile> file;
    Status status;
    if (files_.Has(from)) status = files_.Open(from, &file);  // else a lost file
    for (int64_t at = from; status.ok() && file && at < end;) {
      size_t count = 0;
      const int64_t in_file = at - files_.StartOf(at);
      const size_t want = static_cast<size_t>(std::min<int64_t>(end - at, static_cast<int64_t>(bytes.size())));
      status = io::Read(platform_, file->handle(), std::span(bytes).first(want), in_file, ReadMode::kMayBlock, &count);
      if (status.ok()) status = io::Write(platform_, file->handle(), std::span(bytes).first(count), in_file);
      if (count == 0) break;
      at += static_cast<int64_t>(count);
      if (!tell(at - begin, to - begin)) return Status(Code::kAborted);
    }
    if (status.ok() && file) status = io::Sync(platform_, file->handle());
    if (!status.ok()) return std::move(status).In(files_.PathOf(from));
    from = end;
  }
  return Status::Ok();
}

}  // namespace millrace
