#include "damaged_directory.h"

#include "io.h"
#include "testing.h"

namespace millrace::testing {
namespace {

constexpr int64_t kMilli = 1'000'000;

}  // namespace

DamagedDirectory::DamagedDirectory(uint64_t seed, bool sync)
    : options{.seed = seed, .sync = sync, .file_bytes = kFileBytes, .entries_per_file = kEntries},
      paths(CrashWorkload::kDirectory),
      machine(seed),
      workload(machine, machine, options) {}

void DamagedDirectory::AppendAndClose(int records) {
  CHECK(workload.Open());
  workload.AppendSome(records);
  workload.Close();
  CHECK(workload.closed_in_order);
  watermark = workload.model.end();
}

void DamagedDirectory::AppendAndLeave(int records, int more) {
  CHECK(workload.Open());
  workload.AppendSome(records);
  Store& store = *workload.store();
  store.RequestSync();
  machine.RunServices(100);
  machine.AdvanceTime(200 * kMilli);
  machine.RunServices(100);
  machine.AdvanceTime(11'000 * kMilli);
  machine.RunServices(100);
  watermark = store.marks().durable;
  CHECK_EQ(watermark, workload.model.end());
  for (int i = 0; i < more; i++) {
    const std::string body = "not durable " + std::to_string(i);
    RecordFields fields;
    fields.body = std::as_bytes(std::span(body));
    Appended appended;
    CHECK_OK(store.AppendInline(store.OpenQueue("Orders", 0), fields, 1'700'000'000'000, false, &appended));
    workload.model.Append({"Orders", 0}, {fields}, appended.offset, appended.position, appended.store_timestamp);
  }
  workload.Leave();
}

void DamagedDirectory::Reboot() { machine.Crash(CrashPlan::KeepAll()); }

void DamagedDirectory::Put(const std::string& path, int64_t position, std::span<const std::byte> bytes) {
  FileHandle file = kNoFile;
  CHECK_OK(io::Open(machine, path, OpenMode::kCreate, &file));
  CHECK_OK(io::Write(machine, file, bytes, position));
  machine.Close(file);
}

void DamagedDirectory::Flip(const std::string& path, int64_t position) {
  const std::vector<std::byte> content = Content(path);
  REQUIRE(position < static_cast<int64_t>(content.size()));
  const std::byte flipped = content[static_cast<size_t>(position)] ^ std::byte{0x40};
  Put(path, position, std::span(&flipped, 1));
}

void DamagedDirectory::Zero(const std::string& path, int64_t position, int64_t size) {
  Put(path, position, std::vector<std::byte>(static_cast<size_t>(size)));
}

void DamagedDirectory::Resize(const std::string& path, int64_t size) {
  FileHandle file = kNoFile;
  CHECK_OK(io::Open(machine, path, OpenMode::kCreate, &file));
  CHECK_OK(io::Resize(machine, file, size));
  machine.Close(file);
}

void DamagedDirectory::Remove(const std::string& path) {
  if (machine.Kind(path) == PathKind::kDirectory)
    CHECK_OK(io::RemoveTree(machine, path));
  else
    CHECK_OK(io::Unlink(machine, path));
}

std::vector<std::string> DamagedDirectory::FilesBelow(const std::string& path) {
  std::vector<std::string> files;
  std::vector<DirectoryEntry> entries;
  CHECK_OK(io::List(machine, path, &entries));
  for (const DirectoryEntry& entry : entries) {
    const std::string child = path + "/" + entry.name;
    if (!entry.is_directory) {
      files.push_back(child);
      continue;
    }
    for (std::string& below : FilesBelow(child)) files.push_back(std::move(below));
  }
  return files;
}

std::map<std::string, std::vector<std::byte>> DamagedDirectory::Tree() {
  std::map<std::string, std::vector<std::byte>> tree;
  for (const std::string& file : FilesBelow(paths.root)) tree[file] = Content(file);
  return tree;
}

std::string DamagedDirectory::QueueFile(const QueueKey& key, int64_t offset) const {
  return paths.consume_queue + "/" + key.first + "/" + std::to_string(key.second) + "/" +
         FileName((offset - offset % kEntries) * static_cast<int64_t>(format::kEntryBytes));
}

}  // namespace millrace::testing
