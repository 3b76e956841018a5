// Quantising a folder: what is chosen, nearest integers, the same bytes for any number of threads.
#include "quant/quantise.h"

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "formats/json_file.h"
#include "scratch.h"

using namespace ds;
using Catch::Matchers::Contains;
using formats::DType;

namespace {

// A llama of random weights whose inputs are 32 and 48 wide; one row is zeros, one number `spoilt`.
formats::ModelFolder random_model(const std::string& path, DType type, float spoilt = 1.0f) {
  make_folder(path);
  formats::ModelFolderPlan plan;
  plan.config = {{"model_type", "llama"},        {"vocab_size", 20},       {"hidden_size", 32},
                 {"intermediate_size", 48},      {"num_hidden_layers", 2}, {"num_attention_heads", 2},
                 {"max_position_embeddings", 64}};
  for (const auto& spec :
       arch::arch_of(arch::parse_config(plan.config, "c")).tensors(arch::parse_config(plan.config, "c")))
    plan.tensors.push_back({spec.name, type, spec.shape});
  const Rng rng(3, RngStream::test);
  std::string bytes;
  uint64_t n = 0;
  formats::write_model_folder(path, plan, [&](const formats::TensorInfo& t) -> std::string_view {
    bytes.clear();
    for (uint64_t i = 0; i < t.elements(); ++i, ++n) {
      float v = static_cast<float>(rng.normal(n) * 0.1);
      if (t.name.ends_with("0.mlp.up_proj.weight") && i < 33) v = i < 32 ? 0.0f : spoilt;
      const uint16_t half = type == DType::bf16 ? formats::float_to_bf16(v) : formats::float_to_f16(v);
      bytes.append(
          type == DType::f32 ? reinterpret_cast<const char*>(&v) : reinterpret_cast<const char*>(&half),
          type == DType::f32 ? 4 : 2);
    }
    return bytes;
  });
  return formats::open_model_folder(path);
}

quant::Plan plan_of(const formats::ModelFolder& folder, const quant::Options& options) {
  return {folder, arch::parse_config(folder.config, folder.config_path), options};
}

}  // namespace

TEST_CASE("quantise: nearest integers, what stays is equal, the report's errors are true") {
  const test::Scratch scratch;
  int n = 0;
  for (const DType type : {DType::f32, DType::bf16, DType::f16}) {
    for (const quant::Options& options :
         {quant::Options{8, 0, {}}, {4, 16, {"o_proj"}}, {4, 0, {}}, {8, 8, {}}}) {
      const std::string name = scratch.file(std::to_string(n++));
      const formats::ModelFolder folder = random_model(name, type);
      quant::Plan plan = plan_of(folder, options);
      make_folder(name + "q");
      Run run{.threads = 2};
      plan.write(name + "q", run);
      const formats::ModelFolder back = formats::open_model_folder(name + "q");
      const auto q = formats::parse_quantization(back.config, "").value();
      uint64_t bytes = 0;
      for (const auto& t : back.tensors()) bytes += t.info->bytes();
      CHECK(bytes == plan.bytes_after());
      for (const quant::Layer& layer : plan.layers()) {
        CHECK(layer.quantised() == !(options.ignore.size() == 1 && layer.name.ends_with("o_proj")));
        const std::vector<float> w = formats::read_floats(folder, std::nullopt, layer.name + ".weight");
        const std::vector<float> got = formats::read_floats(back, q, layer.name + ".weight");
        REQUIRE(w.size() == got.size());
        const int64_t group = options.group > 0 ? options.group : layer.in;
        const double high = std::ldexp(1.0, options.bits - 1),
                     rounding = type == DType::bf16 ? 1.0 / 128 : 1.0 / 1024;
        double wrong = 0, all = 0;
        for (size_t begin = 0; begin < w.size(); begin += static_cast<size_t>(group)) {
          double largest = 0;
          for (size_t i = begin; i < begin + static_cast<size_t>(group); ++i)
            largest = std::max(largest, std::abs(double{w[i]}));
          const double step =
              largest / (high - 0.5);  // half a step for rounding, and for the end that is cut
          for (size_t i = begin; i < begin + static_cast<size_t>(group); ++i) {
            const double d = double{w[i]} - got[i];
            if (layer.quantised() ? std::abs(d) > step * 0.51 + largest * rounding : d != 0)
              FAIL(layer.name << " " << i);
            wrong += d * d;
            all += double{w[i]} * w[i];
          }
        }
        CHECK(layer.error == Approx(std::sqrt(wrong / all)).epsilon(1e-6));
      }
      for (const char* stays : {"model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"})
        CHECK(back.at(stays).bytes() == folder.at(stays).bytes());
      CHECK(q.ignore.back() == "lm_head");
    }
  }
}

TEST_CASE("quantise: the same bytes for any number of threads") {
  const test::Scratch scratch;
  const formats::ModelFolder folder = random_model(scratch.file("m"), DType::f32);
  std::vector<std::string> digests;
  for (const int threads : {1, 3, 8}) {
    const std::string out = scratch.file("q" + std::to_string(threads));
    make_folder(out);
    Run run{.threads = threads};
    quant::Plan plan = plan_of(folder, {4, 16, {}});
    std::string all = formats::pretty_json(plan.report());
    for (const auto& o : plan.write(out, run)) all += o.digest.sha256;
    digests.push_back(all + formats::pretty_json(plan.report()));
  }
  CHECK(digests[0] == digests[1]);
  CHECK(digests[0] == digests[2]);
}

TEST_CASE("quantise: layers that do not divide, names, and what is refused") {
  const test::Scratch scratch;
  const formats::ModelFolder folder = random_model(scratch.file("m"), DType::bf16);
  const quant::Plan some = plan_of(folder, {4, 32, {"model.layers.1.self_attn.q_proj"}});
  int quantised = 0;
  for (const quant::Layer& l : some.layers()) quantised += l.quantised();
  CHECK(quantised == 14 - 2 - 1);  // down_proj has 48 inputs
  CHECK_THAT(some.left_out(), Contains("2 of 14 layers") && Contains("model.layers.0.mlp.down_proj"));
  CHECK(plan_of(folder, {8, 0, {}}).left_out().empty());
  const auto refused = [&](const formats::ModelFolder& f, const quant::Options& o, ErrorKind kind) {
    const Error e = test::thrown_by<Error>([&] { plan_of(f, o); });
    CHECK(e.kind() == kind);
    return std::string(e.what());
  };
  CHECK_THAT(refused(folder, {4, 128, {}}, ErrorKind::usage),
             Contains("32, 48 inputs, the group size is 128"));
  CHECK_THAT(refused(folder, {8, 0, {"proj"}}, ErrorKind::usage), Contains("--ignore proj"));
  CHECK(plan_of(folder, {8, 0, {"lm_head"}}).quantization().ignore == std::vector<std::string>{"lm_head"});
  formats::ModelFolder twice = folder;
  twice.config["quantization_config"] = formats::quantization_config({8, 0, {}});
  CHECK_THAT(refused(twice, {8, 0, {}}, ErrorKind::usage), Contains("quantised already"));
  formats::ModelFolder other = folder;
  other.config["intermediate_size"] = 64;
  CHECK_THAT(refused(other, {8, 0, {}}, ErrorKind::data), Contains("mlp.gate_proj.weight: shape [48, 32]"));
}

TEST_CASE("quantise: numbers that are not finite are a data error") {
  const test::Scratch scratch;
  int n = 0;
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    const formats::ModelFolder folder = random_model(scratch.file(std::to_string(n)), DType::f32, bad);
    const std::string out = scratch.file("q" + std::to_string(n++));
    make_folder(out);
    Run run;
    quant::Plan plan = plan_of(folder, {8, 0, {}});
    const Error e = test::thrown_by<Error>([&] { plan.write(out, run); });
    CHECK(e.kind() == ErrorKind::data);
    CHECK_THAT(e.what(), Contains("model.layers.0.mlp.up_proj.weight"));
  }
}
