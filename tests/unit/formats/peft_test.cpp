// LoRA adapters: what is read, what is refused and why.
#include "formats/peft.h"

#include "base/error.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

const std::string kQ = "base_model.model.model.layers.0.self_attn.q_proj.";

json plain_config() {
  return {{"peft_type", "LORA"}, {"r", 2}, {"lora_alpha", 8}, {"bias", "none"}, {"use_dora", false}};
}

std::vector<TensorDecl> plain_tensors() {
  return {{kQ + "lora_A.weight", DType::f32, {2, 6}}, {kQ + "lora_B.weight", DType::f32, {4, 2}}};
}

PeftAdapter adapter(const test::Scratch& scratch, const json& config, std::vector<TensorDecl> tensors) {
  write_file(scratch.file("adapter_config.json"), config.dump());
  std::string zeros;
  write_safetensors(scratch.file("adapter_model.safetensors"), std::move(tensors), [&](const TensorInfo& t) {
    zeros.assign(t.bytes(), '\0');
    return std::string_view(zeros);
  });
  return read_peft_adapter(scratch.path());
}

std::string refusal(const json& changes, std::vector<TensorDecl> tensors = plain_tensors()) {
  const test::Scratch scratch;
  json config = plain_config();
  config.update(changes);
  return test::thrown_by<Error>([&] { adapter(scratch, config, tensors); }).what();
}

}  // namespace

TEST_CASE("peft: a plain adapter") {
  const test::Scratch scratch;
  const PeftAdapter a = adapter(scratch, plain_config(), plain_tensors());
  REQUIRE(a.modules.size() == 1);
  CHECK(a.modules[0].module == "model.layers.0.self_attn.q_proj");
  CHECK(a.modules[0].scale == 4.0);
  CHECK_FALSE(a.modules[0].embedding);
  CHECK(a.saved.empty());
}

TEST_CASE("peft: scale by module, rslora, embeddings, whole tensors, names of adapters") {
  const test::Scratch scratch;
  json config = plain_config();
  config.update({{"use_rslora", true},
                 {"alpha_pattern", {{"layers\\.1\\..*q_proj", 3}, {"embed_tokens", 5}}},
                 {"rank_pattern", {{"model.layers.1.self_attn.q_proj", 4}}},
                 {"modules_to_save", {"lm_head"}}});
  const std::string second = "base_model.model.model.layers.1.self_attn.q_proj.";
  const std::string embedding = "base_model.model.model.embed_tokens.";
  const PeftAdapter a =
      adapter(scratch, config,
              {{kQ + "lora_A.weight", DType::f32, {2, 6}},
               {kQ + "lora_B.weight", DType::f32, {4, 2}},
               {second + "lora_A.default.weight", DType::bf16, {4, 6}},
               {second + "lora_B.default.weight", DType::bf16, {4, 4}},
               {embedding + "lora_embedding_A", DType::f32, {2, 10}},
               {embedding + "lora_embedding_B", DType::f32, {6, 2}},
               {"base_model.model.lm_head.modules_to_save.default.weight", DType::f32, {10, 6}},
               {"base_model.model.model.norm.weight", DType::f32, {6}}});
  REQUIRE(a.modules.size() == 3);
  CHECK(a.modules[0].module == "model.embed_tokens");
  CHECK(a.modules[0].embedding);
  CHECK(a.modules[0].scale == Approx(5 / std::sqrt(2.0)));
  CHECK(a.modules[1].scale == Approx(8 / std::sqrt(2.0)));
  CHECK(a.modules[2].scale == Approx(3 / 2.0));
  REQUIRE(a.saved.size() == 2);
  std::vector<std::string> names = {a.saved[0].first, a.saved[1].first};
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"lm_head.weight", "model.norm.weight"});
}

TEST_CASE("peft: what would mean something else is refused by name") {
  for (const char* key : {"use_dora", "fan_in_fan_out", "lora_bias", "use_qalora"})
    CHECK_THAT(refusal({{key, true}}), Contains(key));
  CHECK_THAT(refusal({{"bias", "all"}}), Contains("bias: \"all\""));
  CHECK_THAT(refusal({{"peft_type", "IA3"}}), Contains("peft_type: \"IA3\""));
  CHECK_THAT(refusal({{"init_lora_weights", "pissa"}}), Contains("init_lora_weights"));
  CHECK_THAT(refusal({{"target_parameters", {"experts"}}}), Contains("target_parameters"));
  CHECK_THAT(refusal({{"r", 3}}), Contains("rank 2, but adapter_config.json says 3"));
  CHECK_THAT(refusal({{"lora_alpha", "x"}}), Contains("lora_alpha"));
  CHECK_THAT(refusal({{"alpha_pattern", {{"(", 1}}}}), Contains("regular expression"));
  auto tensors = plain_tensors();
  tensors.push_back({kQ + "lora_magnitude_vector", DType::f32, {4}});
  CHECK_THAT(refusal(json::object(), tensors), Contains("lora_magnitude_vector: cannot be merged"));
  tensors = plain_tensors();
  tensors.pop_back();
  CHECK_THAT(refusal(json::object(), tensors), Contains("lora_B is missing"));
  tensors = plain_tensors();
  tensors[1].shape = {4, 3};
  CHECK_THAT(refusal(json::object(), tensors), Contains("the rank"));
  tensors[1] = {"model.norm.weight", DType::f32, {4}};
  CHECK_THAT(refusal(json::object(), tensors), Contains("base_model.model."));
  CHECK_THAT(refusal(json::object(), {}), Contains("no tensors"));
}

TEST_CASE("peft: missing files") {
  const test::Scratch scratch;
  CHECK(test::thrown_by<Error>([&] { read_peft_adapter(scratch.path()); }).kind() == ErrorKind::io);
}
