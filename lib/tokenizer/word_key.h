// A word as two 64-bit numbers: itself when it is short, a hash when it is long. For tables of words.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace ds::tokenizer {

// Words of up to kInlineWord bytes are equal exactly when their keys are; longer ones must be compared
// besides.
inline constexpr size_t kInlineWord = 15;

struct WordKey {
  uint64_t a = 0, b = 0;  // the bytes, zero padded, and the length in the top byte; or a hash. Never both 0.
  size_t slot = 0;        // where to look: all bits are well mixed
};

inline uint64_t mix_words(uint64_t x, uint64_t y) {
  const unsigned __int128 p = static_cast<unsigned __int128>(x) * y;
  return static_cast<uint64_t>(p) ^ static_cast<uint64_t>(p >> 64);
}

inline size_t word_slot(uint64_t a, uint64_t b) {
  return static_cast<size_t>(mix_words(a ^ 0xA0761D6478BD642Fu, b ^ 0xE7037ED1A0B428DBu));
}

// `readable` is how many bytes may be read from word.data(): 16 or more makes the load of a short word one
// instruction.
inline WordKey word_key(std::string_view word, size_t readable) {
  WordKey k;
  const size_t n = word.size();
  if (n <= kInlineWord) {
    uint64_t w[2] = {0, 0};
    if (readable >= 16) {
      std::memcpy(w, word.data(), 16);
      const uint64_t full = ~uint64_t{0};
      k.a = n >= 8 ? w[0] : w[0] & ~(full << (n * 8));
      k.b = n <= 8 ? 0 : w[1] & ~(full << ((n - 8) * 8));
    } else {
      std::memcpy(w, word.data(), n);
      k.a = w[0];
      k.b = w[1];
    }
    k.b |= uint64_t{n} << 56;
  } else {
    uint64_t h = n * 0x9E3779B97F4A7C15u, g = ~h, w;
    for (size_t i = 0; i + 8 <= n; i += 8) {
      std::memcpy(&w, word.data() + i, 8);
      h = mix_words(h ^ w, 0xE7037ED1A0B428DBu);
      g = mix_words(g + w, 0x8EBC6AF09C88C6E3u);
    }
    std::memcpy(&w, word.data() + n - 8, 8);
    k.a = mix_words(h ^ w, 0xE7037ED1A0B428DBu);
    k.b = mix_words(g + w, 0x8EBC6AF09C88C6E3u) >> 8 | uint64_t{n < 255 ? n : 255} << 56;
  }
  k.slot = word_slot(k.a, k.b);
  return k;
}

}  // namespace ds::tokenizer
