#include "models/model.h"

#include <ATen/ATen.h>

#include "base/error.h"
#include "models/registry.h"
#include "nn/torch_pch.h"

namespace ds::models {

namespace {

struct Entry {
  std::string_view model_type;
  std::unique_ptr<Model> (*make)(const arch::ModelConfig&, nn::ParameterStore&, int64_t);
};

constexpr Entry kModels[] = {
    {"llama", make_llama},
};

}  // namespace

std::unique_ptr<Model> make_model(const arch::ModelConfig& config, nn::ParameterStore& store,
                                  int64_t positions) {
  for (const Entry& entry : kModels) {
    if (entry.model_type == config.model_type) {
      return entry.make(config, store, positions > 0 ? positions : config.max_positions);
    }
  }
  std::string known;
  for (const Entry& entry : kModels) known += (known.empty() ? "" : ", ") + std::string(entry.model_type);
  throw data_error("model_type `" + config.model_type + "` has no forward pass here", "known: " + known);
}

at::Tensor hidden_states(Model& model, const at::Tensor& ids_N, const at::Tensor& positions_N,
                         nn::AttentionContext& attention, std::vector<at::Tensor>* trace) {
  at::Tensor x = model.embed(ids_N);
  for (int i = 0; i < model.blocks(); ++i) {
    if (trace) trace->push_back(x);
    model.store().use(i);
    x = model.block(i, x, positions_N, attention);
    model.store().release(i);
  }
  x = model.norm(x);
  if (trace) trace->push_back(x);
  return x;
}

at::Tensor logits(Model& model, const at::Tensor& hidden_RH) {
  return nn::linear(hidden_RH, model.head()).to(at::kFloat);
}

}  // namespace ds::models
