// Attention over pages on the baseline instruction set, and the choice between the compiled bodies.
#include "kernels/paged_attention.h"
#include "kernels/paged_attention_tile.h"

namespace ds::kernels {

template <class T>
void paged_store(const PagedCache& cache, const PagedShape& shape, const PagedSequence& s, const T* k,
                 const T* v) {
  const int64_t width = cache.kv_heads * cache.width;
  for (int64_t i = 0; i < s.count; ++i) {
    const int64_t t = s.past + i;
    const int64_t at = (s.pages[t / cache.page_tokens] * cache.page_tokens + t % cache.page_tokens) * width;
    std::memcpy(static_cast<T*>(cache.keys) + at, k + (s.begin + i) * shape.k_stride,
                static_cast<size_t>(width) * sizeof(T));
    std::memcpy(static_cast<T*>(cache.values) + at, v + (s.begin + i) * shape.v_stride,
                static_cast<size_t>(width) * sizeof(T));
  }
}

template <class T>
void paged_attention(const PagedCache& cache, const PagedShape& shape, const PagedSequence& s,
                     int64_t kv_head, const T* q, T* out) {
#if defined(__x86_64__)
  if (use_avx512()) return avx512::paged_attention(cache, shape, s, kv_head, q, out);
#endif
  paged_task(cache, shape, s, kv_head, q, out);
}

#define DS_INSTANCE(T)                                                                                  \
  template void paged_store<T>(const PagedCache&, const PagedShape&, const PagedSequence&, const T*,    \
                               const T*);                                                               \
  template void paged_attention<T>(const PagedCache&, const PagedShape&, const PagedSequence&, int64_t, \
                                   const T*, T*);
DS_INSTANCE(float)
DS_INSTANCE(bf16)
#undef DS_INSTANCE

}  // namespace ds::kernels
