#include "nn/parameter_store.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "models/model.h"
#include "models/tiny_model.h"
#include "nn/ops.h"
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

arch::ModelConfig wide_config() {  // inputs of 128 and 256
  return arch::parse_config({{"model_type", "llama"},
                             {"vocab_size", 61},
                             {"hidden_size", 128},
                             {"intermediate_size", 256},
                             {"num_hidden_layers", 2},
                             {"num_attention_heads", 4},
                             {"num_key_value_heads", 2},
                             {"max_position_embeddings", 64},
                             {"attention_bias", true}},
                            "wide");
}

// A folder whose quantisable layers, but those in q.ignore, are random integers with scales; the rest as in
// `store`.
formats::ModelFolder save_packed(const nn::ParameterStore& store, const arch::ModelConfig& config,
                                 const formats::Quantization& q, formats::DType scale_type,
                                 const std::string& folder) {
  make_folder(folder);
  formats::ModelFolderPlan plan;
  plan.config = arch::to_json(config);
  plan.config["quantization_config"] = formats::quantization_config(q);
  std::map<std::string, std::string> bytes;
  const Rng rng(7, RngStream::test);
  uint64_t n = 0;
  for (const auto& spec : store.specs()) {
    const std::string layer = spec.name.substr(0, spec.name.rfind('.'));
    if (!spec.quantisable || std::count(q.ignore.begin(), q.ignore.end(), layer) > 0) {
      const at::Tensor dense = store.weight(spec.name).dense.detach().contiguous();
      plan.tensors.push_back({spec.name, formats::DType::f32, spec.shape});
      bytes[spec.name].assign(static_cast<const char*>(dense.const_data_ptr()), dense.nbytes());
      continue;
    }
    for (auto& t : formats::packed_declarations(q, spec.name, spec.shape[0], spec.shape[1], scale_type)) {
      std::string& b = bytes[t.name];
      b.resize(formats::tensor_bytes(t.dtype, t.shape).value());
      if (t.dtype == formats::DType::i64) {
        std::memcpy(b.data(), spec.shape.data(), b.size());
      } else if (t.dtype == formats::DType::i32) {
        for (char& c : b) c = static_cast<char>(rng.bits(n++));
      } else {
        const size_t width = scale_type == formats::DType::f32 ? 4 : 2;
        for (size_t i = 0; i < b.size(); i += width) {
          const float v = 0.002f + 0.002f * static_cast<float>(rng.uniform(n++));
          const uint16_t half =
              scale_type == formats::DType::bf16 ? formats::float_to_bf16(v) : formats::float_to_f16(v);
          std::memcpy(b.data() + i, width == 4 ? static_cast<const void*>(&v) : &half, width);
        }
      }
      plan.tensors.push_back(std::move(t));
    }
  }
  formats::write_model_folder(
      folder, plan, [&](const formats::TensorInfo& t) -> std::string_view { return bytes.at(t.name); });
  return formats::open_model_folder(folder);
}

// The same model with every packed layer written out in numbers.
formats::ModelFolder save_dense(const formats::ModelFolder& packed, const nn::ParameterStore& store,
                                const std::string& folder) {
  make_folder(folder);
  formats::ModelFolderPlan plan;
  plan.config = packed.config;
  plan.config.erase("quantization_config");
  const auto q = formats::parse_quantization(packed.config, "");
  std::vector<float> values;
  for (const auto& spec : store.specs()) plan.tensors.push_back({spec.name, formats::DType::f32, spec.shape});
  formats::write_model_folder(folder, plan, [&](const formats::TensorInfo& t) -> std::string_view {
    values = formats::read_floats(packed, q, t.name);
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
  });
  return formats::open_model_folder(folder);
}

at::Tensor logits_of(const formats::ModelFolder& folder, at::ScalarType compute) {
  at::NoGradGuard no_grad;
  const arch::ModelConfig config = arch::parse_config(folder.config, folder.config_path);
  nn::ParameterStore store(config, {.compute = compute});
  store.load(folder);
  const auto model = models::make_model(config, store);
  nn::PackedAttention attention(1, 9);
  const at::Tensor ids = at::arange(3, 12, at::kLong), positions = at::arange(9, at::kLong);
  return nn::linear(models::hidden_states(*model, ids, positions, attention), model->head());
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

// In composite form, and where kernels expand the integers, to the bit. Scales of rows or of whole runs of
// 128 are computed in integers, where the rows of x are rounded to eight bits too (kernels/integer_matmul.h).
TEST_CASE("packed layers: logits are those of a folder with the same weights in numbers") {
  const test::Scratch scratch;
  nn::ParameterStore store(wide_config(), {});
  store.init_random(9);
  int n = 0;
  for (const formats::Quantization& q : {formats::Quantization{8, 0, {"lm_head"}},
                                         {4, 128, {"lm_head", "model.layers.1.mlp.down_proj"}},
                                         {8, 32, {}},
                                         {4, 0, {}}}) {
    for (const formats::DType type : {formats::DType::f32, formats::DType::bf16, formats::DType::f16}) {
      const std::string name = scratch.file("m" + std::to_string(n++));
      const formats::ModelFolder packed = save_packed(store, wide_config(), q, type, name);
      const formats::ModelFolder dense = save_dense(packed, store, name + "-dense");
      for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
        for (const bool fused : {true, false}) {
          nn::set_fused(fused);
          const at::Tensor one = logits_of(packed, compute), two = logits_of(dense, compute);
          nn::set_fused(true);
          CHECK(one.isfinite().all().item<bool>());
          if (fused && q.group % 128 == 0) {
            CHECK((one - two).norm().item<double>() < 0.1 * two.norm().item<double>());
          } else {
            CHECK(at::equal(one, two));
          }
        }
      }
    }
  }
}

TEST_CASE(
    "packed layers take no room in the flat buffers, stay integers, and are not for training or writing") {
  const test::Scratch scratch;
  nn::ParameterStore full(wide_config(), {});
  full.init_random(9);
  const formats::Quantization q{4, 128, {"lm_head"}};
  const formats::ModelFolder folder =
      save_packed(full, wide_config(), q, formats::DType::bf16, scratch.file("m"));
  nn::ParameterStore store(wide_config(), {.compute = at::kBFloat16});
  store.load(folder);
  int64_t kept = 0;
  for (const auto& spec : store.specs()) {
    const nn::Weight& w = store.weight(spec.name);
    CHECK(w.packed.defined() == spec.quantisable);
    CHECK(w.dense.defined() == !spec.quantisable);
    if (!spec.quantisable) {
      kept += (w.dense.numel() + 63) / 64 * 64;
      continue;
    }
    const std::vector<float> numbers = formats::read_floats(folder, q, spec.name);
    CHECK(at::equal(nn::dense_of(w, at::kFloat).flatten(), at::tensor(numbers)));
  }
  CHECK(store.size() == kept);
  CHECK(store.compute().numel() == kept);
  const std::string layer = "model.layers.0.mlp.up_proj.weight";
  CHECK(thrown_by<Error>([&] { store.view(store.compute(), layer); }).kind() == ErrorKind::internal);
  CHECK(thrown_by<Error>([&] { store.declarations(at::kBFloat16); }).kind() == ErrorKind::internal);
  CHECK(thrown_by<Error>([&] { store.source(at::kBFloat16); }).kind() == ErrorKind::internal);
  nn::ParameterStore trained(wide_config(), {.training = true});
  CHECK(thrown_by<Error>([&] { trained.load(folder); }).kind() == ErrorKind::usage);
  // A folder in numbers again, into the same store.
  store.load(save(full, wide_config(), scratch.file("full"), at::kBFloat16));
  CHECK(store.weight(layer).dense.defined());
  CHECK_FALSE(store.weight(layer).packed.defined());
  CHECK(at::equal(store.weight(layer).dense, full.weight(layer).dense.to(at::kBFloat16)));
}

TEST_CASE("packed layers that do not fit the config are data errors that name file and tensor") {
  const test::Scratch scratch;
  nn::ParameterStore store(wide_config(), {});
  store.init_random(9);
  const auto refused = [&](formats::ModelFolder folder) {
    nn::ParameterStore other(wide_config(), {});
    const Error e = thrown_by<Error>([&] { other.load(folder); });
    CHECK(e.kind() == ErrorKind::data);
    return std::string(e.what());
  };
  const formats::Quantization q{8, 0, {}};
  formats::ModelFolder folder = save_packed(store, wide_config(), q, formats::DType::f32, scratch.file("m"));
  folder.config.erase("quantization_config");  // packed tensors that the config does not announce
  CHECK(refused(folder).find("there is no tensor model.layers.0.self_attn.q_proj.weight") !=
        std::string::npos);
  folder.config["quantization_config"] = formats::quantization_config({4, 128, {}});
  CHECK(refused(folder).find("model.layers.0.self_attn.q_proj.weight_packed: shape [128, 32]") !=
        std::string::npos);
  arch::ModelConfig wider = wide_config();
  wider.intermediate_size = 384;
  nn::ParameterStore other_sizes(wider, {});
  other_sizes.init_random(9);
  CHECK(refused(save_packed(other_sizes, wider, q, formats::DType::f32, scratch.file("w")))
            .find("tensor model.layers.0.mlp.gate_proj.weight: shape [384, 128]") != std::string::npos);
}

TEST_CASE("a model beyond the machine's memory is a resource error") {
  arch::ModelConfig config = tiny_config();
  config.vocab_size = int64_t{1} << 40;
  nn::ParameterStore store(config, {.training = true});
  CHECK(thrown_by<Error>([&] { store.init_random(1); }).kind() == ErrorKind::resource);
}

}  // namespace ds
