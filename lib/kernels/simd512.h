// Sixteen floats at a time, over fp32 or bf16 memory. Only for the *_avx512.cpp files: every function carries
// the target attribute, so nothing here can leak AVX-512 instructions into code that runs elsewhere.
#pragma once

#if defined(__x86_64__)
#define DS_HAVE_AVX512_CODE 1
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 says both of its own intrinsics
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include "kernels/avx512.h"

#define DS_AVX512_INLINE DS_AVX512 __attribute__((always_inline)) static inline

namespace ds::kernels::simd {

using v16 = __m512;

// Lanes that are inside when `left` elements remain.
DS_AVX512_INLINE __mmask16 lanes(uint64_t left) {
  return left >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << left) - 1u);
}

DS_AVX512_INLINE v16 load(const float* p, __mmask16 m) { return _mm512_maskz_loadu_ps(m, p); }
DS_AVX512_INLINE v16 load(const bf16* p, __mmask16 m) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(m, p)), 16));
}

// The 32 bits whose upper half is x as bf16 (nearest even, quiet NaN); the lower half is rubbish.
DS_AVX512_INLINE __m512i bf16_bits(v16 x) {
  const __m512i u = _mm512_castps_si512(x);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
  const __m512i r = _mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  return _mm512_mask_mov_epi32(r, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), _mm512_set1_epi32(0x7fc00000));
}

DS_AVX512_INLINE void store(float* p, __mmask16 m, v16 x) { _mm512_mask_storeu_ps(p, m, x); }
DS_AVX512_INLINE void store(bf16* p, __mmask16 m, v16 x) {
  _mm256_mask_storeu_epi16(p, m,
                           _mm512_maskz_cvtepi32_epi16(m, _mm512_maskz_srli_epi32(m, bf16_bits(x), 16)));
}

// x as it reads back after being stored as T (the tag carries the type).
DS_AVX512_INLINE v16 round_as(const float*, v16 x) { return x; }
DS_AVX512_INLINE v16 round_as(const bf16*, v16 x) {
  return _mm512_castsi512_ps(
      _mm512_and_si512(bf16_bits(x), _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
}

DS_AVX512_INLINE v16 set(float x) { return _mm512_set1_ps(x); }
DS_AVX512_INLINE float sum(v16 x) { return _mm512_reduce_add_ps(x); }

// e^x to about 1 ulp: 2^n * p(r), |r| <= ln2/2, polynomial of degree 6 (Taylor coefficients, refitted by
// Remez).
DS_AVX512_INLINE v16 exp(v16 x) {
  x = _mm512_max_ps(_mm512_min_ps(x, set(88.9f)), set(-104.0f));
  const v16 n = _mm512_roundscale_ps(_mm512_mul_ps(x, set(1.44269504088896341f)),
                                     _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  v16 r = _mm512_fnmadd_ps(n, set(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, set(-2.12194440e-4f), r);
  v16 p = set(1.9875691500e-4f);
  p = _mm512_fmadd_ps(p, r, set(1.3981999507e-3f));
  p = _mm512_fmadd_ps(p, r, set(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, r, set(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, r, set(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, r, set(5.0000001201e-1f));
  p = _mm512_fmadd_ps(p, _mm512_mul_ps(r, r), _mm512_add_ps(r, set(1.0f)));
  return _mm512_scalef_ps(p, n);
}

// Sixteen rows of sixteen 32-bit lanes.
DS_AVX512_INLINE void transpose16(__m512i (&r)[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 2; ++j) {
      r[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + j + 2]);
      r[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + j + 2]);
    }
  for (int j = 0; j < 4; ++j) {  // r[4 i + j] holds column j of each of its four quarters for rows 4 i ..
    const __m512i a = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88);
    const __m512i b = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xdd);
    const __m512i c = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88);
    const __m512i d = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xdd);
    t[j] = _mm512_shuffle_i32x4(a, c, 0x88);
    t[8 + j] = _mm512_shuffle_i32x4(a, c, 0xdd);
    t[4 + j] = _mm512_shuffle_i32x4(b, d, 0x88);
    t[12 + j] = _mm512_shuffle_i32x4(b, d, 0xdd);
  }
  for (int i = 0; i < 16; ++i) r[i] = t[i];
}

}  // namespace ds::kernels::simd
#endif
