// Rotary frequencies against transformers' rope_utils.
#include "arch/config.h"
#include "catch.h"

using namespace ds::arch;
using nlohmann::json;
using namespace nlohmann::literals;

namespace {

RopeTable table(int64_t head_dim, int64_t positions, double theta, const json& scaling) {
  json j = {{"model_type", "llama"},
            {"vocab_size", 10},
            {"hidden_size", head_dim},
            {"intermediate_size", 8},
            {"num_hidden_layers", 1},
            {"num_attention_heads", 1},
            {"max_position_embeddings", positions},
            {"rope_theta", theta},
            {"rope_scaling", scaling}};
  return rope_table(parse_config(j, "test"));
}

void check(const RopeTable& t, float scale, const std::vector<float>& expected) {
  CHECK(t.scale == Approx(scale).epsilon(1e-6));
  REQUIRE(t.inverse_frequencies.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    CHECK(t.inverse_frequencies[i] == Approx(expected[i]).epsilon(3e-7));
}

}  // namespace

// Each expectation: LlamaRotaryEmbedding(config).inv_freq and .attention_scaling of transformers 5.17.
TEST_CASE("rope: default") {
  check(table(16, 512, 10000.0, R"(null)"_json), 1.0f,
        {1.0f, 0.316227764f, 0.100000001f, 0.0316227786f, 0.00999999978f, 0.00316227786f, 0.00100000005f,
         0.000316227786f});
}

TEST_CASE("rope: linear") {
  check(table(16, 512, 100000.0, R"({"rope_type": "linear", "factor": 4.0})"_json), 1.0f,
        {0.25f, 0.0592843406f, 0.0140585322f, 0.00333380373f, 0.000790569466f, 0.000187473546f,
         4.44569851e-05f, 1.05424133e-05f});
}

TEST_CASE("rope: llama3") {
  check(
      table(
          32, 1024, 500000.0,
          R"({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64})"_json),
      1.0f,
      {1.0f, 0.440366626f, 0.079403013f, 0.0106746377f, 0.00470075384f, 0.00207005511f, 0.000911583134f,
       0.000401430763f, 0.000176776681f, 7.78465546e-05f, 3.42810235e-05f, 1.50962178e-05f, 6.64786967e-06f,
       2.92749974e-06f, 1.28917316e-06f, 5.6770881e-07f});
}

TEST_CASE("rope: yarn") {
  check(table(32, 512, 10000.0,
              R"({"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 64})"_json),
        1.20794415f,
        {1.0f, 0.46393159f, 0.205548048f, 0.0844682679f, 0.0300000012f, 0.0070292661f, 0.00395284733f,
         0.00222284929f, 0.00124999997f, 0.000702926656f, 0.000395284733f, 0.000222284929f, 0.000125000006f,
         7.02926627e-05f, 3.95284733e-05f, 2.22284925e-05f});
}

TEST_CASE("rope: yarn with its options") {
  check(
      table(
          32, 512, 10000.0,
          R"({"rope_type": "yarn", "factor": 40.0, "original_max_position_embeddings": 32, "beta_fast": 16.0, "beta_slow": 2.0, "mscale": 1.0, "mscale_all_dim": 0.707, "truncate": false})"_json),
      1.0857264f,
      {1.0f, 0.224678963f, 0.00790569466f, 0.00444569858f, 0.00249999994f, 0.00140585331f, 0.000790569466f,
       0.000444569858f, 0.000250000012f, 0.000140585325f, 7.90569466e-05f, 4.44569851e-05f, 2.49999994e-05f,
       1.40585325e-05f, 7.90569447e-06f, 4.44569832e-06f});
}

TEST_CASE("rope: yarn with a given factor") {
  check(
      table(
          16, 512, 10000.0,
          R"({"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128, "attention_factor": 1.25})"_json),
      1.25f,
      {1.0f, 0.237170815f, 0.049999997f, 0.00790569466f, 0.00249999994f, 0.000790569466f, 0.000250000012f,
       7.90569466e-05f});
}
