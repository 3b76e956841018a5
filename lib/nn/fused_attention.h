// Attention over packed segments by lib/kernels/attention, with its gradient: what PackedAttention uses on
// the CPU.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace ds::nn {

// q [N,A,D], k and v [N,K,D]; the last two dimensions dense, tokens any stride apart; fp32 or bf16, CPU.
// `starts` as in kernels/attention.h: [segments + 1] token positions, the last is N. Returns [N,A,D].
at::Tensor fused_attention(const at::Tensor& q_NAD, const at::Tensor& k_NKD, const at::Tensor& v_NKD,
                           const std::vector<int64_t>& starts, double scale, int64_t window);

// Whether the kernel takes this tensor.
bool fused_attention_supported(const at::Tensor& q_NAD);

}  // namespace ds::nn
