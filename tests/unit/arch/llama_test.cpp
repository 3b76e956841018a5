// The llama tensors: counts against published models, names and shapes against files that transformers wrote.
#include "arch/llama.h"

#include <set>

#include "base/io.h"
#include "catch.h"

using namespace ds;
using namespace ds::arch;
using nlohmann::json;

namespace {

ModelConfig config(int64_t h, int64_t i, int64_t l, int64_t heads, int64_t kv, int64_t v) {
  return parse_config({{"model_type", "llama"},
                       {"hidden_size", h},
                       {"intermediate_size", i},
                       {"num_hidden_layers", l},
                       {"num_attention_heads", heads},
                       {"num_key_value_heads", kv},
                       {"vocab_size", v}},
                      "test");
}

}  // namespace

TEST_CASE("llama: parameter counts of released models") {
  CHECK(parameter_count(config(4096, 11008, 30, 32, 32, 102400)) == 6'910'365'696);  // deepseek-llm-7b
  CHECK(parameter_count(config(8192, 22016, 95, 64, 8, 102400)) == 67'425'001'472);  // deepseek-llm-67b
  CHECK(parameter_count(config(2048, 5504, 24, 16, 16, 32256)) == 1'346'471'936);    // deepseek-coder-1.3b
  CHECK(parameter_count(config(4096, 14336, 32, 32, 8, 128256)) == 8'030'261'248);   // R1-Distill-Llama-8B
  CHECK(parameter_count(config(8192, 28672, 80, 64, 8, 128256)) == 70'553'706'496);  // R1-Distill-Llama-70B
}

TEST_CASE("llama: names and shapes as transformers stores them") {
  for (const std::string& name : list_folder(std::string(DS_TESTDATA) + "/golden")) {
    const std::string folder = std::string(DS_TESTDATA) + "/golden/" + name;
    const ModelConfig c = parse_config(json::parse(read_file(folder + "/config.json")), name);
    const json stored = json::parse(read_file(folder + "/weights.json")).at("tensors");
    if (c.model_type != "llama") continue;
    std::set<std::string> names;
    for (const TensorSpec& t : kLlama.tensors(c)) {
      CHECK(names.insert(t.name).second);
      if (!t.tied_to.empty()) {
        CHECK(c.tie_word_embeddings);
        CHECK(names.count(t.tied_to) == 1);
        CHECK_FALSE(stored.contains(t.name));
        continue;
      }
      REQUIRE(stored.contains(t.name));
      CHECK(stored.at(t.name).at("shape") == t.shape);
      CHECK(t.decay == (t.shape.size() >= 2));
      CHECK(t.block == (t.name.find(".layers.") == std::string::npos ? -1 : t.name[13] - '0'));
      CHECK(t.quantisable == (t.kind == TensorKind::matrix));
      if (t.shard_axis >= 0) CHECK(static_cast<size_t>(t.shard_axis) < t.shape.size());
    }
    CHECK(names.size() - (c.tie_word_embeddings ? 1 : 0) == stored.size());
  }
}

TEST_CASE("llama: cost of a token") {
  const ModelConfig c = config(4096, 11008, 30, 32, 32, 102400);
  // Two operations per weight of a matrix; the embedding is a look-up.
  const double matrices = 6'910'365'696.0 - 102400.0 * 4096 - 61.0 * 4096;
  CHECK(kLlama.forward_flops(c, 0) == Approx(2 * matrices).epsilon(1e-12));
  CHECK(kLlama.forward_flops(c, 2048) - kLlama.forward_flops(c, 0) == Approx(2.0 * 30 * 2 * 2048 * 4096));
}

TEST_CASE("llama: every stored tensor has a name in GGUF, and q and k alone another order of rows") {
  ModelConfig c = parse_config(nlohmann::json::parse(R"({"model_type":"llama","vocab_size":10,"hidden_size":8,
    "intermediate_size":12,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"attention_bias":true,"mlp_bias":true})"),
                               "config.json");
  std::set<std::string> names;
  for (const TensorSpec& t : arch_of(c).tensors(c)) {
    CHECK(names.insert(t.gguf_name).second);
    CHECK(t.gguf_name.substr(t.gguf_name.rfind('.')) == t.name.substr(t.name.rfind('.')));
    const int64_t heads = t.name.find("q_proj") != std::string::npos   ? 4
                          : t.name.find("k_proj") != std::string::npos ? 2
                                                                       : 0;
    CHECK(t.gguf_pair_heads == heads);
  }
  CHECK(names.count("blk.1.ffn_down.bias") == 1);
  CHECK(names.count("output.weight") == 1);
  CHECK(arch_of(c).gguf_name == "llama");
}
