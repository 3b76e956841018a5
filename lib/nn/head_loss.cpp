// The head and its loss over chunks of rows; see ops.h.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "nn/fused_launch.h"
#include "nn/ops.h"
#include "nn/torch_pch.h"

namespace ds::nn {

namespace {

constexpr int64_t kIgnored = -100;
constexpr int64_t kChunkLogits = int64_t{1} << 22;  // numbers in a chunk of logits: 16 MB in fp32

int64_t chunk_rows(int64_t vocabulary) { return std::clamp<int64_t>(kChunkLogits / vocabulary, 64, 2048); }

// Nats of each row, 0 where the target is ignored; fp32 [R]. With `gradient` the logits become
// scale * (softmax - onehot), and 0 in ignored rows.
at::Tensor cross_entropy(at::Tensor& logits_RV, const at::Tensor& targets_R, double scale, bool gradient) {
  if (have_kernels(logits_RV)) return launch_cross_entropy(logits_RV, targets_R, scale, gradient);
  const at::Tensor ignored = targets_R.eq(kIgnored).unsqueeze(1);
  const at::Tensor index = targets_R.unsqueeze(1).masked_fill(ignored, 0);
  at::Tensor p = at::log_softmax(logits_RV.to(at::kFloat), -1);
  const at::Tensor nats = p.gather(1, index).neg_().masked_fill_(ignored, 0.0).squeeze(1);
  if (gradient) {
    p.exp_()
        .scatter_add_(1, index, at::full_like(index, -1.0, at::kFloat))
        .mul_(scale)
        .masked_fill_(ignored, 0.0);
    logits_RV = p.to(logits_RV.scalar_type());
  }
  return nats;
}

struct HeadGradients {
  at::Tensor loss;          // fp32 scalar
  at::Tensor hidden, head;  // undefined when not wanted
};

HeadGradients forward_and_gradients(const at::Tensor& hidden_NH, const at::Tensor& head_VH,
                                    const at::Tensor& targets_N, double scale, bool want_hidden,
                                    bool want_head) {
  const int64_t rows = hidden_NH.size(0), step = chunk_rows(head_VH.size(0));
  HeadGradients result;
  result.loss = at::zeros({}, hidden_NH.options().dtype(at::kFloat));
  if (want_hidden) result.hidden = at::empty_like(hidden_NH);
  for (int64_t begin = 0; begin < rows; begin += step) {
    const int64_t n = std::min(step, rows - begin);
    const at::Tensor h = hidden_NH.narrow(0, begin, n);
    at::Tensor z = at::mm(h, head_VH.t());
    result.loss.add_(cross_entropy(z, targets_N.narrow(0, begin, n), scale, want_hidden || want_head).sum());
    if (want_hidden) {
      at::Tensor out = result.hidden.narrow(0, begin, n);
      at::mm_out(out, z, head_VH);
    }
    if (!want_head) continue;
    if (!result.head.defined()) {
      result.head = at::mm(z.t(), h).to(at::kFloat);
    } else if (z.scalar_type() == at::kFloat) {
      result.head.addmm_(z.t(), h);
    } else {
      result.head.add_(at::mm(z.t(), h));  // the chunks are summed in fp32
    }
  }
  result.loss.mul_(scale);
  if (result.head.defined()) result.head = result.head.to(head_VH.scalar_type());
  return result;
}

class HeadLoss : public torch::autograd::Function<HeadLoss> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& hidden_NH,
                            const at::Tensor& head_VH, const at::Tensor& targets_N, double scale,
                            bool want_hidden, bool want_head) {
    const HeadGradients g =
        forward_and_gradients(hidden_NH, head_VH, targets_N, scale, want_hidden, want_head);
    if (g.hidden.defined()) context->saved_data["hidden"] = g.hidden;
    if (g.head.defined()) context->saved_data["head"] = g.head;
    return g.loss;
  }

  // The loss's own gradient is nearly always 1. On a GPU that is not worth a wait: there it is multiplied in.
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    const bool one = upstream[0].is_cpu() && upstream[0].item<float>() == 1.0f;
    const auto take = [&](const char* key) {
      const auto held = context->saved_data.find(key);
      if (held == context->saved_data.end()) return at::Tensor();
      at::Tensor gradient = held->second.toTensor();
      context->saved_data.erase(held);
      return one ? gradient : gradient.mul_(upstream[0].to(gradient.scalar_type()));
    };
    const at::Tensor hidden = take("hidden"), head = take("head");
    return {hidden, head, {}, {}, {}, {}};
  }
};

}  // namespace

at::Tensor head_loss(const at::Tensor& hidden_NH, const Weight& head_VH, const at::Tensor& targets_N,
                     double scale) {
  if (!fused()) {
    const at::Tensor logits = linear(hidden_NH, head_VH).to(at::kFloat);
    return at::cross_entropy_loss(logits, targets_N, {}, at::Reduction::Sum, kIgnored) * scale;
  }
  const bool grad = at::GradMode::is_enabled();
  const bool want_hidden = grad && hidden_NH.requires_grad(),
             want_head = grad && head_VH.dense.requires_grad();
  return HeadLoss::apply(hidden_NH.contiguous(), head_VH.dense, targets_N, scale, want_hidden, want_head);
}

at::Tensor token_losses(const at::Tensor& hidden_NH, const Weight& head_VH, const at::Tensor& targets_N) {
  at::NoGradGuard no_grad;
  const int64_t rows = hidden_NH.size(0), step = chunk_rows(head_VH.shape[0]);
  const at::Tensor result = at::empty({rows}, hidden_NH.options().dtype(at::kFloat));
  for (int64_t begin = 0; begin < rows; begin += step) {
    const int64_t n = std::min(step, rows - begin);
    at::Tensor logits = linear(hidden_NH.narrow(0, begin, n), head_VH).to(at::kFloat);
    result.narrow(0, begin, n)
        .copy_(cross_entropy(logits, targets_N.narrow(0, begin, n), 1.0, /*gradient=*/false));
  }
  return result;
}

}  // namespace ds::nn
