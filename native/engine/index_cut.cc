// What a file of the key index is known by, how it is made to agree with what is believed of it, and whether it holds together by
// itself: the part of index_file.h that works on a file nobody else writes to or, with Prove, that has just been flushed.
#include <algorithm>

#include "byte_order.h"
#include "crc32.h"
#include "format.h"
#include "index_file.h"
#include "io.h"

namespace millrace {

Status IndexFile::TailChecksum(int32_t next, uint32_t* checksum) {
  const int32_t first = std::max(1, next - kProvenItems);
  std::vector<std::byte> bytes(static_cast<size_t>(next - first) * format::kIndexItemBytes);
  size_t count = 0;
  Status status = io::Read(platform_, file_.handle(), bytes, shape_.ItemAt(first), ReadMode::kMayBlock, &count);
  if (!status.ok()) return std::move(status).In(path_);
  *checksum = Crc32(0, std::span(bytes).first(count));
  return status;
}

Status IndexFile::Prove(IndexProof* proof) {
  proof->header = header_;
  proof->header.next -= static_cast<int32_t>(tail_.size());
  return TailChecksum(proof->header.next, &proof->checksum);
}

Status IndexFile::ReadHeader(IndexHeader* header) {
  std::array<std::byte, IndexHeader::kBytes> bytes{};
  size_t count = 0;
  Status status = io::Read(platform_, file_.handle(), bytes, 0, ReadMode::kMayBlock, &count);
  *header = IndexHeader::Decode(bytes.data());
  return status.ok() ? std::move(status) : std::move(status).In(path_);
}

Status IndexFile::CheckItems(const IndexHeader& believed, int64_t position, std::vector<int32_t>* slots, IndexHeader* header) {
  constexpr int32_t kAtOnce = 16 * 1024;
  std::vector<std::byte> bytes;
  IndexItem last;
  *header = believed;
  header->used_slots = 0;
  int32_t number = 1;
  for (bool more = true; more && number < believed.next;) {
    bytes.resize(static_cast<size_t>(std::min(kAtOnce, believed.next - number)) * format::kIndexItemBytes);
    size_t count = 0;
    Status status = io::Read(platform_, file_.handle(), bytes, shape_.ItemAt(number), ReadMode::kMayBlock, &count);
    if (!status.ok()) return std::move(status).In(path_);
    if (count < bytes.size()) return Bad();
    for (size_t at = 0; at < count; at += format::kIndexItemBytes) {
      const IndexItem item = IndexItem::Decode(bytes.data() + at);
      more = item.position < position;
      if (!more) break;
      if (item.hash < 0 || item.position < last.position || item.seconds < 0) return Bad();
      int32_t& slot = (*slots)[static_cast<size_t>(item.hash % shape_.slots)];
      if (item.previous != slot) return Bad();
      if (slot == 0) header->used_slots++;
      slot = number++;
      last = item;
    }
  }
  if (number == believed.next) return Status::Ok();
  header->next = number;
  header->end_position = last.position;
  // Not known to the millisecond any more: late enough that nothing is left out.
  header->end_timestamp = std::min(believed.end_timestamp, believed.begin_timestamp + (int64_t{last.seconds} + 1) * 1000);
  return Status::Ok();
}

Status IndexFile::WriteSlots(const std::vector<int32_t>& slots) {
  std::vector<std::byte> there(64 * 1024);
  std::vector<std::byte> right(there.size());
  for (size_t at = 0; at < SlotBytes(); at += there.size()) {
    const size_t bytes = std::min(there.size(), SlotBytes() - at);
    const int64_t from = static_cast<int64_t>(format::kIndexHeaderBytes + at);
    size_t count = 0;
    Status status = io::Read(platform_, file_.handle(), std::span(there).first(bytes), from, ReadMode::kMayBlock, &count);
    for (size_t i = 0; i < bytes; i += 4) StoreI32(right.data() + i, slots[(at + i) / 4]);
    const auto end = right.begin() + static_cast<std::ptrdiff_t>(bytes);
    if (status.ok() && (count < bytes || !std::equal(right.begin(), end, there.begin()))) {
      status = io::Write(platform_, file_.handle(), std::span(right).first(bytes), from);
    }
    if (!status.ok()) return std::move(status).In(path_);
  }
  return Status::Ok();
}

Status IndexFile::CutTo(const IndexProof& believed, int64_t position) {
  if (believed.header.next > shape_.entries || believed.header.next < 1) return Bad();
  uint32_t checksum = 0;
  Status status = TailChecksum(believed.header.next, &checksum);
  if (status.ok() && checksum != believed.checksum) status = Bad();
  if (!status.ok()) return status;
  std::vector<int32_t> slots(static_cast<size_t>(shape_.slots));
  IndexHeader header;
  status = CheckItems(believed.header, position, &slots, &header);
  // The header first: who reads beside us must not take a slot that is gone for the end of a longer chain.
  if (status.ok()) status = io::Write(platform_, file_.handle(), header.Encode(), 0);
  if (status.ok()) status = WriteSlots(slots);
  if (status.ok()) status = Sync();
  if (!status.ok()) return status;
  std::lock_guard lock(mutex_);
  header_ = header;
  tail_.clear();
  dirty_.clear();
  for (std::unique_ptr<SlotPage>& page : pages_) page.reset();
  return status;
}

Status IndexFile::ReadItems(int32_t first, std::vector<IndexItem>* items) {
  items->resize(static_cast<size_t>(std::clamp<int64_t>(header_.next - first, 0, static_cast<int64_t>(items->size()))));
  std::vector<std::byte> bytes(items->size() * format::kIndexItemBytes);
  size_t count = 0;
  Status status = io::Read(platform_, file_.handle(), bytes, shape_.ItemAt(first), ReadMode::kMayBlock, &count);
  if (!status.ok()) return std::move(status).In(path_);
  if (count < bytes.size()) return Bad();
  for (size_t i = 0; i < items->size(); i++) (*items)[i] = IndexItem::Decode(bytes.data() + i * format::kIndexItemBytes);
  return status;
}

Status IndexFile::CheckTimes(const IndexHeader& header, int64_t position, int32_t* below) {
  constexpr int32_t kAtOnce = 16 * 1024;
  std::vector<IndexItem> items;
  int32_t seconds = 0;
  *below = 0;
  for (int32_t number = 1; number < header.next;) {
    items.resize(kAtOnce);
    Status status = ReadItems(number, &items);
    if (!status.ok()) return status;
    if (items.empty()) return Bad();
    if (number == 1 && items.front().position != header.begin_position) return Bad();
    for (const IndexItem& item : items) {
      *below += item.position < position ? 1 : 0;
      // A walk ends where the times are older than its window; that of the first item says nothing.
      if (number++ == 1) continue;
      if (item.seconds < seconds) return Bad();
      seconds = item.seconds;
    }
    if (number == header.next && items.back().position != header.end_position) return Bad();
  }
  return Status::Ok();
}

Status IndexFile::CheckSlots(const std::vector<int32_t>& slots) {
  std::vector<std::byte> there(64 * 1024);
  for (size_t at = 0; at < SlotBytes(); at += there.size()) {
    const size_t bytes = std::min(there.size(), SlotBytes() - at);
    const int64_t from = static_cast<int64_t>(format::kIndexHeaderBytes + at);
    size_t count = 0;
    Status status = io::Read(platform_, file_.handle(), std::span(there).first(bytes), from, ReadMode::kMayBlock, &count);
    if (!status.ok()) return std::move(status).In(path_);
    if (count < bytes) return Bad();
    for (size_t i = 0; i < bytes; i += 4) {
      if (LoadI32(there.data() + i) != slots[(at + i) / 4]) return Bad();
    }
  }
  return Status::Ok();
}

Status IndexFile::TakeAsItIs(int64_t position, int32_t* below) {
  IndexHeader there;
  Status status = ReadHeader(&there);
  if (!status.ok()) return status;
  if (there.next > shape_.entries || there.end_timestamp < there.begin_timestamp) return Bad();
  std::vector<int32_t> slots(static_cast<size_t>(shape_.slots));
  IndexHeader checked;
  status = CheckItems(there, INT64_MAX, &slots, &checked);
  if (status.ok() && checked != there) status = Bad();
  if (status.ok()) status = CheckSlots(slots);
  if (!status.ok()) return status;
  {
    std::lock_guard lock(mutex_);
    header_ = there;
  }
  return CheckTimes(there, position, below);
}

}  // namespace millrace
