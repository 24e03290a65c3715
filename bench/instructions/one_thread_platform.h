// The real platform without its threads and its clock: a service takes a step when it is told to, and time moves by a microsecond
// each time somebody asks. So a store runs the same instructions in each run. What the kernel does in a call is not counted, and
// nothing here waits. One thread. The process is the only owner of the services' names.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform.h"

namespace millrace::counted {

class OneThreadPlatform final : public Platform {
 public:
  // What the service of this name would do now; false when there is none.
  bool Step(const char* name) {
    for (const auto& [service_name, service] : services_) {
      if (std::strcmp(service_name, name) == 0) {
        while (service->Step() == 0) {
        }
        return true;
      }
    }
    return false;
  }
  void Advance(int64_t nanos) { now_ += nanos; }

  IoResult Open(const std::string& path, OpenMode mode, FileHandle* file) override { return real_.Open(path, mode, file); }
  void Close(FileHandle file) override { real_.Close(file); }
  IoResult Size(FileHandle file) override { return real_.Size(file); }
  IoResult Resize(FileHandle file, int64_t size) override { return real_.Resize(file, size); }
  // What is cached is the page cache's state, which no two runs share; nor does callgrind know every call that asks for it.
  IoResult OpenCached(const std::string& path, OpenMode mode, FileHandle* file) override { return real_.Open(path, mode, file); }
  IoResult Read(FileHandle file, std::span<std::byte> to, int64_t position, ReadMode) override {
    return real_.Read(file, to, position, ReadMode::kMayBlock);
  }
  IoResult Write(FileHandle file, std::span<const std::byte> from, int64_t position) override {
    return real_.Write(file, from, position);
  }
  IoResult Reserve(FileHandle file, int64_t position, int64_t size) override { return real_.Reserve(file, position, size); }
  IoResult WriteZerosDurably(FileHandle file, int64_t position, int64_t size) override {
    return real_.WriteZerosDurably(file, position, size);
  }
  void ReadAhead(FileHandle, int64_t, int64_t) override {}
  IoResult Sync(FileHandle) override { return {}; }
  IoResult NextData(FileHandle file, int64_t position) override { return real_.NextData(file, position); }
  IoResult Map(FileHandle file, int64_t position, int64_t size, bool writable, std::byte** address) override {
    return real_.Map(file, position, size, writable, address);
  }
  void Unmap(std::byte* address, int64_t size) override { real_.Unmap(address, size); }
  IoResult CopyGuarded(std::byte* to, const std::byte* from, size_t size) override { return real_.CopyGuarded(to, from, size); }
  IoResult DuplicateSocket(FileHandle socket, FileHandle* copy) override { return real_.DuplicateSocket(socket, copy); }
  IoResult SendFile(FileHandle socket, FileHandle file, int64_t position, int64_t size) override {
    return real_.SendFile(socket, file, position, size);
  }
  IoResult Send(FileHandle socket, std::span<const std::span<const std::byte>> pieces, bool more) override {
    return real_.Send(socket, pieces, more);
  }
  std::unique_ptr<SocketWaiter> NewSocketWaiter() override { return real_.NewSocketWaiter(); }
  IoResult MakeDirectory(const std::string& path) override { return real_.MakeDirectory(path); }
  IoResult RemoveDirectory(const std::string& path) override { return real_.RemoveDirectory(path); }
  IoResult List(const std::string& path, std::vector<DirectoryEntry>* entries) override { return real_.List(path, entries); }
  PathKind Kind(const std::string& path) override { return real_.Kind(path); }
  IoResult Rename(const std::string& from, const std::string& to) override { return real_.Rename(from, to); }
  IoResult Unlink(const std::string& path) override { return real_.Unlink(path); }
  IoResult SyncDirectory(const std::string&) override { return {}; }
  IoResult SyncFileSystem(const std::string&) override { return {}; }
  IoResult FreeBytes(const std::string& path) override { return real_.FreeBytes(path); }
  IoResult Lock(FileHandle file) override { return real_.Lock(file); }
  int ProcessId() override { return 1; }
  std::string BootId() override { return "00000000-0000-0000-0000-000000000000"; }
  uint64_t Random() override { return ++random_; }
  int64_t MonotonicNanos() override { return now_ += 1000; }
  std::unique_ptr<Monitor> NewMonitor() override { return real_.NewMonitor(); }
  std::unique_ptr<ServiceThread> StartService(const char* name, Service* service) override {
    services_.emplace_back(name, service);
    return std::make_unique<NoThread>();
  }

 private:
  class NoThread final : public ServiceThread {
   public:
    void Wake() override {}
    void Stop() override {}
  };

  Platform& real_ = RealPlatform();
  std::vector<std::pair<const char*, Service*>> services_;
  int64_t now_ = 1'000'000'000;
  uint64_t random_ = 0;
};

}  // namespace millrace::counted
