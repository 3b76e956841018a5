// Packed rows to numbers, 32 at a time: what the AVX-512 and AMX forms of matmul share. Every function
// carries the target attribute. Values are those of dequantize_part() to the bit; where a group is not a
// multiple of 32 numbers long, and for the last in % 32 numbers, that function is called.
#pragma once

#include "kernels/scale.h"
#include "kernels/simd512.h"
#ifdef DS_HAVE_AVX512_CODE

namespace ds::kernels::simd {

// x rounded to the scale's type.
template <ScaleType S>
DS_AVX512_INLINE v16 round_product(v16 x) {
  if constexpr (S == ScaleType::bf16) return round_as(static_cast<const bf16*>(nullptr), x);
  if constexpr (S == ScaleType::f16)
    return _mm512_cvtph_ps(_mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  return x;
}

// Sixteen bytes u as u - 128.
DS_AVX512_INLINE v16 centred(const void* bytes) {
  const __m512i u = _mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(bytes)));
  return _mm512_cvtepi32_ps(_mm512_sub_epi32(u, _mm512_set1_epi32(128)));
}

// q * scale for q = -8 .. 7.
template <ScaleType S>
DS_AVX512_INLINE v16 nibble_values(float scale) {
  const v16 q = _mm512_set_ps(7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8);
  return round_product<S>(_mm512_mul_ps(q, set(scale)));
}

}  // namespace ds::kernels::simd
#endif
