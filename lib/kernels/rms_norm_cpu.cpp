// RMSNorm on any processor: two plain passes over each row.
#include <cmath>

#include "kernels/avx512.h"
#include "kernels/rms_norm.h"

namespace ds::kernels {

namespace {

template <class T>
void forward(const T* x, const T* delta, const T* w, float eps, uint64_t rows, uint64_t width, T* sum, T* y,
             float* rstd) {
  for (uint64_t r = 0; r < rows; ++r, x += width, y += width) {
    const T* in = x;
    if (delta) {
      for (uint64_t i = 0; i < width; ++i) assign(sum[i], to_float(x[i]) + to_float(delta[i]));
      in = sum;
      delta += width;
      sum += width;
    }
    double squares = 0;
    for (uint64_t i = 0; i < width; ++i) squares += static_cast<double>(to_float(in[i])) * to_float(in[i]);
    const float scale = 1.0f / std::sqrt(static_cast<float>(squares / static_cast<double>(width)) + eps);
    rstd[r] = scale;
    for (uint64_t i = 0; i < width; ++i) assign(y[i], to_float(w[i]) * rounded<T>(to_float(in[i]) * scale));
  }
}

template <class T>
void backward(const T* dy, const T* dsum, const T* x, const T* w, const float* rstd, uint64_t rows,
              uint64_t width, T* dx, float* dw) {
  for (uint64_t r = 0; r < rows; ++r, dy += width, x += width, dx += width) {
    double dot = 0;
    for (uint64_t i = 0; i < width; ++i) {
      const float xhat = to_float(x[i]) * rstd[r];
      dw[i] += to_float(dy[i]) * xhat;
      dot += static_cast<double>(to_float(dy[i]) * to_float(w[i])) * xhat;
    }
    const float mean = static_cast<float>(dot / static_cast<double>(width));
    for (uint64_t i = 0; i < width; ++i) {
      const float g = to_float(dy[i]) * to_float(w[i]);
      const float d = rstd[r] * (g - to_float(x[i]) * rstd[r] * mean);
      assign(dx[i], dsum ? to_float(dsum[i]) + d : d);
    }
    if (dsum) dsum += width;
  }
}

}  // namespace

template <class T>
void add_rms_norm_forward(const T* x, const T* delta, const T* w, float eps, uint64_t rows, uint64_t width,
                          T* sum, T* y, float* rstd) {
#if defined(__x86_64__)
  if (use_avx512()) return avx512::add_rms_norm_forward(x, delta, w, eps, rows, width, sum, y, rstd);
#endif
  forward(x, delta, w, eps, rows, width, sum, y, rstd);
}

template <class T>
void rms_norm_forward(const T* x, const T* w, float eps, uint64_t rows, uint64_t width, T* y, float* rstd) {
  add_rms_norm_forward<T>(x, nullptr, w, eps, rows, width, nullptr, y, rstd);
}

template <class T>
void rms_norm_backward(const T* dy, const T* dsum, const T* x, const T* w, const float* rstd, uint64_t rows,
                       uint64_t width, T* dx, float* dw) {
#if defined(__x86_64__)
  if (use_avx512()) return avx512::rms_norm_backward(dy, dsum, x, w, rstd, rows, width, dx, dw);
#endif
  backward(dy, dsum, x, w, rstd, rows, width, dx, dw);
}

#define DS_INSTANTIATE(T)                                                                                   \
  template void rms_norm_forward(const T*, const T*, float, uint64_t, uint64_t, T*, float*);                \
  template void add_rms_norm_forward(const T*, const T*, const T*, float, uint64_t, uint64_t, T*, T*,       \
                                     float*);                                                               \
  template void rms_norm_backward(const T*, const T*, const T*, const T*, const float*, uint64_t, uint64_t, \
                                  T*, float*);
DS_INSTANTIATE(float)
DS_INSTANTIATE(bf16)
#undef DS_INSTANTIATE

}  // namespace ds::kernels
