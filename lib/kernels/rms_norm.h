// RMSNorm (Zhang & Sennrich 2019), alone and with the residual sum that precedes it, forward and backward,
// for T = float or bf16:  y = w * T(x * rstd),  rstd = 1 / sqrt(mean(x^2) + eps),  statistics in fp32.
//
// A row of `width` stays in the first-level cache between its two passes, so each operand is read from memory
// once. The sum form saves a whole pass: sum = T(x + delta) is written and normalised while it is hot.
#pragma once

#include "kernels/types.h"

namespace ds::kernels {

// x, y [rows, width]; w [width]; rstd [rows] is kept for backward.
template <class T>
void rms_norm_forward(const T* x, const T* w, float eps, uint64_t rows, uint64_t width, T* y, float* rstd);

template <class T>
void add_rms_norm_forward(const T* x, const T* delta, const T* w, float eps, uint64_t rows, uint64_t width,
                          T* sum, T* y, float* rstd);

// dx = dsum + rstd * (g - xhat * mean(g * xhat)), g = dy * w; `dsum` may be null. dw [width], fp32, is added
// to: hand each fixed chunk of rows its own zeroed dw and add those in order.
template <class T>
void rms_norm_backward(const T* dy, const T* dsum, const T* x, const T* w, const float* rstd, uint64_t rows,
                       uint64_t width, T* dx, float* dw);

}  // namespace ds::kernels
