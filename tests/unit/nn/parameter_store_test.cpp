#include "nn/parameter_store.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "base/error.h"
#include "catch.h"
#include "models/tiny_model.h"
#include "scratch.h"

namespace ds {
namespace {

using test::largest;
using test::thrown_by;
using test::tiny_config;

formats::ModelFolder save(const nn::ParameterStore& store, const arch::ModelConfig& config,
                          const std::string& folder, at::ScalarType dtype) {
  make_folder(folder);
  formats::ModelFolderPlan plan;
  plan.config = arch::to_json(config);
  plan.tensors = store.declarations(dtype);
  formats::write_model_folder(folder, plan, store.source(dtype));
  return formats::open_model_folder(folder);
}

arch::ModelConfig tied_config() {
  arch::ModelConfig config = tiny_config();
  config.tie_word_embeddings = true;
  return config;
}

}  // namespace

TEST_CASE("random weights depend on the seed alone") {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  nn::ParameterStore one(tiny_config(), {});
  one.init_random(5);
  at::set_num_threads(3);
  nn::ParameterStore three(tiny_config(), {.training = true}), other(tiny_config(), {});
  three.init_random(5);
  other.init_random(6);
  at::set_num_threads(threads);
  CHECK(at::equal(one.compute(), three.master()));
  CHECK_FALSE(at::equal(one.compute(), other.compute()));
  const at::Tensor q = one.weight("model.layers.1.self_attn.q_proj.weight").dense;
  CHECK(std::abs(q.std().item<double>() - 0.2) < 0.02);
  CHECK(at::equal(one.weight("model.norm.weight").dense, at::ones({32})));
}

TEST_CASE("flat buffers: decaying tensors first, every tensor a view, gaps zero") {
  nn::ParameterStore store(tiny_config(), {.training = true});
  store.init_random(1);
  CHECK(store.master().numel() == store.size());
  int64_t elements = 0;
  for (const auto& spec : store.specs()) {
    const at::Tensor view = store.view(store.master(), spec.name);
    const int64_t offset = view.storage_offset();
    CHECK((offset < store.decayed()) == (spec.shape.size() > 1));
    CHECK(offset % 64 == 0);
    CHECK(at::equal(view, store.weight(spec.name).dense));
    elements += view.numel();
    view.zero_();
  }
  CHECK(elements == static_cast<int64_t>(arch::parameter_count(store.specs())));
  CHECK(largest(store.master()) == 0.0);
}

TEST_CASE("tied weights are one tensor under two names") {
  nn::ParameterStore store(tied_config(), {});
  store.init_random(1);
  CHECK(&store.weight("lm_head.weight") == &store.weight("model.embed_tokens.weight"));
  CHECK(store.find("lm_head.bias") == nullptr);
  CHECK(thrown_by<Error>([&] { store.weight("nothing"); }).kind() == ErrorKind::internal);
  for (const auto& declaration : store.declarations(at::kFloat)) CHECK(declaration.name != "lm_head.weight");
}

TEST_CASE("gradients of several passes are summed, in fp32 and in bf16") {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    nn::ParameterStore store(tiny_config(), {.compute = type, .training = true});
    store.init_random(1);
    const nn::Weight& w = store.weight("lm_head.weight");
    store.zero_gradients();
    for (const double factor : {1.0, 2.0, 0.5}) {
      (w.dense * factor).sum().backward();
      store.collect_gradients();
    }
    CHECK(at::equal(store.view(store.gradient(), "lm_head.weight"), at::full({61, 32}, 3.5)));
    CHECK(store.gradient().sum().item<double>() == 3.5 * 61 * 32);
    store.zero_gradients();
    w.dense.sum().backward();
    store.collect_gradients();
    CHECK(store.gradient().sum().item<double>() == 61 * 32);
  }
}

TEST_CASE("an optimizer step in the flat buffer reaches the weights, and the graph does not mind") {
  nn::ParameterStore store(tiny_config(), {.training = true});
  store.init_random(1);
  const nn::Weight& w = store.weight("model.norm.weight");
  const at::Tensor loss = (w.dense * w.dense).sum();
  {
    at::NoGradGuard no_grad;
    store.master().mul_(1.0);
  }
  loss.backward();
  store.collect_gradients();
  CHECK(largest(store.view(store.gradient(), "model.norm.weight") - 2.0) == 0.0);
  {
    at::NoGradGuard no_grad;
    store.master().add_(1.0);
  }
  CHECK(w.dense[0].item<float>() == 2.0f);
}

TEST_CASE("saved and loaded again: equal in fp32, rounded in bf16 and fp16, tied too") {
  const test::Scratch scratch;
  for (const arch::ModelConfig& config : {tiny_config(), tied_config()}) {
    nn::ParameterStore store(config, {.training = true});
    store.init_random(9);
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf}) {
      const std::string folder =
          scratch.path() + "/" + c10::toString(type) + (config.tie_word_embeddings ? "-tied" : "");
      const formats::ModelFolder saved = save(store, config, folder, type);
      nn::ParameterStore back(config, {.training = true});
      back.load(saved);
      CHECK(at::equal(back.master(), store.master().to(type).to(at::kFloat)));
      nn::ParameterStore small(config, {.compute = at::kBFloat16});
      small.load(saved);
      CHECK(at::equal(small.compute(), store.master().to(type).to(at::kBFloat16)));
    }
  }
}

TEST_CASE("weights that do not fit the config are data errors that name file and tensor") {
  const test::Scratch scratch;
  nn::ParameterStore store(tiny_config(), {});
  store.init_random(9);
  const formats::ModelFolder saved = save(store, tiny_config(), scratch.path() + "/model", at::kFloat);
  arch::ModelConfig more = tiny_config();
  more.layers = 3;
  arch::ModelConfig fewer = tiny_config();
  fewer.layers = 1;
  arch::ModelConfig wider = tiny_config();
  wider.vocab_size = 64;
  for (const auto& [config, name] :
       {std::pair{more, "model.layers.2."}, {fewer, "model.layers.1."}, {wider, "model.embed_tokens"}}) {
    nn::ParameterStore other(config, {});
    const Error e = thrown_by<Error>([&] { other.load(saved); });
    CHECK(e.kind() == ErrorKind::data);
    CHECK(std::string(e.what()).find(name) != std::string::npos);
    CHECK_FALSE(other.compute().defined());  // refused before any memory was taken
  }
}

TEST_CASE("a model beyond the machine's memory is a resource error") {
  arch::ModelConfig config = tiny_config();
  config.vocab_size = int64_t{1} << 40;
  nn::ParameterStore store(config, {.training = true});
  CHECK(thrown_by<Error>([&] { store.init_random(1); }).kind() == ErrorKind::resource);
}

}  // namespace ds
