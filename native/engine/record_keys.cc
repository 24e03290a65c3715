#include "record_keys.h"

#include "index_format.h"
#include "record_codec.h"

namespace millrace {
namespace {

constexpr std::string_view kTagPrefix = "T#";

bool HasKeys(int32_t sys_flag) { return (sys_flag & format::kTransactionMask) != format::kTransactionRollback; }

// The next word, taken off the front; empty when there is none.
std::string_view TakeWord(std::string_view* words) {
  const size_t begin = words->find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  words->remove_prefix(begin);
  const std::string_view word = words->substr(0, words->find(' '));
  words->remove_prefix(word.size());
  return word;
}

}  // namespace

void AddKeyHashes(std::string_view topic, std::string_view properties, int32_t sys_flag, bool with_tags,
                  std::vector<int32_t>* hashes) {
  if (properties.empty() || !HasKeys(sys_flag)) return;
  const std::string_view unique = FindProperty(properties, "UNIQ_KEY");
  if (!unique.empty()) hashes->push_back(IndexHash(topic, unique));
  std::string_view words = FindProperty(properties, "KEYS");
  for (std::string_view word = TakeWord(&words); !word.empty(); word = TakeWord(&words)) {
    hashes->push_back(IndexHash(topic, word));
  }
  const std::string_view tags = with_tags ? FindProperty(properties, "TAGS") : std::string_view();
  if (!tags.empty()) hashes->push_back(IndexHash(topic, kTagPrefix, tags));
}

bool HasKey(std::string_view properties, int32_t sys_flag, bool with_tags, std::string_view key) {
  if (!HasKeys(sys_flag)) return false;
  if (FindProperty(properties, "UNIQ_KEY") == key) return true;
  std::string_view words = FindProperty(properties, "KEYS");
  for (std::string_view word = TakeWord(&words); !word.empty(); word = TakeWord(&words)) {
    if (word == key) return true;
  }
  return with_tags && key.starts_with(kTagPrefix) && FindProperty(properties, "TAGS") == key.substr(kTagPrefix.size());
}

}  // namespace millrace
