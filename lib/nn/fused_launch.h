// lib/kernels on tensors, without autograd: shapes to sizes, ATen's thread pool around the CPU kernels, the
// current stream under the CUDA ones. Inputs must be contiguous and of one type and device (contiguous()
// first); results are new tensors unless said otherwise. For fused.cpp, the head's loss and the optimizer.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

#include "kernels/adamw.h"

namespace ds::nn {

// True for fp32 and bf16 on the CPU, and on a GPU when libds_cuda.so was built (it is looked for once).
bool have_kernels(const at::Tensor& x);

struct NormResult {
  at::Tensor sum;   // x + delta; x itself when there is no delta
  at::Tensor y;     // normalised
  at::Tensor rstd;  // fp32 [rows]
};
NormResult launch_rms_norm(const at::Tensor& x_NH, const at::Tensor& delta_NH, const at::Tensor& w_H,
                           double eps);
// {dx, dw}; `dsum` may be undefined. dw is summed in fp32 in an order that depends on the shape alone.
std::pair<at::Tensor, at::Tensor> launch_rms_norm_backward(const at::Tensor& dy, const at::Tensor& dsum,
                                                           const at::Tensor& x, const at::Tensor& w,
                                                           const at::Tensor& rstd);
at::Tensor launch_rope(const at::Tensor& x_NAD, const at::Tensor& positions_N, const at::Tensor& cos,
                       const at::Tensor& sin, bool interleaved, bool inverse);
at::Tensor launch_swiglu(const at::Tensor& gate, const at::Tensor& up);
std::pair<at::Tensor, at::Tensor> launch_swiglu_backward(const at::Tensor& dy, const at::Tensor& gate,
                                                         const at::Tensor& up);
// Losses fp32 [rows]; logits [rows, V] become scale * dlogits when `gradient`.
at::Tensor launch_cross_entropy(at::Tensor& logits, const at::Tensor& targets, double scale, bool gradient);

// Flat fp32 buffers, changed in place; `compute` bf16 or undefined.
void launch_adamw(at::Tensor& master, const at::Tensor& gradient, at::Tensor& moment1, at::Tensor& moment2,
                  at::Tensor compute, int64_t decayed, const kernels::AdamwStep& step);
// On the host; the same bits for any thread count. Not finite when any element is not.
double launch_squared_norm(const at::Tensor& flat);

}  // namespace ds::nn
