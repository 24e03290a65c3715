// The mappings of a simulated machine: windows into the page cache, and what a fault of one looks like.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <utility>

#include "simulated_platform.h"

namespace millrace {
namespace {

constexpr int64_t kPageBytes = 4096;

IoResult Failure(int error) { return {.value = 0, .error = error}; }

}  // namespace

IoResult SimulatedPlatform::Map(FileHandle file, int64_t position, int64_t size, bool writable, std::byte** address) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  const Handle* const handle = Find(file);
  if (handle == nullptr) return Failure(EBADF);
  if (position < 0 || size <= 0 || size > INT64_MAX - position || position % kPageBytes != 0) return Failure(EINVAL);
  if (writable && !handle->is_writable) return Failure(EACCES);
  Mapping mapping{
      .address = nullptr, .size = size, .position = position, .node = handle->node, .is_writable = writable, .pages = nullptr};
  mapping.address = disk_.file(handle->node).Map(position, size, writable, &mapping.pages);
  *address = mapping.address;
  mappings_.push_back(std::move(mapping));
  return {};
}

void SimulatedPlatform::Unmap(std::byte* address, int64_t size) {
  const auto is_it = [&](const Mapping& mapping) { return mapping.address == address && mapping.size == size; };
  const auto alive = std::find_if(mappings_.begin(), mappings_.end(), is_it);
  if (alive != mappings_.end()) {
    const SimulatedDisk::NodeId node = alive->node;
    mappings_.erase(alive);
    disk_.UnmapFile(node);
    return;
  }
  const auto dead = std::find_if(dead_mappings_.begin(), dead_mappings_.end(), is_it);
  if (dead != dead_mappings_.end()) {
    dead_mappings_.erase(dead);
    return;
  }
  std::fprintf(stderr, "simulated machine: %p is unmapped and is no mapping\n", static_cast<void*>(address));
  std::abort();
}

const SimulatedPlatform::Mapping* SimulatedPlatform::MappingOf(const std::byte* address) const {
  const std::less<> before;
  const auto found = std::find_if(mappings_.begin(), mappings_.end(), [&](const Mapping& mapping) {
    return !before(address, mapping.address) && before(address, mapping.address + mapping.size);
  });
  return found == mappings_.end() ? nullptr : &*found;
}

size_t SimulatedPlatform::Reachable(const Mapping* mapping, const std::byte* address, size_t size) {
  if (mapping == nullptr) return size;
  const int64_t position = mapping->position + (address - mapping->address);
  const int64_t file_end = (disk_.file(mapping->node).size() + kPageBytes - 1) / kPageBytes * kPageBytes;
  return std::min(size, static_cast<size_t>(std::max<int64_t>(file_end - position, 0)));
}

IoResult SimulatedPlatform::CopyGuarded(std::byte* to, const std::byte* from, size_t size) {
  const Call call(this);
  if (call.is_refused()) return Failure(EIO);
  const Mapping* const target = MappingOf(to);
  const Mapping* const source = MappingOf(from);
  size_t count = std::min(Reachable(target, to, size), Reachable(source, from, size));
  if (target != nullptr && count > 0) {
    if (!target->is_writable) {
      std::fprintf(stderr, "simulated machine: a store to a read-only mapping\n");
      std::abort();
    }
    const int64_t position = target->position + (to - target->address);
    count = static_cast<size_t>(disk_.Allocate(target->node, position, static_cast<int64_t>(count)));
    disk_.file(target->node).Touch(position, static_cast<int64_t>(count));
  }
  if (count > 0) std::memmove(to, from, count);
  return Failure(count == size ? 0 : EIO);
}

}  // namespace millrace
