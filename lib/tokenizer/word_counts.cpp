// Counting of words for the trainer.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/hash.h"
#include "tokenizer/char_class.h"
#include "tokenizer/trainer.h"

namespace ds::tokenizer {
namespace {

// Short and inlined: most words are a few bytes. Quality matters little, the table compares words.
uint64_t word_hash(std::string_view s) {
  if (s.size() > 32) return xxh64(s);
  uint64_t h = s.size() * 0x9E3779B97F4A7C15u;
  const char* p = s.data();
  size_t n = s.size();
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t w;
    std::memcpy(&w, p, 8);
    h = (h ^ w) * 0xD6E8FEB86659FD93u;
    h ^= h >> 32;
  }
  uint64_t w = 0;
  std::memcpy(&w, p, n);
  h = (h ^ w) * 0xD6E8FEB86659FD93u;
  h ^= h >> 32;
  h *= 0xD6E8FEB86659FD93u;
  return h ^ h >> 29;
}

}  // namespace

void WordCounts::grow() {
  std::vector<Slot> old(std::max<size_t>(4096, slots_.size() * 2));
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& s : old) {
    if (s.count == 0) continue;
    size_t i = s.hash & mask;
    while (slots_[i].count != 0) i = (i + 1) & mask;
    slots_[i] = s;
  }
}

void WordCounts::add(std::string_view w, uint64_t count) {
  if (w.empty() || count == 0) return;
  if ((used_ + 1) * 2 > slots_.size()) grow();
  const uint64_t hash = word_hash(w);
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    Slot& s = slots_[i];
    if (s.count == 0) {
      s = {hash, count, arena_.size(), static_cast<uint32_t>(w.size())};
      arena_.insert(arena_.end(), w.begin(), w.end());
      ++used_;
      return;
    }
    if (s.hash == hash && s.size == w.size() &&
        std::memcmp(arena_.data() + s.begin, w.data(), w.size()) == 0) {
      s.count += count;
      return;
    }
  }
}

void WordCounts::add(const WordCounts& other) {
  for (const Slot& s : other.slots_) {
    if (s.count != 0) add(other.word(s), s.count);
  }
}

void WordCounts::add_text(Pattern pattern, std::string_view text) {
  if (valid_utf8_prefix(text) != text.size()) {
    repaired_.clear();
    append_repaired(repaired_, text);
    text = repaired_;
  }
  ends_.clear();
  split(pattern, text, ends_);
  uint32_t begin = 0;
  for (const uint32_t end : ends_) {
    add(text.substr(begin, end - begin));
    begin = end;
  }
}

std::vector<std::pair<std::string_view, uint64_t>> WordCounts::sorted() const {
  std::vector<std::pair<std::string_view, uint64_t>> all;
  all.reserve(used_);
  for (const Slot& s : slots_) {
    if (s.count != 0) all.emplace_back(word(s), s.count);
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace ds::tokenizer
