// For matmul_amx.cpp: a strip of a weight matrix, brought into scratch that tiles are loaded from, 32 numbers
// of its rows at a time. Values are those of dequantize_row() to the bit.
#pragma once

#include "kernels/matmul.h"
#include "kernels/unpack512.h"
#ifdef DS_HAVE_AVX512_CODE

#include <algorithm>

#define DS_AMX \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,avx512vbmi,avx512bf16,amx-tile,amx-bf16")))
#define DS_AMX_INLINE DS_AMX __attribute__((always_inline)) static inline

namespace ds::kernels::amx {

using namespace simd;

namespace {

constexpr int64_t kStep = 32;  // numbers of `in` that a tile holds

using Tile = bf16[kMatmulStrip][kStep];  // what two A tiles hold

// One strip of a weight matrix, and how to bring a step of it (32 numbers of each row) into a Tile.
struct Strip {
  const MatmulWeight<bf16>* w;
  int64_t first, count;  // rows of W
  bool quick;            // packed, and every step but a last short one can go through quick_step()
  int64_t scales = 1;    // of a row
  int64_t group_steps, group, left;  // steps in a group of scales; the next group; steps until it begins
  // Of the group of scales that is being read. Bits 4: the values of the nibbles. Bits 8: s, and then
  // (2^15 + 128) * s.
  alignas(64) bf16 table[kMatmulStrip][16];
  alignas(64) float scale[2 * kMatmulStrip];
};

// Quick steps round with an instruction that flushes subnormal numbers, and take products apart: as exact as
// the plain way while all scales are zero or of a size from 2^-126 to 2^100.
DS_AMX bool plain_scales(const PackedMatrix& p, int64_t first, int64_t count) {
  const bool wide = p.scale_type == ScaleType::f32;
  const char* from = static_cast<const char*>(p.scale) + first * (wide ? 4 : 2);
  const __m512i sign = _mm512_set1_epi32(wide ? 0x7fffffff : 0x7fff), one = _mm512_set1_epi32(1);
  const int low = wide ? 0x00800000 : p.scale_type == ScaleType::bf16 ? 0x0080 : 1;
  const int high = wide ? 0x71800000 : p.scale_type == ScaleType::bf16 ? 0x7180 : 0x7c00;
  const __m512i lowest = _mm512_set1_epi32(low), range = _mm512_set1_epi32(high - low);
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 m = lanes(static_cast<uint64_t>(count - i));
    const __m512i u = wide ? _mm512_maskz_loadu_epi32(m, from + i * 4)
                           : _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(m, from + i * 2));
    const __m512i size = _mm512_and_si512(u, sign);
    const __mmask16 zero = _mm512_cmplt_epu32_mask(size, one);
    if ((_mm512_cmpge_epu32_mask(_mm512_sub_epi32(size, lowest), range) & ~zero) != 0) return false;
  }
  return true;
}

DS_AMX_INLINE void open_strip(Strip& s, const MatmulWeight<bf16>& w, int64_t strip) {
  const PackedMatrix& p = w.packed;
  const int64_t scales = w.dense ? 0 : scales_per_row(p, w.in);
  s.scales = scales, s.group = s.left = 0;
  s.group_steps = (p.group > 0 ? p.group : w.in) / kStep;
  s.w = &w, s.first = strip * kMatmulStrip, s.count = std::min(kMatmulStrip, w.out - s.first);
  s.quick = !w.dense && s.count == kMatmulStrip && p.group % kStep == 0 &&
            plain_scales(p, s.first * scales, kMatmulStrip * scales);
}

// The scale of every row of the strip for the group that begins.
template <int Bits, ScaleType S>
DS_AMX_INLINE void open_group(Strip& s) {
  for (int64_t r = 0; r < kMatmulStrip; ++r) {
    const float scale = read_scale(S, s.w->packed.scale, (s.first + r) * s.scales + s.group);
    if constexpr (Bits == 4) {
      const v16 q = _mm512_set_ps(7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8);
      v16 values = _mm512_mul_ps(q, set(scale));
      if constexpr (S == ScaleType::f16) values = round_product<S>(values);
      _mm256_store_si256(reinterpret_cast<__m256i*>(s.table[r]), (__m256i)_mm512_cvtneps_pbh(values));
    } else {
      s.scale[r] = scale;
      s.scale[kMatmulStrip + r] = 32896.0f * scale;
    }
  }
}

// Rows of a strip follow each other in memory, so while it is multiplied the next one is read in the order of
// its addresses, as much in each step as the step uses up.
template <int64_t Bytes>
DS_AMX_INLINE void ask_ahead(const void* from) {
#pragma GCC unroll 8
  for (int64_t i = 0; i < Bytes; i += 64) _mm_prefetch(static_cast<const char*>(from) + i, _MM_HINT_T0);
}

// 32 numbers of eight bits: q * s, where q = u - 128. Byte u becomes a part of the float 2^15 + u, and one
// fused operation makes (2^15 + u) s - (2^15 + 128) s, which is exact where the last product is: for scales
// of at most 11 bits. For fp32 the parts are taken one after the other.
template <ScaleType S>
DS_AMX_INLINE __m512i eight_bits(const uint8_t* bytes, const float* s) {
  const __m512i constant = _mm512_set1_epi32(0x47000000);  // bytes 32 and up stay: 0, 0, 0, 0x47
  const __m512i source =
      _mm512_inserti64x4(constant, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes)), 0);
  // Byte by byte of the float, lowest first: 0, u, 0, 0x47.
  const __m512i first = _mm512_set1_epi32(35 << 24 | 32 << 16 | 32);
  const __m512i lanes = _mm512_set_epi32(15 << 8, 14 << 8, 13 << 8, 12 << 8, 11 << 8, 10 << 8, 9 << 8, 8 << 8,
                                         7 << 8, 6 << 8, 5 << 8, 4 << 8, 3 << 8, 2 << 8, 1 << 8, 0);
  const __m512i lower = _mm512_add_epi32(first, lanes);
  const __m512i upper = _mm512_add_epi32(lower, _mm512_set1_epi32(16 << 8));
  v16 low = _mm512_castsi512_ps(_mm512_permutexvar_epi8(lower, source));
  v16 high = _mm512_castsi512_ps(_mm512_permutexvar_epi8(upper, source));
  if constexpr (S == ScaleType::f32) {
    low = _mm512_mul_ps(_mm512_sub_ps(low, set(32896.0f)), set(*s));
    high = _mm512_mul_ps(_mm512_sub_ps(high, set(32896.0f)), set(*s));
  } else {
    low = _mm512_fmsub_ps(low, set(*s), set(s[kMatmulStrip]));
    high = _mm512_fmsub_ps(high, set(*s), set(s[kMatmulStrip]));
  }
  if constexpr (S == ScaleType::f16) low = round_product<S>(low), high = round_product<S>(high);
  return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

// 32 nibbles by table. vpermw looks at five bits of a word: the fourth is a bit of the next nibble and
// chooses between equal halves.
DS_AMX_INLINE __m512i four_bits(const uint8_t* bytes, const bf16* table) {
  const __m512i both = _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(table)));
  const __m512i pairs = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
  return _mm512_permutexvar_epi16(_mm512_or_si512(pairs, _mm512_slli_epi32(pairs, 12)), both);
}

// Steps come in ascending order, each once: first this, then the rows.
template <int Bits, ScaleType S>
DS_AMX_INLINE void begin_quick_step(Strip& s, int64_t step) {
  constexpr int64_t kBytes = kMatmulStrip * kStep * Bits / 8;  // of the strip
  const int64_t stride = s.w->packed.words * 4;
  ask_ahead<kBytes>(reinterpret_cast<const char*>(s.w->packed.packed) + (s.first + kMatmulStrip) * stride +
                    step * kBytes);
  if (s.left == 0) {
    open_group<Bits, S>(s);
    ++s.group;
    s.left = s.group_steps;
  }
  --s.left;
}

template <int Bits, ScaleType S>
DS_AMX_INLINE void quick_rows(const Strip& s, int64_t step, int64_t first, int64_t end, Tile& out) {
  const int64_t stride = s.w->packed.words * 4;
  const uint8_t* from = reinterpret_cast<const uint8_t*>(s.w->packed.packed) + (s.first + first) * stride +
                        step * (kStep * Bits / 8);
#pragma GCC unroll 4
  for (int64_t r = first; r < end; ++r, from += stride) {
    if constexpr (Bits == 4)
      _mm512_store_si512(out[r], four_bits(from, s.table[r]));
    else
      _mm512_store_si512(out[r], eight_bits<S>(from, s.scale + r));
  }
}

// Any step of any strip: zeros where there is nothing.
void slow_step(const Strip& s, int64_t step, Tile& out) {
  const int64_t in = s.w->in, begin = step * kStep, n = std::min(kStep, in - begin);
  std::memset(out, 0, sizeof(Tile));
  for (int64_t r = 0; r < s.count; ++r)
    if (s.w->dense)
      std::memcpy(out[r], s.w->dense + (s.first + r) * in + begin, static_cast<size_t>(n) * sizeof(bf16));
    else
      dequantize_part(s.w->packed, s.first + r, in, begin, begin + n, out[r]);
}

}  // namespace
}  // namespace ds::kernels::amx
#endif
