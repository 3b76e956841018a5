// AdamW and the squared norm, sixteen elements at a time.
#include "kernels/simd512.h"
#ifdef DS_HAVE_AVX512_CODE
#include "kernels/adamw.h"

namespace ds::kernels::avx512 {

using namespace simd;

template <class G>
DS_AVX512 void adamw(float* master, const G* gradient, float* moment1, float* moment2, bf16* compute,
                     uint64_t n, float weight_decay, const AdamwStep& s) {
  const v16 b1 = set(s.beta1), b2 = set(s.beta2), c1 = set(1.0f - s.beta1), c2 = set(1.0f - s.beta2);
  const v16 scale = set(s.gradient_scale), eps = set(s.eps), keep = set(1.0f - s.lr * weight_decay);
  const v16 rate = set(s.lr / s.correction1), root = set(1.0f / __builtin_sqrtf(s.correction2));
  for (uint64_t i = 0; i < n; i += 16) {
    const __mmask16 k = lanes(n - i);
    const v16 g = _mm512_mul_ps(load(gradient + i, k), scale);
    const v16 m = _mm512_fmadd_ps(b1, load(moment1 + i, k), _mm512_mul_ps(c1, g));
    const v16 v = _mm512_fmadd_ps(b2, load(moment2 + i, k), _mm512_mul_ps(c2, _mm512_mul_ps(g, g)));
    store(moment1 + i, k, m);
    store(moment2 + i, k, v);
    const v16 step = _mm512_div_ps(_mm512_mul_ps(rate, m), _mm512_fmadd_ps(_mm512_sqrt_ps(v), root, eps));
    const v16 p = _mm512_fmsub_ps(load(master + i, k), keep, step);
    store(master + i, k, p);
    if (compute) store(compute + i, k, p);
  }
}

DS_AVX512 double squared_norm(const float* x, uint64_t n) {
  __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
  for (uint64_t i = 0; i < n; i += 16) {
    const v16 v = load(x + i, lanes(n - i));
    const __m512d a = _mm512_cvtps_pd(_mm512_castps512_ps256(v)),
                  b = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
    low = _mm512_fmadd_pd(a, a, low);
    high = _mm512_fmadd_pd(b, b, high);
  }
  return _mm512_reduce_add_pd(_mm512_add_pd(low, high));
}

template void adamw(float*, const float*, float*, float*, bf16*, uint64_t, float, const AdamwStep&);
template void adamw(float*, const bf16*, float*, float*, bf16*, uint64_t, float, const AdamwStep&);

}  // namespace ds::kernels::avx512
#endif
