// How fast bytes of a file in the page cache reach a socket over loopback, and what a byte costs the sender's processors.
//
// The receiver is a process of its own, so that what it costs is not counted; on a machine of few processors it takes them all the
// same. It discards what it gets as fast as the kernel can (MSG_TRUNC), and serves any number of connections: those of these probes
// and those of the store's cases. It ends with the limits program. What the kernel does to deliver within the sender's call counts
// as the sender's, as it does for the store.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <vector>

#include "probe.h"
#include "scratch_file.h"

namespace millrace::bench {
namespace {

constexpr int64_t kSentBytes = 64 << 20;
constexpr size_t kPieces = 512;

sockaddr_in Loopback(int64_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void Discard(int connection) {
  std::vector<char> nowhere(1 << 20);
  while (::recv(connection, nowhere.data(), nowhere.size(), MSG_TRUNC) > 0) {
  }
  ::close(connection);
}

[[noreturn]] void Receive(int listener) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) {
    const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) ::_exit(1);
    std::thread(Discard, connection).detach();
  }
}

// One sender and its connection.
class Sender {
 public:
  Sender(const std::string& directory, const Parameters& parameters, Figures* figures)
      : file_(directory + "/limits-sent", kSentBytes, ScratchFile::Blocks::kZeroed, true, figures), figures_(figures) {
    const sockaddr_in address = Loopback(parameters.Get("port", 0));
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
    figures->Fail("connect to port=", errno);
    ::close(socket_);
    socket_ = -1;
  }
  ~Sender() {
    if (socket_ >= 0) ::close(socket_);
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  bool ok() const { return file_.ok() && socket_ >= 0; }
  int socket() const { return socket_; }
  int file() const { return file_.descriptor(); }

  // Until the time is over: calls `send`, which says how much it sent.
  template <typename Send>
  void Run(const Parameters& parameters, Send send) {
    const Deadline deadline(parameters);
    const double before = ProcessorSeconds();
    int64_t sent = 0;
    do {
      const ssize_t count = send();
      if (count <= 0) return figures_->Fail("send", errno);
      sent += count;
    } while (!deadline.passed());
    const double bytes = static_cast<double>(sent);
    figures_->Set("bytesPerSecond", bytes / deadline.seconds());
    figures_->Set("cpuNanosPerKilobyte", (ProcessorSeconds() - before) * 1e9 / (bytes / 1000));
  }

 private:
  static double ProcessorSeconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }

  const ScratchFile file_;
  Figures* const figures_;
  int socket_ = -1;
};

}  // namespace

// Starts the receiver. port.
void StartReceiver(const std::string&, const Parameters&, Figures* figures) {
  static int64_t port = 0;
  if (port == 0) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 64) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      return figures->Fail("listen", errno);
    const pid_t child = ::fork();
    if (child < 0) return figures->Fail("fork", errno);
    if (child == 0) Receive(listener);
    ::close(listener);
    port = ntohs(address.sin_port);
  }
  figures->Set("port", static_cast<double>(port));
}

// `port=` of the receiver, `bytes=` of one call (default 1 MiB). bytesPerSecond, cpuNanosPerKilobyte.
void MeasureSendFile(const std::string& directory, const Parameters& parameters, Figures* figures) {
  const int64_t bytes = parameters.Get("bytes", 1 << 20);
  if (bytes <= 0 || bytes > kSentBytes) return figures->Fail("bytes is 1 to 67108864", 0);
  Sender sender(directory, parameters, figures);
  if (!sender.ok()) return;
  off_t at = 0;
  sender.Run(parameters, [&] {
    if (at > kSentBytes - bytes) at = 0;
    return ::sendfile(sender.socket(), sender.file(), &at, static_cast<size_t>(bytes));
  });
}

// `port=` of the receiver, `bytes=` of one piece (default 1 KiB): 512 pieces a call, none beside the other, out of a mapping.
// bytesPerSecond, cpuNanosPerKilobyte.
void MeasureGather(const std::string& directory, const Parameters& parameters, Figures* figures) {
  const int64_t bytes = parameters.Get("bytes", 1024);
  if (bytes <= 0 || bytes > kSentBytes / 2) return figures->Fail("bytes is 1 to 33554432", 0);
  Sender sender(directory, parameters, figures);
  if (!sender.ok()) return;
  void* const mapping = ::mmap(nullptr, kSentBytes, PROT_READ, MAP_SHARED | MAP_POPULATE, sender.file(), 0);
  if (mapping == MAP_FAILED) return figures->Fail("mmap", errno);
  int64_t at = 0;
  std::vector<iovec> pieces(kPieces);
  sender.Run(parameters, [&] {
    for (iovec& piece : pieces) {
      if (at > kSentBytes - 2 * bytes) at = 0;
      piece = {static_cast<char*>(mapping) + at, static_cast<size_t>(bytes)};
      at += 2 * bytes;
    }
    return ::writev(sender.socket(), pieces.data(), static_cast<int>(pieces.size()));
  });
  ::munmap(mapping, kSentBytes);
}

}  // namespace millrace::bench
