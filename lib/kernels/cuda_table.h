// The CUDA kernels as a table of functions, so that whoever computes on a GPU loads libds_cuda.so when a GPU
// is asked for and nobody links CUDA. All pointers are device pointers, `stream` is a cudaStream_t; calls
// only enqueue. A non-zero result is a cudaError_t of the launch.
#pragma once

#include <cstdint>

#include "kernels/adamw.h"

namespace ds::kernels {

enum class Number : int { fp32, bf16 };  // what the void* of a call point to

inline constexpr int kCudaTableVersion = 1;
inline constexpr const char* kCudaTableSymbol =
    "ds_cuda_kernels";  // extern "C" const CudaKernels* ds_cuda_kernels()
// Rows that one partial sum of RMSNorm's weight gradient covers: partials are [ceil(rows / this), width].
inline constexpr uint64_t kCudaNormRows = 64;

struct CudaKernels {
  int version;
  // delta and sum may be null together.
  int (*rms_norm_forward)(Number, const void* x, const void* delta, const void* w, float eps, uint64_t rows,
                          uint64_t width, void* sum, void* y, float* rstd, void* stream);
  // dw [width] is written (not added to); partials is scratch.
  int (*rms_norm_backward)(Number, const void* dy, const void* dsum, const void* x, const void* w,
                           const float* rstd, uint64_t rows, uint64_t width, void* dx, float* partials,
                           float* dw, void* stream);
  int (*rope)(Number, const void* x, const int64_t* positions, const float* cos, const float* sin,
              uint64_t rows, uint64_t heads, uint64_t width, bool interleaved, bool inverse, void* y,
              void* stream);
  int (*swiglu_forward)(Number, const void* gate, const void* up, uint64_t n, void* y, void* stream);
  int (*swiglu_backward)(Number, const void* dy, const void* gate, const void* up, uint64_t n, void* dgate,
                         void* dup, void* stream);
  int (*cross_entropy)(Number, void* logits, const int64_t* targets, uint64_t rows, uint64_t vocab,
                       float scale, bool gradient, float* losses, void* stream);
  // Gradient fp32. Elements [0, n).
  int (*adamw)(float* master, const float* gradient, float* moment1, float* moment2, bf16* compute,
               uint64_t n, uint64_t decayed, AdamwStep step, void* stream);
  int (*squared_norm_partials)(const float* x, uint64_t n, double* partials,
                               void* stream);  // chunks of kNormChunk
};

}  // namespace ds::kernels
