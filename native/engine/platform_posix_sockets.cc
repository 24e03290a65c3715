#include "platform_posix_sockets.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/sendfile.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace millrace {
namespace {

constexpr size_t kMostPieces = 1024;  // IOV_MAX
constexpr int64_t kNanosPerMilli = 1'000'000;

IoResult Failure(int error) { return {.value = 0, .error = error}; }
IoResult FromCall(int64_t result) { return result < 0 ? Failure(errno) : IoResult{.value = result, .error = 0}; }

// A pipe whose reading end is polled with the sockets.
class PosixSocketWaiter final : public SocketWaiter {
 public:
  ~PosixSocketWaiter() override {
    for (const int end : ends_) {
      if (end >= 0) close(end);
    }
  }

  bool Start() {
    if (pipe(ends_.data()) != 0) return false;
    for (const int end : ends_) {
      fcntl(end, F_SETFD, FD_CLOEXEC);
      fcntl(end, F_SETFL, O_NONBLOCK);
    }
    return true;
  }

  void Wait(std::span<SocketWait> sockets, int64_t nanos) override {
    polled_.clear();
    polled_.push_back({.fd = ends_[0], .events = POLLIN, .revents = 0});
    for (const SocketWait& wait : sockets) polled_.push_back({.fd = wait.socket, .events = POLLOUT, .revents = 0});
    const int64_t millis = nanos / kNanosPerMilli + (nanos % kNanosPerMilli > 0 ? 1 : 0);
    const int timeout = nanos == kForever ? -1 : static_cast<int>(std::clamp<int64_t>(millis, 0, 3'600'000));
    const bool is_known = poll(polled_.data(), static_cast<nfds_t>(polled_.size()), timeout) >= 0;
    // What cannot be waited for is tried: the call that sends says why.
    for (size_t i = 0; i < sockets.size(); i++) sockets[i].is_ready = !is_known || polled_[i + 1].revents != 0;
    if (!is_known || polled_[0].revents == 0) return;
    char drained[256];
    while (read(ends_[0], drained, sizeof drained) == sizeof drained) continue;
  }

  void Wake() override {
    const char byte = 0;
    // A full pipe wakes just as well.
    const ssize_t ignored = write(ends_[1], &byte, 1);
    (void)ignored;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  std::vector<pollfd> polled_;
};

}  // namespace

IoResult DuplicateDescriptor(FileHandle socket, FileHandle* copy) {
  const int fd = fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return Failure(errno);
  *copy = fd;
  return {};
}

#if defined(__linux__)

IoResult SendFromFile(FileHandle socket, FileHandle file, int64_t position, int64_t size) {
  off_t from = position;
  return FromCall(sendfile(socket, file, &from, static_cast<size_t>(size)));
}

#elif defined(__APPLE__)

IoResult SendFromFile(FileHandle socket, FileHandle file, int64_t position, int64_t size) {
  off_t count = size;
  const int result = sendfile(file, socket, position, &count, nullptr, 0);
  return result != 0 && count == 0 ? Failure(errno) : IoResult{.value = count, .error = 0};
}

#else

IoResult SendFromFile(FileHandle, FileHandle, int64_t, int64_t) { return Failure(EOPNOTSUPP); }

#endif

IoResult SendPieces(FileHandle socket, std::span<const std::span<const std::byte>> pieces, bool more) {
  iovec parts[kMostPieces];
  const size_t count = std::min(pieces.size(), kMostPieces);
  for (size_t i = 0; i < count; i++) {
    parts[i] = {.iov_base = const_cast<std::byte*>(pieces[i].data()), .iov_len = pieces[i].size()};
  }
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(count);
  int flags = MSG_DONTWAIT;
#if defined(MSG_NOSIGNAL)
  flags |= MSG_NOSIGNAL;
#endif
#if defined(MSG_MORE)
  if (more) flags |= MSG_MORE;
#else
  (void)more;
#endif
  return FromCall(sendmsg(socket, &message, flags));
}

std::unique_ptr<SocketWaiter> MakeSocketWaiter() {
  auto waiter = std::make_unique<PosixSocketWaiter>();
  if (!waiter->Start()) return nullptr;
  return waiter;
}

}  // namespace millrace
