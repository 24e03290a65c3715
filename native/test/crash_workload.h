// A broker's day in small: a store is opened, appended to in every way there is, closed, opened again, appended to, and closed.
//
// Everything is drawn from a seed: single records, batches, several queues, prepared and rolled-back messages, awaited or not, with
// services run and time passing between. What the store acknowledged is kept here, and outlives the store: `durable` and `written`
// are the furthest it ever promised, `model` what it was given. Where the platform freezes or fails the day goes on as a caller's
// would: a rejection is accepted and appends go on, a failed store is left. Not for two threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "log_model.h"
#include "seeded_random.h"
#include "simulated_platform.h"
#include "store.h"

namespace millrace::testing {

struct WorkloadOptions {
  uint64_t seed = 0;
  bool sync = true;
  bool mapped = false;
  int appends = 100;
  int64_t file_bytes = 8192;
  int64_t entries_per_file = 16;

  StoreConfig Config() const;
  std::string Name() const;
};

class CrashWorkload {
 public:
  // `platform` is what the store is opened on, `machine` the simulated one below it (or the same).
  CrashWorkload(Platform& platform, SimulatedPlatform& machine, const WorkloadOptions& options);
  ~CrashWorkload();

  // All of it. Ends early when the machine freezes or the store cannot be opened.
  void Run();
  // Its parts, for tests that look between.
  bool Open();
  void AppendSome(int count);
  void Close();
  // As a process that ends without closing.
  void Leave() { store_.reset(); }
  // What was found after a crash is what there is from now on.
  void GoOnFrom(int64_t end, int64_t generation);

  static constexpr const char* kDirectory = "/data/store";

  LogModel model;
  int64_t durable = 0;
  int64_t written = 0;
  int64_t generation = 0;
  bool closed_in_order = false;  // the last session was
  bool was_opened = false;       // at least once
  std::vector<Status> errors;    // every one that a caller saw, in order

  Store* store() { return store_.get(); }

 private:
  void Step();
  void AppendOne(Want want, bool run_inline, bool sync);
  void AppendBatch();
  RecordFields Draw(std::string* body, std::string* properties);
  QueueKey DrawQueue();
  // Takes note of promises; deals with a rejection. False when the store can do no more.
  bool Settle(const Status& status);
  void NotePromises();
  // Nothing is taken any more, and no watermark moves.
  void CheckStaysFailed();

  Platform& platform_;
  SimulatedPlatform& machine_;
  const WorkloadOptions options_;
  SeededRandom random_;
  std::unique_ptr<Store> store_;
  Store::Marks marks_;
  int64_t clock_ = 1'700'000'000'000;
  int64_t failed_durable_ = -1;
  int64_t failed_visible_ = -1;
};

}  // namespace millrace::testing
