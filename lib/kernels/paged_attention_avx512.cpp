// Attention over pages for processors with AVX-512: the same body, another target (see
// attention_avx512.cpp).
#if defined(__x86_64__)
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels/paged_attention.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#include "kernels/paged_attention_tile.h"

namespace ds::kernels::avx512 {

template <class T>
void paged_attention(const PagedCache& cache, const PagedShape& shape, const PagedSequence& s,
                     int64_t kv_head, const T* q, T* out) {
  paged_task(cache, shape, s, kv_head, q, out);
}

template void paged_attention<float>(const PagedCache&, const PagedShape&, const PagedSequence&, int64_t,
                                     const float*, float*);
template void paged_attention<bf16>(const PagedCache&, const PagedShape&, const PagedSequence&, int64_t,
                                    const bf16*, bf16*);

}  // namespace ds::kernels::avx512
#pragma GCC pop_options
#endif
