// Merging many short words at once.
//
// What costs time when a word is merged is waiting: for the table of pairs, which lies in the third cache or
// behind, and for branches that no predictor knows. So a few words are on their way together, each a step at
// a time by turns: a step reads the slots that the step before asked for, merges the best pair, and asks for
// the slots of the two pairs that this made. A word is two registers, its symbols and the ranks between
// them; a merge closes the gap. Nothing here may call an inline function that other files share: the linker
// would keep one of the two.
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

constexpr size_t kTogether = 8;         // words
constexpr uint32_t kNone = kMaxTokens;  // no token has this id
constexpr uint32_t kNever = kNoRank << 4;

alignas(64) constexpr uint64_t kEmptySlots[kPairBucket] = {~0ull, ~0ull, ~0ull, ~0ull,
                                                           ~0ull, ~0ull, ~0ull, ~0ull};

// The rank of a pair that was asked for: eight slots that may have it.
struct Asked {
  uint64_t key;
  const uint64_t* slots;
};

struct Word {
  alignas(64) uint32_t before[16];  // the last is kNone
  uint32_t ids[16];                 // kNone behind the last symbol
  uint32_t behind[16];              // kNone
  uint32_t keys[16];                // rank << 4 of a symbol and the next one
  Asked left, right;                // of the last merge: the pair before it, and its own
  uint32_t places;                  // bit i: the rank `right` belongs to symbol i
  uint32_t begins;                  // bit i: a symbol begins at byte i
  uint32_t count;                   // of symbols
  size_t index;                     // which word
};

inline __m512i all(uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }

inline Asked ask(const MergeTables& t, uint64_t mask, uint32_t left, uint32_t right) {
  const uint64_t key = uint64_t{left} << 21 | right;
  uint64_t h = key * 0x9E3779B97F4A7C15u;
  h ^= h >> 32;
  const uint64_t* const slots = t.pairs + (h & mask);
  _mm_prefetch(reinterpret_cast<const char*>(slots), _MM_HINT_T0);
  return {key, slots};
}

// rank << 4 in all lanes.
inline __m512i answer(const MergeTables& t, const Asked& a) {
  const __m512i key = _mm512_set1_epi64(static_cast<long long>(a.key)), none = _mm512_set1_epi64(-1);
  const uint64_t* at = a.slots;
  __m512i slots = _mm512_loadu_si512(at);
  __mmask8 found = _mm512_cmpeq_epi64_mask(_mm512_srli_epi64(slots, 22), key);
  while (!(found | _mm512_cmpeq_epi64_mask(slots, none))) [[unlikely]] {  // all full: the next eight
    at += kPairBucket;
    if (at == t.pairs + (uint64_t{1} << t.pair_bits)) at = t.pairs;
    slots = _mm512_loadu_si512(at);
    found = _mm512_cmpeq_epi64_mask(_mm512_srli_epi64(slots, 22), key);
  }
  const __m512i slot = _mm512_mask_compress_epi64(_mm512_set1_epi64(kNoRank), found, slots);
  return _mm512_slli_epi32(
      _mm512_and_si512(_mm512_broadcastd_epi32(_mm512_castsi512_si128(slot)), all(kNoRank)), 4);
}

inline void begin_word(const MergeTables& t, const uint8_t* bytes, uint32_t size, size_t index, Word& w) {
  const __m128i raw = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m512i first = _mm512_cvtepu8_epi32(raw);
  const __m512i second = _mm512_cvtepu8_epi32(_mm_bsrli_si128(raw, 1));
  const auto symbols = static_cast<__mmask16>((1u << size) - 1), pairs = static_cast<__mmask16>(symbols >> 1);
  const __m512i ids = _mm512_mask_i32gather_epi32(all(kNone), symbols, first, t.byte_id, 4);
  const __m512i ranks = _mm512_mask_i32gather_epi32(
      all(kNoRank), pairs, _mm512_or_si512(_mm512_slli_epi32(first, 8), second), t.byte_ranks, 4);
  _mm512_store_si512(w.ids, ids);
  _mm512_store_si512(w.keys, _mm512_slli_epi32(ranks, 4));
  w.left = w.right = {0, kEmptySlots};
  w.places = 0;
  w.begins = symbols;
  w.count = size;
  w.index = index;
}

// The next merge of a word; false when there is none.
[[gnu::always_inline]] inline bool step(const MergeTables& t, uint64_t mask, Word& w) {
  const __m512i order = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  __m512i keys = _mm512_load_si512(w.keys);
  keys = _mm512_mask_mov_epi32(keys, static_cast<__mmask16>(w.places), answer(t, w.right));
  keys = _mm512_mask_mov_epi32(keys, static_cast<__mmask16>(w.places >> 1), answer(t, w.left));
  const uint32_t best = _mm512_reduce_min_epu32(_mm512_or_si512(keys, order));
  if (best >= kNever) return false;
  const uint32_t i = best & 15, rank = best >> 4;
  const uint32_t id = t.consecutive != 0 ? rank + t.consecutive : t.merged[rank];
  const uint32_t* const at = w.ids + i;
  w.left = ask(t, mask, at[-1], id);
  w.right = ask(t, mask, id, at[2]);
  const auto here = static_cast<__mmask16>(1u << i), kept = static_cast<__mmask16>(~(2u << i));
  __m512i ids = _mm512_mask_compress_epi32(all(kNone), kept, _mm512_load_si512(w.ids));
  ids = _mm512_mask_mov_epi32(ids, here, all(id));
  _mm512_store_si512(w.ids, ids);
  _mm512_store_si512(w.keys, _mm512_mask_compress_epi32(all(kNever), kept, keys));
  w.places = 1u << i;
  w.begins &= ~_pdep_u32(2u << i, w.begins);
  --w.count;
  return true;
}

}  // namespace

void merge_words_avx512(const MergeTables& t, const uint8_t* const* words, const uint8_t* sizes, size_t n,
                        uint32_t* ids, uint8_t* counts, uint16_t* begins) {
  const uint64_t mask = ((uint64_t{1} << t.pair_bits) - 1) & ~uint64_t{kPairBucket - 1};
  Word together[kTogether];
  size_t begun = 0, running = 0;
  for (; running < kTogether && begun < n; ++running, ++begun) {
    Word& w = together[running];
    _mm512_store_si512(w.before, all(kNone));
    _mm512_store_si512(w.behind, all(kNone));
    begin_word(t, words[begun], sizes[begun], begun, w);
  }
  while (running > 0) {
    for (size_t k = 0; k < running; ++k) {
      Word& w = together[k];
      if (step(t, mask, w)) continue;
      _mm512_storeu_si512(ids + 16 * w.index, _mm512_load_si512(w.ids));
      counts[w.index] = static_cast<uint8_t>(w.count);
      if (begins) begins[w.index] = static_cast<uint16_t>(w.begins);
      if (begun < n) {
        begin_word(t, words[begun], sizes[begun], begun, w);
        ++begun;
      } else {
        w = together[--running];
      }
    }
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
