// Model folders as GGUF: names, order of rotary rows, number types, metadata.
#include "export/gguf.h"

#include "base/error.h"
#include "base/io.h"
#include "catch.h"
#include "folders.h"

using namespace ds;
using namespace ds::exporting;
using Catch::Matchers::Contains;
using formats::GgmlType;

namespace {

formats::GgufFile exported(const test::Scratch& scratch, const std::string& folder, GgufOptions options,
                           int threads = 1) {
  const formats::ModelFolder model = formats::open_model_folder(folder);
  const GgufPlan plan = plan_gguf(model, options, Log::null());
  const std::string path = scratch.file("out.gguf");
  formats::GgufWriter writer(path, plan.metadata, plan.tensors);
  Run run;
  run.threads = threads;
  const bool whole = write_gguf_tensors(model, plan, writer, run);
  CHECK(whole);
  writer.commit();
  return formats::GgufFile(path);
}

GgufOptions bare(std::optional<GgmlType> type = {}) { return {type, false, ""}; }

}  // namespace

TEST_CASE("export gguf: every weight under its name, q and k with rotary pairs as neighbours") {
  const test::Scratch scratch;
  nlohmann::json config = test::tiny_config();
  config["attention_bias"] = true;
  const auto values = test::make_model(scratch.file("m"), config);
  const auto file = exported(scratch, scratch.file("m"), bare(), 2);
  CHECK(file.floats(*file.find_tensor("token_embd.weight")) == values.at("model.embed_tokens.weight"));
  CHECK(file.floats(*file.find_tensor("output.weight")) == values.at("lm_head.weight"));
  CHECK(file.floats(*file.find_tensor("output_norm.weight")) == values.at("model.norm.weight"));
  const std::string p = "model.layers.0.";
  for (const auto& [ours, theirs] :
       std::map<std::string, std::string>{{"input_layernorm.weight", "attn_norm.weight"},
                                          {"post_attention_layernorm.weight", "ffn_norm.weight"},
                                          {"self_attn.v_proj.weight", "attn_v.weight"},
                                          {"self_attn.v_proj.bias", "attn_v.bias"},
                                          {"self_attn.o_proj.weight", "attn_output.weight"},
                                          {"mlp.gate_proj.weight", "ffn_gate.weight"},
                                          {"mlp.up_proj.weight", "ffn_up.weight"},
                                          {"mlp.down_proj.weight", "ffn_down.weight"}})
    CHECK(file.floats(*file.find_tensor("blk.0." + theirs)) == values.at(p + ours));
  // The rule: rows viewed as [heads, 2, d/2], the two last exchanged.
  for (const auto& [ours, theirs, heads] :
       {std::tuple("self_attn.q_proj", "attn_q", 2), std::tuple("self_attn.k_proj", "attn_k", 1)}) {
    for (const std::string kind : {".weight", ".bias"}) {
      const std::vector<float>& from = values.at(p + ours + kind);
      const size_t columns = kind == ".bias" ? 1 : 32, d = 16;
      std::vector<float> expected;
      for (size_t h = 0; h < static_cast<size_t>(heads); ++h)
        for (size_t i = 0; i < d / 2; ++i)
          for (size_t half = 0; half < 2; ++half)
            for (size_t c = 0; c < columns; ++c)
              expected.push_back(from[(h * d + half * d / 2 + i) * columns + c]);
      CHECK(file.floats(*file.find_tensor("blk.0." + std::string(theirs) + kind)) == expected);
    }
  }
  CHECK(file.tensors().size() == values.size());
  CHECK(file.find("general.architecture")->text() == "llama");
  CHECK(file.find("llama.vocab_size")->integer() == 300);
  CHECK(file.find("llama.attention.head_count_kv")->integer() == 1);
  CHECK(file.find("general.file_type")->integer() == 0);
  CHECK(file.find("general.quantization_version") == nullptr);
  CHECK(file.find("tokenizer.ggml.model")->text() == "none");
}

TEST_CASE("export gguf: number types") {
  const test::Scratch scratch;
  nlohmann::json config = test::tiny_config();
  config["tie_word_embeddings"] = true;
  const auto values = test::make_model(scratch.file("m"), config, formats::DType::bf16);
  const auto type_of = [](const formats::GgufFile& f, const char* name) {
    return f.find_tensor(name)->type->name;
  };

  const auto own = exported(scratch, scratch.file("m"), bare());
  CHECK(own.find_tensor("output.weight") == nullptr);
  CHECK(type_of(own, "token_embd.weight") == "BF16");
  CHECK(type_of(own, "output_norm.weight") == "F32");
  CHECK(own.find("general.file_type")->integer() == 32);
  CHECK(own.floats(*own.find_tensor("blk.0.ffn_up.weight")) ==
        values.at("model.layers.0.mlp.up_proj.weight"));

  const auto q4 = exported(scratch, scratch.file("m"), bare(GgmlType::q4_0));
  CHECK(type_of(q4, "token_embd.weight") == "Q8_0");  // it is the output too
  CHECK(type_of(q4, "blk.0.attn_q.weight") == "Q4_0");
  CHECK(type_of(q4, "blk.0.ffn_down.weight") == "F16");  // rows of 48
  CHECK(q4.find("general.quantization_version")->integer() == 2);
  const std::vector<float>& from = values.at("model.layers.0.mlp.up_proj.weight");
  std::vector<float> back(from.size());
  std::string bytes(from.size() / 32 * 18, '\0');
  formats::to_ggml(GgmlType::q4_0, from, bytes.data());
  formats::from_ggml(GgmlType::q4_0, bytes, back);
  CHECK(q4.floats(*q4.find_tensor("blk.0.ffn_up.weight")) == back);

  arch::TensorSpec embedding{.name = "e", .shape = {9, 64}, .kind = arch::TensorKind::embedding};
  embedding.gguf_name = "token_embd.weight";
  CHECK(gguf_tensor_type(GgmlType::q4_0, embedding, false) == GgmlType::q4_0);
  CHECK(gguf_tensor_type(GgmlType::q4_0, embedding, true) == GgmlType::q8_0);
  embedding.gguf_name = "output.weight";
  CHECK(gguf_tensor_type(GgmlType::q4_0, embedding, false) == GgmlType::q8_0);
}

TEST_CASE("export gguf: the same bytes for any number of threads") {
  const test::Scratch scratch;
  test::make_model(scratch.file("m"), test::tiny_config());
  std::string first;
  for (const int threads : {1, 2, 7}) {
    exported(scratch, scratch.file("m"), bare(GgmlType::q8_0), threads);
    const std::string bytes = read_file(scratch.file("out.gguf"));
    if (first.empty()) first = bytes;
    CHECK(bytes == first);
  }
}

TEST_CASE("export gguf: rotary scaling") {
  const test::Scratch scratch;
  const auto with = [&](const nlohmann::json& rope) {
    nlohmann::json config = test::tiny_config();
    config["rope_parameters"] = rope;
    test::make_model(scratch.file("m"), config);
    return exported(scratch, scratch.file("m"), bare());
  };
  const auto linear = with({{"rope_type", "linear"}, {"factor", 4.0}, {"rope_theta", 5000.0}});
  CHECK(linear.find("llama.rope.scaling.type")->text() == "linear");
  CHECK(linear.find("llama.rope.scaling.factor")->number() == 4.0);
  CHECK(linear.find("llama.rope.freq_base")->number() == 5000.0);

  // By the definition: divisors of 1, of the factor, and blended between.
  const auto llama3 = with({{"rope_type", "llama3"},
                            {"factor", 8.0},
                            {"low_freq_factor", 1.0},
                            {"high_freq_factor", 4.0},
                            {"original_max_position_embeddings", 32},
                            {"rope_theta", 10000.0}});
  CHECK(llama3.find("llama.rope.scaling.type") == nullptr);
  const std::vector<float> divisors = llama3.floats(*llama3.find_tensor("rope_freqs.weight"));
  REQUIRE(divisors.size() == 8);
  for (size_t i = 0; i < 8; ++i) {
    const double wave = 2 * 3.14159265358979 * std::pow(10000.0, static_cast<double>(2 * i) / 16);
    const double s = (32 / wave - 1.0) / (4.0 - 1.0);
    const double due = wave < 32 / 4.0 ? 1.0 : wave > 32 / 1.0 ? 8.0 : 1 / ((1 - s) / 8.0 + s);
    CHECK(divisors[i] == Approx(due).epsilon(1e-5));
  }

  const nlohmann::json yarn = {
      {"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 16}};
  const auto y = with(yarn);
  CHECK(y.find("llama.rope.scaling.type")->text() == "yarn");
  CHECK(y.find("llama.rope.scaling.original_context_length")->integer() == 16);
  CHECK(y.find("llama.rope.scaling.attn_factor") == nullptr);
  nlohmann::json other = yarn;
  other["attention_factor"] = 0.5;
  CHECK(*with(other).find("llama.rope.scaling.attn_factor")->number() ==
        Approx(0.5 / (1 + 0.1 * std::log(4.0))));
  other["beta_fast"] = 16;
  CHECK_THAT(test::thrown_by<Error>([&] { with(other); }).what(), Contains("beta_fast"));
}

TEST_CASE("export gguf: numbers that do not fit name the tensor") {
  const test::Scratch scratch;
  const nlohmann::json config = test::tiny_config();
  auto values = test::make_model(scratch.file("m"), config);
  const auto spoil = [&](float x) {
    formats::ModelFolder model = formats::open_model_folder(scratch.file("m"));
    const formats::StoredTensor t = model.at("model.layers.0.mlp.up_proj.weight");
    std::string bytes = read_file(scratch.file("m/model.safetensors"));
    const size_t at =
        static_cast<size_t>(t.bytes().data() - model.files[0]->bytes(model.files[0]->tensors()[0]).data());
    const size_t data = bytes.size() - model.files[0]->tensors().back().end;
    std::memcpy(bytes.data() + data + at, &x, 4);
    model.files.clear();
    write_file(scratch.file("m/model.safetensors"), bytes);
  };
  spoil(1e30f);
  CHECK_THAT(
      test::thrown_by<Error>([&] { exported(scratch, scratch.file("m"), bare(GgmlType::f16)); }).what(),
      Contains("mlp.up_proj.weight: a number is too large for F16"));
  CHECK_NOTHROW(exported(scratch, scratch.file("m"), bare(GgmlType::bf16)));
  spoil(NAN);
  CHECK_THAT(
      test::thrown_by<Error>([&] { exported(scratch, scratch.file("m"), bare(GgmlType::q8_0)); }).what(),
      Contains("infinite or NaN"));
}

TEST_CASE("export gguf: a folder whose parts contradict each other") {
  const test::Scratch scratch;
  test::make_model(scratch.file("m"), test::tiny_config());
  nlohmann::json config = test::tiny_config();
  config["intermediate_size"] = 64;
  write_file(scratch.file("m/config.json"), config.dump());
  CHECK_THAT(test::thrown_by<Error>([&] { exported(scratch, scratch.file("m"), bare()); }).what(),
             Contains("[48, 32], but config.json says [64, 32]"));
}
