// A model is embed -> block[i] -> norm -> head, each callable alone: for recomputation, pipelines,
// calibration, prefetch and looking inside. One forward serves training, inference, quantised inference and
// evaluation; what differs is passed in (weights' representation by the store, attention by the context).
//
// Adding an architecture: facts in lib/arch/NAME.cpp, forward in lib/models/NAME.cpp, one line in each
// registry.
#pragma once

#include <memory>
#include <vector>

#include "nn/ops.h"

namespace ds::models {

class Model {
 public:
  virtual ~Model() = default;
  virtual int blocks() const = 0;
  virtual at::Tensor embed(const at::Tensor& ids_N) = 0;  // [N] -> [N,H]
  virtual at::Tensor block(int i, const at::Tensor& x_NH, const at::Tensor& positions_N,
                           nn::AttentionContext& attention) = 0;
  virtual at::Tensor norm(const at::Tensor& x_NH) = 0;  // final norm
  virtual const nn::Weight& head() const = 0;           // [V,H]

  const arch::ModelConfig& config() const { return config_; }
  nn::ParameterStore& store() { return store_; }

 protected:
  Model(const arch::ModelConfig& config, nn::ParameterStore& store) : config_(config), store_(store) {}
  arch::ModelConfig config_;
  nn::ParameterStore& store_;
};

// The forward of config.model_type over the weights in `store`, which must outlive it. Positions below
// `positions` can be used (0: the config's max_positions); the callers that know ids and lengths on the host
// check them.
std::unique_ptr<Model> make_model(const arch::ModelConfig& config, nn::ParameterStore& store,
                                  int64_t positions = 0);

// embed, every block between store.use(i) and store.release(i), norm. `trace`, when given, gets the input of
// every block and then the result (transformers' hidden_states).
at::Tensor hidden_states(Model& model, const at::Tensor& ids_N, const at::Tensor& positions_N,
                         nn::AttentionContext& attention, std::vector<at::Tensor>* trace = nullptr);
// Logits of chosen hidden rows, fp32 [R,V].
at::Tensor logits(Model& model, const at::Tensor& hidden_RH);

}  // namespace ds::models
