// The llama forward against transformers: logits, hidden states, loss, every gradient, and greedy text with a
// key/value cache, on the golden models, in the composite and in the fused form.
#include <ATen/ATen.h>

#include "arch/config.h"
#include "catch.h"
#include "eval/forward.h"
#include "infer/generate.h"
#include "nn/device.h"
#include "support/golden.h"

namespace ds {
namespace {

struct Loaded {
  formats::ModelFolder folder;
  arch::ModelConfig config;
  nn::ParameterStore store;
  std::unique_ptr<models::Model> model;
  formats::SafetensorsFile golden;

  Loaded(const std::string& path, bool training, at::Device device = at::kCPU)
      : folder(formats::open_model_folder(path)),
        config(arch::parse_config(folder.config, folder.config_path)),
        store(config, {.device = device, .training = training}),
        golden(join_path(path, "golden.safetensors")) {
    store.load(folder);
    model = models::make_model(config, store);
  }
  at::Tensor stored(const std::string& name) const {
    const formats::TensorInfo& info = golden.at(name);
    return at::tensor(golden.floats(info), at::kFloat).reshape(info.shape);
  }
};

double largest(const at::Tensor& t) { return t.abs().max().item<double>(); }

struct Limits {
  double logits = 2e-5, loss = 2e-6, gradient = 2e-5;
};

void compare(const std::string& name, bool fused, at::Device device = at::kCPU, Limits limits = {}) {
  nn::set_fused(fused);
  const std::string path = test::golden_model(name);
  Loaded m(path, true, device);
  const eval::ForwardInput in =
      eval::read_forward_input(join_path(path, "golden.safetensors"), m.config, Log::null());
  const eval::NamedTensors out = eval::forward(*m.model, in, true, true);

  const at::Tensor expected = m.stored("logits");
  at::Tensor difference = out.at("logits") - expected;
  if (in.attention_mask.defined()) difference = difference * in.attention_mask.unsqueeze(2);
  const double logits = largest(difference);
  const double loss = largest(out.at("loss") - m.stored("loss"));
  INFO(name << (fused ? ", fused" : ", composite"));
  CHECK(logits < limits.logits);
  CHECK(loss < limits.loss);
  for (const formats::TensorInfo& info : m.golden.tensors()) {
    INFO(info.name);
    if (info.name.starts_with("hidden.")) {
      at::Tensor d = out.at(info.name) - m.stored(info.name);
      if (in.attention_mask.defined()) d = d * in.attention_mask.unsqueeze(2);
      CHECK(largest(d) < limits.logits);
    }
    if (!info.name.starts_with("grad.")) continue;
    const at::Tensor g = m.stored(info.name);
    const double error = (out.at(info.name) - g).norm().item<double>(), norm = g.norm().item<double>();
    CHECK(error <= limits.gradient * norm + 1e-6);
  }
  nn::set_fused(true);
}

void compare_text(at::Device device) {
  for (const std::string& name : test::golden_cases()) {
    const std::string path = test::golden_model(name);
    Loaded m(path, false, device);
    if (!m.golden.find("generated")) continue;
    for (const bool fused : {false, true}) {
      nn::set_fused(fused);
      INFO(name << (fused ? ", fused" : ", composite"));
      const auto shape = m.golden.at("ids").shape;
      const std::vector<int64_t> ids = m.golden.integers(m.golden.at("ids"));
      const std::vector<int64_t> expected = m.golden.integers(m.golden.at("generated"));
      const int64_t total = m.golden.at("generated").shape[1];
      std::vector<std::vector<int64_t>> prompts;
      for (int64_t row = 0; row < shape[0]; ++row) {
        prompts.emplace_back(ids.begin() + row * shape[1], ids.begin() + (row + 1) * shape[1]);
      }
      Run run;
      const infer::GenerateResult result =
          infer::generate(*m.model, prompts, {.max_tokens = total - shape[1]}, run);
      for (int64_t row = 0; row < shape[0]; ++row) {
        std::vector<int64_t> whole = prompts[static_cast<size_t>(row)];
        const auto& fresh = result.sequences[static_cast<size_t>(row)].ids;
        whole.insert(whole.end(), fresh.begin(), fresh.end());
        CHECK(whole ==
              std::vector<int64_t>(expected.begin() + row * total, expected.begin() + (row + 1) * total));
      }
    }
    nn::set_fused(true);
  }
}

}  // namespace

TEST_CASE("golden llama models: logits, loss, gradients", "[parity]") {
  for (const std::string& name : test::golden_cases()) {
    for (const bool fused : {false, true}) compare(name, fused);
  }
}

TEST_CASE("golden llama models: greedy text with a cache", "[parity]") { compare_text(at::kCPU); }

TEST_CASE("golden llama models on a GPU", "[gpu][parity]") {
  const at::Device device = nn::open_device("cuda");
  for (const std::string& name : test::golden_cases()) {
    for (const bool fused : {false, true})
      compare(name, fused, device, {.logits = 1e-4, .loss = 1e-5, .gradient = 1e-4});
  }
  compare_text(device);
}

}  // namespace ds
