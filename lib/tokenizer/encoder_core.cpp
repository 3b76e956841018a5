// The inner loops of the encoder for any processor.
#include "tokenizer/encoder_core.h"

#include <cstring>

namespace ds::tokenizer {
namespace {

constexpr uint32_t kUncut = 6;  // bytes; words up to here go to the cache as they are

inline uint32_t code_at(const uint8_t* p, uint32_t& size) {
  const uint32_t a = p[0];
  if (a < 0x80) return size = 1, a;
  if (a < 0xE0) return size = 2, (a & 0x1F) << 6 | (p[1] & 0x3Fu);
  if (a < 0xF0) return size = 3, (a & 0x0F) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
  return size = 4, (a & 0x07) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
}

inline uint32_t place_of(uint32_t x, uint32_t y) {
  return (x * 0x9E3779B1u + y * 0x85EBCA77u) * 0x2C1B3C6Du >> (32 - Adjacency::kBits);
}

uint32_t* cut_word(const Adjacency& a, const uint8_t* text, uint32_t begin, uint32_t end, uint32_t* out) {
  uint32_t size;
  uint32_t x = code_at(text + begin, size);
  uint32_t at = begin + size;
  while (at < end) {
    const uint32_t y = code_at(text + at, size);
    if ((x | y) <= 0xFFFF) {
      const uint32_t i = place_of(x, y);
      const uint32_t joins = (a.bits[i >> 3] >> (i & 7) & 1u) | (a.flags[x] & Adjacency::kJoinsNext) |
                             (a.flags[y] & Adjacency::kJoinsPrevious);
      *out = at;
      out += joins == 0;
    }
    x = y;
    at += size;
  }
  *out++ = end;
  return out;
}

size_t cut_words(const Adjacency& a, const uint8_t* text, uint32_t begin, const uint32_t* ends, size_t n,
                 uint32_t* out) {
  uint32_t* const first = out;
  for (size_t k = 0; k < n; ++k) {
    const uint32_t end = ends[k];
    // A lead byte at the beginning, or behind a space.
    if (end - begin > kUncut && (text[begin] | text[begin + 1]) >= 0xC0) {
      out = cut_word(a, text, begin, end, out);
    } else {
      *out++ = end;
    }
    begin = end;
  }
  return static_cast<size_t>(out - first);
}

inline uint64_t key_hash(uint64_t a, uint64_t b) {
  const uint64_t h = (a ^ b * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
  return h ^ h << 29;
}

uint32_t* look_up_words(const WordLine* lines, uint32_t shift, const uint8_t* text, uint32_t begin,
                        const uint32_t* ends, size_t n, uint32_t* out, Missed* missed, size_t* missed_count) {
  uint64_t keys[kWordsAhead][2];
  uint32_t at[kWordsAhead];
  uint32_t* const out_begin = out;
  size_t misses = 0;
  for (size_t done = 0; done < n; done += kWordsAhead) {
    const size_t m = n - done < kWordsAhead ? n - done : kWordsAhead;
    for (size_t i = 0; i < m; ++i) {
      const uint32_t end = ends[done + i];
      const uint32_t size = end - begin;
      const uint64_t* mask = kKeyMasks.rows[size < 16 ? size : 16].data();
      uint64_t w[2];
      std::memcpy(w, text + begin, 16);
      const uint64_t a = w[0] & mask[0], b = (w[1] & mask[1]) | mask[3];
      keys[i][0] = a;
      keys[i][1] = b;
      const auto line = static_cast<uint32_t>(key_hash(a, b) >> shift);
      at[i] = line;
      __builtin_prefetch(lines + line);
      begin = end;
    }
    for (size_t i = 0; i < m; ++i) {
      uint32_t line = at[i];
      bool hit0, hit1;
      const auto look = [&] {
        uint64_t k[4];
        std::memcpy(k, lines[line].key, 32);
        hit0 = ((k[0] ^ keys[i][0]) | (k[1] ^ keys[i][1])) == 0;
        hit1 = ((k[2] ^ keys[i][0]) | (k[3] ^ keys[i][1])) == 0;
      };
      look();
      if (!(hit0 | hit1) && lines[line].key[1][15] != 0) {  // full: it may be in the line beside
        line ^= 1;
        look();
      }
      if (hit0 | hit1) [[likely]] {
        uint32_t v[4];
        std::memcpy(v, lines[line].ids[hit1], 16);
        const uint32_t count = v[0] >> 24;
        v[0] &= WordCache::kMaxId;
        std::memcpy(out, v, 16);
        out += count;
      } else {
        missed[misses++] = {static_cast<uint32_t>(done + i), static_cast<uint32_t>(out - out_begin)};
      }
    }
  }
  *missed_count = misses;
  return out;
}

void merge_words(const MergeTables& t, const uint8_t* const* words, const uint8_t* sizes, size_t n,
                 uint32_t* ids, uint8_t* counts) {
  for (size_t i = 0; i < n; ++i) {
    counts[i] = static_cast<uint8_t>(merge_short_word(t, words[i], sizes[i], ids + 16 * i));
  }
}

}  // namespace

EncoderCore plain_core() { return {cut_words, look_up_words, merge_words}; }

EncoderCore best_core() {
#if defined(__x86_64__)
  static const bool runs = avx512_core_runs();
  if (runs) return avx512_core();
#endif
  return plain_core();
}

}  // namespace ds::tokenizer
