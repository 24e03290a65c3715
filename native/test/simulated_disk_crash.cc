// What of a simulated disk outlives its process, its directory syncs and its power.
#include <algorithm>

#include "simulated_disk.h"

namespace millrace {

SimulatedDisk SimulatedDisk::Copy() const {
  SimulatedDisk copy;
  copy.nodes_.clear();
  copy.nodes_.reserve(nodes_.size());
  for (const Node& node : nodes_) {
    copy.nodes_.push_back({.is_used = node.is_used,
                           .is_directory = node.is_directory,
                           .names = node.names,
                           .handles = 0,
                           .entries = node.entries,
                           .durable_entries = node.durable_entries,
                           .file = node.file.WithoutMappings()});
  }
  copy.pending_ = pending_;
  copy.next_serial_ = next_serial_;
  copy.free_blocks_ = free_blocks_;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].handles > 0 || nodes_[i].file.is_mapped()) copy.ReleaseIfUnused(static_cast<NodeId>(i));
  }
  return copy;
}

void SimulatedDisk::AssignEntry(Entries* entries, const std::string& name, NodeId value) {
  if (value == kNoNode) {
    entries->erase(name);
  } else {
    (*entries)[name] = value;
  }
}

// Makes durable what is synced and waits for nothing. Operations come after those they wait for, so one pass is enough.
void SimulatedDisk::Settle() {
  std::vector<Operation> waiting;
  for (Operation& operation : pending_) {
    const auto is_cause = [&](const Operation& other) { return other.serial == operation.after; };
    if (!operation.is_synced || std::any_of(waiting.begin(), waiting.end(), is_cause)) {
      waiting.push_back(std::move(operation));
      continue;
    }
    AssignEntry(&At(operation.directory).durable_entries, operation.name, operation.value);
    // An earlier one of the same name would otherwise be applied over it later.
    std::erase_if(waiting,
                  [&](const Operation& other) { return other.directory == operation.directory && other.name == operation.name; });
  }
  pending_ = std::move(waiting);
}

// Forgets the nodes that nothing leads to, not even after a crash.
void SimulatedDisk::Sweep(bool has_process) {
  std::vector<bool> is_reached(nodes_.size());
  std::vector<NodeId> stack = {kRoot};
  const auto reach = [&](const Entries& entries) {
    for (const auto& [name, child] : entries) stack.push_back(child);
  };
  if (has_process) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].handles > 0 || nodes_[i].file.is_mapped()) stack.push_back(static_cast<NodeId>(i));
    }
  }
  for (const Operation& operation : pending_) {
    stack.push_back(operation.directory);
    if (operation.value != kNoNode) stack.push_back(operation.value);
  }
  while (!stack.empty()) {
    const NodeId node = stack.back();
    stack.pop_back();
    if (is_reached[static_cast<size_t>(node)]) continue;
    is_reached[static_cast<size_t>(node)] = true;
    reach(At(node).entries);
    reach(At(node).durable_entries);
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (!is_reached[i] && nodes_[i].is_used) nodes_[i] = Node();
  }
  released_ = 0;
}

void SimulatedDisk::Crash(const CrashPlan& plan) {
  SeededRandom random(plan.seed);
  int64_t blocks_before = 0;
  for (const Node& node : nodes_) blocks_before += node.names > 0 ? node.file.blocks() : 0;

  std::vector<int64_t> dropped;
  for (const Operation& operation : pending_) {
    const bool is_kept = operation.is_synced || plan.directory_operations == Happened::kAll ||
                         (plan.directory_operations == Happened::kMix && random.Coin());
    if (!is_kept || std::find(dropped.begin(), dropped.end(), operation.after) != dropped.end()) {
      dropped.push_back(operation.serial);
    } else {
      AssignEntry(&At(operation.directory).durable_entries, operation.name, operation.value);
    }
  }
  pending_.clear();
  for (Node& node : nodes_) {
    node.entries = node.durable_entries;
    node.names = 0;
  }
  Sweep(false);
  At(kRoot).names = 1;
  int64_t blocks_after = 0;
  for (Node& node : nodes_) {
    for (const auto& [name, child] : node.entries) ++At(child).names;
    if (!node.is_used || node.is_directory) continue;
    node.file.Crash(plan, &random);
    blocks_after += node.file.blocks();
  }
  free_blocks_ = std::max<int64_t>(free_blocks_ + blocks_before - blocks_after, 0);
}

}  // namespace millrace
