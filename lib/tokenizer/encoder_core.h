// The inner loops of the encoder, compiled once for any processor and once for AVX-512
// (encoder_core_avx512.cpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "tokenizer/adjacency.h"
#include "tokenizer/merge_word.h"
#include "tokenizer/word_cache.h"

namespace ds::tokenizer {

// Cuts the words [begin, ends[0]), [ends[0], ends[1]), … of `text` where the adjacency tables allow; writes
// the new ends, at most one a byte, and returns how many. Only words with characters beyond ASCII are looked
// into. `text` must be readable for `kReadable` bytes behind the last end.
using CutWords = size_t (*)(const Adjacency& a, const uint8_t* text, uint32_t begin, const uint32_t* ends,
                            size_t n, uint32_t* out);

// A word that is neither in its line of the cache nor in the one beside: which one, and how many ids were
// written before its place.
struct Missed {
  uint32_t word, at;
};

// Appends the ids of the words to `out`, which must have room for one a byte and 4 more; returns the new
// end. Words that are missing give none: they are listed at `missed`, which has room for n, and counted.
// Reads 16 bytes of each.
using LookUpWords = uint32_t* (*)(const WordLine* lines, uint32_t shift, const uint8_t* text, uint32_t begin,
                                  const uint32_t* ends, size_t n, uint32_t* out, Missed* missed,
                                  size_t* missed_count);

// Merges n words of 1 to 15 bytes: ids[16 i] on get the ids of word i,
// counts[i] how many. Reads 16 bytes of each.
using MergeWords = void (*)(const MergeTables& t, const uint8_t* const* words, const uint8_t* sizes, size_t n,
                            uint32_t* ids, uint8_t* counts);

inline constexpr size_t kReadable = 64;
inline constexpr size_t kWordsAhead = 64;  // words whose keys are made, and lines asked for, before the first
                                           // is used

struct EncoderCore {
  CutWords cut;
  LookUpWords look_up;
  MergeWords merge;
};
EncoderCore plain_core();
#if defined(__x86_64__)
EncoderCore avx512_core();  // where avx512_core_runs()
bool avx512_core_runs();
// Words of up to 16 bytes; `begins`, when given, gets a bit for each byte of a word where a token begins.
void merge_words_avx512(const MergeTables& t, const uint8_t* const* words, const uint8_t* sizes, size_t n,
                        uint32_t* ids, uint8_t* counts, uint16_t* begins);
#endif
EncoderCore best_core();

}  // namespace ds::tokenizer
