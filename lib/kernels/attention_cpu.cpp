// Attention on the baseline instruction set, and the choice between the compiled bodies.
#include "kernels/attention.h"
#include "kernels/attention_tile.h"

namespace ds::kernels {

template <class T>
void attention_forward(const AttentionShape& s, const T* q, const T* k, const T* v, T* out, float* lse,
                       int64_t begin, int64_t end) {
#if defined(__x86_64__)
  if (use_avx512()) return avx512::attention_forward(s, q, k, v, out, lse, begin, end);
#endif
  forward_tasks(s, q, k, v, out, lse, begin, end);
}

template <class T>
void attention_backward(const AttentionShape& s, const T* q, const T* k, const T* v, const T* out,
                        const T* dout, const float* lse, T* dq, T* dk, T* dv, int64_t begin, int64_t end) {
#if defined(__x86_64__)
  if (use_avx512()) return avx512::attention_backward(s, q, k, v, out, dout, lse, dq, dk, dv, begin, end);
#endif
  backward_tasks(s, q, k, v, out, dout, lse, dq, dk, dv, begin, end);
}

#define DS_INSTANCE(T)                                                                                \
  template void attention_forward<T>(const AttentionShape&, const T*, const T*, const T*, T*, float*, \
                                     int64_t, int64_t);                                               \
  template void attention_backward<T>(const AttentionShape&, const T*, const T*, const T*, const T*,  \
                                      const T*, const float*, T*, T*, T*, int64_t, int64_t);
DS_INSTANCE(float)
DS_INSTANCE(bf16)
#undef DS_INSTANCE

}  // namespace ds::kernels
