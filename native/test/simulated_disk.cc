#include "simulated_disk.h"

#include <algorithm>
#include <cerrno>

namespace millrace {
namespace {

constexpr int kReleasedBeforeSweep = 64;

// Takes the first part off the path; empty when there is none left.
std::string_view NextPart(std::string_view* path) {
  for (;;) {
    while (path->starts_with('/')) path->remove_prefix(1);
    const std::string_view part = path->substr(0, path->find('/'));
    path->remove_prefix(part.size());
    if (part != ".") return part;
  }
}

}  // namespace

SimulatedDisk::SimulatedDisk() {
  NewNode(true);
  At(kRoot).names = 1;
}

SimulatedDisk::NodeId SimulatedDisk::NewNode(bool is_directory) {
  // Slots come free in Sweep only, and a disk that never sweeps has none.
  const auto unused = std::find_if(nodes_.begin(), nodes_.end(), [](const Node& node) { return !node.is_used; });
  const auto node = unused == nodes_.end() ? nodes_.emplace(nodes_.end()) : unused;
  *node = Node();
  node->is_used = true;
  node->is_directory = is_directory;
  return static_cast<NodeId>(node - nodes_.begin());
}

SimulatedDisk::NodeId SimulatedDisk::Entry(NodeId directory, std::string_view name) const {
  const Entries& entries = At(directory).entries;
  const auto found = entries.find(name);
  return found == entries.end() ? kNoNode : found->second;
}

SimulatedDisk::NodeId SimulatedDisk::Find(std::string_view path) const {
  NodeId node = kRoot;
  for (std::string_view part = NextPart(&path); !part.empty() && node != kNoNode; part = NextPart(&path)) node = Entry(node, part);
  return node;
}

int SimulatedDisk::Split(std::string_view path, NodeId* parent, std::string_view* name) const {
  *parent = kRoot;
  *name = NextPart(&path);
  if (name->empty()) return EBUSY;  // the root itself
  for (std::string_view next = NextPart(&path); !next.empty(); next = NextPart(&path)) {
    *parent = Entry(*parent, *name);
    if (*parent == kNoNode) return ENOENT;
    if (!At(*parent).is_directory) return ENOTDIR;
    *name = next;
  }
  return 0;
}

PathKind SimulatedDisk::Kind(std::string_view path) const {
  const NodeId node = Find(path);
  if (node == kNoNode) return PathKind::kNone;
  return At(node).is_directory ? PathKind::kDirectory : PathKind::kFile;
}

SimulatedDisk::NodeId SimulatedDisk::OpenFile(std::string_view path, bool create, int* error) {
  NodeId parent;
  std::string_view name;
  *error = Split(path, &parent, &name);
  if (*error == EBUSY) *error = EISDIR;
  if (*error != 0) return kNoNode;
  NodeId node = Entry(parent, name);
  if (node == kNoNode) {
    *error = create ? 0 : ENOENT;
    if (!create) return kNoNode;
    node = NewNode(false);
    SetEntry(parent, name, node, 0);
  } else if (At(node).is_directory) {
    *error = EISDIR;
    return kNoNode;
  }
  ++At(node).handles;
  return node;
}

void SimulatedDisk::CloseFile(NodeId node) {
  --At(node).handles;
  ReleaseIfUnused(node);
}

void SimulatedDisk::UnmapFile(NodeId node) {
  file(node).Unmap();
  ReleaseIfUnused(node);
}

int64_t SimulatedDisk::SetEntry(NodeId directory, std::string_view name, NodeId value, int64_t after) {
  const NodeId before = Entry(directory, name);
  std::string owned(name);
  AssignEntry(&At(directory).entries, owned, value);
  if (value != kNoNode) ++At(value).names;
  if (before != kNoNode) --At(before).names;
  pending_.push_back({.serial = next_serial_,
                      .after = after,
                      .directory = directory,
                      .name = std::move(owned),
                      .value = value,
                      .is_synced = false});
  if (before != kNoNode) ReleaseIfUnused(before);
  return next_serial_++;
}

int SimulatedDisk::MakeDirectory(std::string_view path) {
  NodeId parent;
  std::string_view name;
  const int error = Split(path, &parent, &name);
  if (error != 0) return error == EBUSY ? EEXIST : error;
  if (Entry(parent, name) != kNoNode) return EEXIST;
  const NodeId made = NewNode(true);
  SetEntry(parent, name, made, 0);
  return 0;
}

int SimulatedDisk::RemoveDirectory(std::string_view path) {
  NodeId parent;
  std::string_view name;
  const int error = Split(path, &parent, &name);
  if (error != 0) return error;
  const NodeId node = Entry(parent, name);
  if (node == kNoNode) return ENOENT;
  if (!At(node).is_directory) return ENOTDIR;
  if (!At(node).entries.empty()) return ENOTEMPTY;
  SetEntry(parent, name, kNoNode, 0);
  return 0;
}

int SimulatedDisk::List(std::string_view path, std::vector<DirectoryEntry>* entries) const {
  entries->clear();
  const NodeId node = Find(path);
  if (node == kNoNode) return ENOENT;
  if (!At(node).is_directory) return ENOTDIR;
  for (const auto& [name, child] : At(node).entries) entries->push_back({.name = name, .is_directory = At(child).is_directory});
  return 0;
}

bool SimulatedDisk::IsBelow(NodeId node, NodeId ancestor) const {
  if (node == ancestor) return true;
  return std::any_of(At(ancestor).entries.begin(), At(ancestor).entries.end(),
                     [&](const auto& entry) { return IsBelow(node, entry.second); });
}

int SimulatedDisk::Rename(std::string_view from, std::string_view to) {
  NodeId source;
  NodeId destination;
  std::string_view old_name;
  std::string_view new_name;
  int error = Split(from, &source, &old_name);
  if (error == 0) error = Split(to, &destination, &new_name);
  if (error != 0) return error;
  const NodeId moved = Entry(source, old_name);
  if (moved == kNoNode) return ENOENT;
  const NodeId replaced = Entry(destination, new_name);
  if (replaced == moved) return 0;
  if (At(moved).is_directory && IsBelow(destination, moved)) return EINVAL;
  if (replaced != kNoNode) {
    if (At(replaced).is_directory != At(moved).is_directory) return At(moved).is_directory ? ENOTDIR : EISDIR;
    if (!At(replaced).entries.empty()) return ENOTEMPTY;
  }
  const int64_t given = SetEntry(destination, new_name, moved, 0);
  SetEntry(source, old_name, kNoNode, given);
  return 0;
}

int SimulatedDisk::Unlink(std::string_view path) {
  NodeId parent;
  std::string_view name;
  const int error = Split(path, &parent, &name);
  if (error != 0) return error == EBUSY ? EISDIR : error;
  const NodeId node = Entry(parent, name);
  if (node == kNoNode) return ENOENT;
  if (At(node).is_directory) return EISDIR;
  SetEntry(parent, name, kNoNode, 0);
  return 0;
}

int SimulatedDisk::SyncDirectory(std::string_view path) {
  const NodeId node = Find(path);
  if (node == kNoNode) return ENOENT;
  if (!At(node).is_directory) return ENOTDIR;
  for (Operation& operation : pending_) operation.is_synced = operation.is_synced || operation.directory == node;
  Settle();
  if (released_ > kReleasedBeforeSweep) Sweep(true);
  return 0;
}

void SimulatedDisk::SyncEverything() {
  for (Node& node : nodes_) node.file.Sync();
  for (Operation& operation : pending_) operation.is_synced = true;
  Settle();
}

int64_t SimulatedDisk::Allocate(NodeId node, int64_t position, int64_t size) {
  return file(node).Allocate(position, size, &free_blocks_);
}

bool SimulatedDisk::Reserve(NodeId node, int64_t position, int64_t size) {
  if (file(node).MissingBlocks(position, size) > free_blocks_) return false;
  Allocate(node, position, size);
  return true;
}

void SimulatedDisk::Resize(NodeId node, int64_t size) {
  const int64_t before = file(node).blocks();
  file(node).Resize(size);
  free_blocks_ += before - file(node).blocks();
}

// Nothing in the running system leads to it any more: its space is free, though a crash may bring it back.
void SimulatedDisk::ReleaseIfUnused(NodeId node) {
  if (At(node).names > 0 || At(node).handles > 0 || file(node).is_mapped()) return;
  free_blocks_ += file(node).blocks();
  ++released_;
}

}  // namespace millrace
