// Keys on their way into a file of the key index.
#include "counted.h"
#include "index_file.h"
#include "one_thread_platform.h"
#include "store_paths.h"

namespace millrace::counted {
namespace {

constexpr int kKeys = 1024;

class PutKeys final : public Work {
 public:
  explicit PutKeys(const std::string& directory) : path_(directory + "/keys") {
    Require(IndexFile::Create(platform_, path_, directory, {100'000, 400'000}, {}, &file_).ok(), "the file cannot be made");
  }
  // All turns use the same slots, so that their pages are there.
  void Turn() override {
    for (int32_t i = 0; i < kKeys; i++) {
      const auto hash = static_cast<int32_t>(static_cast<uint32_t>(i) * 2654435761U >> 1);
      Require(file_->Put(hash, position_ += 1200, 1'700'000'000'000 + i).ok(), "a key is refused");
    }
    Require(file_->Flush().ok(), "keys do not reach the file");
  }

 private:
  OneThreadPlatform platform_;
  const std::string path_;
  std::shared_ptr<IndexFile> file_;
  int64_t position_ = 0;
};

class HashKeys final : public Work {
 public:
  explicit HashKeys(const std::string&) {}
  void Turn() override {
    for (int i = 0; i < kKeys; i++) sum_ += static_cast<uint32_t>(IndexHash("bench", "order-1234567890"));
    Require(sum_ != 0, "hashes are zero");
  }

 private:
  uint64_t sum_ = 0;
};

template <typename T>
std::unique_ptr<Work> Make(const std::string& directory) {
  return std::make_unique<T>(directory);
}

constexpr Case kCases[] = {
    {"keys/hash", "the hash of a key of 16 characters", kKeys, Make<HashKeys>},
    {"keys/put", "a key put into an index file, and written in groups of 1,024", kKeys, Make<PutKeys>},
};

}  // namespace

std::span<const Case> IndexCases() { return kCases; }

}  // namespace millrace::counted
