// AdamW and the squared norm on a GPU. The norm: a block per chunk, sums in double in a fixed order.
#include "kernels/adamw.h"
#include "kernels/cuda_common.cuh"
#include "kernels/cuda_ops.h"

namespace ds::kernels::gpu {

namespace {

__global__ void adamw_kernel(float* master, const float* gradient, float* moment1, float* moment2,
                             nv_bf16* compute, uint64_t n, uint64_t decayed, AdamwStep s) {
  const uint64_t i = static_cast<uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const float g = gradient[i] * s.gradient_scale;
  const float m = s.beta1 * moment1[i] + (1.0f - s.beta1) * g;
  const float v = s.beta2 * moment2[i] + (1.0f - s.beta2) * g * g;
  moment1[i] = m;
  moment2[i] = v;
  const float keep = i < decayed ? 1.0f - s.lr * s.weight_decay : 1.0f;
  const float p = master[i] * keep - s.lr / s.correction1 * m / (sqrtf(v / s.correction2) + s.eps);
  master[i] = p;
  if (compute) put(compute + i, p);
}

constexpr unsigned kNormThreads = 256;

__global__ void squared_norm_kernel(const float* x, uint64_t n, double* partials) {
  __shared__ double part[kNormThreads];
  const uint64_t begin = static_cast<uint64_t>(blockIdx.x) * kNormChunk;
  const uint64_t end = begin + kNormChunk < n ? begin + kNormChunk : n;
  double total = 0;
  for (uint64_t i = begin + threadIdx.x; i < end; i += kNormThreads)
    total += static_cast<double>(x[i]) * x[i];
  part[threadIdx.x] = total;
  __syncthreads();
  for (unsigned half = kNormThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) partials[blockIdx.x] = part[0];
}

}  // namespace

int adamw(float* master, const float* gradient, float* moment1, float* moment2, bf16* compute, uint64_t n,
          uint64_t decayed, AdamwStep step, void* stream) {
  if (n == 0) return 0;
  adamw_kernel<<<blocks_for(n, 256), 256, 0, stream_of(stream)>>>(
      master, gradient, moment1, moment2, reinterpret_cast<nv_bf16*>(compute), n, decayed, step);
  return static_cast<int>(cudaGetLastError());
}

int squared_norm_partials(const float* x, uint64_t n, double* partials, void* stream) {
  if (n == 0) return 0;
  squared_norm_kernel<<<static_cast<unsigned>((n + kNormChunk - 1) / kNormChunk), kNormThreads, 0,
                        stream_of(stream)>>>(x, n, partials);
  return static_cast<int>(cudaGetLastError());
}

}  // namespace ds::kernels::gpu
