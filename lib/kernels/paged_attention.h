// Causal attention of new tokens over a paged key/value cache on the CPU, softmax in fp32, one sequence and
// one key/value head a task: a result depends on its own sequence alone, so batching never changes an answer,
// and any split of the tasks over threads gives the same bytes.
#pragma once

#include "kernels/types.h"

namespace ds::kernels {

// Keys and values of one layer: [pages, page tokens, K, D]; token t of a sequence lies in its page t /
// page_tokens.
struct PagedCache {
  void* keys = nullptr;
  void* values = nullptr;
  int64_t page_tokens = 16;
  int64_t kv_heads = 0, width = 0;  // K, D
};

struct PagedSequence {
  const int64_t* pages = nullptr;  // block table, room for past + count tokens
  int64_t past = 0;                // tokens in the cache before this call
  int64_t count = 0;               // new tokens
  int64_t begin = 0;               // of the first new token in q, k, v and out
};

struct PagedShape {
  int64_t heads = 0;  // A, a multiple of K
  double scale = 1.0;
  int64_t window = 0;                                // keys a query sees at most; 0: all
  int64_t q_stride = 0, k_stride = 0, v_stride = 0;  // elements from one token to the next
};

// Puts the new keys and values of one sequence into the cache. To be done before its attention.
template <class T>
void paged_store(const PagedCache& cache, const PagedShape& shape, const PagedSequence& s, const T* k,
                 const T* v);

// out [N, A, D] contiguous: the rows of one sequence and the heads that share key/value head `kv_head`.
template <class T>
void paged_attention(const PagedCache& cache, const PagedShape& shape, const PagedSequence& s,
                     int64_t kv_head, const T* q, T* out);

#if defined(__x86_64__)
namespace avx512 {  // what it calls where use_avx512()
template <class T>
void paged_attention(const PagedCache& cache, const PagedShape& shape, const PagedSequence& s,
                     int64_t kv_head, const T* q, T* out);
}
#endif

}  // namespace ds::kernels
