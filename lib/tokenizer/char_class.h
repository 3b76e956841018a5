// Character classes as the split patterns see them (Unicode 16, probed from the reference library) and valid
// UTF-8 walking.
//
// One byte per code point in a flat table, filled once from the runs in char_runs.inc: a lookup is one load,
// and only the pages that a text touches are ever in the cache.
#pragma once

#include <cstdint>

namespace ds::tokenizer {

// One bit per class. Every code point has exactly one of the first seven.
enum CharClass : uint8_t {
  kLetter = 1,    // \p{L}
  kMark = 2,      // \p{M}
  kNumber = 4,    // \p{N}
  kPunct = 8,     // \p{P} or \p{S}
  kSpace = 16,    // \s but CR and LF
  kNewline = 32,  // CR, LF
  kOther = 64,    // \p{C}: controls, format characters, unassigned
  kCjk = 128,     // besides: U+4E00-9FA5, U+3040-309F, U+30A0-30FF, the ranges of DeepSeek's second split
};

const uint8_t* class_table();        // 0x110000 entries; built on first use, thread-safe
bool is_word_character(uint32_t c);  // what a regex \w matches, for single_word added tokens

struct Char {
  uint32_t code;
  uint32_t size;  // bytes
};

// The character at `p`, which must point into valid UTF-8.
inline Char char_at(const uint8_t* p) {
  const uint32_t a = p[0];
  if (a < 0x80) return {a, 1};
  if (a < 0xE0) return {(a & 0x1F) << 6 | (p[1] & 0x3Fu), 2};
  if (a < 0xF0) return {(a & 0x0F) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu), 3};
  return {(a & 0x07) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu), 4};
}
inline Char char_before(const uint8_t* p) {  // the character that ends at `p`
  do --p;
  while ((*p & 0xC0) == 0x80);
  return char_at(p);
}

}  // namespace ds::tokenizer
