// kernels/matmul.h on tensors: y = x W^T + bias on the CPU without gradients, over dense or packed weights.
// Every row of y depends on its own row of x alone, so answers do not change with the batch or the number of
// threads. Packed weights with one scale a row or a multiple of 128 inputs are products of integers
// (kernels/integer_matmul.h); others are expanded strip by strip.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "nn/parameter_store.h"

namespace ds::nn {

// fp32 or bf16 on the CPU, and no gradient is wanted of anything computed from x.
bool linear_cpu_supported(const at::Tensor& x);

// One weight: exactly one of `dense` ([out, in], x's type) and `packed` is given; `bias` [out] of x's type or
// undefined.
struct LinearCpu {
  at::Tensor dense;
  const PackedWeight* packed = nullptr;
  at::Tensor bias;
  int64_t out = 0;
};

// x [N, in] -> [N, out] for each weight. All of them are one piece of parallel work, cut as it goes, and what
// must be done to x is done once: a decoding step is many small products. Inputs that are not contiguous are
// copied.
std::vector<at::Tensor> linear_cpu(const at::Tensor& x_NK, const std::vector<LinearCpu>& weights);

}  // namespace ds::nn
