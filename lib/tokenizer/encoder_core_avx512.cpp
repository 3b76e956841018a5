// The inner loops of the encoder for AVX-512. Nothing here may call an inline function that other files
// share: the linker would keep one of the two.
#include "tokenizer/encoder_core.h"
#if defined(__x86_64__)

#include <immintrin.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in GCC's own headers
#if defined(__clang__)
#pragma clang attribute push(                                                                             \
    __attribute__((                                                                                       \
        target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi,bmi2,avx2,popcnt,lzcnt"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi,bmi2,avx2,popcnt,lzcnt")
#endif

namespace ds::tokenizer {
namespace {

constexpr uint32_t kUncut = 6;  // bytes; words up to here go to the cache as they are

inline __m128i load16(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }

// Words whose keys are made and whose lines are on their way.
struct Asked {
  alignas(64) uint64_t keys[kWordsAhead][2];
  alignas(64) uint32_t at[kWordsAhead];  // offset of the line
};

uint32_t* look_up_words(const WordLine* lines, uint32_t shift, const uint8_t* text, uint32_t begin,
                        const uint32_t* ends, size_t n, uint32_t* out, Missed* missed, size_t* missed_count) {
  static_assert(kWordsAhead % 8 == 0);
  Asked asked[2];
  uint32_t* const out_begin = out;
  size_t misses = 0;
  const __m512i first_of = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
  const __m512i second_of = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
  const __m512i factor_b = _mm512_set1_epi64(static_cast<long long>(0x9E3779B97F4A7C15u));
  const __m512i factor = _mm512_set1_epi64(static_cast<long long>(0xD6E8FEB86659FD93u));
  const __m128i shifts = _mm_cvtsi32_si128(static_cast<int>(shift));
  const __m128i id_mask = _mm_setr_epi32(static_cast<int>(WordCache::kMaxId), -1, -1, -1);
  const auto* const rows = reinterpret_cast<const uint8_t*>(&kKeyMasks);
  const auto* const base = reinterpret_cast<const uint8_t*>(lines);
  uint32_t b = begin;
  const auto ask = [&](Asked& a, size_t done) __attribute__((always_inline)) {
    const size_t m = n - done < kWordsAhead ? n - done : kWordsAhead;
    const uint32_t* const e = ends + done;
    for (size_t i = 0; i < m; ++i) {
      const uint32_t end = e[i];
      const uint32_t size = end - b;
      const uint8_t* row = rows + (size < 16 ? size : 16) * size_t{32};
      const __m128i key = _mm_or_si128(_mm_and_si128(load16(text + b), load16(row)), load16(row + 16));
      _mm_store_si128(reinterpret_cast<__m128i*>(a.keys[i]), key);
      b = end;
    }
    for (size_t i = m; i % 8 != 0; ++i) a.keys[i][0] = a.keys[i][1] = 0;
    for (size_t i = 0; i < m; i += 8) {
      const __m512i x = _mm512_load_si512(a.keys[i]), y = _mm512_load_si512(a.keys[i + 4]);
      const __m512i ka = _mm512_permutex2var_epi64(x, first_of, y),
                    kb = _mm512_permutex2var_epi64(x, second_of, y);
      __m512i h = _mm512_mullo_epi64(_mm512_xor_si512(ka, _mm512_mullo_epi64(kb, factor_b)), factor);
      h = _mm512_xor_si512(h, _mm512_slli_epi64(h, 29));
      const __m512i line = _mm512_slli_epi64(_mm512_srl_epi64(h, shifts), 6);
      _mm256_store_si256(reinterpret_cast<__m256i*>(a.at + i), _mm512_cvtepi64_epi32(line));
    }
    for (size_t i = 0; i < m; ++i) _mm_prefetch(reinterpret_cast<const char*>(base + a.at[i]), _MM_HINT_T0);
  };
  if (n != 0) ask(asked[0], 0);
  for (size_t done = 0; done < n; done += kWordsAhead) {
    const Asked& a = asked[done / kWordsAhead % 2];
    if (n - done > kWordsAhead) ask(asked[(done / kWordsAhead + 1) % 2], done + kWordsAhead);
    const size_t m = n - done < kWordsAhead ? n - done : kWordsAhead;
    for (size_t i = 0; i < m; ++i) {
      const uint8_t* line = base + a.at[i];
      const __m256i key = _mm256_broadcastsi128_si256(load16(a.keys[i]));
      const auto hits = [&]() __attribute__((always_inline)) {  // bit 0: the first key, bit 2: the second
        const unsigned equal =
            _mm256_cmpeq_epi64_mask(key, _mm256_load_si256(reinterpret_cast<const __m256i*>(line)));
        return equal & equal >> 1 & 5;
      };
      unsigned hit = hits();
      if (hit == 0 && line[31] != 0) [[unlikely]] {  // full: it may be in the line beside
        line = base + (a.at[i] ^ 64);
        hit = hits();
      }
      if (hit != 0) [[likely]] {
        const __m128i ids = load16(line + 32 + (hit & 4) * size_t{4});
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_and_si128(ids, id_mask));
        out += static_cast<uint32_t>(_mm_cvtsi128_si32(ids)) >> 24;
      } else {
        missed[misses++] = {static_cast<uint32_t>(done + i), static_cast<uint32_t>(out - out_begin)};
      }
    }
  }
  *missed_count = misses;
  return out;
}

inline uint32_t code_at(const uint8_t* p, uint32_t& size) {
  const uint32_t a = p[0];
  if (a < 0x80) return size = 1, a;
  if (a < 0xE0) return size = 2, (a & 0x1F) << 6 | (p[1] & 0x3Fu);
  if (a < 0xF0) return size = 3, (a & 0x0F) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
  return size = 4, (a & 0x07) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
}
inline bool joins(const Adjacency& a, uint32_t x, uint32_t y) {
  if ((x | y) > 0xFFFF) return true;
  const uint32_t i = (x * 0x9E3779B1u + y * 0x85EBCA77u) * 0x2C1B3C6Du >> (32 - Adjacency::kBits);
  return (a.bits[i >> 3] >> (i & 7) & 1u) | (a.flags[x] & Adjacency::kJoinsNext) |
         (a.flags[y] & Adjacency::kJoinsPrevious);
}

// Where the characters of [begin, end) may be cut, one by one; x is the one before `at`.
inline uint32_t* cut_slowly(const Adjacency& a, const uint8_t* text, uint32_t x, uint32_t at, uint32_t end,
                            uint32_t* out) {
  uint32_t size;
  while (at < end) {
    const uint32_t y = code_at(text + at, size);
    *out = at;
    out += !joins(a, x, y);
    x = y;
    at += size;
  }
  return out;
}

// Sixteen pairs of characters of three bytes a step; the others one by one.
uint32_t* cut_word(const Adjacency& a, const uint8_t* text, uint32_t begin, uint32_t end, uint32_t* out) {
  // Lane i: the character i of sixteen, its last byte lowest.
  const __m512i spread = _mm512_setr_epi32(
      0x00000102, 0x00030405, 0x00060708, 0x00090A0B, 0x000C0D0E, 0x000F1011, 0x00121314, 0x00151617,
      0x0018191A, 0x001B1C1D, 0x001E1F20, 0x00212223, 0x00242526, 0x00272829, 0x002A2B2C, 0x002D2E2F);
  const __m512i steps = _mm512_setr_epi32(0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45);
  const __m512i next_lane = _mm512_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0);
  const __m512i form = _mm512_set1_epi32(0x00F0C0C0), three = _mm512_set1_epi32(0x00E08080);
  uint32_t at = begin;
  while (end - at > 6) {
    const uint32_t left = end - at;
    const __m512i raw = _mm512_maskz_loadu_epi8(_bzhi_u64(~uint64_t{0}, left), text + at);
    const __m512i c = _mm512_and_si512(_mm512_permutexvar_epi8(spread, raw), _mm512_set1_epi32(0xFFFFFF));
    // How many characters of three bytes lie here in a row.
    const unsigned threes = static_cast<unsigned>(_mm512_cmpeq_epi32_mask(_mm512_and_si512(c, form), three));
    const unsigned count = threes == 0xFFFF ? 16 : static_cast<unsigned>(__builtin_ctz(~threes));
    if (count < 2) {
      uint32_t size;
      const uint32_t x = code_at(text + at, size);
      at += size;
      if (at == end) break;
      const uint32_t y = code_at(text + at, size);
      *out = at;
      out += !joins(a, x, y);
      continue;
    }
    const __m512i code =
        _mm512_or_si512(_mm512_or_si512(_mm512_and_si512(c, _mm512_set1_epi32(0x3F)),
                                        _mm512_and_si512(_mm512_srli_epi32(c, 2), _mm512_set1_epi32(0xFC0))),
                        _mm512_and_si512(_mm512_srli_epi32(c, 4), _mm512_set1_epi32(0xF000)));
    const __m512i next = _mm512_permutexvar_epi32(next_lane, code);
    __m512i h = _mm512_add_epi32(_mm512_mullo_epi32(code, _mm512_set1_epi32(static_cast<int>(0x9E3779B1u))),
                                 _mm512_mullo_epi32(next, _mm512_set1_epi32(static_cast<int>(0x85EBCA77u))));
    h = _mm512_srli_epi32(_mm512_mullo_epi32(h, _mm512_set1_epi32(0x2C1B3C6D)), 32 - Adjacency::kBits);
    const __mmask16 pairs = static_cast<__mmask16>(_bzhi_u32(0xFFFF, count - 1));
    const __m512i words =
        _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), pairs, _mm512_srli_epi32(h, 5), a.bits, 4);
    const __m512i bit = _mm512_srlv_epi32(words, _mm512_and_si512(h, _mm512_set1_epi32(31)));
    const __m512i flags = _mm512_mask_i32gather_epi32(
        _mm512_setzero_si512(), static_cast<__mmask16>(_bzhi_u32(0xFFFF, count)), code, a.flags, 1);
    const __m512i next_flags = _mm512_permutexvar_epi32(next_lane, flags);
    __mmask16 join = _mm512_test_epi32_mask(bit, _mm512_set1_epi32(1));
    join |= _mm512_test_epi32_mask(flags, _mm512_set1_epi32(Adjacency::kJoinsNext));
    join |= _mm512_test_epi32_mask(next_flags, _mm512_set1_epi32(Adjacency::kJoinsPrevious));
    const __mmask16 cuts = static_cast<__mmask16>(pairs & ~join);
    // The cut between i and i + 1 is where i + 1 begins.
    const __m512i places = _mm512_add_epi32(steps, _mm512_set1_epi32(static_cast<int>(at + 3)));
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(cuts, places));
    out += _mm_popcnt_u32(cuts);
    at += 3 * (count - 1);  // the last one again, as the first of the next pair
    if (at + 3 >= end) break;
    if (count < 16) {  // what follows is of another size
      uint32_t size;
      const uint32_t x = code_at(text + at, size);
      at += size;
      const uint32_t y = code_at(text + at, size);
      *out = at;
      out += !joins(a, x, y);
    }
  }
  if (at < end) {
    uint32_t size;
    const uint32_t x = code_at(text + at, size);
    out = cut_slowly(a, text, x, at + size, end, out);
  }
  *out++ = end;
  return out;
}

size_t cut_words(const Adjacency& a, const uint8_t* text, uint32_t begin, const uint32_t* ends, size_t n,
                 uint32_t* out) {
  uint32_t* const first = out;
  for (size_t k = 0; k < n; ++k) {
    const uint32_t end = ends[k];
    if (end - begin > kUncut && (text[begin] | text[begin + 1]) >= 0xC0) {
      out = cut_word(a, text, begin, end, out);
    } else {
      *out++ = end;
    }
    begin = end;
  }
  return static_cast<size_t>(out - first);
}

void merge_words(const MergeTables& t, const uint8_t* const* words, const uint8_t* sizes, size_t n,
                 uint32_t* ids, uint8_t* counts) {
  merge_words_avx512(t, words, sizes, n, ids, counts, nullptr);
}

}  // namespace

EncoderCore avx512_core() { return {cut_words, look_up_words, merge_words}; }

}  // namespace ds::tokenizer
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#pragma GCC diagnostic pop

namespace ds::tokenizer {
bool avx512_core_runs() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
         __builtin_cpu_supports("bmi2");
}
}  // namespace ds::tokenizer
#endif
