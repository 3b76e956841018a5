// Attention for processors with AVX-512: the same body, another target. Standard headers come before the
// target is set, so that no inline function of theirs is compiled for it.
#if defined(__x86_64__)
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels/attention.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#include "kernels/attention_tile.h"

namespace ds::kernels::avx512 {

template <class T>
void attention_forward(const AttentionShape& s, const T* q, const T* k, const T* v, T* out, float* lse,
                       int64_t begin, int64_t end) {
  forward_tasks(s, q, k, v, out, lse, begin, end);
}

template <class T>
void attention_backward(const AttentionShape& s, const T* q, const T* k, const T* v, const T* out,
                        const T* dout, const float* lse, T* dq, T* dk, T* dv, int64_t begin, int64_t end) {
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

}  // namespace ds::kernels::avx512
#pragma GCC pop_options
#endif
