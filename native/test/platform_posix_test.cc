// The real platform, in a directory of its own under $TMPDIR or /tmp that goes away with each test.
// More than 300 lines: one test for each promise of platform.h.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "platform.h"
#include "testing.h"

namespace millrace {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kPage = 4096;

Platform& os() { return RealPlatform(); }

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* const base = getenv("TMPDIR");
    path_ = std::string(base == nullptr || *base == '\0' ? "/tmp" : base) + "/millrace-platform-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) abort();
  }
  ~TemporaryDirectory() { Remove(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string operator/(const char* name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  static void Remove(const std::string& path) {
    std::vector<DirectoryEntry> entries;
    os().List(path, &entries);
    for (const DirectoryEntry& entry : entries) {
      const std::string child = path + "/" + entry.name;
      if (os().Unlink(child).error == EISDIR) Remove(child);
    }
    os().RemoveDirectory(path);
  }
  std::string path_;
};

class OpenedFile {
 public:
  OpenedFile(const std::string& path, OpenMode mode) : error_(os().Open(path, mode, &handle_).error) {}
  ~OpenedFile() { Close(); }
  OpenedFile(const OpenedFile&) = delete;
  OpenedFile& operator=(const OpenedFile&) = delete;
  void Close() {
    if (handle_ != kNoFile) os().Close(handle_);
    handle_ = kNoFile;
  }
  operator FileHandle() const { return handle_; }
  int error() const { return error_; }

 private:
  FileHandle handle_ = kNoFile;
  int error_;
};

std::span<const std::byte> BytesOf(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string ReadText(FileHandle file, int64_t position, size_t size) {
  std::string text(size, '?');
  const IoResult got = os().Read(file, std::as_writable_bytes(std::span(text)), position, ReadMode::kMayBlock);
  if (!got.ok()) return "errno " + std::to_string(got.error);
  text.resize(static_cast<size_t>(got.value));
  return text;
}

TEST("what is written at a position is read there, and nothing past the end") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "a", OpenMode::kCreate);
  REQUIRE_EQ(file.error(), 0);
  CHECK_EQ(os().Write(file, BytesOf("hello"), 10).value, 5);
  CHECK_EQ(os().Size(file).value, 15);
  CHECK_EQ(ReadText(file, 10, 100), "hello");
  CHECK_EQ(ReadText(file, 8, 4), std::string("\0\0he", 4));
  CHECK_EQ(ReadText(file, 15, 4), "");
  CHECK_OK(os().Resize(file, 12));
  CHECK_EQ(ReadText(file, 10, 100), "he");
  CHECK_OK(os().Sync(file));
}

TEST("opening tells a missing file, keeps what is there, and does not write through a read-only handle") {
  const TemporaryDirectory directory;
  FileHandle handle = kNoFile;
  CHECK_EQ(os().Open(directory / "a", OpenMode::kRead, &handle).error, ENOENT);
  CHECK_EQ(os().Open(directory / "a", OpenMode::kReadWrite, &handle).error, ENOENT);
  CHECK_EQ(handle, kNoFile);
  {
    const OpenedFile made(directory / "a", OpenMode::kCreate);
    CHECK_EQ(os().Write(made, BytesOf("kept"), 0).value, 4);
  }
  const OpenedFile again(directory / "a", OpenMode::kCreate);
  CHECK_EQ(ReadText(again, 0, 10), "kept");
  const OpenedFile reader(directory / "a", OpenMode::kRead);
  CHECK_EQ(os().Write(reader, BytesOf("x"), 0).error, EBADF);
  CHECK((fcntl(reader, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST("opening without waiting gives the file, or says that it would wait") {
  const TemporaryDirectory directory;
  FileHandle handle = kNoFile;
  CHECK(!os().OpenCached(directory / "a", OpenMode::kReadWrite, &handle).ok());
  const OpenedFile made(directory / "a", OpenMode::kCreate);
  CHECK_EQ(os().Write(made, BytesOf("kept"), 0).value, 4);
  const int error = os().OpenCached(directory / "a", OpenMode::kRead, &handle).error;
  CHECK(error == 0 || error == EAGAIN);
  if (error != 0) return;
  CHECK_EQ(ReadText(handle, 0, 10), "kept");
  os().Close(handle);
}

TEST("a reservation keeps the size and the bytes, or the file system says that it has none") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "a", OpenMode::kCreate);
  CHECK_EQ(os().Write(file, BytesOf("kept"), 0).value, 4);
  const IoResult reserved = os().Reserve(file, 0, 1 << 20);
  CHECK(reserved.ok() || reserved.error == EOPNOTSUPP);
  CHECK_EQ(os().Size(file).value, 4);
  CHECK_EQ(ReadText(file, 0, 10), "kept");
}

TEST("durable zeros replace what stood there, a bounded piece at a time") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "a", OpenMode::kCreate);
  const std::string old(1 << 20, 'x');
  CHECK_EQ(os().Write(file, BytesOf(old), 0).value, 1 << 20);
  int64_t done = kPage;
  int rounds = 0;
  while (done < (1 << 20) - kPage && rounds < 100) {
    const IoResult zeroed = os().WriteZerosDurably(file, done, (1 << 20) - kPage - done);
    REQUIRE_OK(zeroed);
    REQUIRE(zeroed.value > 0 && zeroed.value % kPage == 0 && zeroed.value <= 1024 * 1024);
    done += zeroed.value;
    ++rounds;
  }
  CHECK_EQ(ReadText(file, 0, kPage), old.substr(0, kPage));
  CHECK_EQ(ReadText(file, kPage, (1 << 20) - 2 * kPage), std::string((1 << 20) - 2 * kPage, '\0'));
  CHECK_EQ(ReadText(file, (1 << 20) - kPage, kPage), old.substr(0, kPage));
}

TEST("durable zeros are seen through a mapping, and leave no descriptor behind") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "a", OpenMode::kCreate);
  CHECK_EQ(os().Write(file, BytesOf(std::string(kPage, 'x')), 0).value, kPage);
  std::byte* address = nullptr;
  REQUIRE_OK(os().Map(file, 0, kPage, false, &address));
  CHECK_EQ(address[7], std::byte{'x'});
  const int before = dup(file);
  CHECK_EQ(os().WriteZerosDurably(file, 0, kPage).value, kPage);
  const int after = dup(file);
  CHECK_EQ(address[7], std::byte{0});
  CHECK_EQ(after, before + 1);
  close(before);
  close(after);
  os().Unmap(address, kPage);
}

TEST("a read of cached bytes gives them, or says that it would wait") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "a", OpenMode::kCreate);
  CHECK_EQ(os().Write(file, BytesOf("cached"), 0).value, 6);
  std::string text(6, '?');
  const IoResult got = os().Read(file, std::as_writable_bytes(std::span(text)), 0, ReadMode::kOnlyCached);
  CHECK(got.error == EAGAIN || (got.value == 6 && text == "cached"));
  // What lies behind the end need not be in memory.
  std::vector<std::byte> more(3 * kPage);
  CHECK_EQ(os().Read(file, more, 0, ReadMode::kOnlyCached).value, got.value);
  CHECK_EQ(os().Read(file, more, 6, ReadMode::kOnlyCached).value, 0);
}

TEST("a read of bytes that are not cached says that it would wait") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "a", OpenMode::kCreate);
  CHECK_EQ(os().Write(file, BytesOf(std::string(1 << 20, 'x')), 0).value, 1 << 20);
  CHECK_OK(os().Sync(file));
  CHECK_EQ(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED), 0);
  std::vector<std::byte> bytes(kPage);
  const IoResult got = os().Read(file, bytes, 512 * 1024, ReadMode::kOnlyCached);
  // A file system in memory has its bytes always.
  CHECK(got.error == EAGAIN || got.value == kPage);
  // Nor has asking brought it there, which could have meant to wait for where it is.
  CHECK_EQ(os().Read(file, bytes, 512 * 1024, ReadMode::kOnlyCached).error, got.error);
  CHECK_EQ(os().Read(file, bytes, 512 * 1024, ReadMode::kMayBlock).value, kPage);
  CHECK_EQ(bytes[0], std::byte{'x'});
}

TEST("the next data lies after the hole, and where there is none at the end") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "a", OpenMode::kCreate);
  CHECK_OK(os().Resize(file, 8 << 20));
  CHECK_EQ(os().Write(file, BytesOf("data"), 4 << 20).value, 4);
  const IoResult found = os().NextData(file, 0);
  CHECK_OK(found);
  CHECK(found.value <= 4 << 20);  // a file system without holes says 0
  const IoResult inside = os().NextData(file, (4 << 20) + 1);
  CHECK_EQ(inside.value, (4 << 20) + 1);
  const IoResult behind = os().NextData(file, 6 << 20);
  CHECK(behind.value == 8 << 20 || found.value == 0);
  CHECK_EQ(os().NextData(file, 8 << 20).value, 8 << 20);
}

TEST("a mapping and the calls see the same bytes") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "a", OpenMode::kCreate);
  CHECK_OK(os().Resize(file, 2 * kPage));
  std::byte* address = nullptr;
  REQUIRE_OK(os().Map(file, kPage, kPage, true, &address));
  CHECK_OK(os().CopyGuarded(address, BytesOf("stored").data(), 6));
  CHECK_EQ(ReadText(file, kPage, 6), "stored");
  CHECK_EQ(os().Write(file, BytesOf("S"), kPage).value, 1);
  std::string copy(6, '?');
  CHECK_OK(os().CopyGuarded(std::as_writable_bytes(std::span(copy)).data(), address, 6));
  CHECK_EQ(copy, "Stored");
  os().Unmap(address, kPage);
  CHECK_EQ(os().Map(file, 1, kPage, true, &address).error, EINVAL);
}

TEST("a copy from or to a mapping whose file was cut is an error, again and again, and the process lives") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "a", OpenMode::kCreate);
  CHECK_OK(os().Resize(file, 4 * kPage));
  std::byte* address = nullptr;
  REQUIRE_OK(os().Map(file, 0, 4 * kPage, true, &address));
  CHECK_OK(os().Resize(file, kPage));
  std::vector<std::byte> memory(4 * kPage);
  for (int round = 0; round < 3; ++round) {
    CHECK_EQ(os().CopyGuarded(memory.data(), address, memory.size()).error, EIO);
    CHECK_EQ(os().CopyGuarded(address + 2 * kPage, memory.data(), 100).error, EIO);
    CHECK_OK(os().CopyGuarded(memory.data(), address, kPage));
  }
  os().Unmap(address, 4 * kPage);
}

TEST("a copy fails on a thread that has all signals blocked, too") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "a", OpenMode::kCreate);
  CHECK_OK(os().Resize(file, kPage));
  std::byte* address = nullptr;
  REQUIRE_OK(os().Map(file, 0, kPage, true, &address));
  CHECK_OK(os().Resize(file, 0));
  int error = 0;
  std::thread([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    std::byte one{};
    error = os().CopyGuarded(&one, address, 1).error;
  }).join();
  CHECK_EQ(error, EIO);
  os().Unmap(address, kPage);
}

// Which signal ends a child that does this: 0 for none.
template <typename Body>
int SignalThatEnds(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, 2);
    body();
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST("a fault outside of a guarded copy, and a SIGBUS sent from elsewhere, still end the process") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "a", OpenMode::kCreate);
  CHECK_OK(os().Resize(file, kPage));
  std::byte* address = nullptr;
  REQUIRE_OK(os().Map(file, 0, kPage, true, &address));
  std::byte one{};
  CHECK_OK(os().CopyGuarded(&one, address, 1));  // the handler is there
  CHECK_OK(os().Resize(file, 0));
  CHECK_EQ(SignalThatEnds([&] { *static_cast<volatile std::byte*>(address); }), SIGBUS);
  CHECK_EQ(SignalThatEnds([] { raise(SIGBUS); }), SIGBUS);
  os().Unmap(address, kPage);
}

TEST("a second descriptor cannot lock what the first has locked, until that is closed") {
  const TemporaryDirectory directory;
  OpenedFile first(directory / "lock", OpenMode::kCreate);
  const OpenedFile second(directory / "lock", OpenMode::kReadWrite);
  CHECK_OK(os().Lock(first));
  CHECK_OK(os().Lock(first));
  CHECK_EQ(os().Lock(second).error, EAGAIN);
  { const OpenedFile third(directory / "lock", OpenMode::kRead); }  // closing some other descriptor does not give the lock up
  CHECK_EQ(os().Lock(second).error, EAGAIN);
  first.Close();
  CHECK_OK(os().Lock(second));
}

TEST("the lock conflicts with another process's record lock on the first byte") {
  const TemporaryDirectory directory;
  const OpenedFile file(directory / "lock", OpenMode::kCreate);
  CHECK_OK(os().Lock(file));
  const std::string path = directory / "lock";
  const pid_t child = fork();
  if (child == 0) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_len = 1;
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    const bool is_refused = fcntl(fd, F_SETLK, &lock) != 0 && (errno == EAGAIN || errno == EACCES);
    _exit(is_refused ? 0 : 1);
  }
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  CHECK_EQ(status, 0);
}

TEST("directories are made, listed by name, renamed in, synced and removed") {
  const TemporaryDirectory directory;
  CHECK_OK(os().MakeDirectory(directory / "b"));
  CHECK_EQ(os().MakeDirectory(directory / "b").error, EEXIST);
  { const OpenedFile file(directory / "c", OpenMode::kCreate); }
  { const OpenedFile file(directory / "a", OpenMode::kCreate); }
  CHECK_EQ(symlink("b", (directory / "d").c_str()), 0);
  CHECK_EQ(symlink("nowhere", (directory / "e").c_str()), 0);
  std::vector<DirectoryEntry> entries;
  CHECK_OK(os().List(directory.path(), &entries));
  REQUIRE_EQ(entries.size(), size_t{5});
  const char* const names[] = {"a", "b", "c", "d", "e"};
  const bool are_directories[] = {false, true, false, true, false};
  for (size_t i = 0; i < 5; ++i) {
    CHECK_EQ(entries[i].name, names[i]);
    CHECK_EQ(entries[i].is_directory, are_directories[i]);
  }
  CHECK(os().Kind(directory / "a") == PathKind::kFile);
  CHECK(os().Kind(directory / "b") == PathKind::kDirectory);
  CHECK(os().Kind(directory / "d") == PathKind::kDirectory);
  CHECK(os().Kind(directory / "e") == PathKind::kOther);
  CHECK(os().Kind(directory / "f") == PathKind::kNone);
  CHECK(os().Kind(directory / "a/f") == PathKind::kNone);
  CHECK_OK(os().Rename(directory / "a", directory / "b/a"));
  CHECK(os().Kind(directory / "a") == PathKind::kNone);
  CHECK_OK(os().SyncDirectory(directory / "b"));
  CHECK_OK(os().SyncDirectory(directory.path()));
  CHECK_OK(os().SyncFileSystem(directory.path()));
  CHECK_EQ(os().RemoveDirectory(directory / "b").error, ENOTEMPTY);
  CHECK_OK(os().Unlink(directory / "b/a"));
  CHECK_EQ(os().Unlink(directory / "b/a").error, ENOENT);
  CHECK_OK(os().RemoveDirectory(directory / "b"));
  CHECK_EQ(os().SyncDirectory(directory / "b").error, ENOENT);
  CHECK_EQ(os().List(directory / "b", &entries).error, ENOENT);
  CHECK(entries.empty());
  CHECK(os().FreeBytes(directory.path()).value > 0);
}

TEST("the process, the boot, time and chance are what they are") {
  CHECK_EQ(os().ProcessId(), getpid());
  CHECK(!os().BootId().empty());
  CHECK_EQ(os().BootId(), os().BootId());
  CHECK(os().BootId().find('\n') == std::string::npos);
  CHECK_NE(os().Random(), os().Random());
  const int64_t before = os().MonotonicNanos();
  CHECK(before > 0 && os().MonotonicNanos() >= before);
}

TEST("a wait ends at its limit, and at a notification long before it") {
  const std::unique_ptr<Monitor> monitor = os().NewMonitor();
  {
    const MonitorLock lock(*monitor);
    const int64_t begin = os().MonotonicNanos();
    while (os().MonotonicNanos() < begin + 5 * kMillisecond) monitor->Wait(begin + 5 * kMillisecond - os().MonotonicNanos());
    CHECK(os().MonotonicNanos() - begin < 5 * kSecond);
  }
  bool is_set = false;
  std::thread setter([&] {
    const MonitorLock lock(*monitor);
    is_set = true;
    monitor->NotifyAll();
  });
  {
    const MonitorLock lock(*monitor);
    while (!is_set) monitor->Wait(kForever);
  }
  setter.join();
}

// Counts its steps and returns what it is told to.
class CountingService : public Service {
 public:
  explicit CountingService(int64_t delay) : delay_(delay) {}
  int64_t Step() override {
    const MonitorLock lock(*monitor_);
    ++steps_;
    char name[16] = {};
    pthread_getname_np(pthread_self(), name, sizeof name);
    name_ = name;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    is_masked_ = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGBUS) == 0;
    monitor_->NotifyAll();
    return delay_;
  }
  // False when that takes longer than ten seconds.
  bool WaitForSteps(int steps) {
    const MonitorLock lock(*monitor_);
    const int64_t deadline = os().MonotonicNanos() + 10 * kSecond;
    while (steps_ < steps && os().MonotonicNanos() < deadline) monitor_->Wait(kSecond);
    return steps_ >= steps;
  }
  int steps() {
    const MonitorLock lock(*monitor_);
    return steps_;
  }
  std::string name_;
  bool is_masked_ = false;

 private:
  const std::unique_ptr<Monitor> monitor_ = os().NewMonitor();
  const int64_t delay_;
  int steps_ = 0;
};

TEST("a service steps at its start and once for each wake, on a named thread that no signal of the host reaches") {
  CountingService service(kForever);
  const std::unique_ptr<ServiceThread> thread = os().StartService("a-name-that-is-too-long", &service);
  REQUIRE(thread != nullptr);
  for (int steps = 1; steps <= 100; ++steps) {
    REQUIRE(service.WaitForSteps(steps));
    thread->Wake();
  }
  REQUIRE(service.WaitForSteps(101));
  thread->Stop();
  thread->Stop();
  const int steps = service.steps();
  CHECK_EQ(steps, 101);
  thread->Wake();
  CHECK_EQ(service.steps(), steps);
  CHECK_EQ(service.name_, "a-name-that-is-");
  CHECK(service.is_masked_);
}

TEST("a service steps again when its delay is over, and at once for a delay of nothing") {
  CountingService patient(kMillisecond);
  CountingService busy(0);
  const std::unique_ptr<ServiceThread> first = os().StartService("patient", &patient);
  const std::unique_ptr<ServiceThread> second = os().StartService("busy", &busy);
  CHECK(patient.WaitForSteps(5));
  CHECK(busy.WaitForSteps(100));
}

TEST("a service that sleeps for an hour is stopped at once") {
  CountingService service(3600 * kSecond);
  const int64_t begin = os().MonotonicNanos();
  {
    const std::unique_ptr<ServiceThread> thread = os().StartService("sleeper", &service);
    CHECK(service.WaitForSteps(1));
  }
  CHECK(os().MonotonicNanos() - begin < 10 * kSecond);
}

// What was stored before a Wake is there in a later Step, however the two threads meet.
TEST("no wake is lost and what came before it is seen") {
  class Consumer : public Service {
   public:
    int64_t Step() override {
      seen.store(published.load(std::memory_order_relaxed), std::memory_order_release);
      return kForever;
    }
    std::atomic<int> published{0};
    std::atomic<int> seen{0};
  };
  Consumer consumer;
  const std::unique_ptr<ServiceThread> thread = os().StartService("consumer", &consumer);
  for (int i = 1; i <= 20'000; ++i) {
    consumer.published.store(i, std::memory_order_relaxed);
    thread->Wake();
    if (i % 100 != 0) continue;
    const int64_t deadline = os().MonotonicNanos() + 10 * kSecond;
    while (consumer.seen.load(std::memory_order_acquire) != i && os().MonotonicNanos() < deadline) sched_yield();
    REQUIRE_EQ(consumer.seen.load(), i);
  }
}

}  // namespace
}  // namespace millrace
