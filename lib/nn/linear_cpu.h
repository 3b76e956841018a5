// kernels/matmul.h on tensors: y = x W^T + bias on the CPU without gradients, over dense or packed weights.
// Every row of y depends on its own row of x alone, so answers do not change with the batch or the number of
// threads. Packed weights with one scale a row or a multiple of 128 inputs are products of integers
// (kernels/integer_matmul.h); others are expanded strip by strip.
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/parameter_store.h"

namespace ds::nn {

// fp32 or bf16 on the CPU, and no gradient is wanted of anything computed from x.
bool linear_cpu_supported(const at::Tensor& x);

// x [N, in] -> [N, out]. Exactly one of `dense` ([out, in], x's type) and `packed` is given; `bias` [out] of
// x's type or undefined. Inputs that are not contiguous are copied.
at::Tensor linear_cpu(const at::Tensor& x_NK, const at::Tensor& dense, const PackedWeight* packed,
                      const at::Tensor& bias, int64_t out);

}  // namespace ds::nn
