// SwiGLU on any processor.
#include <cmath>

#include "kernels/avx512.h"
#include "kernels/swiglu.h"

namespace ds::kernels {

template <class T>
void swiglu_forward(const T* gate, const T* up, uint64_t n, T* y) {
#if defined(__x86_64__)
  if (use_avx512()) return avx512::swiglu_forward(gate, up, n, y);
#endif
  for (uint64_t i = 0; i < n; ++i) {
    const float g = to_float(gate[i]);
    assign(y[i], rounded<T>(g / (1.0f + std::exp(-g))) * to_float(up[i]));
  }
}

template <class T>
void swiglu_backward(const T* dy, const T* gate, const T* up, uint64_t n, T* dgate, T* dup) {
#if defined(__x86_64__)
  if (use_avx512()) return avx512::swiglu_backward(dy, gate, up, n, dgate, dup);
#endif
  for (uint64_t i = 0; i < n; ++i) {
    const float g = to_float(gate[i]), d = to_float(dy[i]);
    const float sigmoid = 1.0f / (1.0f + std::exp(-g));
    assign(dup[i], d * rounded<T>(g * sigmoid));
    assign(dgate[i], d * to_float(up[i]) * sigmoid * (1.0f + g * (1.0f - sigmoid)));
  }
}

#define DS_INSTANTIATE(T)                                         \
  template void swiglu_forward(const T*, const T*, uint64_t, T*); \
  template void swiglu_backward(const T*, const T*, const T*, uint64_t, T*, T*);
DS_INSTANTIATE(float)
DS_INSTANTIATE(bf16)
#undef DS_INSTANTIATE

}  // namespace ds::kernels
