// Softmax cross-entropy on a GPU: a block per row, maximum and sum found in one reading (Milakov & Gimelshein
// 2018), the gradient written in a second.
#include "kernels/cross_entropy.h"
#include "kernels/cuda_common.cuh"
#include "kernels/cuda_ops.h"

namespace ds::kernels::gpu {

namespace {

template <class T>
__global__ void cross_entropy_kernel(T* logits, const int64_t* targets, uint64_t vocab, float scale,
                                     bool gradient, float* losses) {
  T* z = logits + static_cast<uint64_t>(blockIdx.x) * vocab;
  const int64_t target = targets[blockIdx.x];
  if (target == kIgnoredTarget) {
    if (threadIdx.x == 0) losses[blockIdx.x] = 0.0f;
    if (gradient) {
      for (uint64_t i = threadIdx.x; i < vocab; i += blockDim.x) put(z + i, 0.0f);
    }
    return;
  }
  float top = -INFINITY, sum = 0.0f;
  for (uint64_t i = threadIdx.x; i < vocab; i += blockDim.x) {
    const float v = get(z[i]);
    if (v > top) {
      sum = sum * expf(top - v) + 1.0f;
      top = v;
    } else {
      sum += expf(v - top);
    }
  }
  const float row_top = block_max(top);
  const float row_sum = block_sum(top == -INFINITY ? 0.0f : sum * expf(top - row_top));
  const float at_target = get(z[target]);
  if (threadIdx.x == 0) losses[blockIdx.x] = logf(row_sum) + (row_top - at_target);
  if (!gradient) return;
  __syncthreads();  // every thread has read z[target]
  const float factor = scale / row_sum;
  for (uint64_t i = threadIdx.x; i < vocab; i += blockDim.x) {
    const bool hit = static_cast<int64_t>(i) == target;
    put(z + i,
        hit ? scale * (expf(at_target - row_top) / row_sum - 1.0f) : factor * expf(get(z[i]) - row_top));
  }
}

}  // namespace

int cross_entropy(Number number, void* logits, const int64_t* targets, uint64_t rows, uint64_t vocab,
                  float scale, bool gradient, float* losses, void* stream) {
  if (rows == 0) return 0;
  return with_number(number, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    cross_entropy_kernel<T><<<static_cast<unsigned>(rows), row_threads(vocab, 1024), 0, stream_of(stream)>>>(
        static_cast<T*>(logits), targets, vocab, scale, gradient, losses);
  });
}

}  // namespace ds::kernels::gpu
