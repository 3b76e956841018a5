// A PEFT LoRA adapter folder: adapter_config.json and adapter_model.safetensors.
//
// Tensors: base_model.model.MODULE.lora_A.weight [r, in] and .lora_B.weight [out, r]; of embeddings
// .lora_embedding_A [r, entries] and .lora_embedding_B [dim, r]; base_model.model.MODULE.weight (or .bias) is
// a whole tensor that replaces the model's (modules_to_save). An adapter's name between
// ("lora_A.default.weight") is accepted. What a module adds is B A * alpha / r, or alpha / sqrt(r) with
// use_rslora; alpha and r may differ by module (alpha_pattern, rank_pattern: a regular expression that the
// module's name ends with).
//
// Everything that would make an adapter mean something else (DoRA, trained biases, fan_in_fan_out, initial
// values that also changed the model, …) is refused by its name: a merge that leaves something out would give
// a wrong model without a word.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "formats/safetensors.h"

namespace ds::formats {

struct LoraModule {
  std::string module;  // "model.layers.0.self_attn.q_proj": its tensor is MODULE.weight
  const TensorInfo *a = nullptr, *b = nullptr;  // [r, in] and [out, r]
  bool embedding = false;                       // the tensor is [in, out]: it gets the transpose
  double scale = 1.0;                           // alpha / r, or alpha / sqrt(r)
};

struct PeftAdapter {
  std::string folder;
  nlohmann::json config;
  SafetensorsFile file;
  std::vector<LoraModule> modules;                               // sorted by name
  std::vector<std::pair<std::string, const TensorInfo*>> saved;  // the model's tensor name, what replaces it
};

PeftAdapter read_peft_adapter(const std::string& folder);  // throws io, data

}  // namespace ds::formats
