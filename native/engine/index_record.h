// What the side-car says about the key index, because the index's own files cannot: how far into the log it reaches, and by what
// each of its files is known. Replaced whole, after everything it speaks of was synced. Layout: docs/format.md, "Index record".
#pragma once

#include <string>
#include <vector>

#include "index_file.h"
#include "store_paths.h"

namespace millrace {

struct IndexRecord {
  struct File {
    std::string name;
    IndexProof proof;
  };

  IndexShape shape;
  bool with_tags = false;
  int64_t indexed = 0;      // the keys of every record below are in the files; a record begins here, or the log ends
  std::vector<File> files;  // oldest first

  // kNotFound when there is none; kCorruption when it does not verify.
  Status Load(Platform& platform, const StorePaths& paths);
  Status Save(Platform& platform, const StorePaths& paths) const;
  std::vector<std::byte> Encode() const;
  bool Decode(std::span<const std::byte> bytes);
};

// A log whose index is not kept up is given back from `unchanged` on: the next open that keeps it begins there.
Status LowerIndexRecord(Platform& platform, const StorePaths& paths, int64_t unchanged);

}  // namespace millrace
