// SwiGLU, sixteen elements at a time.
#include "kernels/simd512.h"
#ifdef DS_HAVE_AVX512_CODE

namespace ds::kernels::avx512 {

using namespace simd;

namespace {

DS_AVX512_INLINE v16 sigmoid(v16 g) {
  const v16 one = set(1.0f);
  return _mm512_div_ps(one, _mm512_add_ps(one, exp(_mm512_sub_ps(_mm512_setzero_ps(), g))));
}

}  // namespace

template <class T>
DS_AVX512 void swiglu_forward(const T* gate, const T* up, uint64_t n, T* y) {
  for (uint64_t i = 0; i < n; i += 16) {
    const __mmask16 m = lanes(n - i);
    const v16 g = load(gate + i, m);
    const v16 s = round_as(gate, _mm512_mul_ps(g, sigmoid(g)));
    store(y + i, m, _mm512_mul_ps(s, load(up + i, m)));
  }
}

template <class T>
DS_AVX512 void swiglu_backward(const T* dy, const T* gate, const T* up, uint64_t n, T* dgate, T* dup) {
  const v16 one = set(1.0f);
  for (uint64_t i = 0; i < n; i += 16) {
    const __mmask16 m = lanes(n - i);
    const v16 g = load(gate + i, m), d = load(dy + i, m);
    const v16 u = load(up + i, m);
    const v16 s = sigmoid(g);
    store(dup + i, m, _mm512_mul_ps(d, round_as(gate, _mm512_mul_ps(g, s))));
    const v16 slope = _mm512_mul_ps(s, _mm512_fmadd_ps(g, _mm512_sub_ps(one, s), one));
    store(dgate + i, m, _mm512_mul_ps(_mm512_mul_ps(d, u), slope));
  }
}

#define DS_INSTANTIATE(T)                                         \
  template void swiglu_forward(const T*, const T*, uint64_t, T*); \
  template void swiglu_backward(const T*, const T*, const T*, uint64_t, T*, T*);
DS_INSTANTIATE(float)
DS_INSTANTIATE(bf16)
#undef DS_INSTANTIATE

}  // namespace ds::kernels::avx512
#endif
