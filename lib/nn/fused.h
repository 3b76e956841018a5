// The fused forms of ops.h: autograd Functions over lib/kernels. ops.cpp takes them when fused() is on and
// fused_supported() says yes; the composite forms are what they are tested against.
//
// Forward results equal the composite form's: bit for bit in rope, to one rounding elsewhere. Gradients are
// better than the composite's in bf16, because intermediate values stay in fp32. Any number of leading
// dimensions; inputs that are not contiguous are copied first.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

namespace ds::nn {

bool fused_supported(const at::Tensor& x);

at::Tensor fused_rms_norm(const at::Tensor& x, const at::Tensor& w_H, double eps);
std::pair<at::Tensor, at::Tensor> fused_add_rms_norm(const at::Tensor& x, const at::Tensor& delta,
                                                     const at::Tensor& w_H, double eps);
// cos, sin fp32 [positions, D/2], contiguous; positions [N] int64 on the same device.
at::Tensor fused_rope(const at::Tensor& x_NAD, const at::Tensor& positions_N, const at::Tensor& cos,
                      const at::Tensor& sin, bool interleaved);
at::Tensor fused_swiglu(const at::Tensor& gate, const at::Tensor& up);

}  // namespace ds::nn
