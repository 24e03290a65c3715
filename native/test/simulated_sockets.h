// Sockets of a simulated machine: what was sent to them is kept, and how much they take is the test's to say.
//
//   const FileHandle socket = machine.sockets().Open();
//   machine.sockets().SetRoom(socket, 100);   // EAGAIN once it has taken 100 bytes more
//   machine.sockets().received(socket)
//
// A duplicate is the same socket under another number; open() counts the numbers that were not closed. One thread.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "platform.h"

namespace millrace {

class SimulatedSockets {
 public:
  FileHandle Open() {
    sockets_[next_] = std::make_shared<Socket>();
    return next_++;
  }
  IoResult Duplicate(FileHandle socket, FileHandle* copy) {
    if (!Has(socket)) return {.value = 0, .error = EBADF};
    *copy = next_++;
    sockets_[*copy] = sockets_[socket];
    return {};
  }
  bool Has(FileHandle socket) const { return sockets_.contains(socket); }
  void Close(FileHandle socket) { sockets_.erase(socket); }
  int64_t open() const { return static_cast<int64_t>(sockets_.size()); }

  void SetRoom(FileHandle socket, int64_t bytes) { sockets_[socket]->room = bytes; }
  // No call takes more; unlimited until set.
  void SetMostAtOnce(FileHandle socket, int64_t bytes) { sockets_[socket]->most_at_once = bytes; }
  // Sending fails with this from now on.
  void Break(FileHandle socket, int error) { sockets_[socket]->error = error; }
  const std::vector<std::byte>& received(FileHandle socket) { return sockets_[socket]->received; }
  // How many calls it took.
  int64_t sends(FileHandle socket) { return sockets_[socket]->sends; }

  IoResult Send(FileHandle socket, std::span<const std::byte> bytes) {
    if (!Has(socket)) return {.value = 0, .error = EBADF};
    Socket& to = *sockets_[socket];
    if (to.error != 0) return {.value = 0, .error = to.error};
    const int64_t count = std::min({static_cast<int64_t>(bytes.size()), to.room, to.most_at_once});
    if (count == 0 && !bytes.empty()) return {.value = 0, .error = EAGAIN};
    to.received.insert(to.received.end(), bytes.begin(), bytes.begin() + count);
    to.room -= count;
    to.sends++;
    return {.value = count, .error = 0};
  }
  bool IsReady(FileHandle socket) { return !Has(socket) || sockets_[socket]->error != 0 || sockets_[socket]->room > 0; }

 private:
  struct Socket {
    std::vector<std::byte> received;
    int64_t room = INT64_MAX;
    int64_t most_at_once = INT64_MAX;
    int error = 0;
    int64_t sends = 0;
  };

  FileHandle next_ = 1'000'000;  // no file's
  std::map<FileHandle, std::shared_ptr<Socket>> sockets_;
};

// Waits for nothing: says what is ready and gives the turn back, as a service of a simulated machine must.
class SimulatedSocketWaiter final : public SocketWaiter {
 public:
  explicit SimulatedSocketWaiter(SimulatedSockets* sockets) : sockets_(*sockets) {}
  void Wait(std::span<SocketWait> sockets, int64_t) override {
    for (SocketWait& wait : sockets) wait.is_ready = sockets_.IsReady(wait.socket);
  }
  void Wake() override {}

 private:
  SimulatedSockets& sockets_;
};

}  // namespace millrace
