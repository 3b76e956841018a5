// The entries of the CUDA table, one or two in each .cu file; see cuda_table.h for what they take.
#pragma once

#include "kernels/cuda_table.h"

namespace ds::kernels::gpu {

int rms_norm_forward(Number, const void* x, const void* delta, const void* w, float eps, uint64_t rows,
                     uint64_t width, void* sum, void* y, float* rstd, void* stream);
int rms_norm_backward(Number, const void* dy, const void* dsum, const void* x, const void* w,
                      const float* rstd, uint64_t rows, uint64_t width, void* dx, float* partials, float* dw,
                      void* stream);
int rope(Number, const void* x, const int64_t* positions, const float* cos, const float* sin, uint64_t rows,
         uint64_t heads, uint64_t width, bool interleaved, bool inverse, void* y, void* stream);
int swiglu_forward(Number, const void* gate, const void* up, uint64_t n, void* y, void* stream);
int swiglu_backward(Number, const void* dy, const void* gate, const void* up, uint64_t n, void* dgate,
                    void* dup, void* stream);
int cross_entropy(Number, void* logits, const int64_t* targets, uint64_t rows, uint64_t vocab, float scale,
                  bool gradient, float* losses, void* stream);
int adamw(float* master, const float* gradient, float* moment1, float* moment2, bf16* compute, uint64_t n,
          uint64_t decayed, AdamwStep step, void* stream);
int squared_norm_partials(const float* x, uint64_t n, double* partials, void* stream);

}  // namespace ds::kernels::gpu
