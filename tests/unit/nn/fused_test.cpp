// The fused forms against the composite ones, values and gradients, on random inputs of odd and even sizes.
// In fp32 they agree to rounding. In bf16 the composite form rounds every intermediate value, so both are
// compared with fp32: the fused form must be as close as the composite one, give or take one rounding. The
// cases tagged [gpu] do the same with the CUDA kernels.
#include "nn/fused.h"

#include <ATen/ATen.h>

#include <cmath>
#include <functional>

#include "arch/config.h"
#include "catch.h"
#include "nn/device.h"
#include "nn/fused_launch.h"
#include "nn/ops.h"

using namespace ds;

namespace {

using Tensors = std::vector<at::Tensor>;
using Op = std::function<Tensors(const Tensors&)>;  // inputs to outputs

// Outputs, then the gradients of every input for fixed random output gradients; all as fp32 on the CPU.
Tensors values_and_gradients(const Op& op, const Tensors& inputs, bool fused, at::ScalarType type) {
  nn::set_fused(fused);
  Tensors leaves;
  for (const at::Tensor& x : inputs) leaves.push_back(x.to(type).detach().clone().set_requires_grad(true));
  const Tensors outputs = op(leaves);
  at::Tensor total;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const at::Tensor weight =
        at::linspace(-1.5, 2.0, outputs[i].numel(), outputs[i].options().dtype(at::kFloat)).cos();
    const at::Tensor part = (outputs[i].to(at::kFloat).flatten() * weight).sum();
    total = total.defined() ? total + part : part;
  }
  total.backward();
  Tensors all;
  for (const at::Tensor& y : outputs) all.push_back(y.detach().to(at::kFloat).cpu());
  for (const at::Tensor& x : leaves) all.push_back(x.grad().to(at::kFloat).cpu());
  nn::set_fused(true);
  return all;
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  const double size = b.norm().item<double>();
  return (a - b).norm().item<double>() / (size > 0 ? size : 1.0);
}

void compare(const Op& op, const Tensors& inputs) {
  REQUIRE(nn::fused_supported(inputs[0]));
  const Tensors exact = values_and_gradients(op, inputs, false, at::kFloat);
  const Tensors fp32 = values_and_gradients(op, inputs, true, at::kFloat);
  // bf16 inputs differ from the fp32 ones by their own rounding, so both sides start from the rounded ones.
  Tensors rounded;
  for (const at::Tensor& x : inputs) rounded.push_back(x.to(at::kBFloat16).to(at::kFloat));
  const Tensors exact16 = values_and_gradients(op, rounded, false, at::kFloat);
  const Tensors plain16 = values_and_gradients(op, rounded, false, at::kBFloat16);
  const Tensors fused16 = values_and_gradients(op, rounded, true, at::kBFloat16);
  for (size_t i = 0; i < exact.size(); ++i) {
    INFO("result " << i);
    CHECK(distance(fp32[i], exact[i]) < 2e-6);
    CHECK(distance(fused16[i], exact16[i]) < 1.1 * distance(plain16[i], exact16[i]) + 1.0 / 256);
  }
}

struct Sizes {
  int64_t rows, width;
};
const std::vector<Sizes> kSizes = {{1, 4}, {3, 7}, {5, 16}, {130, 33}, {257, 64}, {64, 256}};

void norms_and_swiglu(at::Device device) {
  at::manual_seed(1);
  const auto random = [&](at::IntArrayRef shape) { return at::randn(shape).to(device); };
  for (const auto [rows, width] : kSizes) {
    INFO(rows << " x " << width);
    const auto weight = [](const at::Tensor& w) { return nn::Weight{"w", w.sizes().vec(), w}; };
    compare([&](const Tensors& in) -> Tensors { return {nn::rms_norm(in[0], weight(in[1]), 1e-5)}; },
            {random({rows, width}), random({width})});
    compare(
        [&](const Tensors& in) -> Tensors {
          const auto [sum, y] = nn::add_rms_norm(in[0], in[1], weight(in[2]), 1e-5);
          return {sum, y};
        },
        {random({rows, width}), random({rows, width}), random({width})});
    compare([](const Tensors& in) -> Tensors { return {nn::swiglu(in[0], in[1])}; },
            {random({rows, width}) * 3, random({rows, width})});
  }
}

void ropes(at::Device device) {
  at::manual_seed(2);
  for (const int64_t width : {2, 6, 32, 64}) {
    const at::Tensor angles = at::rand({50, width / 2}) * 3;
    const nn::RopeTable table{angles.cos().to(device), angles.sin().to(device)};
    const at::Tensor positions = at::randint(50, {9}, at::kLong).to(device);
    for (const nn::RopeLayout layout : {nn::RopeLayout::half_split, nn::RopeLayout::interleaved}) {
      compare([&](const Tensors& in) -> Tensors { return {nn::rope(in[0], positions, table, layout)}; },
              {at::randn({9, 3, width}).to(device)});
    }
  }
}

void losses(at::Device device) {
  at::manual_seed(3);
  for (const int64_t vocabulary : {5, 64, 1000}) {
    at::Tensor targets = at::randint(vocabulary, {6}, at::kLong);
    targets[2].fill_(-100);
    const at::Tensor logits = at::randn({6, vocabulary}) * 4;
    const at::Tensor leaf = logits.clone().set_requires_grad(true);
    const at::Tensor expected = at::cross_entropy_loss(leaf, targets, {}, at::Reduction::None, -100);
    (expected.sum() * 0.25).backward();
    at::Tensor z = logits.to(device, at::kFloat, false, true);
    CHECK(distance(nn::launch_cross_entropy(z, targets.to(device), 0.25, true).cpu(), expected.detach()) <
          1e-6);
    CHECK(distance(z.cpu(), leaf.grad()) < 2e-6);
  }
}

void optimizers(at::Device device) {
  at::manual_seed(4);
  const int64_t n = 100003, decayed = 70001;
  const kernels::AdamwStep step{0.01f, 0.9f, 0.95f, 1e-8f, 0.1f, 0.19f, 0.0975f, 0.5f};
  const at::Tensor p = at::randn({n}), g = at::randn({n}), m = at::randn({n}) * 0.1, v = at::rand({n}) * 0.1;
  const at::Tensor gs = g * 0.5, m2 = m * 0.9 + gs * 0.1, v2 = v * 0.95 + gs * gs * 0.05;
  at::Tensor keep = at::ones({n});
  keep.narrow(0, 0, decayed).fill_(1 - 0.01 * 0.1);
  const at::Tensor expected = p * keep - 0.01 * (m2 / 0.19) / ((v2 / 0.0975).sqrt() + 1e-8);
  const auto copy = [&](const at::Tensor& t) { return t.to(device, at::kFloat, false, true); };
  at::Tensor master = copy(p), gradient = copy(g), moment1 = copy(m), moment2 = copy(v);
  const at::Tensor compute = at::empty({n}, master.options().dtype(at::kBFloat16));
  nn::launch_adamw(master, gradient, moment1, moment2, compute, decayed, step);
  CHECK(distance(master.cpu(), expected) < 1e-6);
  CHECK(distance(moment1.cpu(), m2) < 1e-6);
  CHECK(distance(moment2.cpu(), v2) < 1e-6);
  CHECK(at::equal(compute, master.to(at::kBFloat16)));
  CHECK(nn::launch_squared_norm(gradient) ==
        Approx(g.to(at::kDouble).square().sum().item<double>()).epsilon(1e-9));
}

}  // namespace

TEST_CASE("fused norms and swiglu equal the composite forms") { norms_and_swiglu(at::kCPU); }
TEST_CASE("fused rope equals the composite form") { ropes(at::kCPU); }
TEST_CASE("cross-entropy kernel equals ATen") { losses(at::kCPU); }
TEST_CASE("AdamW and norm equal ATen on flat buffers") { optimizers(at::kCPU); }

TEST_CASE("inputs that are not contiguous") {
  const at::Tensor wide = at::randn({6, 40});
  compare([](const Tensors& in) -> Tensors { return {nn::swiglu(in[0].t(), in[1].t())}; },
          {wide, at::randn({6, 40})});
}

TEST_CASE("CUDA kernels equal the composite forms", "[gpu]") {
  const at::Device device = nn::open_device("cuda");
  REQUIRE(nn::have_kernels(at::empty({1}, at::TensorOptions().device(device))));
  norms_and_swiglu(device);
  ropes(device);
  losses(device);
  optimizers(device);
}
