// Llama (Touvron et al. 2023) and what shares its form: DeepSeek-LLM, DeepSeek-Coder, the Llama distills of
// R1.
//
// x += o(attend(rope(q n1), rope(k n1), v n1)); x += down(silu(gate n2) * up n2), n1 and n2 the RMS norms of
// x. Grouped key/value heads, optional biases, head width apart from H / heads, head tied to the embedding or
// not.
#include <ATen/ATen.h>

#include <cmath>
#include <string>

#include "models/registry.h"
#include "nn/torch_pch.h"

namespace ds::models {

namespace {

struct Block {
  const nn::Weight *norm1, *norm2;
  nn::Layer q, k, v, o, gate, up, down;
};

class Llama : public Model {
 public:
  Llama(const arch::ModelConfig& config, nn::ParameterStore& store, int64_t positions)
      : Model(config, store),
        embedding_(store.weight("model.embed_tokens.weight")),
        norm_(store.weight("model.norm.weight")),
        head_(store.weight("lm_head.weight")),
        rope_(nn::make_rope_table(config, positions, store.options().device)),
        scale_(1.0 / std::sqrt(static_cast<double>(config.head_dim))) {
    for (int64_t i = 0; i < config.layers; ++i) {
      const std::string layer = "model.layers." + std::to_string(i) + ".";
      const auto projection = [&](const std::string& name) {
        return nn::Layer{&store.weight(layer + name + ".weight"), store.find(layer + name + ".bias")};
      };
      blocks_.push_back(
          {&store.weight(layer + "input_layernorm.weight"),
           &store.weight(layer + "post_attention_layernorm.weight"), projection("self_attn.q_proj"),
           projection("self_attn.k_proj"), projection("self_attn.v_proj"), projection("self_attn.o_proj"),
           projection("mlp.gate_proj"), projection("mlp.up_proj"), projection("mlp.down_proj")});
    }
  }

  int blocks() const override { return static_cast<int>(blocks_.size()); }
  at::Tensor embed(const at::Tensor& ids_N) override { return nn::embedding(ids_N, embedding_); }
  at::Tensor norm(const at::Tensor& x_NH) override { return nn::rms_norm(x_NH, norm_, config_.rms_norm_eps); }
  const nn::Weight& head() const override { return head_; }

  at::Tensor block(int i, const at::Tensor& x_NH, const at::Tensor& positions_N,
                   nn::AttentionContext& attention) override {
    const Block& b = blocks_[static_cast<size_t>(i)];
    const at::Tensor n1 = nn::rms_norm(x_NH, *b.norm1, config_.rms_norm_eps);
    const std::vector<at::Tensor> qkv = nn::linears(n1, {b.q, b.k, b.v});
    const auto heads = [&](const at::Tensor& x, int64_t count) {
      return x.view({-1, count, config_.head_dim});
    };
    const auto rotated = [&](const at::Tensor& x, int64_t count) {
      return nn::rope(heads(x, count), positions_N, rope_, nn::RopeLayout::half_split);
    };
    const at::Tensor q = rotated(qkv[0], config_.heads), k = rotated(qkv[1], config_.kv_heads);
    const at::Tensor v = heads(qkv[2], config_.kv_heads);
    const at::Tensor mixed = attention.attend(q, k, v, {.layer = i, .scale = scale_});
    const at::Tensor out = nn::linear(mixed.flatten(1), *b.o.weight, b.o.bias);
    const auto [x, n2] = nn::add_rms_norm(x_NH, out, *b.norm2, config_.rms_norm_eps);
    const std::vector<at::Tensor> gate_up = nn::linears(n2, {b.gate, b.up});
    return x + nn::linear(nn::swiglu(gate_up[0], gate_up[1]), *b.down.weight, b.down.bias);
  }

 private:
  const nn::Weight &embedding_, &norm_, &head_;
  nn::RopeTable rope_;
  double scale_;
  std::vector<Block> blocks_;
};

}  // namespace

std::unique_ptr<Model> make_llama(const arch::ModelConfig& config, nn::ParameterStore& store,
                                  int64_t positions) {
  return std::make_unique<Llama>(config, store, positions);
}

}  // namespace ds::models
