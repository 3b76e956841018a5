// word -> ids, for the words seen last: text repeats itself, so most words are looked up and not merged
// again.
//
// Two open-addressing tables of 32-byte entries. Words of up to 15 bytes are the key themselves (bytes, zero
// padded, length in the last byte), so a hit reads one entry and nothing else; longer ones (to 255 bytes) are
// compared in the arena, which also holds the ids that do not fit into an entry (more than three). A full
// table is emptied: memory stays bounded and the result never depends on what is cached.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace ds::tokenizer {

class WordCache {
 public:
  static constexpr size_t kLongest = 255;
  struct Ids {
    const uint32_t* data = nullptr;
    uint32_t count = 0;  // 0: not there
  };
  struct Key {
    uint64_t a = 0, b = 0;  // the word itself, or its hash; never both 0
    size_t slot = 0;
  };

  explicit WordCache(size_t bytes) {
    size_t entries = 64;
    while (entries * 2 * sizeof(Entry) <= bytes / 2) entries *= 2;
    largest_ = entries;
    arena_limit_ = bytes / 2 / sizeof(uint32_t);
  }

  // `readable` is how many bytes may be read from word.data(): 16 or more makes the load one instruction.
  static Key key(std::string_view word, size_t readable) {
    Key k;
    const size_t n = word.size();
    if (n <= 15) {
      unsigned char bytes[16] = {};
      if (readable >= 16) {
        std::memcpy(bytes, word.data(), 16);
        uint64_t w[2];
        std::memcpy(w, bytes, 16);
        const uint64_t full = ~uint64_t{0};
        k.a = n >= 8 ? w[0] : w[0] & ~(full << (n * 8));
        k.b = n <= 8 ? 0 : w[1] & ~(full << ((n - 8) * 8));
      } else {
        std::memcpy(bytes, word.data(), n);
        std::memcpy(&k.a, bytes, 8);
        std::memcpy(&k.b, bytes + 8, 8);
      }
      k.b |= uint64_t{n} << 56;
    } else {
      uint64_t h = n * 0x9E3779B97F4A7C15u, g = ~h;
      size_t i = 0;
      for (; i + 8 <= n; i += 8) {
        uint64_t w;
        std::memcpy(&w, word.data() + i, 8);
        h = mix(h ^ w, 0xE7037ED1A0B428DBu);
        g = mix(g + w, 0x8EBC6AF09C88C6E3u);
      }
      uint64_t w;
      std::memcpy(&w, word.data() + n - 8, 8);
      k.a = mix(h ^ w, 0xE7037ED1A0B428DBu);
      k.b = mix(g + w, 0x8EBC6AF09C88C6E3u) >> 8 | uint64_t{n} << 56;
    }
    k.slot = static_cast<size_t>(mix(k.a ^ 0xA0761D6478BD642Fu, k.b ^ 0xE7037ED1A0B428DBu));
    return k;
  }

  Ids find(const Key& k, std::string_view word) const {
    if (entries_.empty()) return {};
    for (size_t i = k.slot & mask_;; i = (i + 1) & mask_) {
      const Entry& e = entries_[i];
      if (e.count == 0) return {};
      if (e.a != k.a || e.b != k.b) continue;
      if (word.size() > 15) {
        if (std::memcmp(arena_.data() + e.ids[0], word.data(), word.size()) != 0) continue;
        return {arena_.data() + e.ids[0] + (word.size() + 3) / 4, e.count};
      }
      return {e.count <= 3 ? e.ids : arena_.data() + e.ids[0], e.count};
    }
  }

  void insert(const Key& k, std::string_view word, const uint32_t* ids, uint32_t count) {
    const bool long_word = word.size() > 15;
    const size_t room = long_word ? (word.size() + 3) / 4 + count : count > 3 ? count : 0;
    if (room > arena_limit_) return;
    if (arena_.size() + room > arena_limit_) clear();
    if ((used_ + 1) * 2 > entries_.size()) grow();
    size_t i = k.slot & mask_;
    while (entries_[i].count != 0) i = (i + 1) & mask_;
    Entry& e = entries_[i];
    e.a = k.a;
    e.b = k.b;
    e.count = count;
    ++used_;
    if (room == 0) {
      std::memcpy(e.ids, ids, count * sizeof(uint32_t));
      return;
    }
    e.ids[0] = static_cast<uint32_t>(arena_.size());
    arena_.resize(arena_.size() + room);
    uint32_t* to = arena_.data() + e.ids[0];
    if (long_word) {
      std::memcpy(to, word.data(), word.size());
      to += (word.size() + 3) / 4;
    }
    std::memcpy(to, ids, count * sizeof(uint32_t));
  }

 private:
  struct Entry {
    uint64_t a = 0, b = 0;
    uint32_t ids[3] = {};
    uint32_t count = 0;
  };
  static uint64_t mix(uint64_t x, uint64_t y) {
    const unsigned __int128 p = static_cast<unsigned __int128>(x) * y;
    return static_cast<uint64_t>(p) ^ static_cast<uint64_t>(p >> 64);
  }
  void clear() {
    entries_.assign(entries_.size(), Entry{});
    arena_.clear();
    used_ = 0;
  }
  void grow() {
    if (entries_.size() >= largest_) return clear();
    std::vector<Entry> old(std::max<size_t>(1024, entries_.size() * 2));
    old.swap(entries_);
    mask_ = entries_.size() - 1;
    for (const Entry& e : old) {
      if (e.count == 0) continue;
      Key k{e.a, e.b, 0};
      k.slot = static_cast<size_t>(mix(k.a ^ 0xA0761D6478BD642Fu, k.b ^ 0xE7037ED1A0B428DBu));
      size_t i = k.slot & mask_;
      while (entries_[i].count != 0) i = (i + 1) & mask_;
      entries_[i] = e;
    }
  }

  std::vector<Entry> entries_;
  std::vector<uint32_t> arena_;
  size_t mask_ = 0, used_ = 0, largest_ = 0, arena_limit_ = 0;
};

}  // namespace ds::tokenizer
