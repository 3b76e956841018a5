#include "nn/linear_cpu.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "base/error.h"
#include "kernels/integer_matmul.h"
#include "nn/torch_pch.h"

namespace ds::nn {
namespace {

constexpr int64_t kGrain = 1 << 17;  // products of two numbers worth a thread

kernels::ScaleType scale_type(const at::Tensor& scale) {
  switch (scale.scalar_type()) {
    case at::kFloat:
      return kernels::ScaleType::f32;
    case at::kBFloat16:
      return kernels::ScaleType::bf16;
    case at::kHalf:
      return kernels::ScaleType::f16;
    default:
      throw internal_error("linear: a scale that is not F32, BF16 or F16");
  }
}

int64_t grain(int64_t unit) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, unit)); }

template <class T>
at::Tensor multiply(const at::Tensor& x, kernels::MatmulWeight<T> w, const at::Tensor& bias) {
  const int64_t rows = x.size(0);
  const at::Tensor y = at::empty({rows, w.out}, x.options());
  if (rows == 0 || w.out == 0) return y;
  const at::Tensor prepared = at::empty({static_cast<int64_t>(kernels::matmul_prepared_bytes<T>(rows, w.in))},
                                        x.options().dtype(at::kByte));
  const T* x_p = static_cast<const T*>(x.const_data_ptr());
  const T* bias_p = bias.defined() ? static_cast<const T*>(bias.const_data_ptr()) : nullptr;
  T* y_p = static_cast<T*>(y.mutable_data_ptr());
  void* prepared_p = prepared.mutable_data_ptr();
  if (prepared.numel() > 0)
    at::parallel_for(0, kernels::matmul_blocks(rows), grain(16 * w.in), [&](int64_t b, int64_t e) {
      kernels::matmul_prepare(x_p, rows, w.in, prepared_p, b, e);
    });
  at::parallel_for(
      0, kernels::matmul_strips(w.out), grain(kernels::kMatmulStrip * w.in * rows),
      [&](int64_t b, int64_t e) { kernels::matmul(x_p, prepared_p, rows, w, bias_p, y_p, b, e); });
  return y;
}

// Packed weights whose groups are whole runs: x becomes integers too.
template <class T>
at::Tensor multiply_integers(const at::Tensor& x, const kernels::PackedMatrix& w, int64_t out,
                             const at::Tensor& bias) {
  const int64_t rows = x.size(0), in = x.size(1);
  const at::Tensor y = at::empty({rows, out}, x.options());
  if (rows == 0 || out == 0) return y;
  const at::Tensor prepared = at::empty({static_cast<int64_t>(kernels::integer_prepared_bytes(rows, in))},
                                        x.options().dtype(at::kByte));
  const T* x_p = static_cast<const T*>(x.const_data_ptr());
  const T* bias_p = bias.defined() ? static_cast<const T*>(bias.const_data_ptr()) : nullptr;
  T* y_p = static_cast<T*>(y.mutable_data_ptr());
  void* prepared_p = prepared.mutable_data_ptr();
  at::parallel_for(0, kernels::integer_blocks(rows), grain(16 * in), [&](int64_t b, int64_t e) {
    kernels::integer_prepare(x_p, rows, in, w.bits, prepared_p, b, e);
  });
  at::parallel_for(0, kernels::matmul_strips(out), grain(kernels::kMatmulStrip * in * rows),
                   [&](int64_t b, int64_t e) {
                     kernels::integer_matmul(prepared_p, rows, w, out, in, bias_p, y_p, b, e);
                   });
  return y;
}

template <class T>
at::Tensor run(const at::Tensor& x, const at::Tensor& dense, const PackedWeight* packed,
               const at::Tensor& bias, int64_t out) {
  kernels::MatmulWeight<T> w;
  w.out = out, w.in = x.size(1);
  if (!packed) {
    w.dense = static_cast<const T*>(dense.const_data_ptr());
    return multiply<T>(x, w, bias);
  }
  const at::Tensor words = packed->words.contiguous(), scale = packed->scale.contiguous();
  w.packed.packed = static_cast<const uint32_t*>(words.const_data_ptr());
  w.packed.scale = scale.const_data_ptr();
  w.packed.scale_type = scale_type(scale);
  w.packed.bits = packed->bits, w.packed.group = packed->group, w.packed.words = words.size(1);
  if (kernels::integer_matmul_supported(w.packed)) return multiply_integers<T>(x, w.packed, out, bias);
  return multiply<T>(x, w, bias);
}

}  // namespace

bool linear_cpu_supported(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) &&
         !(x.requires_grad() && c10::GradMode::is_enabled());
}

at::Tensor linear_cpu(const at::Tensor& x_NK, const at::Tensor& dense, const PackedWeight* packed,
                      const at::Tensor& bias, int64_t out) {
  const at::Tensor x = x_NK.contiguous(), w = packed ? at::Tensor() : dense.contiguous();
  const at::Tensor b = bias.defined() ? bias.contiguous() : bias;
  const bool fits = x.dim() == 2 &&
                    (!b.defined() || (b.numel() == out && b.scalar_type() == x.scalar_type())) &&
                    (packed ? packed->in == x.size(1) && packed->words.size(0) == out
                            : w.dim() == 2 && w.size(0) == out && w.size(1) == x.size(1) &&
                                  w.scalar_type() == x.scalar_type());
  if (!fits) throw internal_error("linear: shapes or types of x, weight and bias do not fit each other");
  return x.scalar_type() == at::kFloat ? run<float>(x, w, packed, b, out)
                                       : run<kernels::bf16>(x, w, packed, b, out);
}

}  // namespace ds::nn
