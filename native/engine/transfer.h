// One transfer on its way: so many bytes to one socket, from the log without their passing through this process, or gathered from
// a mapping of it.
//
// Advance is called again and again by one thread, and each call is one bounded step that never waits for the peer. Long runs go
// by SendFile; many short ones by Send with pieces of the mapping, a call for hundreds of them. What goes before the records goes
// with the first of them. The socket's descriptor belongs to the transfer and is closed with it; the plan pins the files.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "file_set.h"
#include "log_plan.h"
#include "platform.h"
#include "status.h"

namespace millrace {

enum class SendPath : int32_t { kChosen = 0, kSendFile = 1, kGather = 2 };

class Transfer {
 public:
  enum class State { kMore, kBlocked, kDone, kFailed };

  // The average run from which on SendFile serves: below it a call for each run costs more than the copying that it saves.
  static constexpr int64_t kLongRunBytes = 64 * 1024;

  Transfer(Platform& platform, const FileSet& files, FileHandle socket, std::shared_ptr<const LogPlan> plan, SendPath path);
  ~Transfer() { platform_.Close(socket_); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Sends about `most` bytes. kBlocked: the socket takes nothing now.
  State Advance(int64_t most);

  FileHandle socket() const { return socket_; }
  const Status& status() const { return status_; }
  int64_t sent() const { return sent_; }
  SendPath path() const { return path_; }

 private:
  static constexpr size_t kMostPieces = 512;

  size_t head_left() const { return plan_->head.size() - head_sent_; }
  bool is_done() const { return head_left() == 0 && run_ == plan_->runs.size(); }
  IoResult SendSome(int64_t most);
  IoResult SendGathered(int64_t most);
  // False when there is no mapping to be had.
  bool AddPiece(const LogRun& run, int64_t from, int64_t size);
  void Skip(int64_t count);
  State Fail(int error);

  Platform& platform_;
  const FileSet& files_;
  const FileHandle socket_;
  const std::shared_ptr<const LogPlan> plan_;
  SendPath path_;
  Status status_;
  int64_t sent_;
  size_t head_sent_ = 0;
  size_t run_ = 0;
  int64_t run_sent_ = 0;
  std::vector<std::span<const std::byte>> pieces_;
  const OpenFile* mapped_ = nullptr;
  const std::byte* mapping_ = nullptr;
};

}  // namespace millrace
