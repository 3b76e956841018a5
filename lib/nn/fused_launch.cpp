#include "nn/fused_launch.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

#include "base/error.h"
#include "base/plugin.h"
#include "kernels/cross_entropy.h"
#include "kernels/cuda_table.h"
#include "kernels/rms_norm.h"
#include "kernels/rope.h"
#include "kernels/swiglu.h"
#include "nn/torch_pch.h"

namespace ds::nn {

using kernels::bf16;

namespace {

constexpr int64_t kGrain = 1 << 14;     // elements worth a thread
constexpr int64_t kNormRowChunks = 64;  // partial sums of a norm's weight gradient, at most

template <class T>
const T* in(const at::Tensor& t) {
  return t.defined() ? static_cast<const T*>(t.const_data_ptr()) : nullptr;
}
template <class T>
T* out(const at::Tensor& t) {
  return t.defined() ? static_cast<T*>(t.mutable_data_ptr()) : nullptr;
}

// body(T{}) with T = float or bf16, as the tensor's type says.
template <class Body>
void with_type(const at::Tensor& x, Body body) {
  if (x.scalar_type() == at::kFloat) {
    body(float{});
  } else {
    body(bf16{});
  }
}

kernels::Number number(const at::Tensor& x) {
  return x.scalar_type() == at::kFloat ? kernels::Number::fp32 : kernels::Number::bf16;
}

const kernels::CudaKernels* cuda_kernels() {
  static const kernels::CudaKernels* table = []() -> const kernels::CudaKernels* {
    try {
      using Get = const kernels::CudaKernels* (*)();
      const auto* t = reinterpret_cast<Get>(load_symbol("ds_cuda", kernels::kCudaTableSymbol, ""))();
      return t->version == kernels::kCudaTableVersion ? t : nullptr;
    } catch (const Error&) {
      return nullptr;  // built without nvcc: the composite forms do the work
    }
  }();
  return table;
}

// The current stream of x's device, which becomes the current device: launches go there.
void* stream_of(const at::Tensor& x) {
  const c10::impl::VirtualGuardImpl cuda(c10::kCUDA);
  if (cuda.getDevice() != x.device()) cuda.setDevice(x.device());
  return cuda.getStream(x.device()).native_handle();
}

void check_launch(int status, const char* what) {
  if (status != 0)
    throw internal_error(std::string("CUDA kernel ") + what + ": error " + std::to_string(status));
}

int64_t grain_of(int64_t width) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, width)); }

}  // namespace

bool have_kernels(const at::Tensor& x) {
  if (x.scalar_type() != at::kFloat && x.scalar_type() != at::kBFloat16) return false;
  return x.is_cpu() || (x.is_cuda() && cuda_kernels() != nullptr);
}

NormResult launch_rms_norm(const at::Tensor& x, const at::Tensor& delta, const at::Tensor& w, double eps) {
  const int64_t width = x.size(-1), rows = width ? x.numel() / width : 0;
  NormResult r{delta.defined() ? at::empty_like(x) : x, at::empty_like(x),
               at::empty({rows}, x.options().dtype(at::kFloat))};
  const at::Tensor sum = delta.defined() ? r.sum : at::Tensor();
  if (x.is_cuda()) {
    check_launch(cuda_kernels()->rms_norm_forward(
                     number(x), x.const_data_ptr(), in<void>(delta), w.const_data_ptr(),
                     static_cast<float>(eps), static_cast<uint64_t>(rows), static_cast<uint64_t>(width),
                     out<void>(sum), r.y.mutable_data_ptr(), out<float>(r.rstd), stream_of(x)),
                 "rms_norm");
    return r;
  }
  with_type(x, [&](auto tag) {
    using T = decltype(tag);
    const T *x_p = in<T>(x), *delta_p = in<T>(delta), *w_p = in<T>(w);
    T *sum_p = out<T>(sum), *y_p = out<T>(r.y);
    float* rstd_p = out<float>(r.rstd);
    at::parallel_for(0, rows, grain_of(width), [&](int64_t b, int64_t e) {
      const int64_t o = b * width;
      kernels::add_rms_norm_forward<T>(x_p + o, delta_p ? delta_p + o : nullptr, w_p, static_cast<float>(eps),
                                       static_cast<uint64_t>(e - b), static_cast<uint64_t>(width),
                                       sum_p ? sum_p + o : nullptr, y_p + o, rstd_p + b);
    });
  });
  return r;
}

std::pair<at::Tensor, at::Tensor> launch_rms_norm_backward(const at::Tensor& dy, const at::Tensor& dsum,
                                                           const at::Tensor& x, const at::Tensor& w,
                                                           const at::Tensor& rstd) {
  const int64_t width = x.size(-1), rows = rstd.numel();
  const at::Tensor dx = at::empty_like(x), dw = at::zeros({width}, rstd.options());
  if (x.is_cuda()) {
    const int64_t chunks = (rows + static_cast<int64_t>(kernels::kCudaNormRows) - 1) /
                           static_cast<int64_t>(kernels::kCudaNormRows);
    const at::Tensor partials = at::empty({chunks, width}, rstd.options());
    check_launch(cuda_kernels()->rms_norm_backward(
                     number(x), dy.const_data_ptr(), in<void>(dsum), x.const_data_ptr(), w.const_data_ptr(),
                     in<float>(rstd), static_cast<uint64_t>(rows), static_cast<uint64_t>(width),
                     dx.mutable_data_ptr(), out<float>(partials), out<float>(dw), stream_of(x)),
                 "rms_norm_backward");
    return {dx, dw};
  }
  const int64_t chunk = std::max<int64_t>(32, (rows + kNormRowChunks - 1) / kNormRowChunks);
  const int64_t chunks = (rows + chunk - 1) / chunk;
  const at::Tensor partials = at::zeros({chunks, width}, rstd.options());
  float* partial_p = out<float>(partials);
  with_type(x, [&](auto tag) {
    using T = decltype(tag);
    const T *dy_p = in<T>(dy), *dsum_p = in<T>(dsum), *x_p = in<T>(x), *w_p = in<T>(w);
    T* dx_p = out<T>(dx);
    const float* rstd_p = in<float>(rstd);
    at::parallel_for(0, chunks, 1, [&](int64_t first, int64_t last) {
      for (int64_t c = first; c < last; ++c) {
        const int64_t b = c * chunk, n = std::min(chunk, rows - b), o = b * width;
        kernels::rms_norm_backward<T>(dy_p + o, dsum_p ? dsum_p + o : nullptr, x_p + o, w_p, rstd_p + b,
                                      static_cast<uint64_t>(n), static_cast<uint64_t>(width), dx_p + o,
                                      partial_p + c * width);
      }
    });
  });
  float* dw_p = out<float>(dw);
  for (int64_t c = 0; c < chunks; ++c) {
    for (int64_t i = 0; i < width; ++i) dw_p[i] += partial_p[c * width + i];
  }
  return {dx, dw};
}

at::Tensor launch_rope(const at::Tensor& x, const at::Tensor& positions, const at::Tensor& cos,
                       const at::Tensor& sin, bool interleaved, bool inverse) {
  const at::Tensor y = at::empty_like(x);
  const int64_t rows = x.size(0), heads = x.size(1), width = x.size(2), row = heads * width;
  if (x.is_cuda()) {
    check_launch(cuda_kernels()->rope(number(x), x.const_data_ptr(), in<int64_t>(positions), in<float>(cos),
                                      in<float>(sin), static_cast<uint64_t>(rows),
                                      static_cast<uint64_t>(heads), static_cast<uint64_t>(width), interleaved,
                                      inverse, y.mutable_data_ptr(), stream_of(x)),
                 "rope");
    return y;
  }
  with_type(x, [&](auto tag) {
    using T = decltype(tag);
    const T* x_p = in<T>(x);
    T* y_p = out<T>(y);
    const int64_t* positions_p = in<int64_t>(positions);
    at::parallel_for(0, rows, grain_of(row), [&](int64_t b, int64_t e) {
      kernels::rope<T>(x_p + b * row, positions_p + b, in<float>(cos), in<float>(sin),
                       static_cast<uint64_t>(e - b), static_cast<uint64_t>(heads),
                       static_cast<uint64_t>(width), interleaved, inverse, y_p + b * row);
    });
  });
  return y;
}

at::Tensor launch_swiglu(const at::Tensor& gate, const at::Tensor& up) {
  const at::Tensor y = at::empty_like(gate);
  const int64_t n = gate.numel();
  if (gate.is_cuda()) {
    check_launch(
        cuda_kernels()->swiglu_forward(number(gate), gate.const_data_ptr(), up.const_data_ptr(),
                                       static_cast<uint64_t>(n), y.mutable_data_ptr(), stream_of(gate)),
        "swiglu");
    return y;
  }
  with_type(gate, [&](auto tag) {
    using T = decltype(tag);
    const T *gate_p = in<T>(gate), *up_p = in<T>(up);
    T* y_p = out<T>(y);
    at::parallel_for(0, n, kGrain, [&](int64_t b, int64_t e) {
      kernels::swiglu_forward<T>(gate_p + b, up_p + b, static_cast<uint64_t>(e - b), y_p + b);
    });
  });
  return y;
}

std::pair<at::Tensor, at::Tensor> launch_swiglu_backward(const at::Tensor& dy, const at::Tensor& gate,
                                                         const at::Tensor& up) {
  const at::Tensor dgate = at::empty_like(gate), dup = at::empty_like(up);
  const int64_t n = gate.numel();
  if (gate.is_cuda()) {
    check_launch(
        cuda_kernels()->swiglu_backward(number(gate), dy.const_data_ptr(), gate.const_data_ptr(),
                                        up.const_data_ptr(), static_cast<uint64_t>(n),
                                        dgate.mutable_data_ptr(), dup.mutable_data_ptr(), stream_of(gate)),
        "swiglu_backward");
    return {dgate, dup};
  }
  with_type(gate, [&](auto tag) {
    using T = decltype(tag);
    const T *dy_p = in<T>(dy), *gate_p = in<T>(gate), *up_p = in<T>(up);
    T *dgate_p = out<T>(dgate), *dup_p = out<T>(dup);
    at::parallel_for(0, n, kGrain, [&](int64_t b, int64_t e) {
      kernels::swiglu_backward<T>(dy_p + b, gate_p + b, up_p + b, static_cast<uint64_t>(e - b), dgate_p + b,
                                  dup_p + b);
    });
  });
  return {dgate, dup};
}

at::Tensor launch_cross_entropy(at::Tensor& logits, const at::Tensor& targets, double scale, bool gradient) {
  const int64_t rows = logits.size(0), vocab = logits.size(1);
  const at::Tensor losses = at::empty({rows}, logits.options().dtype(at::kFloat));
  if (logits.is_cuda()) {
    check_launch(cuda_kernels()->cross_entropy(number(logits), logits.mutable_data_ptr(),
                                               in<int64_t>(targets), static_cast<uint64_t>(rows),
                                               static_cast<uint64_t>(vocab), static_cast<float>(scale),
                                               gradient, out<float>(losses), stream_of(logits)),
                 "cross_entropy");
    return losses;
  }
  with_type(logits, [&](auto tag) {
    using T = decltype(tag);
    T* z = out<T>(logits);
    const int64_t* targets_p = in<int64_t>(targets);
    float* losses_p = out<float>(losses);
    at::parallel_for(0, rows, grain_of(vocab), [&](int64_t b, int64_t e) {
      kernels::cross_entropy<T>(z + b * vocab, targets_p + b, static_cast<uint64_t>(e - b),
                                static_cast<uint64_t>(vocab), static_cast<float>(scale), gradient,
                                losses_p + b);
    });
  });
  return losses;
}

void launch_adamw(at::Tensor& master, const at::Tensor& gradient, at::Tensor& moment1, at::Tensor& moment2,
                  at::Tensor compute, int64_t decayed, const kernels::AdamwStep& step) {
  const int64_t n = master.numel();
  float *p = out<float>(master), *m = out<float>(moment1), *v = out<float>(moment2);
  const float* g = in<float>(gradient);
  bf16* c = out<bf16>(compute);
  if (master.is_cuda()) {
    check_launch(cuda_kernels()->adamw(p, g, m, v, c, static_cast<uint64_t>(n),
                                       static_cast<uint64_t>(decayed), step, stream_of(master)),
                 "adamw");
    return;
  }
  at::parallel_for(0, n, kGrain, [&](int64_t b, int64_t e) {
    kernels::adamw<float>(p, g, m, v, c, static_cast<uint64_t>(b), static_cast<uint64_t>(e),
                          static_cast<uint64_t>(decayed), step);
  });
}

double launch_squared_norm(const at::Tensor& flat) {
  const uint64_t n = static_cast<uint64_t>(flat.numel());
  const int64_t chunks = static_cast<int64_t>((n + kernels::kNormChunk - 1) / kernels::kNormChunk);
  at::Tensor partials = at::empty({chunks}, flat.options().dtype(at::kDouble));
  if (flat.is_cuda()) {
    check_launch(
        cuda_kernels()->squared_norm_partials(in<float>(flat), n, out<double>(partials), stream_of(flat)),
        "norm");
    partials = partials.cpu();
  } else {
    at::parallel_for(0, chunks, 1, [&](int64_t b, int64_t e) {
      kernels::squared_norm_partials(in<float>(flat), n, static_cast<uint64_t>(b), static_cast<uint64_t>(e),
                                     out<double>(partials));
    });
  }
  double total = 0;
  for (int64_t i = 0; i < chunks; ++i) total += in<double>(partials)[i];
  return total;
}

}  // namespace ds::nn
