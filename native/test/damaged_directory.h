// A store's directory on a simulated machine, made by a workload, left in one way or another, and then changed behind the store's
// back.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "crash_workload.h"
#include "recovered_store.h"
#include "store_paths.h"

namespace millrace::testing {

class DamagedDirectory {
 public:
  static constexpr int64_t kFileBytes = 4096;
  static constexpr int64_t kEntries = 10;

  explicit DamagedDirectory(uint64_t seed, bool sync = true);

  // --- how the store was left
  void AppendAndClose(int records);
  // Everything durable, and said so by the side-car; `abort` stays. Then `more` records that are written and not durable.
  void AppendAndLeave(int records, int more);
  // The machine starts anew, with everything that had been written.
  void Reboot();

  // --- changes
  void Put(const std::string& path, int64_t position, std::span<const std::byte> bytes);
  void Flip(const std::string& path, int64_t position);
  void Zero(const std::string& path, int64_t position, int64_t size);
  void Resize(const std::string& path, int64_t size);
  void Remove(const std::string& path);  // a file or a whole directory
  std::vector<std::byte> Content(const std::string& path) { return ContentOf(machine, path); }
  std::vector<std::string> FilesBelow(const std::string& path);
  // Every file with its bytes.
  std::map<std::string, std::vector<std::byte>> Tree();

  // --- places
  std::string LogFile(int64_t position) const { return paths.commit_log + "/" + FileName(position - position % kFileBytes); }
  int64_t InFile(int64_t position) const { return position % kFileBytes; }
  const ModelRecord& record(size_t index) const { return workload.model.records()[index]; }
  std::string QueueFile(const QueueKey& key, int64_t offset) const;

  StoreConfig config() const { return options.Config(); }
  Status Open(std::unique_ptr<Store>* store) { return Open(config(), store); }
  Status Open(const StoreConfig& with, std::unique_ptr<Store>* store) {
    return Store::Open(machine, paths.root, with, nullptr, nullptr, store);
  }

  const WorkloadOptions options;
  const StorePaths paths;
  SimulatedPlatform machine;
  CrashWorkload workload;
  int64_t watermark = 0;  // W, as the side-car has it
};

}  // namespace millrace::testing
