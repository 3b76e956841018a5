// The chunked head against cross-entropy over all logits: value and both gradients.
#include <ATen/ATen.h>

#include "catch.h"
#include "models/tiny_model.h"
#include "nn/ops.h"

namespace ds {
namespace {

using test::largest;

struct Result {
  at::Tensor loss, hidden, head;
};

Result run(const at::Tensor& hidden, const at::Tensor& head, const at::Tensor& targets, double scale,
           double upstream, bool fused) {
  nn::set_fused(fused);
  const at::Tensor h = hidden.detach().clone().requires_grad_();
  const nn::Weight w = test::leaf(head);
  const at::Tensor loss = nn::head_loss(h, w, targets, scale);
  (loss * upstream).backward();
  nn::set_fused(true);
  return {loss.detach(), h.grad(), w.dense.grad()};
}

}  // namespace

TEST_CASE("head_loss equals cross-entropy over all logits") {
  for (const auto& [rows, vocabulary] : {std::pair<int64_t, int64_t>{1, 5}, {300, 130}, {150, 70001}}) {
    const at::Tensor hidden = at::randn({rows, 16}), head = at::randn({vocabulary, 16});
    at::Tensor targets = at::randint(vocabulary, {rows}, at::kLong);
    if (rows > 3) targets.narrow(0, 1, 2).fill_(-100);
    for (const double upstream : {1.0, 0.25}) {
      const Result a = run(hidden, head, targets, 1.0 / 7, upstream, true),
                   b = run(hidden, head, targets, 1.0 / 7, upstream, false);
      CHECK(largest(a.loss - b.loss) <= 1e-5 * largest(b.loss));
      CHECK(largest(a.hidden - b.hidden) <= 1e-5 * largest(b.hidden));
      CHECK(largest(a.head - b.head) <= 1e-5 * largest(b.head));
    }
  }
}

TEST_CASE("head_loss in bf16 is as close to fp32 as the composite form") {
  const at::Tensor hidden = at::randn({200, 32}).to(at::kBFloat16),
                   head = (at::randn({99, 32}) / 4).to(at::kBFloat16);
  const at::Tensor targets = at::randint(99, {200}, at::kLong);
  const Result exact = run(hidden.to(at::kFloat), head.to(at::kFloat), targets, 0.01, 1.0, false);
  const Result a = run(hidden, head, targets, 0.01, 1.0, true);
  CHECK(a.head.scalar_type() == at::kBFloat16);
  CHECK(largest(a.loss - exact.loss) < 0.01 * largest(exact.loss));
  CHECK((a.head.to(at::kFloat) - exact.head).norm().item<double>() < 0.01 * exact.head.norm().item<double>());
  CHECK((a.hidden.to(at::kFloat) - exact.hidden).norm().item<double>() <
        0.01 * exact.hidden.norm().item<double>());
}

TEST_CASE("head_loss without gradients, and ignored targets alone") {
  const nn::Weight head{"head", {9, 4}, at::randn({9, 4})};
  at::NoGradGuard no_grad;
  CHECK(nn::head_loss(at::randn({3, 4}), head, at::full({3}, -100, at::kLong), 1.0).item<float>() == 0.0f);
  CHECK_FALSE(nn::head_loss(at::randn({3, 4}), head, at::zeros({3}, at::kLong), 1.0).requires_grad());
}

TEST_CASE("token_losses are the terms of head_loss") {
  const nn::Weight head{"head", {70001, 8}, at::randn({70001, 8})};
  const at::Tensor hidden = at::randn({140, 8});
  at::Tensor targets = at::randint(70001, {140}, at::kLong);
  targets[5] = -100;
  const at::Tensor each = nn::token_losses(hidden, head, targets);
  const at::Tensor expected =
      at::cross_entropy_loss(at::linear(hidden, head.dense), targets, {}, at::Reduction::None, -100);
  CHECK(largest(each - expected) < 1e-4);
  CHECK(each[5].item<float>() == 0.0f);
}

}  // namespace ds
