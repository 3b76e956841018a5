#include "train/optimizer.h"

#include <ATen/ATen.h>

#include <cmath>

#include "nn/fused_launch.h"
#include "nn/torch_pch.h"

namespace ds::train {

namespace {

void adamw_composite(nn::ParameterStore& store, const kernels::AdamwStep& s) {
  const at::Tensor g = store.gradient() * s.gradient_scale;
  store.moment1().mul_(s.beta1).add_(g, 1.0 - s.beta1);
  store.moment2().mul_(s.beta2).addcmul_(g, g, 1.0 - s.beta2);
  store.master().narrow(0, 0, store.decayed()).mul_(1.0 - static_cast<double>(s.lr) * s.weight_decay);
  const at::Tensor root =
      store.moment2().sqrt().mul_(1.0 / std::sqrt(static_cast<double>(s.correction2))).add_(s.eps);
  store.master().addcdiv_(store.moment1(), root, -static_cast<double>(s.lr) / s.correction1);
  store.publish();
}

}  // namespace

double gradient_norm(nn::ParameterStore& store) {
  const at::Tensor& g = store.gradient();
  if (nn::have_kernels(g)) return std::sqrt(nn::launch_squared_norm(g));
  return std::sqrt(g.square().sum(at::kDouble).item<double>());
}

void adamw_update(nn::ParameterStore& store, const TrainOptions& o, int64_t update, double lr,
                  double gradient_scale) {
  at::NoGradGuard no_grad;
  const auto correction = [&](double beta) {
    return static_cast<float>(1.0 - std::pow(beta, static_cast<double>(update)));
  };
  const kernels::AdamwStep step{
      static_cast<float>(lr),    static_cast<float>(o.beta1),        static_cast<float>(o.beta2),
      static_cast<float>(o.eps), static_cast<float>(o.weight_decay), correction(o.beta1),
      correction(o.beta2),       static_cast<float>(gradient_scale)};
  if (!nn::have_kernels(store.gradient())) return adamw_composite(store, step);
  const bool own_copy = !store.compute().is_same(store.master());
  nn::launch_adamw(store.master(), store.gradient(), store.moment1(), store.moment2(),
                   own_copy ? store.compute() : at::Tensor(), store.decayed(), step);
}

}  // namespace ds::train
