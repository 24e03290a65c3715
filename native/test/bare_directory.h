// A simulated machine with a store's folders and nothing in them, for tests of the engine's single parts.
#pragma once

#include <string>

#include "io.h"
#include "simulated_platform.h"
#include "store_paths.h"
#include "testing.h"

namespace millrace::testing {

struct BareDirectory {
  BareDirectory() : machine(test_seed()), paths("/store") {
    for (const std::string& path : {paths.root, paths.commit_log, paths.consume_queue, paths.own, paths.temporary}) {
      CHECK_OK(machine.MakeDirectory(path));
      CHECK_OK(machine.SyncDirectory(path));
    }
    CHECK_OK(machine.SyncDirectory("/"));
    CHECK_OK(machine.SyncDirectory(paths.root));
    CHECK_OK(machine.SyncDirectory(paths.own));
  }

  std::vector<std::string> Names(const std::string& path) {
    std::vector<DirectoryEntry> entries;
    std::vector<std::string> names;
    if (!machine.List(path, &entries).ok()) return names;
    for (const DirectoryEntry& entry : entries) names.push_back(entry.name);
    return names;
  }
  std::string Text(const std::string& path) {
    std::vector<std::byte> bytes;
    if (!io::ReadFile(machine, path, 1 << 24, &bytes).ok()) return "(none)";
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  SimulatedPlatform machine;
  const StorePaths paths;
};

inline std::span<const std::byte> BytesOf(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace millrace::testing
