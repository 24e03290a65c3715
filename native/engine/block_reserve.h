// Blocks of the active log file, made ready ahead of the writer: reserved, and for small writes zeroed (in sync mode) and in
// memory.
//
// A write into a block that is already there and already written costs no file-system metadata, which halves the price of a small
// durable append; a page that is already in memory is neither allocated nor, where its block was zeroed on the disk, read in the
// middle of an append; and where blocks are reserved a full disk is noticed before the bytes are due. Large writes bring whole
// pages and would pay for them twice, so for them blocks are only reserved. Nothing here is a promise: what is not ready is
// written without, or reserved small by the writer (mapped mode cannot do without), and counted.
// Zeros never reach a place that the writer may have written: both claim ranges under one mutex, the writer a little more than it
// needs, so that most small writes ask nobody. BeforeWrite: one thread at a time; Prepare: maintenance.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>

#include "file_set.h"
#include "platform.h"
#include "status.h"

namespace millrace {

class BlockReserve {
 public:
  struct Policy {
    bool zero = false;    // sync mode: blocks are zeroed too, while writes are small
    bool mapped = false;  // every byte must be reserved before it is touched
  };

  BlockReserve(Platform& platform, FileSet& files, Policy policy) : platform_(platform), files_(files), policy_(policy) {}

  // Called before bytes [from, to) of `file` are written; they lie in one file. Waits while zeros are on their way there.
  Status BeforeWrite(OpenFile& file, int64_t from, int64_t to);

  // Works ahead of `position`, a bounded piece at a time; true when there is more to do. Errors are kept to oneself: the write that
  // needs the block will meet its own.
  bool Prepare(int64_t position);
  // Cheap; true when Prepare would find work.
  bool Wanted(int64_t position) const { return position >= wanted_at_.load(std::memory_order_relaxed); }

  int64_t late() const { return late_.load(std::memory_order_relaxed); }  // writes that found their blocks not ready

 private:
  struct Blocks {
    int64_t reserved = 0;  // positions below are reserved
    int64_t zeroed = 0;    // zeroing goes on here
    int64_t warm = 0;      // pages below are in memory
    int64_t high = 0;      // the writer has touched positions below
    bool stopped = false;  // no room, or not supported: left to the writer
  };

  bool Ahead(int64_t start, int64_t reserve_to, int64_t ready_to, bool small);
  static int64_t FromWriter(int64_t start, const Blocks& blocks);
  bool ReserveStep(int64_t start, int64_t target);
  bool WarmStep(int64_t start, int64_t target);
  bool ZeroStep(int64_t start, int64_t target);

  static constexpr int64_t kMinStep = int64_t{1} << 20;
  static constexpr int64_t kMaxStep = int64_t{64} << 20;
  static constexpr int64_t kZeroPiece = 1024 * 1024;  // an append that meets one waits for it: seldom, and so not short
  static constexpr int64_t kWarmPiece = 256 * 1024;   // its pages are locked until the last of them is there
  static constexpr int64_t kDistance = 64 * 1024;     // to the writer, so that it seldom has to wait for either
  static constexpr int64_t kLead = 32 * 1024;         // claimed beyond a write
  static constexpr int64_t kSmallWrite = 64 * 1024;   // less is small
  static constexpr int64_t kMaxAhead = int64_t{8} << 20;
  static constexpr int64_t kPage = 4096;

  Platform& platform_;
  FileSet& files_;
  const Policy policy_;
  std::atomic<int64_t> wanted_at_{0};
  std::atomic<int64_t> late_{0};
  std::atomic<int64_t> average_write_{0};  // bytes; stored by BeforeWrite only
  int64_t opened_at_ = -1;                 // maintenance only
  int64_t sure_from_ = 0;                  // BeforeWrite only: claimed, and reserved
  int64_t sure_to_ = 0;

  std::mutex claim_;  // held while zeros are written
  std::mutex mutex_;
  std::map<int64_t, Blocks> blocks_;  // by start of the file
  int64_t claim_from_ = 0;
  int64_t claim_to_ = 0;
};

}  // namespace millrace
