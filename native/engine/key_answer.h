// Where the records of one look-up go, back to back: into the caller's bytes as long as they fit there, then all of them into
// memory of the answer's own. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace millrace {

class KeyAnswer {
 public:
  explicit KeyAnswer(std::span<std::byte> given = {}) : given_(given) {}

  int64_t messages() const { return messages_; }
  std::span<const std::byte> bytes() const { return all().first(kept_); }
  // Whether they outgrew what the caller gave.
  bool is_own() const { return is_own_; }
  std::vector<std::byte> TakeOwn() {
    own_.resize(kept_);
    return std::move(own_);
  }

  // Room behind what was kept, `bytes` or more. Valid until the next call.
  std::span<std::byte> Room(size_t bytes) {
    if (all().size() - kept_ < bytes) Grow(kept_ + bytes);
    return all().subspan(kept_);
  }
  // The first `bytes` of the room are one more record.
  void Keep(size_t bytes) {
    kept_ += bytes;
    messages_++;
  }
  void Clear() { *this = KeyAnswer(given_); }

 private:
  std::span<std::byte> all() { return is_own_ ? std::span(own_) : given_; }
  std::span<const std::byte> all() const { return is_own_ ? std::span<const std::byte>(own_) : given_; }
  void Grow(size_t bytes) {
    own_.resize(std::max(bytes, 2 * own_.size()));
    if (!is_own_ && kept_ > 0) std::memcpy(own_.data(), given_.data(), kept_);
    is_own_ = true;
  }

  std::span<std::byte> given_;
  std::vector<std::byte> own_;
  bool is_own_ = false;
  size_t kept_ = 0;
  int64_t messages_ = 0;
};

}  // namespace millrace
