// Causal attention over packed tokens on the CPU, forward and backward, softmax in fp32.
//
// Tokens of all rows lie one after the other; `starts` cuts them into segments (rows, or documents inside
// rows) and a query sees the keys of its own segment up to itself, at most `window` of them when that is not
// 0. So short documents cost only their own squares, where a masked dense kernel pays for the whole row.
//
// The work is a list of independent tasks, one per (segment, key/value head): a task owns all that it writes,
// so any split of [0, attention_tasks()) over threads gives the same bytes. Products run in fp32 FMA on tiles
// converted from the input type (as fast as AVX512-BF16's dot products, and exact); the tiles of one head
// stay in L2. Flash attention's recomputation (Dao et al. 2022): forward keeps only log-sum-exp, backward
// rebuilds the probabilities.
#pragma once

#include "kernels/types.h"

namespace ds::kernels {

struct AttentionShape {
  int64_t heads = 0, kv_heads = 0, width = 0;  // A, K, D; A is a multiple of K
  const int64_t* starts = nullptr;             // [segments + 1], ascending, the last is the number of tokens
  int64_t segments = 0;
  double scale = 1.0;
  int64_t window = 0;
  // Elements from one token to the next; heads are `width` apart, so a slice of a fused projection needs no
  // copy.
  int64_t q_stride = 0, k_stride = 0, v_stride = 0;
};

inline int64_t attention_tasks(const AttentionShape& s) { return s.segments * s.kv_heads; }

// out [N,A,D] contiguous; lse [N,A], for backward. Tasks [begin, end). T is float or bf16.
template <class T>
void attention_forward(const AttentionShape& s, const T* q, const T* k, const T* v, T* out, float* lse,
                       int64_t begin, int64_t end);

// dq [N,A,D], dk and dv [N,K,D], contiguous, every element written. `out` and `dout` contiguous.
template <class T>
void attention_backward(const AttentionShape& s, const T* q, const T* k, const T* v, const T* out,
                        const T* dout, const float* lse, T* dq, T* dk, T* dv, int64_t begin, int64_t end);

#if defined(__x86_64__)
namespace avx512 {  // what the two above call where use_avx512()
template <class T>
void attention_forward(const AttentionShape& s, const T* q, const T* k, const T* v, T* out, float* lse,
                       int64_t begin, int64_t end);
template <class T>
void attention_backward(const AttentionShape& s, const T* q, const T* k, const T* v, const T* out,
                        const T* dout, const float* lse, T* dq, T* dk, T* dv, int64_t begin, int64_t end);
}  // namespace avx512
#endif

}  // namespace ds::kernels
