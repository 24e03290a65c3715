#include "index_file.h"

#include <algorithm>

#include "byte_order.h"
#include "crc32.h"
#include "format.h"
#include "io.h"

namespace millrace {

// ------------------------------------------------------------------------------------------------ making and opening

IndexFile::IndexFile(Platform& platform, std::string path, const IndexShape& shape, const IndexHeader& header, FileHandle handle)
    : platform_(platform), path_(std::move(path)), shape_(shape), file_(platform, handle), header_(header) {
  pages_.resize((SlotBytes() + kPageBytes - 1) / kPageBytes);
}

Status IndexFile::Create(Platform& platform, const std::string& path, const std::string& temporary, const IndexShape& shape,
                         const IndexHeader& before, std::shared_ptr<IndexFile>* file) {
  IndexHeader header;
  header.begin_timestamp = header.end_timestamp = before.end_timestamp;
  header.begin_position = header.end_position = before.end_position;
  const std::string made = temporary + "/index-" + path.substr(path.find_last_of('/') + 1);
  FileHandle handle = kNoFile;
  Status status = io::Unlink(platform, made);
  if (status.ok()) status = io::Open(platform, made, OpenMode::kCreate, &handle);
  if (!status.ok()) return status;
  auto created = std::make_shared<IndexFile>(platform, path, shape, header, handle);
  status = io::Resize(platform, handle, shape.bytes());
  if (status.ok()) status = io::Write(platform, handle, header.Encode(), 0);
  if (status.ok()) status = io::Sync(platform, handle);
  if (!status.ok()) return std::move(status).In(made);
  status = io::Rename(platform, made, path);
  if (status.ok()) status = io::SyncDirectory(platform, path.substr(0, path.find_last_of('/')));
  if (status.ok()) *file = std::move(created);
  return status;
}

Status IndexFile::Open(Platform& platform, const std::string& path, const IndexShape& shape, const IndexHeader& header,
                       OpenMode mode, std::shared_ptr<IndexFile>* file) {
  FileHandle handle = kNoFile;
  Status status = io::Open(platform, path, mode, &handle);
  if (!status.ok()) return status;
  auto opened = std::make_shared<IndexFile>(platform, path, shape, header, handle);
  int64_t size = 0;
  status = io::Size(platform, handle, &size);
  if (!status.ok()) return std::move(status).In(path);
  if (size != shape.bytes()) return opened->Bad();
  *file = std::move(opened);
  return status;
}

IndexHeader IndexFile::header() const {
  std::lock_guard lock(mutex_);
  return header_;
}

// ------------------------------------------------------------------------------------------------ writing

Status IndexFile::LoadPage(size_t page) {
  if (pages_[page]) return Status::Ok();
  auto loaded = std::make_unique<SlotPage>();
  const size_t at = page * kPageBytes;
  const std::span<std::byte> bytes = std::span(loaded->bytes).first(std::min(kPageBytes, SlotBytes() - at));
  size_t count = 0;
  Status status =
      io::Read(platform_, file_.handle(), bytes, static_cast<int64_t>(format::kIndexHeaderBytes + at), ReadMode::kMayBlock, &count);
  if (!status.ok()) return std::move(status).In(path_);
  std::lock_guard lock(mutex_);
  pages_[page] = std::move(loaded);
  return status;
}

Status IndexFile::Put(int32_t hash, int64_t position, int64_t store_timestamp) {
  if (header_.next >= shape_.entries) return Status(Code::kTooLarge);
  const size_t at = static_cast<size_t>(hash % shape_.slots) * format::kIndexSlotBytes;
  Status status = LoadPage(at / kPageBytes);
  if (!status.ok()) return status;

  // The first item of a later file counts from the end of the file before it, as RocketMQ's does: its time says little.
  IndexItem item{hash, position, header_.SecondsAt(store_timestamp), 0};
  std::lock_guard lock(mutex_);
  SlotPage& page = *pages_[at / kPageBytes];
  std::byte* const slot = page.bytes.data() + at % kPageBytes;
  item.previous = LoadI32(slot);
  if (item.previous <= 0 || item.previous >= header_.next) item.previous = 0;
  StoreI32(slot, header_.next);
  if (!page.dirty) dirty_.push_back(at / kPageBytes);
  page.dirty = true;
  tail_.push_back(item);
  if (header_.next == 1) {
    header_.begin_timestamp = store_timestamp;
    header_.begin_position = position;
  }
  if (item.previous == 0) header_.used_slots++;
  header_.next++;
  header_.end_timestamp = store_timestamp;
  header_.end_position = position;
  return status;
}

Status IndexFile::Flush() {
  if (tail_.empty() && dirty_.empty()) return Status::Ok();
  std::vector<std::byte> bytes(tail_.size() * format::kIndexItemBytes);
  for (size_t i = 0; i < tail_.size(); i++) tail_[i].Encode(bytes.data() + i * format::kIndexItemBytes);
  const int64_t at = shape_.ItemAt(header_.next - static_cast<int32_t>(tail_.size()));
  Status status = io::Write(platform_, file_.handle(), bytes, at);
  std::sort(dirty_.begin(), dirty_.end());
  for (size_t i = 0; status.ok() && i < dirty_.size(); i++) {
    const size_t from = dirty_[i] * kPageBytes;
    const std::span<const std::byte> page = std::span(pages_[dirty_[i]]->bytes).first(std::min(kPageBytes, SlotBytes() - from));
    status = io::Write(platform_, file_.handle(), page, static_cast<int64_t>(format::kIndexHeaderBytes + from));
  }
  if (status.ok()) status = io::Write(platform_, file_.handle(), header_.Encode(), 0);
  if (!status.ok()) return std::move(status).In(path_);
  std::lock_guard lock(mutex_);
  for (const size_t page : dirty_) pages_[page]->dirty = false;
  dirty_.clear();
  tail_.clear();
  return status;
}

Status IndexFile::Sync() {
  Status status = io::Sync(platform_, file_.handle());
  return status.ok() ? std::move(status) : Status(Code::kFlushFailed, status.error()).In(path_);
}

void IndexFile::Seal() {
  std::lock_guard lock(mutex_);
  if (!dirty_.empty() || !tail_.empty()) return;
  for (std::unique_ptr<SlotPage>& page : pages_) page.reset();
}

// ------------------------------------------------------------------------------------------------ finding

Status IndexFile::ReadSlot(int32_t slot, ReadMode mode, int32_t* newest) {
  const size_t at = static_cast<size_t>(slot) * format::kIndexSlotBytes;
  const auto in_memory = [&] {
    std::lock_guard lock(mutex_);
    const SlotPage* const page = pages_[at / kPageBytes].get();
    if (page != nullptr) *newest = LoadI32(page->bytes.data() + at % kPageBytes);
    return page != nullptr;
  };
  if (in_memory()) return Status::Ok();
  std::byte bytes[format::kIndexSlotBytes];
  size_t count = 0;
  const int64_t from = static_cast<int64_t>(format::kIndexHeaderBytes + at);
  Status status = io::Read(platform_, file_.handle(), bytes, from, mode, &count);
  if (!status.ok()) return std::move(status).In(path_);
  if (count < sizeof bytes) return Bad();
  *newest = LoadI32(bytes);
  // The writer may have loaded the page since, and be writing it just now.
  (void)in_memory();
  return status;
}

Status IndexFile::ReadItem(int32_t number, ReadMode mode, IndexItem* item) {
  {
    std::lock_guard lock(mutex_);
    const int32_t first = header_.next - static_cast<int32_t>(tail_.size());
    if (number >= first && number < header_.next) {
      *item = tail_[static_cast<size_t>(number - first)];
      return Status::Ok();
    }
  }
  std::byte bytes[format::kIndexItemBytes];
  size_t count = 0;
  Status status = io::Read(platform_, file_.handle(), bytes, shape_.ItemAt(number), mode, &count);
  if (!status.ok()) return std::move(status).In(path_);
  if (count < sizeof bytes) return Bad();
  *item = IndexItem::Decode(bytes);
  return status;
}

Status IndexFile::Find(int32_t hash, const TimeWindow& window, ReadMode mode, Walk* walk, int64_t* position) {
  *position = -1;
  const IndexHeader header = this->header();
  const int32_t slot = hash % shape_.slots;
  if (walk->at == Walk::kNotBegun) {
    int32_t newest = 0;
    Status status = ReadSlot(slot, mode, &newest);
    if (!status.ok()) return status;
    walk->at = newest;
  }
  while (walk->at != 0) {
    const int32_t number = walk->at;
    if (number < 0 || number >= shape_.entries) return Bad();
    if (++walk->steps > kMostAtOnce && mode == ReadMode::kOnlyCached) return Status(Code::kWouldBlock);
    IndexItem item;
    Status status = ReadItem(number, mode, &item);
    if (!status.ok()) return status;
    if (item.hash < 0 || item.hash % shape_.slots != slot || item.previous < 0 || item.previous >= number) return Bad();
    walk->at = item.previous;
    const int64_t time = header.begin_timestamp + int64_t{item.seconds} * 1000;  // rounded down
    const bool is_known = number > 1;
    if (is_known && time + 999 < window.begin) walk->at = 0;  // everything older is older still
    if (item.hash != hash || (is_known && (time + 999 < window.begin || time > window.end))) continue;
    *position = item.position;
    return status;
  }
  return Status::Ok();
}

}  // namespace millrace
