// Blocks of the active log file, reserved (and in sync mode zeroed) ahead of the writer.
//
// A write into a block that is already there and already written costs no file-system metadata, which halves the price of a small
// durable append; and where blocks are reserved a full disk is noticed before the bytes are due. Nothing here is a promise: what is
// not ready is written without, or reserved small by the writer (mapped mode cannot do without), and counted.
// Zeros never reach a place that the writer may have written: both claim ranges under one mutex. BeforeWrite: writer; Prepare:
// maintenance.
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
    bool zero = false;    // sync mode: blocks are zeroed too
    bool mapped = false;  // every byte must be reserved before it is touched
  };

  BlockReserve(Platform& platform, FileSet& files, Policy policy) : platform_(platform), files_(files), policy_(policy) {}

  // Called before bytes [from, to) of `file` are written; they lie in one file. Waits while zeros are on their way there.
  Status BeforeWrite(OpenFile& file, int64_t from, int64_t to);

  // Works ahead of `position`, a bounded piece at a time; true when there is more to do. `bytes_per_sync` tells how large groups
  // are: zeroing pays only for small ones. Errors are kept to oneself: the write that needs the block will meet its own.
  bool Prepare(int64_t position, int64_t bytes_per_sync);
  // Cheap; true when Prepare would find work.
  bool Wanted(int64_t position) const { return position >= wanted_at_.load(std::memory_order_relaxed); }

  int64_t late() const { return late_.load(std::memory_order_relaxed); }  // writes that found their blocks not ready

 private:
  struct Blocks {
    int64_t reserved = 0;  // positions below are reserved
    int64_t zeroed = 0;    // zeroing goes on here
    int64_t high = 0;      // the writer has touched positions below
    bool stopped = false;  // no room, or not supported: left to the writer
  };

  bool ReserveStep(int64_t start, int64_t target);
  bool ZeroStep(int64_t start, int64_t target);

  static constexpr int64_t kMinStep = int64_t{1} << 20;
  static constexpr int64_t kMaxStep = int64_t{64} << 20;
  static constexpr int64_t kZeroPiece = 1024 * 1024;   // an append that meets one waits for it: seldom, and so not short
  static constexpr int64_t kZeroDistance = 64 * 1024;  // to the writer, so that it seldom has to wait for a claim
  static constexpr int64_t kSmallGroup = 64 * 1024;    // up to so many bytes a sync zeroing pays
  static constexpr int64_t kMaxZeroAhead = int64_t{8} << 20;
  static constexpr int64_t kPage = 4096;

  Platform& platform_;
  FileSet& files_;
  const Policy policy_;
  std::atomic<int64_t> wanted_at_{0};
  std::atomic<int64_t> late_{0};
  int64_t opened_at_ = -1;  // maintenance only

  std::mutex claim_;  // held while zeros are written
  std::mutex mutex_;
  std::map<int64_t, Blocks> blocks_;  // by start of the file
  int64_t claim_from_ = 0;
  int64_t claim_to_ = 0;
};

}  // namespace millrace
