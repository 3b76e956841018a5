#include "nn/fused.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nn/fused_launch.h"
#include "nn/ops.h"
#include "nn/torch_pch.h"

namespace ds::nn {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

class RmsNorm : public Function<RmsNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& w, double eps) {
    const at::Tensor flat = x.contiguous();
    const NormResult r = launch_rms_norm(flat, {}, w, eps);
    context->save_for_backward({flat, w, r.rstd});
    return r.y;
  }
  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const auto saved = context->get_saved_variables();
    const auto [dx, dw] =
        launch_rms_norm_backward(upstream[0].contiguous(), {}, saved[0], saved[1], saved[2]);
    return {dx, dw.to(saved[1].scalar_type()), {}};
  }
};

class AddRmsNorm : public Function<AddRmsNorm> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& delta,
                               const at::Tensor& w, double eps) {
    const NormResult r = launch_rms_norm(x.contiguous(), delta.contiguous(), w, eps);
    context->save_for_backward({r.sum, w, r.rstd});
    context->set_materialize_grads(false);
    return {r.sum, r.y};
  }
  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &dsum = upstream[0], &dy = upstream[1];
    if (!dy.defined()) return {dsum, dsum, {}, {}};
    const auto [dx, dw] = launch_rms_norm_backward(dy.contiguous(), dsum.defined() ? dsum.contiguous() : dsum,
                                                   saved[0], saved[1], saved[2]);
    return {dx, dx, dw.to(saved[1].scalar_type()), {}};
  }
};

class Rope : public Function<Rope> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& positions,
                            const at::Tensor& cos, const at::Tensor& sin, bool interleaved) {
    context->save_for_backward({positions, cos, sin});
    context->saved_data["interleaved"] = interleaved;
    return launch_rope(x.contiguous(), positions, cos, sin, interleaved, /*inverse=*/false);
  }
  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const auto saved = context->get_saved_variables();
    const bool interleaved = context->saved_data["interleaved"].toBool();
    return {
        launch_rope(upstream[0].contiguous(), saved[0], saved[1], saved[2], interleaved, /*inverse=*/true),
        {},
        {},
        {},
        {}};
  }
};

class Swiglu : public Function<Swiglu> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gate, const at::Tensor& up) {
    const at::Tensor g = gate.contiguous(), u = up.contiguous();
    context->save_for_backward({g, u});
    return launch_swiglu(g, u);
  }
  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const auto saved = context->get_saved_variables();
    const auto [dgate, dup] = launch_swiglu_backward(upstream[0].contiguous(), saved[0], saved[1]);
    return {dgate, dup};
  }
};

}  // namespace

bool fused_supported(const at::Tensor& x) { return fused() && have_kernels(x); }

// Without gradients an autograd function is only overhead, which a decoding step of many small operations
// feels.
static bool plain() { return !c10::GradMode::is_enabled(); }

at::Tensor fused_rms_norm(const at::Tensor& x, const at::Tensor& w, double eps) {
  if (plain()) return launch_rms_norm(x.contiguous(), {}, w, eps).y;
  return RmsNorm::apply(x, w, eps);
}

std::pair<at::Tensor, at::Tensor> fused_add_rms_norm(const at::Tensor& x, const at::Tensor& delta,
                                                     const at::Tensor& w, double eps) {
  if (plain()) {
    const NormResult r = launch_rms_norm(x.contiguous(), delta.contiguous(), w, eps);
    return {r.sum, r.y};
  }
  variable_list r = AddRmsNorm::apply(x, delta, w, eps);
  return {r[0], r[1]};
}

at::Tensor fused_rope(const at::Tensor& x, const at::Tensor& positions, const at::Tensor& cos,
                      const at::Tensor& sin, bool interleaved) {
  if (plain()) return launch_rope(x.contiguous(), positions, cos, sin, interleaved, /*inverse=*/false);
  return Rope::apply(x, positions, cos, sin, interleaved);
}

at::Tensor fused_swiglu(const at::Tensor& gate, const at::Tensor& up) {
  return plain() ? launch_swiglu(gate.contiguous(), up.contiguous()) : Swiglu::apply(gate, up);
}

}  // namespace ds::nn
