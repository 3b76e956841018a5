// Merged folders: adapters, unpacked weights, types, shards.
#include "export/merge.h"

#include "base/error.h"
#include "base/io.h"
#include "catch.h"
#include "folders.h"

using namespace ds;
using namespace ds::exporting;
using Catch::Matchers::Contains;
using formats::DType;

namespace {

formats::ModelFolder merged(const test::Scratch& scratch, const std::string& from, MergeOptions options,
                            const std::string& adapter = "", int threads = 1) {
  const formats::ModelFolder model = formats::open_model_folder(scratch.file(from));
  std::optional<formats::PeftAdapter> a;
  if (!adapter.empty()) a = formats::read_peft_adapter(scratch.file(adapter));
  const MergePlan plan = plan_merge(model, a ? &*a : nullptr, options);
  remove_tree(scratch.file("out"));
  make_folder(scratch.file("out"));
  Run run;
  run.threads = threads;
  const auto files = write_merged(model, a ? &*a : nullptr, plan, scratch.file("out"), run);
  CHECK(files);
  return formats::open_model_folder(scratch.file("out"));
}

std::vector<float> floats(const formats::ModelFolder& m, const std::string& name) {
  const formats::StoredTensor t = m.at(name);
  return t.file->floats(*t.info);
}

using Tensors = std::map<std::string, std::pair<std::vector<int64_t>, std::vector<float>>>;
void make_adapter(const std::string& folder, const nlohmann::json& config, const Tensors& tensors) {
  make_folder(folder);
  write_file(join_path(folder, "adapter_config.json"), config.dump());
  std::vector<formats::TensorDecl> decls;
  for (const auto& [name, t] : tensors) decls.push_back({"base_model.model." + name, DType::f32, t.first});
  formats::write_safetensors(join_path(folder, "adapter_model.safetensors"), decls,
                             [&](const formats::TensorInfo& t) {
                               const std::vector<float>& v = tensors.at(t.name.substr(17)).second;
                               return std::string_view(reinterpret_cast<const char*>(v.data()), v.size() * 4);
                             });
}

std::vector<float> random_values(size_t n, uint32_t sub) {
  std::vector<float> v(n);
  for (size_t i = 0; i < n; ++i) v[i] = static_cast<float>(Rng(9, RngStream::test, sub).normal(i));
  return v;
}

}  // namespace

TEST_CASE("merge: a plain folder comes out as it is, in one file or in shards") {
  const test::Scratch scratch;
  const auto values = test::make_model(scratch.file("m"), test::tiny_config());
  for (const uint64_t size : {uint64_t{0}, uint64_t{20000}, uint64_t{1}}) {
    const auto out = merged(scratch, "m", {{}, size});
    CHECK((out.files.size() > 1) == (size > 0));
    for (const auto& [name, v] : values) CHECK(floats(out, name) == v);
    CHECK(out.tensors().size() == values.size());
    for (const auto& f : out.files)
      CHECK((size < 2 || f->tensors().size() == 1 || file_size(f->path()) < size + 3000));
  }
}

TEST_CASE("merge: other types") {
  const test::Scratch scratch;
  const auto values = test::make_model(scratch.file("m"), test::tiny_config());
  const auto bf16 = merged(scratch, "m", {DType::bf16, 0}, "", 2);
  CHECK(bf16.config["dtype"] == "bfloat16");
  for (const auto& [name, v] : values) {
    const auto got = floats(bf16, name);
    for (size_t i = 0; i < v.size(); ++i)
      REQUIRE(got[i] == formats::bf16_to_float(formats::float_to_bf16(v[i])));
  }
}

TEST_CASE("merge: an adapter is added in fp32") {
  const test::Scratch scratch;
  const auto values = test::make_model(scratch.file("m"), test::tiny_config());
  const std::string q = "model.layers.0.self_attn.q_proj", e = "model.embed_tokens";
  const auto a = random_values(3 * 32, 1), b = random_values(32 * 3, 2), ea = random_values(3 * 300, 3),
             eb = random_values(32 * 3, 4), norm = random_values(32, 5);
  make_adapter(scratch.file("a"), {{"peft_type", "LORA"}, {"r", 3}, {"lora_alpha", 6}},
               {{q + ".lora_A.weight", {{3, 32}, a}},
                {q + ".lora_B.weight", {{32, 3}, b}},
                {e + ".lora_embedding_A", {{3, 300}, ea}},
                {e + ".lora_embedding_B", {{32, 3}, eb}},
                {"model.norm.weight", {{32}, norm}}});
  const auto out = merged(scratch, "m", {}, "a", 2);
  const auto check = [&](const std::string& name, size_t rows, size_t columns, auto&& delta) {
    const auto got = floats(out, name);
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < columns; ++c)
        if (std::fabs(got[r * columns + c] - (values.at(name)[r * columns + c] + 2.0 * delta(r, c))) > 1e-4)
          REQUIRE(got[r * columns + c] == Approx(values.at(name)[r * columns + c] + 2.0 * delta(r, c)));
  };
  check(q + ".weight", 32, 32, [&](size_t r, size_t c) {
    double s = 0;
    for (size_t k = 0; k < 3; ++k) s += static_cast<double>(b[r * 3 + k]) * a[k * 32 + c];
    return s;
  });
  check(e + ".weight", 300, 32, [&](size_t r, size_t c) {
    double s = 0;
    for (size_t k = 0; k < 3; ++k) s += static_cast<double>(eb[c * 3 + k]) * ea[k * 300 + r];
    return s;
  });
  CHECK(floats(out, "model.norm.weight") == norm);
  CHECK(floats(out, "lm_head.weight") == values.at("lm_head.weight"));
}

TEST_CASE("merge: an adapter for another model is refused, its target named") {
  const test::Scratch scratch;
  test::make_model(scratch.file("m"), test::tiny_config());
  const nlohmann::json config = {{"peft_type", "LORA"}, {"r", 1}, {"lora_alpha", 1}};
  const std::string far = "model.layers.7.self_attn.q_proj";
  make_adapter(scratch.file("a"), config,
               {{far + ".lora_A.weight", {{1, 32}, random_values(32, 1)}},
                {far + ".lora_B.weight", {{32, 1}, random_values(32, 2)}}});
  CHECK_THAT(test::thrown_by<Error>([&] { merged(scratch, "m", {}, "a"); }).what(),
             Contains(far + ".weight"));
  const std::string q = "model.layers.0.self_attn.q_proj";
  make_adapter(scratch.file("b"), config,
               {{q + ".lora_A.weight", {{1, 16}, random_values(16, 1)}},
                {q + ".lora_B.weight", {{32, 1}, random_values(32, 2)}}});
  CHECK_THAT(test::thrown_by<Error>([&] { merged(scratch, "m", {}, "b"); }).what(), Contains("[32, 16]"));
}

TEST_CASE("merge: packed weights come out as numbers") {
  const test::Scratch scratch;
  const nlohmann::json config = test::tiny_config();
  const auto values = test::make_model(scratch.file("m"), config);
  // Pack one layer by hand: 8 bits, a scale per row; the rest as it is.
  const formats::Quantization q{8, 0, {"lm_head"}};
  const std::string packed = "model.layers.0.mlp.up_proj";
  formats::ModelFolderPlan plan;
  plan.config = config;
  plan.config["quantization_config"] = formats::quantization_config(q);
  std::vector<float> expected;
  std::map<std::string, std::string> bytes;
  const formats::ModelFolder plain = formats::open_model_folder(scratch.file("m"));
  for (const auto& t : plain.tensors()) {
    if (t.info->name == packed + ".weight") continue;
    plan.tensors.push_back({t.info->name, t.info->dtype, t.info->shape});
    bytes[t.info->name] = std::string(t.bytes());
  }
  for (const auto& d : formats::packed_declarations(q, packed + ".weight", 48, 32, DType::f32)) {
    plan.tensors.push_back(d);
    std::string& out = bytes[d.name];
    if (d.name.ends_with("_shape")) {
      const int64_t shape[2] = {48, 32};
      out.assign(reinterpret_cast<const char*>(shape), 16);
    } else if (d.name.ends_with("_scale")) {
      for (int r = 0; r < 48; ++r) {
        const float s = 0.25f + static_cast<float>(r) / 64;
        out.append(reinterpret_cast<const char*>(&s), 4);
      }
    } else {
      for (int r = 0; r < 48; ++r)
        for (int c = 0; c < 32; ++c) {
          const int v = (r * 7 + c * 11) % 255 - 127;
          out += static_cast<char>(v + 128);
          expected.push_back(static_cast<float>(v) * (0.25f + static_cast<float>(r) / 64));
        }
    }
  }
  make_folder(scratch.file("q"));
  formats::write_model_folder(scratch.file("q"), plan, [&](const formats::TensorInfo& t) {
    return std::string_view(bytes.at(t.name));
  });
  const auto out = merged(scratch, "q", {}, "", 2);
  CHECK_FALSE(out.config.contains("quantization_config"));
  CHECK(out.tensors().size() == values.size());
  CHECK(floats(out, packed + ".weight") == expected);
  CHECK(floats(out, "lm_head.weight") == values.at("lm_head.weight"));
}
