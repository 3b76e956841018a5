// word -> ids, for words seen before: text repeats itself, so nearly all words are looked up and not merged.
//
// Words of up to 15 bytes live in lines of 64 bytes, one cache line each: two keys (the bytes, zero padded,
// the length in the last byte) and two values of four ids; so a hit reads one line, compares once and stores
// 16 bytes whatever the number of ids. A word has one line, and when that is full the line beside it; where
// a line has room the other need not be looked at. When both are full, the newcomer takes a place. The table
// begins small and doubles while it is crowded and the memory given lasts: what a text uses stays near
// together. Ids that do not fit, and words of 16 to 255 bytes, are in an arena. A full arena is emptied, with
// all that points into it. So memory is bounded, and what is cached never shows in the result.
//
// A table made at load (the vocabulary's own words, compiled.h) may stand behind it: a short text reads that
// in place and adds nothing; for long texts its words are taken over as they occur.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace ds::tokenizer {

struct alignas(64) WordLine {
  uint8_t key[2][16];
  uint32_t ids[2][4];  // ids[i][0] >> 24: how many (1 to 4). With kElsewhere in
                       // the length: [1] the place in the arena, [2] how many
};
static_assert(sizeof(WordLine) == 64);

// Memory of zeros, on huge pages where the system has them.
class HugeMemory {
 public:
  HugeMemory() = default;
  explicit HugeMemory(size_t bytes);  // throws resource
  HugeMemory(HugeMemory&& o) noexcept { *this = static_cast<HugeMemory&&>(o); }
  HugeMemory& operator=(HugeMemory&& o) noexcept;
  ~HugeMemory();
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
  void* map_ = nullptr;
  size_t mapped_ = 0;
};

struct WordKey16 {
  uint64_t a, b;
};
// What `len` bytes of a key keep, and the length in the last byte. Entry 16 is for all that is longer: no
// key.
struct KeyMasks {
  std::array<std::array<uint64_t, 4>, 17> rows;
};
constexpr KeyMasks make_key_masks() {
  KeyMasks m{};
  for (size_t n = 0; n <= 16; ++n) {
    m.rows[n][0] = n == 16 ? 0 : n >= 8 ? ~uint64_t{0} : (uint64_t{1} << (n * 8)) - 1;
    m.rows[n][1] = n == 16 || n <= 8 ? 0 : (uint64_t{1} << ((n - 8) * 8)) - 1;
    m.rows[n][2] = 0;
    m.rows[n][3] = uint64_t{n == 16 ? 255 : n} << 56;
  }
  return m;
}
alignas(64) inline constexpr KeyMasks kKeyMasks = make_key_masks();

class WordCache {
 public:
  static constexpr size_t kShort = 15, kLongest = 255;
  static constexpr uint32_t kElsewhere = 0x80, kMaxId = (1u << 24) - 1;
  struct Ids {
    const uint32_t* data = nullptr;
    uint32_t count = 0;  // 0: not there
  };

  // Words known from the start. They stay the caller's, who may share them, and are only read.
  struct Seed {
    const WordLine* lines = nullptr;  // 2^bits; nullptr: none
    uint32_t bits = 0;
    const uint32_t* filter = nullptr;  // kFilterBytes: a bit for the hash of every word
  };
  static constexpr uint32_t kFilterBits = 21;
  static constexpr size_t kFilterBytes = size_t{1} << (kFilterBits - 3);
  static uint64_t filter_place(uint64_t hash) { return hash >> (64 - kFilterBits); }

  explicit WordCache(size_t bytes, const Seed& seed);

  static uint64_t hash(uint64_t a, uint64_t b) {
    const uint64_t h = (a ^ b * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
    return h ^ h << 29;
  }
  static WordKey16 key(const uint8_t* word, size_t size);  // of up to 15 bytes
  // The same of a word behind whose beginning 16 bytes can be read.
  static WordKey16 padded_key(const uint8_t* word, size_t size) {
    const uint64_t* mask = kKeyMasks.rows[size].data();
    uint64_t w[2];
    std::memcpy(w, word, 16);
    return {w[0] & mask[0], (w[1] & mask[1]) | mask[3]};
  }
  const WordLine* lines() const { return lines_; }
  uint32_t shift() const { return shift_; }

  // A word that is going to be found or inserted; the lines that it may be in are on their way.
  struct Asked {
    WordKey16 key;
    uint64_t hash;
    bool in_seed;  // may be
  };
  Asked ask(const WordKey16& k) const {
    const Asked a{k, hash(k.a, k.b), in_seed(hash(k.a, k.b))};
    __builtin_prefetch(seed_.lines + (a.in_seed ? a.hash >> seed_shift_ : 0));
    ask_again(a);
    return a;
  }
  void ask_again(const Asked& a) const { __builtin_prefetch(lines_ + (a.hash >> shift_), 1); }
  // Everywhere, not in lines() alone. Copies the ids to `out`, which has room for 16; how many,
  // 0 when the word is not there.
  size_t find(const Asked& a, uint32_t* out);  // what lines() has not itself is kept there
  size_t find(const WordKey16& k, uint32_t* out) { return find(ask(k), out); }
  Ids find_long(std::string_view word) const;
  void insert(const Asked& a, const uint32_t* ids, size_t count);
  void insert_long(std::string_view word, const uint32_t* ids, size_t count);  // of 16 to kLongest bytes
  // Whether insert() keeps anything: not while the lines are the caller's.
  bool owned() const { return mine_ != nullptr; }
  // Between batches: takes memory of its own, and doubles it when there is need. Lines and shift change only
  // here.
  void breathe() {
    if (!owned() || crowded()) grow();
  }

  // One line's two places, for tables made elsewhere; false when it is full.
  static bool put(WordLine* lines, uint32_t shift, const WordKey16& k, const uint32_t* ids, size_t count);

 private:
  struct Long {
    uint64_t hash = 0;
    uint32_t begin = 0;            // in arena_: the bytes, padded, then the ids
    uint16_t size = 0, count = 0;  // count 0: empty
  };
  bool crowded() const { return used_ * 4 > uint64_t{3} << bits_ && bits_ < largest_bits_; }
  struct Place {
    WordLine* line;
    int way;  // -1: none is free
  };
  static Place free_place(WordLine* lines, uint32_t shift, const WordKey16& k);
  size_t copy_ids(const WordLine& line, int way, uint32_t* out) const;
  bool room_in_arena(size_t words);
  Long& free_long(uint64_t hash);
  void grow();
  void clear();

  bool in_seed(uint64_t hash) const {  // may be
    if (!seed_.lines) return false;
    const uint64_t bit = filter_place(hash);
    return seed_.filter[bit >> 5] >> (bit & 31) & 1;
  }

  Seed seed_;
  uint32_t seed_shift_;
  const WordLine* lines_;
  WordLine* mine_ = nullptr;  // lines_, when they are own memory
  HugeMemory memory_;
  uint32_t bits_ = 0, shift_, largest_bits_ = 4;
  uint64_t used_ = 0;
  std::vector<Long> longs_;
  size_t longs_used_ = 0, most_longs_ = 16;
  std::vector<uint32_t> arena_;
  size_t arena_limit_;
};

}  // namespace ds::tokenizer
