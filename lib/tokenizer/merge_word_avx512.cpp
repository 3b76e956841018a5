// Merging sixteen short words at once, one a lane.
//
// What costs time when a word is merged is waiting: for the table of pairs, which lies in the third cache or
// behind, and for branches that no predictor knows. Sixteen words wait for all of it together. Nothing here
// may call an inline function that other files share: the linker would keep one of the two.
#include "tokenizer/encoder_core.h"
#if defined(__x86_64__)

#include <immintrin.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in GCC's own headers
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,bmi,bmi2,avx2"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,bmi,bmi2,avx2")
#endif

namespace ds::tokenizer {
namespace {

// cells[p][lane] is the symbol at byte p: id << 8 | next << 4 | previous, where next is 15 behind the last
// and previous 15 before the first. keys[p][lane] is rank << 4 | p of it and the next one, all ones when
// they do not merge.
struct Lanes {
  alignas(64) uint32_t cells[16][16];
  alignas(64) uint32_t keys[16][16];
};

inline __m512i all(uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }

// Ranks of eight pairs; kNoRank where there is none, or it is not wanted.
inline __m256i ranks_of_eight(const MergeTables& t, __m512i key, __mmask8 wanted) {
  __m512i h = _mm512_mullo_epi64(key, _mm512_set1_epi64(static_cast<long long>(0x9E3779B97F4A7C15u)));
  h = _mm512_xor_si512(h, _mm512_srli_epi64(h, 32));
  const __m512i bit = _mm512_srl_epi64(h, _mm_cvtsi32_si128(static_cast<int>(64 - t.filter_bits)));
  const __m256i word =
      _mm512_mask_i64gather_epi32(_mm256_setzero_si256(), wanted, _mm512_srli_epi64(bit, 5), t.filter, 4);
  const __m256i in_word = _mm256_and_si256(_mm512_cvtepi64_epi32(bit), _mm256_set1_epi32(31));
  wanted = _mm256_test_epi32_mask(_mm256_srlv_epi32(word, in_word), _mm256_set1_epi32(1));
  const __m512i mask = _mm512_set1_epi64(static_cast<long long>((uint64_t{1} << t.pair_bits) - 1));
  const __m512i none = _mm512_set1_epi64(-1);
  __m512i at = _mm512_and_si512(h, mask);
  __m512i rank = _mm512_set1_epi64(kNoRank);
  while (wanted) {
    const __m512i slot = _mm512_mask_i64gather_epi64(none, wanted, at, t.pairs, 8);
    const __mmask8 found = _mm512_mask_cmpeq_epi64_mask(wanted, _mm512_srli_epi64(slot, 22), key);
    rank = _mm512_mask_and_epi64(rank, found, slot, _mm512_set1_epi64(kNoRank));
    const auto over = static_cast<__mmask8>(found | _mm512_cmpeq_epi64_mask(slot, none));
    wanted = static_cast<__mmask8>(wanted & ~over);
    at = _mm512_and_si512(_mm512_add_epi64(at, _mm512_set1_epi64(1)), mask);
  }
  return _mm512_cvtepi64_epi32(rank);
}
inline __m512i pair_keys(__m256i left, __m256i right) {
  return _mm512_or_si512(_mm512_slli_epi64(_mm512_cvtepu32_epi64(left), 21), _mm512_cvtepu32_epi64(right));
}
inline __m512i ranks_of(const MergeTables& t, __m512i left, __m512i right, __mmask16 wanted) {
  const __m256i low =
      ranks_of_eight(t, pair_keys(_mm512_castsi512_si256(left), _mm512_castsi512_si256(right)),
                     static_cast<__mmask8>(wanted));
  const __m256i high =
      ranks_of_eight(t, pair_keys(_mm512_extracti64x4_epi64(left, 1), _mm512_extracti64x4_epi64(right, 1)),
                     static_cast<__mmask8>(wanted >> 8));
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}
inline __m512i rank_keys(__m512i rank, __m512i p) {
  return _mm512_mask_or_epi32(all(~0u), _mm512_cmpneq_epi32_mask(rank, all(kNoRank)),
                              _mm512_slli_epi32(rank, 4), p);
}

unsigned load_lanes(const MergeTables& t, const uint8_t* const* words, const uint8_t* sizes, size_t n,
                    Lanes& s) {
  alignas(64) uint8_t bytes[17][16];  // one row more, so that four bytes may be read from any place
  alignas(64) uint32_t size_of[16] = {};
  unsigned longest = 0;
  for (size_t i = 0; i < n; ++i) {
    size_of[i] = sizes[i];
    longest = sizes[i] > longest ? sizes[i] : longest;
    _mm_store_si128(reinterpret_cast<__m128i*>(bytes[i]),
                    _mm_loadu_si128(reinterpret_cast<const __m128i*>(words[i])));
  }
  for (size_t i = n; i < 17; ++i) _mm_store_si128(reinterpret_cast<__m128i*>(bytes[i]), _mm_setzero_si128());
  const __m512i size = _mm512_load_si512(size_of);
  const __m512i rows =
      _mm512_setr_epi32(0, 16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240);
  for (unsigned p = 0; p < longest; ++p) {
    const __m512i at = all(p), behind = all(p + 1);
    const __m512i four = _mm512_i32gather_epi32(_mm512_add_epi32(rows, at), bytes, 1);
    const __m512i first = _mm512_and_si512(four, all(0xFF));
    const __m512i second = _mm512_and_si512(_mm512_srli_epi32(four, 8), all(0xFF));
    const __mmask16 here = _mm512_cmplt_epi32_mask(at, size), pair = _mm512_cmplt_epi32_mask(behind, size);
    const __m512i id = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), here, first, t.byte_id, 4);
    const __m512i rank = _mm512_mask_i32gather_epi32(
        all(kNoRank), pair, _mm512_or_si512(_mm512_slli_epi32(first, 8), second), t.byte_ranks, 4);
    const __m512i next = _mm512_mask_mov_epi32(all(15), pair, behind);
    const __m512i links = _mm512_or_si512(_mm512_slli_epi32(next, 4), all((p + 15) & 15));
    _mm512_store_si512(s.cells[p], _mm512_or_si512(_mm512_slli_epi32(id, 8), links));
    _mm512_store_si512(s.keys[p], rank_keys(rank, at));
  }
  return longest;
}

// The next merge of every word; false when there is none.
[[gnu::always_inline]] inline bool merge_once(const MergeTables& t, Lanes& s, unsigned longest) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i never = all(~0u), fifteen = all(15), zero = _mm512_setzero_si512();
  {
    __m512i best = never;
    for (unsigned p = 0; p + 1 < longest; ++p) best = _mm512_min_epu32(best, _mm512_load_si512(s.keys[p]));
    const __mmask16 active = _mm512_cmpneq_epi32_mask(best, never);
    if (!active) return false;
    // h i j k: the neighbours; i and j become one.
    const __m512i i = _mm512_and_si512(best, fifteen);
    const __m512i i_at = _mm512_or_si512(_mm512_slli_epi32(i, 4), lane);
    const __m512i rank = _mm512_srli_epi32(best, 4);
    const __m512i id = t.consecutive != 0 ? _mm512_add_epi32(rank, all(t.consecutive))
                                          : _mm512_mask_i32gather_epi32(zero, active, rank, t.merged, 4);
    const __m512i i_cell = _mm512_mask_i32gather_epi32(zero, active, i_at, s.cells, 4);
    const __m512i j = _mm512_and_si512(_mm512_srli_epi32(i_cell, 4), fifteen),
                  h = _mm512_and_si512(i_cell, fifteen);
    const __m512i j_at = _mm512_or_si512(_mm512_slli_epi32(j, 4), lane);
    const __m512i h_at = _mm512_or_si512(_mm512_slli_epi32(h, 4), lane);
    const __m512i j_cell = _mm512_mask_i32gather_epi32(zero, active, j_at, s.cells, 4);
    const __m512i k = _mm512_and_si512(_mm512_srli_epi32(j_cell, 4), fifteen);
    const __m512i k_at = _mm512_or_si512(_mm512_slli_epi32(k, 4), lane);
    const __mmask16 has_k = _mm512_mask_cmpneq_epi32_mask(active, k, fifteen);
    const __mmask16 has_h = _mm512_mask_cmpneq_epi32_mask(active, h, fifteen);
    const __m512i k_cell = _mm512_mask_i32gather_epi32(zero, has_k, k_at, s.cells, 4);
    const __m512i h_cell = _mm512_mask_i32gather_epi32(zero, has_h, h_at, s.cells, 4);
    const __m512i right = ranks_of(t, id, _mm512_srli_epi32(k_cell, 8), has_k);
    const __m512i left = ranks_of(t, _mm512_srli_epi32(h_cell, 8), id, has_h);
    const __m512i cell =
        _mm512_or_si512(_mm512_slli_epi32(id, 8), _mm512_or_si512(_mm512_slli_epi32(k, 4), h));
    _mm512_mask_i32scatter_epi32(s.cells, active, i_at, cell, 4);
    _mm512_mask_i32scatter_epi32(s.cells, has_k, k_at,
                                 _mm512_or_si512(_mm512_andnot_si512(fifteen, k_cell), i), 4);
    _mm512_mask_i32scatter_epi32(s.keys, active, j_at, never, 4);
    _mm512_mask_i32scatter_epi32(s.keys, active, i_at, rank_keys(right, i), 4);
    _mm512_mask_i32scatter_epi32(s.keys, has_h, h_at, rank_keys(left, h), 4);
  }
  return true;
}

void store_lanes(const Lanes& s, size_t n, uint32_t* ids, uint8_t* counts) {
  for (size_t w = 0; w < n; ++w) {
    uint8_t count = 0;
    for (uint32_t p = 0; p != 15;) {
      const uint32_t cell = s.cells[p][w];
      ids[16 * w + count++] = cell >> 8;
      p = cell >> 4 & 15;
    }
    counts[w] = count;
  }
}

}  // namespace

void merge_words_avx512(const MergeTables& t, const uint8_t* const* words, const uint8_t* sizes, size_t n,
                        uint32_t* ids, uint8_t* counts) {
  // Two sets of lanes by turns: one computes while the other waits.
  Lanes a, b;
  for (size_t i = 0; i < n; i += 32) {
    const size_t j = i + 16, first = n - i < 16 ? n - i : 16, second = n <= j ? 0 : n - j < 16 ? n - j : 16;
    const unsigned longest_a = load_lanes(t, words + i, sizes + i, first, a);
    const unsigned longest_b = second != 0 ? load_lanes(t, words + j, sizes + j, second, b) : 0;
    bool more_a = true, more_b = second != 0;
    while (more_a && more_b) {
      more_a = merge_once(t, a, longest_a);
      more_b = merge_once(t, b, longest_b);
    }
    while (more_a) more_a = merge_once(t, a, longest_a);
    while (more_b) more_b = merge_once(t, b, longest_b);
    store_lanes(a, first, ids + 16 * i, counts + i);
    if (second != 0) store_lanes(b, second, ids + 16 * j, counts + j);
  }
}

}  // namespace ds::tokenizer
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#pragma GCC diagnostic pop
#endif
