#include "consume_queue.h"

#include "bare_directory.h"

namespace millrace::testing {
namespace {

QueueEntry EntryAt(int64_t position) { return {position, position % 7, 100}; }

struct OneQueue : BareDirectory {
  QueueFiles files{machine, paths, 10, false};
  ConsumeQueue queue{"Topic", 3, 0, 0, false};

  std::vector<QueueEntry> Read(int64_t offset, int64_t count, int64_t visible) {
    std::vector<QueueEntry> entries;
    CHECK_OK(queue.Read(files, offset, count, visible, ReadMode::kMayBlock, &entries));
    return entries;
  }
};

TEST("an entry is seen once its whole record is below the visible position") {
  OneQueue one;
  CHECK(one.queue.Push(EntryAt(0)));
  CHECK(!one.queue.Push(EntryAt(100)));
  CHECK(!one.queue.Push(EntryAt(250)));
  CHECK_EQ(one.queue.VisibleRange(99).max, 0);
  CHECK_EQ(one.queue.VisibleRange(100).max, 1);
  CHECK_EQ(one.queue.VisibleRange(349).max, 2);
  CHECK_EQ(one.queue.VisibleRange(350).max, 3);
  CHECK_EQ(one.Read(0, 10, 200).size(), 2);
  CHECK_EQ(one.queue.next_offset(), 3);
}

TEST("a tail goes to its file as far as it is visible, and reads the same from there") {
  OneQueue one;
  for (int64_t i = 0; i < 25; i++) (void)one.queue.Push(EntryAt(i * 100));
  int64_t left = 0;
  int64_t written = 0;
  CHECK_EQ(one.queue.filed(), -1);
  REQUIRE_OK(one.queue.Flush(one.files, 1350, &left, &written, nullptr));
  CHECK_EQ(written, 13);
  CHECK_EQ(left, 12);
  CHECK_EQ(one.queue.filed(), 13);
  for (const int64_t offset : {0, 5, 12, 13, 20}) {
    const std::vector<QueueEntry> entries = one.Read(offset, 6, 2500);
    REQUIRE_EQ(entries.size(), std::min<int64_t>(6, 25 - offset));
    for (size_t i = 0; i < entries.size(); i++) CHECK(entries[i] == EntryAt((offset + static_cast<int64_t>(i)) * 100));
  }
  REQUIRE_OK(one.queue.Flush(one.files, 2500, &left, &written, nullptr));
  CHECK_EQ(left, 0);
  CHECK_EQ(one.queue.tail_size(), 0);
  REQUIRE_OK(one.queue.Flush(one.files, 2500, &left, &written, nullptr));
  CHECK_EQ(written, 0);
}

TEST("what is taken back was in memory only, and its numbers are given again") {
  OneQueue one;
  for (int64_t i = 0; i < 10; i++) (void)one.queue.Push(EntryAt(i * 100));
  int64_t left = 0;
  int64_t written = 0;
  REQUIRE_OK(one.queue.Flush(one.files, 400, &left, &written, nullptr));
  CHECK_EQ(one.queue.Rollback(600), 4);
  CHECK_EQ(one.queue.next_offset(), 6);
  CHECK_EQ(one.queue.Rollback(0), 2);  // what is in the file stays
  CHECK_EQ(one.queue.next_offset(), 4);
  CHECK(one.queue.Push(EntryAt(400)));
  CHECK_EQ(one.Read(4, 1, 500).size(), 1);
}

TEST("a queue file that ends early shows entries that are none, not the end of the queue") {
  OneQueue one;
  for (int64_t i = 0; i < 10; i++) (void)one.queue.Push(EntryAt(i * 100));
  int64_t left = 0;
  int64_t written = 0;
  REQUIRE_OK(one.queue.Flush(one.files, 1000, &left, &written, nullptr));
  FileHandle file = kNoFile;
  REQUIRE_OK(io::Open(one.machine, one.files.DirectoryOf("Topic", 3) + "/" + FileName(0), OpenMode::kReadWrite, &file));
  REQUIRE_OK(io::Resize(one.machine, file, 7 * 20));
  one.machine.Close(file);
  const std::vector<QueueEntry> entries = one.Read(0, 10, 1000);
  REQUIRE_EQ(entries.size(), 10);
  CHECK(entries[6].valid());
  CHECK(!entries[7].valid());
}

}  // namespace
}  // namespace millrace::testing
