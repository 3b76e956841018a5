// AdamW (Loshchilov & Hutter 2019) over flat buffers, and the squared norm that clipping needs.
//
//   g = gradient * gradient_scale          m = b1 m + (1 - b1) g          v = b2 v + (1 - b2) g^2
//   p = p (1 - lr wd) - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
//
// One pass reads master, gradient and moments and writes master, moments and the bf16 copy that the next
// forward uses: 30 bytes a parameter instead of the 50 of separate passes. Weight decay holds for the first
// `decayed` elements only.
#pragma once

#include "kernels/types.h"

namespace ds::kernels {

struct AdamwStep {
  float lr, beta1, beta2, eps, weight_decay;
  float correction1, correction2;  // 1 - beta^t
  float gradient_scale;            // clipping factor
};

// Elements [begin, end) of buffers. `compute` may be null. G = float or bf16.
template <class G>
void adamw(float* master, const G* gradient, float* moment1, float* moment2, bf16* compute, uint64_t begin,
           uint64_t end, uint64_t decayed, const AdamwStep& step);

// Sum of squares in fixed chunks of kNormChunk elements: partials[i] belongs to chunk i. Adding the partials
// in order gives the same bits however the chunks were spread over threads.
inline constexpr uint64_t kNormChunk = uint64_t{1} << 16;
void squared_norm_partials(const float* x, uint64_t n, uint64_t chunk_begin, uint64_t chunk_end,
                           double* partials);

}  // namespace ds::kernels
