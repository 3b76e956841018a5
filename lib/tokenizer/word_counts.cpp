// Counting of words for the trainer.
#include <algorithm>
#include <cstring>

#include "base/utf8.h"
#include "tokenizer/char_class.h"
#include "tokenizer/trainer.h"

namespace ds::tokenizer {
std::string_view WordCounts::word(const Slot& s) const {
  uint32_t size;
  std::memcpy(&size, arena_.data() + s.begin, sizeof size);
  return {arena_.data() + s.begin + sizeof size, size};
}

void WordCounts::grow() {
  std::vector<Slot> old(std::max<size_t>(4096, slots_.size() * 2));
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& s : old) {
    if (s.count == 0) continue;
    size_t i = word_slot(s.a, s.b) & mask;
    while (slots_[i].count != 0) i = (i + 1) & mask;
    slots_[i] = s;
  }
}

void WordCounts::add(std::string_view w, uint64_t count) {
  if (!w.empty() && count != 0) add(w, word_key(w, w.size()), count);
}

void WordCounts::add(std::string_view w, const WordKey& key, uint64_t count) {
  if ((used_ + 1) * 2 > slots_.size()) grow();
  const size_t mask = slots_.size() - 1;
  for (size_t i = key.slot & mask;; i = (i + 1) & mask) {
    Slot& s = slots_[i];
    if (s.count == 0) {
      s = {key.a, key.b, count, arena_.size()};
      const auto size = static_cast<uint32_t>(w.size());
      const char* p = reinterpret_cast<const char*>(&size);
      arena_.insert(arena_.end(), p, p + sizeof size);
      arena_.insert(arena_.end(), w.begin(), w.end());
      ++used_;
      return;
    }
    if (s.a == key.a && s.b == key.b && (w.size() <= kInlineWord || word(s) == w)) {
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
  // As in the encoder: keys a few words ahead of their use, so that memory is waited for less.
  constexpr size_t kAhead = 16;
  std::string_view word[kAhead];
  WordKey key[kAhead];
  uint32_t begin = 0;
  for (size_t done = 0; done < ends_.size(); done += kAhead) {
    const size_t n = std::min(kAhead, ends_.size() - done);
    for (size_t i = 0; i < n; ++i) {
      word[i] = text.substr(begin, ends_[done + i] - begin);
      key[i] = word_key(word[i], text.size() - begin);
      if (!slots_.empty()) __builtin_prefetch(&slots_[key[i].slot & (slots_.size() - 1)]);
      begin = ends_[done + i];
    }
    for (size_t i = 0; i < n; ++i) add(word[i], key[i], 1);
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
