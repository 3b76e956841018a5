// config.json: every spelling is read, nonsense is refused with file and key, and what is written is read
// back.
#include "arch/config.h"

#include "arch/arch.h"
#include "base/error.h"
#include "base/io.h"
#include "base/rng.h"
#include "catch.h"

using namespace ds;
using namespace ds::arch;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

json small() {
  return {{"model_type", "llama"},    {"vocab_size", 100},
          {"hidden_size", 48},        {"intermediate_size", 80},
          {"num_hidden_layers", 2},   {"num_attention_heads", 4},
          {"num_key_value_heads", 2}, {"max_position_embeddings", 512}};
}

std::string error_of(const json& j) {
  try {
    parse_config(j, "c.json");
    return "";
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::data);
    CHECK_THAT(e.what(), Contains("c.json"));
    return e.what();
  }
}
std::string error_with(const std::string& key, const json& value) {
  json j = small();
  j[key] = value;
  return error_of(j);
}

}  // namespace

TEST_CASE("config: defaults are transformers' defaults") {
  json j = small();
  j.erase("num_key_value_heads");
  const ModelConfig c = parse_config(j, "c.json");
  CHECK(c.kv_heads == 4);
  CHECK(c.head_dim == 12);
  CHECK(c.rms_norm_eps == 1e-6);
  CHECK(c.rope.type == "default");
  CHECK(c.rope.theta == 10000.0);
  CHECK_FALSE(c.tie_word_embeddings);
  CHECK(c.dtype == "float32");
  CHECK(c.eos_token_ids.empty());
  CHECK_FALSE(c.bos_token_id);
}

TEST_CASE("config: all spellings") {
  json old = small();
  old["rope_theta"] = 500000.0;
  old["rope_scaling"] = {{"type", "llama3"},
                         {"factor", 8},
                         {"low_freq_factor", 1},
                         {"high_freq_factor", 4.0},
                         {"original_max_position_embeddings", 64}};
  old["torch_dtype"] = "bfloat16";
  old["eos_token_id"] = {2, 3};
  old["pad_token_id"] = nullptr;
  old["bos_token_id"] = 1;
  json now = small();
  now["rope_parameters"] = {{"rope_type", "llama3"},   {"rope_theta", 500000.0},
                            {"factor", 8.0},           {"low_freq_factor", 1.0},
                            {"high_freq_factor", 4.0}, {"original_max_position_embeddings", 64}};
  now["dtype"] = "bfloat16";
  now["eos_token_id"] = {2, 3};
  now["bos_token_id"] = 1;
  const ModelConfig a = parse_config(old, "old"), b = parse_config(now, "now");
  CHECK(to_json(a) == to_json(b));
  CHECK(a.rope.theta == 500000.0);
  CHECK(a.rope.original_max_positions == 64);
  CHECK(a.eos_token_ids == std::vector<int64_t>{2, 3});
  CHECK(a.dtype == "bfloat16");

  now["rope_scaling"] = {{"type", "linear"}, {"factor", 4.0}};  // wins over rope_parameters
  CHECK(parse_config(now, "now").rope.type == "linear");
  json one = small();
  one["eos_token_id"] = 7;
  one["pad_token_id"] = -1;  // some releases: none
  CHECK(parse_config(one, "one").eos_token_ids == std::vector<int64_t>{7});
  CHECK_FALSE(parse_config(one, "one").pad_token_id);
  json yarn = small();
  yarn["rope_scaling"] = {
      {"rope_type", "yarn"}, {"factor", nullptr}, {"original_max_position_embeddings", 128}};
  CHECK(parse_config(yarn, "yarn").rope.factor == 4.0);
}

TEST_CASE("config: impossible sizes name file and key") {
  for (const char* key : {"model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
                          "num_attention_heads"}) {
    json j = small();
    j.erase(key);
    CHECK(error_of(j) == std::string("c.json: ") + key + ": is missing");
  }
  for (const char* key :
       {"vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "head_dim", "max_position_embeddings"}) {
    for (const json& bad :
         {json(0), json(-1), json(1.5), json("64"), json(true), json(json::array({1})), json(json::object()),
          json(int64_t{1} << 31), json(int64_t{1} << 62), json(~uint64_t{0}), json(INT64_MIN), json(1e300)}) {
      CHECK_THAT(error_with(key, bad), Contains(std::string("c.json: ") + key));
    }
  }
  CHECK_THAT(error_with("num_attention_heads", 5), Contains("does not divide"));
  CHECK_THAT(error_with("num_key_value_heads", 3), Contains("3 does not divide num_attention_heads 4"));
  CHECK_THAT(error_with("head_dim", 13), Contains("13 is odd"));
  CHECK_THAT(error_with("num_hidden_layers", 20000), Contains("at most 10000"));
  CHECK_THAT(error_with("model_type", "mamba"), Contains("\"mamba\" is unknown (known: llama"));
  CHECK_THAT(error_with("hidden_act", "relu"), Contains("\"relu\" is unknown"));
  CHECK_THAT(error_with("dtype", "int8"), Contains("\"int8\" is unknown"));
  CHECK_THAT(error_with("rms_norm_eps", -1), Contains("rms_norm_eps"));
  CHECK_THAT(error_with("rms_norm_eps", "x"), Contains("is no number"));
  CHECK_THAT(error_with("tie_word_embeddings", 1), Contains("neither true nor false"));
  CHECK_THAT(error_with("eos_token_id", "x"), Contains("eos_token_id"));
  CHECK_THAT(error_with("rope_theta", 0), Contains("rope_theta"));
  CHECK_THAT(error_with("rope_scaling", 5), Contains("rope_scaling: is no object"));
  CHECK_THAT(error_with("rope_scaling", {{"type", "dynamic"}, {"factor", 2}}),
             Contains("rope_scaling: rope_type: \"dynamic\" is unknown"));
  CHECK_THAT(error_with("rope_scaling", {{"type", "linear"}}), Contains("factor: is missing"));
  CHECK_THAT(error_with("rope_scaling", {{"type", "llama3"}, {"factor", 8}}),
             Contains("low_freq_factor: is missing"));
  CHECK_THAT(error_with("rope_scaling",
                        {{"type", "llama3"}, {"factor", 8}, {"low_freq_factor", 4}, {"high_freq_factor", 4}}),
             Contains("is not above"));
  json j = small();
  j["vocab_size"] = j["hidden_size"] = j["intermediate_size"] = INT32_MAX - 7;
  CHECK_THAT(error_of(j), Contains("more than 2^48 numbers"));
  j = small();
  j["head_dim"] = 2147483646;
  j["num_attention_heads"] = j["num_key_value_heads"] = INT32_MAX;
  CHECK_THAT(error_of(j), Contains("more than 2^48 numbers"));
  CHECK_THAT(error_of(json::array()), Contains("not a JSON object"));
}

TEST_CASE("config: what is written is read back, unknown keys too") {
  for (const std::string& name : list_folder(std::string(DS_TESTDATA) + "/golden")) {
    const json golden = json::parse(read_file(std::string(DS_TESTDATA) + "/golden/" + name + "/config.json"));
    const ModelConfig c = parse_config(golden, name);
    json written = to_json(c);
    CHECK(written.at("use_cache") == true);
    CHECK(to_json(parse_config(written, name)) == written);
    json without = golden;
    without.erase("transformers_version");
    CHECK(written == without);  // exactly the keys that transformers writes
  }
  json j = small();
  j["rope_scaling"] = {{"type", "yarn"},        {"factor", 4.0},           {"mscale", 1.0},
                       {"mscale_all_dim", 0.7}, {"attention_factor", 1.1}, {"truncate", false}};
  const json written = to_json(parse_config(j, "x"));
  CHECK(to_json(parse_config(written, "x")) == written);
  CHECK(generation_config_json(parse_config(small(), "x")) == json({{"_from_model_config", true}}));
}

TEST_CASE("config: random values never crash") {
  const std::vector<json> values = {0,
                                    1,
                                    2,
                                    -1,
                                    64,
                                    2147483647,
                                    1e30,
                                    0.5,
                                    true,
                                    nullptr,
                                    "x",
                                    "llama",
                                    "yarn",
                                    "llama3",
                                    json::array(),
                                    json::object(),
                                    json::array({1, -5, "a"}),
                                    {{"type", "llama3"}},
                                    {{"rope_type", "yarn"}, {"factor", 1e5}},
                                    uint64_t{1} << 63};
  std::vector<std::string> keys = {"head_dim",     "rope_scaling",     "rope_parameters", "rope_theta",
                                   "dtype",        "torch_dtype",      "eos_token_id",    "bos_token_id",
                                   "pad_token_id", "mlp_bias",         "attention_bias",  "hidden_act",
                                   "rms_norm_eps", "initializer_range"};
  const json base = small();
  for (const auto& [key, value] : base.items()) keys.push_back(key);
  const Rng rng(5, RngStream::test);
  int good = 0;
  for (uint64_t i = 0; i < 10000; ++i) {
    json j = base;
    for (uint64_t k = 0; k <= rng.below(10 * i, 3); ++k) {
      json value = values[rng.below(10 * i + 2 * k + 1, values.size())];
      if (value.is_object() && rng.below(10 * i + 9, 2)) {
        value["factor"] = values[rng.below(10 * i + 8, values.size())];
        value["low_freq_factor"] = 1;
        value["high_freq_factor"] = values[rng.below(10 * i + 7, values.size())];
      }
      j[keys[rng.below(10 * i + 2 * k + 2, keys.size())]] = value;
    }
    if (!error_of(j).empty()) continue;
    ++good;
    const ModelConfig c = parse_config(j, "c.json");
    CHECK(parameter_count(c) > 0);
    if (c.head_dim < 10000) {
      for (const float f : rope_table(c).inverse_frequencies) CHECK(f > 0.0f);
    }
  }
  CHECK(good > 500);
}
