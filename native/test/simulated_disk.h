// The disk of a simulated machine: directories and files, each as the running system shows it and as the disk holds it.
//
// File contents: simulated_file.h. A directory operation (a name made, renamed, removed) is durable after SyncDirectory of the
// directory that holds the name, not before, and never by syncing the file. Until then a crash may keep any subset, with one
// exception: a rename does not take the old name away unless it gave the new one, so a file in motion is never in neither place
// (both is possible: then the names share the file). A file lives as long as a name, a durable name or a handle leads to it.
//
// A value: Copy() gives another disk, cheaply, because bytes are shared until written. Errors are errnos, 0 is success. Paths
// begin at the root; "." and empty parts count for nothing. Not for two threads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crash_plan.h"
#include "platform.h"
#include "seeded_random.h"
#include "simulated_file.h"

namespace millrace {

class SimulatedDisk {
 public:
  using NodeId = int;
  static constexpr NodeId kNoNode = -1;

  SimulatedDisk();
  SimulatedDisk(SimulatedDisk&&) = default;
  SimulatedDisk& operator=(SimulatedDisk&&) = default;
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;
  // The same disk without the process: no handle, no mapping.
  SimulatedDisk Copy() const;

  NodeId Find(std::string_view path) const;  // kNoNode when there is nothing
  PathKind Kind(std::string_view path) const;
  // kNoNode and an errno, or the file, with one more handle.
  NodeId OpenFile(std::string_view path, bool create, int* error);
  void CloseFile(NodeId node);
  void UnmapFile(NodeId node);
  SimulatedFile& file(NodeId node) { return nodes_[static_cast<size_t>(node)].file; }
  const SimulatedFile& file(NodeId node) const { return nodes_[static_cast<size_t>(node)].file; }

  int MakeDirectory(std::string_view path);
  int RemoveDirectory(std::string_view path);
  int List(std::string_view path, std::vector<DirectoryEntry>* entries) const;
  int Rename(std::string_view from, std::string_view to);
  int Unlink(std::string_view path);
  int SyncDirectory(std::string_view path);
  void SyncEverything();

  // The bytes from `position` on that have blocks of their own now, as many as free space allows.
  int64_t Allocate(NodeId node, int64_t position, int64_t size);
  bool Reserve(NodeId node, int64_t position, int64_t size);  // all or nothing
  void Resize(NodeId node, int64_t size);
  void SetFreeBytes(int64_t bytes) { free_blocks_ = bytes / SimulatedFile::kBlockBytes; }
  int64_t free_bytes() const { return free_blocks_ * SimulatedFile::kBlockBytes; }

  // The power fails: what was not synced meets the plan. Only for a disk without a process.
  void Crash(const CrashPlan& plan);

 private:
  static constexpr NodeId kRoot = 0;
  using Entries = std::map<std::string, NodeId, std::less<>>;

  struct Node {
    bool is_used = false;
    bool is_directory = false;
    int names = 0;  // that lead here in the running system
    int handles = 0;
    Entries entries;  // of a directory
    Entries durable_entries;
    SimulatedFile file;
  };

  // A directory operation that is not durable: `name` in `directory` now means `value`, or nothing.
  struct Operation {
    int64_t serial;
    int64_t after;  // serial of the operation without which this one did not happen, or 0
    NodeId directory;
    std::string name;
    NodeId value;
    bool is_synced = false;  // durable as soon as `after` is
  };

  static void AssignEntry(Entries* entries, const std::string& name, NodeId value);
  Node& At(NodeId node) { return nodes_[static_cast<size_t>(node)]; }
  const Node& At(NodeId node) const { return nodes_[static_cast<size_t>(node)]; }
  NodeId NewNode(bool is_directory);
  // The directory that holds the path's last name. 0, or the errno.
  int Split(std::string_view path, NodeId* parent, std::string_view* name) const;
  NodeId Entry(NodeId directory, std::string_view name) const;
  int64_t SetEntry(NodeId directory, std::string_view name, NodeId value, int64_t after);
  bool IsBelow(NodeId node, NodeId ancestor) const;
  void Settle();
  void ReleaseIfUnused(NodeId node);
  void Sweep(bool has_process);

  std::vector<Node> nodes_;
  std::vector<Operation> pending_;  // in the order they were made
  int64_t next_serial_ = 1;
  int64_t free_blocks_ = (int64_t{1} << 50) / SimulatedFile::kBlockBytes;
  int released_ = 0;  // nodes whose blocks are free already, since the last Sweep
};

}  // namespace millrace
