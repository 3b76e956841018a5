// Shared by the .cu files: numbers to float and back, block-wide sums, launch shapes. CUDA C++17.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>
#include <type_traits>

#include "kernels/cuda_table.h"

namespace ds::kernels::gpu {

using nv_bf16 = __nv_bfloat16;

__device__ inline float get(float x) { return x; }
__device__ inline float get(nv_bf16 x) { return __bfloat162float(x); }
__device__ inline void put(float* p, float x) { *p = x; }
__device__ inline void put(nv_bf16* p, float x) { *p = __float2bfloat16_rn(x); }

// x as it reads back after being stored as T.
template <class T>
__device__ inline float round_as(float x) {
  T t;
  put(&t, x);
  return get(t);
}

struct Add {
  __device__ float operator()(float a, float b) const { return a + b; }
};
struct Larger {
  __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
};

// The same value in every thread of the block; always the same order of operations. Blocks of 32 to 1024
// threads.
template <class Operation>
__device__ inline float block_all(float x, Operation op, float neutral) {
  __shared__ float of_warp[32];
  for (int offset = 16; offset > 0; offset /= 2) x = op(x, __shfl_xor_sync(0xffffffffu, x, offset));
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  __syncthreads();  // an earlier use of of_warp is over
  if (lane == 0) of_warp[warp] = x;
  __syncthreads();
  const int warps = (static_cast<int>(blockDim.x) + 31) / 32;
  x = lane < warps ? of_warp[lane] : neutral;
  for (int offset = 16; offset > 0; offset /= 2) x = op(x, __shfl_xor_sync(0xffffffffu, x, offset));
  return x;
}

__device__ inline float block_sum(float x) { return block_all(x, Add{}, 0.0f); }
__device__ inline float block_max(float x) { return block_all(x, Larger{}, -INFINITY); }

inline unsigned blocks_for(uint64_t n, unsigned threads) {
  return static_cast<unsigned>((n + threads - 1) / threads);
}

// Threads for a row of `width`: a multiple of 32, at most `most`.
inline unsigned row_threads(uint64_t width, unsigned most) {
  const uint64_t wanted = (width + 31) / 32 * 32;
  return static_cast<unsigned>(wanted < 32 ? 32 : wanted > most ? most : wanted);
}

inline cudaStream_t stream_of(void* stream) { return static_cast<cudaStream_t>(stream); }

// Runs body with a null pointer of the number's type, for templates; returns the launch's status.
template <class Body>
int with_number(Number number, Body body) {
  if (number == Number::fp32) {
    body(static_cast<float*>(nullptr));
  } else {
    body(static_cast<nv_bf16*>(nullptr));
  }
  return static_cast<int>(cudaGetLastError());
}

}  // namespace ds::kernels::gpu
