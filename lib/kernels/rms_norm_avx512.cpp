// RMSNorm, sixteen elements at a time.
#include "kernels/simd512.h"
#ifdef DS_HAVE_AVX512_CODE

namespace ds::kernels::avx512 {

using namespace simd;

template <class T>
DS_AVX512 void add_rms_norm_forward(const T* x, const T* delta, const T* w, float eps, uint64_t rows,
                                    uint64_t width, T* sum, T* y, float* rstd) {
  for (uint64_t r = 0; r < rows; ++r, x += width, y += width) {
    v16 squares = _mm512_setzero_ps();
    for (uint64_t i = 0; i < width; i += 16) {
      const __mmask16 m = lanes(width - i);
      v16 v = load(x + i, m);
      if (delta) {
        v = round_as(x, _mm512_add_ps(v, load(delta + i, m)));
        store(sum + i, m, v);
      }
      squares = _mm512_fmadd_ps(v, v, squares);
    }
    const float mean = simd::sum(squares) / static_cast<float>(width);
    const float scale = 1.0f / __builtin_sqrtf(mean + eps);
    rstd[r] = scale;
    const T* in = delta ? sum : x;
    for (uint64_t i = 0; i < width; i += 16) {
      const __mmask16 m = lanes(width - i);
      const v16 xhat = round_as(x, _mm512_mul_ps(load(in + i, m), set(scale)));
      store(y + i, m, _mm512_mul_ps(load(w + i, m), xhat));
    }
    if (delta) {
      delta += width;
      sum += width;
    }
  }
}

template <class T>
DS_AVX512 void rms_norm_backward(const T* dy, const T* dsum, const T* x, const T* w, const float* rstd,
                                 uint64_t rows, uint64_t width, T* dx, float* dw) {
  for (uint64_t r = 0; r < rows; ++r, dy += width, x += width, dx += width) {
    const v16 scale = set(rstd[r]);
    v16 dot = _mm512_setzero_ps();
    for (uint64_t i = 0; i < width; i += 16) {
      const __mmask16 m = lanes(width - i);
      const v16 xhat = _mm512_mul_ps(load(x + i, m), scale);
      const v16 d = load(dy + i, m);
      store(dw + i, m, _mm512_fmadd_ps(d, xhat, load(dw + i, m)));
      dot = _mm512_fmadd_ps(_mm512_mul_ps(d, load(w + i, m)), xhat, dot);
    }
    const v16 mean = set(simd::sum(dot) / static_cast<float>(width));
    for (uint64_t i = 0; i < width; i += 16) {
      const __mmask16 m = lanes(width - i);
      const v16 g = _mm512_mul_ps(load(dy + i, m), load(w + i, m));
      const v16 xhat = _mm512_mul_ps(load(x + i, m), scale);
      v16 d = _mm512_mul_ps(scale, _mm512_fnmadd_ps(xhat, mean, g));
      if (dsum) d = _mm512_add_ps(d, load(dsum + i, m));
      store(dx + i, m, d);
    }
    if (dsum) dsum += width;
  }
}

#define DS_INSTANTIATE(T)                                                                                   \
  template void add_rms_norm_forward(const T*, const T*, const T*, float, uint64_t, uint64_t, T*, T*,       \
                                     float*);                                                               \
  template void rms_norm_backward(const T*, const T*, const T*, const T*, const float*, uint64_t, uint64_t, \
                                  T*, float*);
DS_INSTANTIATE(float)
DS_INSTANTIATE(bf16)
#undef DS_INSTANTIATE

}  // namespace ds::kernels::avx512
#endif
