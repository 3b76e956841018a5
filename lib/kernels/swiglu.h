// SwiGLU (Shazeer 2020): y = silu(gate) * up, silu(g) = g / (1 + e^-g), forward and backward, for T = float
// or bf16.
//
// Elementwise, so one pass each way; the backward computes the sigmoid again instead of keeping it. With bf16
// silu(gate) is rounded before the product, as two separate operations would.
#pragma once

#include "kernels/types.h"

namespace ds::kernels {

template <class T>
void swiglu_forward(const T* gate, const T* up, uint64_t n, T* y);
template <class T>
void swiglu_backward(const T* dy, const T* gate, const T* up, uint64_t n, T* dgate, T* dup);

}  // namespace ds::kernels
