// One file of the simulated disk: what the page cache shows, and what the disk holds.
//
// A 512-byte sector is dirty when the two differ, so that stores to a mapping count without being told. After a failed sync the
// sectors that were dirty are lost: still shown, not dirty, until Write touches them (the same bytes will do) or a store to a
// mapping changes them (the same bytes will not do: only that much is simplified).
//
// A value. Copies share their bytes until one of them is written; a file with mappings shares with nobody. Both images may be
// shorter than the file: what is missing is zeros. Not for two threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "crash_plan.h"
#include "seeded_random.h"

namespace millrace {

// A run of bytes that begins as zeros and stays where it is.
class FilePages {
 public:
  explicit FilePages(size_t size);
  ~FilePages();
  FilePages(const FilePages&) = delete;
  FilePages& operator=(const FilePages&) = delete;
  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  std::byte* data_;
  size_t size_;
};

// The blocks of 4096 bytes that a file has of its own.
class BlockSet {
 public:
  bool Has(int64_t block) const;
  void Add(int64_t block);
  void RemoveFrom(int64_t block);
  int64_t count() const { return count_; }

 private:
  std::vector<bool> blocks_;
  int64_t count_ = 0;
};

class SimulatedFile {
 public:
  static constexpr int64_t kSectorBytes = 512;
  static constexpr int64_t kBlockBytes = 4096;

  SimulatedFile() = default;
  SimulatedFile(const SimulatedFile&) = delete;
  SimulatedFile& operator=(const SimulatedFile&) = delete;
  SimulatedFile(SimulatedFile&&) = default;
  SimulatedFile& operator=(SimulatedFile&&) = default;
  // Like this one, with no mapping: what the next process finds in the page cache.
  SimulatedFile WithoutMappings() const;

  int64_t size() const { return size_; }
  int64_t blocks() const { return blocks_.count(); }
  // The first byte at or after `position` in a block with a byte that is not zero, on the disk or in the cache, else the size.
  int64_t NextData(int64_t position) const;
  // Count of bytes; 0 at the end.
  int64_t Read(std::span<std::byte> to, int64_t position) const;

  // Needs the blocks already: Allocate.
  void Write(std::span<const std::byte> from, int64_t position);
  void Resize(int64_t size);
  void WriteZerosDurably(int64_t position, int64_t size);

  // Blocks that [position, position + size) lacks.
  int64_t MissingBlocks(int64_t position, int64_t size) const;
  // Takes them from *free_blocks, first to last, while there are any. Count of bytes from `position` on that have blocks then.
  int64_t Allocate(int64_t position, int64_t size, int64_t* free_blocks);

  // The address at which `position` is stored, until Unmap of the same range. Past the file's end the bytes are there, but the
  // caller must not show them.
  std::byte* Map(int64_t position, int64_t size, bool is_writable, std::shared_ptr<FilePages>* pages);
  void Unmap();
  bool is_mapped() const { return mappings_ > 0; }
  // A store to a mapping is about to be made here: ends that sectors count as lost.
  void Touch(int64_t position, int64_t size);

  void Sync();
  void LoseDirty();
  // Both images become what a power loss leaves. Mappings, which must be dead, keep their old bytes.
  void Crash(const CrashPlan& plan, SeededRandom* random);

 private:
  using Sector = std::array<std::byte, static_cast<size_t>(kSectorBytes)>;

  std::byte* Own(std::shared_ptr<FilePages>* image, int64_t size);
  std::pair<int64_t, int64_t> DirtySectors() const;
  bool IsDirty(int64_t sector) const;
  void MarkDirty(int64_t begin, int64_t end);

  int64_t size_ = 0;
  int64_t durable_size_ = 0;
  std::shared_ptr<FilePages> cache_;
  std::shared_ptr<FilePages> durable_;
  // Where the images may differ, besides where the file is mapped for writing.
  int64_t dirty_begin_ = 0;
  int64_t dirty_end_ = 0;
  int64_t mapped_begin_ = 0;  // of writable mappings, together, while there is any mapping
  int64_t mapped_end_ = 0;
  int mappings_ = 0;
  std::map<int64_t, Sector> lost_;  // by sector, as the cache showed it when it was lost
  BlockSet blocks_;
  BlockSet durable_blocks_;
};

}  // namespace millrace
