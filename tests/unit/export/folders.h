// Small model folders for the tests of lib/export.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "arch/arch.h"
#include "base/rng.h"
#include "formats/compressed_tensors.h"
#include "formats/model_folder.h"
#include "formats/safetensors.h"
#include "scratch.h"

namespace ds::test {

inline nlohmann::json tiny_config() {
  return {{"model_type", "llama"},    {"vocab_size", 300},
          {"hidden_size", 32},        {"intermediate_size", 48},
          {"num_hidden_layers", 1},   {"num_attention_heads", 2},
          {"num_key_value_heads", 1}, {"max_position_embeddings", 64},
          {"rms_norm_eps", 1e-5},     {"dtype", "float32"},
          {"eos_token_id", 0}};
}

// Writes a folder with random weights of `dtype`; the values as they are stored.
inline std::map<std::string, std::vector<float>> make_model(const std::string& folder,
                                                            const nlohmann::json& config,
                                                            formats::DType dtype = formats::DType::f32) {
  make_folder(folder);
  const arch::ModelConfig c = arch::parse_config(config, "config.json");
  std::map<std::string, std::vector<float>> values;
  formats::ModelFolderPlan plan;
  plan.config = config;
  uint32_t number = 0;
  for (const arch::TensorSpec& t : arch::arch_of(c).tensors(c)) {
    if (!t.tied_to.empty()) continue;
    plan.tensors.push_back({t.name, dtype, t.shape});
    const Rng rng(3, RngStream::test, number++);
    uint64_t n = 1;
    for (const int64_t d : t.shape) n *= static_cast<uint64_t>(d);
    std::vector<float>& v = values[t.name];
    for (uint64_t i = 0; i < n; ++i) {
      const auto x = static_cast<float>(rng.normal(i));
      v.push_back(dtype == formats::DType::bf16 ? formats::bf16_to_float(formats::float_to_bf16(x)) : x);
    }
  }
  std::string bytes;
  formats::write_model_folder(folder, plan, [&](const formats::TensorInfo& t) {
    bytes.clear();
    for (const float x : values[t.name]) {
      const uint16_t half = formats::float_to_bf16(x);
      bytes.append(dtype == formats::DType::bf16 ? reinterpret_cast<const char*>(&half)
                                                 : reinterpret_cast<const char*>(&x),
                   dtype == formats::DType::bf16 ? 2 : 4);
    }
    return std::string_view(bytes);
  });
  return values;
}

}  // namespace ds::test
