// A tiny llama with random weights, for tests that need a model but no particular one.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "arch/config.h"
#include "models/model.h"

namespace ds::test {

inline arch::ModelConfig tiny_config() {
  return arch::parse_config({{"model_type", "llama"},
                             {"vocab_size", 61},
                             {"hidden_size", 32},
                             {"intermediate_size", 48},
                             {"num_hidden_layers", 2},
                             {"num_attention_heads", 4},
                             {"num_key_value_heads", 2},
                             {"max_position_embeddings", 128},
                             {"initializer_range", 0.2},
                             {"rms_norm_eps", 1e-6}},
                            "tiny");
}

struct TinyModel {
  arch::ModelConfig config;
  nn::ParameterStore store;
  std::unique_ptr<models::Model> model;

  explicit TinyModel(const nn::StoreOptions& options = {}, const arch::ModelConfig& c = tiny_config())
      : config(c), store(config, options) {
    store.init_random(3);
    model = models::make_model(config, store);
  }
};

inline double largest(const at::Tensor& t) { return t.abs().max().item<double>(); }

// A weight on its own, a leaf with gradients.
inline nn::Weight leaf(const at::Tensor& value) {
  return {"test", value.sizes().vec(), value.detach().clone().requires_grad_()};
}

}  // namespace ds::test
