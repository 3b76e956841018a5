// config.json as plain facts: every spelling that releases use, read into one struct and checked for sense.
//
// A size that is missing, zero, negative, too large or contradictory is a data error that names file and key.
// What the struct holds is consistent: heads divide, products fit in 63 bits, the rope type is one that can
// be computed. Spellings: rope_theta + rope_scaling {type|rope_type} or rope_parameters; torch_dtype or
// dtype; eos_token_id as number or list.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace ds::arch {

struct RopeConfig {
  std::string type = "default";  // default, linear, llama3, yarn
  double theta = 10000.0;
  double factor = 1.0;                                             // all but default
  double low_freq_factor = 1.0, high_freq_factor = 4.0;            // llama3
  int64_t original_max_positions = 0;                              // llama3, yarn
  double beta_fast = 32.0, beta_slow = 1.0;                        // yarn
  std::optional<double> attention_factor, mscale, mscale_all_dim;  // yarn
  bool truncate = true;                                            // yarn
};

struct ModelConfig {
  std::string model_type;         // "llama": names the Arch
  int64_t vocab_size = 0;         // V
  int64_t hidden_size = 0;        // H
  int64_t intermediate_size = 0;  // I
  int64_t layers = 0;             // L
  int64_t heads = 0;              // query heads
  int64_t kv_heads = 0;           // divides heads
  int64_t head_dim = 0;           // even; heads * head_dim may differ from H
  int64_t max_positions = 2048;
  double rms_norm_eps = 1e-6;
  double initializer_range = 0.02;
  std::string hidden_act = "silu";
  bool tie_word_embeddings = false;  // the head is the embedding; lm_head.weight is not stored
  bool attention_bias = false;       // on q, k, v and o
  bool mlp_bias = false;             // on gate, up and down
  RopeConfig rope;
  std::string dtype = "float32";  // of the stored weights: float32, bfloat16, float16
  std::optional<int64_t> bos_token_id, pad_token_id;
  std::vector<int64_t> eos_token_ids;  // none, one or several
  nlohmann::json other =
      nlohmann::json::object();  // keys that mean nothing here, kept so that they are written again
};

// `name` is the file, for messages. Throws data.
ModelConfig parse_config(const nlohmann::json& config, const std::string& name);

// What transformers 5 reads and would itself write (`rope_parameters`, `dtype`, `architectures`).
nlohmann::json to_json(const ModelConfig& config);

// generation_config.json: the token ids only.
nlohmann::json generation_config_json(const ModelConfig& config);

// Rotary embedding: the angle of position p and pair i is p * inverse_frequencies[i] (head_dim / 2 of them,
// computed in fp32 as transformers does); cos and sin are multiplied by `scale` (1 for all types but yarn).
struct RopeTable {
  std::vector<float> inverse_frequencies;
  float scale = 1.0f;
};
RopeTable rope_table(const ModelConfig& config);

}  // namespace ds::arch
