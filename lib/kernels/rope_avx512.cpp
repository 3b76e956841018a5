// Half-split rotary embedding of one row, sixteen pairs at a time.
#include "kernels/simd512.h"
#ifdef DS_HAVE_AVX512_CODE

namespace ds::kernels::avx512 {

using namespace simd;

template <class T>
DS_AVX512 void rope_half_split(const T* x, const float* cos, const float* sin, uint64_t heads, uint64_t half,
                               float sign, T* y) {
  for (uint64_t i = 0; i < half; i += 16) {
    const __mmask16 m = lanes(half - i);
    const v16 c = round_as(x, load(cos + i, m));
    const v16 s = _mm512_mul_ps(set(sign), round_as(x, load(sin + i, m)));
    for (uint64_t h = 0; h < heads; ++h) {
      const T* in = x + h * 2 * half + i;
      T* out = y + h * 2 * half + i;
      const v16 a = load(in, m), b = load(in + half, m);
      store(out, m, _mm512_sub_ps(round_as(x, _mm512_mul_ps(a, c)), round_as(x, _mm512_mul_ps(b, s))));
      store(out + half, m, _mm512_add_ps(round_as(x, _mm512_mul_ps(b, c)), round_as(x, _mm512_mul_ps(a, s))));
    }
  }
}

template void rope_half_split(const float*, const float*, const float*, uint64_t, uint64_t, float, float*);
template void rope_half_split(const bf16*, const float*, const float*, uint64_t, uint64_t, float, bf16*);

}  // namespace ds::kernels::avx512
#endif
