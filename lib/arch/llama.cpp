// Llama: DeepSeek-LLM, DeepSeek-Coder, R1-Distill-Llama. Grouped-query attention with half-split rotary
// embedding, SwiGLU, RMSNorm before each. Names as transformers' LlamaForCausalLM stores them.
#include "arch/llama.h"

#include <fmt/format.h>

namespace ds::arch {
namespace {

std::vector<TensorSpec> tensors(const ModelConfig& c) {
  std::vector<TensorSpec> all;
  const double std = c.initializer_range;
  const auto embedding = [&](const char* name, const char* gguf, const char* tied_to) {
    all.push_back({.name = name,
                   .shape = {c.vocab_size, c.hidden_size},
                   .kind = TensorKind::embedding,
                   .init_std = std,
                   .shard_axis = 0,
                   .tied_to = tied_to,
                   .gguf_name = gguf});
  };
  const auto norm = [&](const std::string& name, const std::string& gguf, int64_t block) {
    all.push_back({.name = name + ".weight",
                   .shape = {c.hidden_size},
                   .kind = TensorKind::norm,
                   .block = block,
                   .init = Init::ones,
                   .decay = false,
                   .gguf_name = gguf + ".weight"});
  };
  const auto linear = [&](const std::string& name, const std::string& gguf, int64_t block, int64_t out,
                          int64_t in, int axis, bool bias, int64_t rotary_heads = 0) {
    all.push_back({.name = name + ".weight",
                   .shape = {out, in},
                   .block = block,
                   .init_std = std,
                   .quantisable = true,
                   .shard_axis = axis,
                   .gguf_name = gguf + ".weight",
                   .gguf_pair_heads = rotary_heads});
    // A bias follows its outputs; where the inputs are split, each rank would add it, so it stays whole.
    if (bias)
      all.push_back({.name = name + ".bias",
                     .shape = {out},
                     .kind = TensorKind::bias,
                     .block = block,
                     .init = Init::zeros,
                     .decay = false,
                     .shard_axis = axis == 0 ? 0 : -1,
                     .gguf_name = gguf + ".bias",
                     .gguf_pair_heads = rotary_heads});
  };
  embedding("model.embed_tokens.weight", "token_embd.weight", "");
  const int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  for (int64_t i = 0; i < c.layers; ++i) {
    const std::string p = fmt::format("model.layers.{}.", i), g = fmt::format("blk.{}.", i);
    const bool bias = c.attention_bias, mlp_bias = c.mlp_bias;
    norm(p + "input_layernorm", g + "attn_norm", i);
    linear(p + "self_attn.q_proj", g + "attn_q", i, q, c.hidden_size, 0, bias, c.heads);
    linear(p + "self_attn.k_proj", g + "attn_k", i, kv, c.hidden_size, 0, bias, c.kv_heads);
    linear(p + "self_attn.v_proj", g + "attn_v", i, kv, c.hidden_size, 0, bias);
    linear(p + "self_attn.o_proj", g + "attn_output", i, c.hidden_size, q, 1, bias);
    norm(p + "post_attention_layernorm", g + "ffn_norm", i);
    linear(p + "mlp.gate_proj", g + "ffn_gate", i, c.intermediate_size, c.hidden_size, 0, mlp_bias);
    linear(p + "mlp.up_proj", g + "ffn_up", i, c.intermediate_size, c.hidden_size, 0, mlp_bias);
    linear(p + "mlp.down_proj", g + "ffn_down", i, c.hidden_size, c.intermediate_size, 1, mlp_bias);
  }
  norm("model.norm", "output_norm", -1);
  embedding("lm_head.weight", "output.weight", c.tie_word_embeddings ? "model.embed_tokens.weight" : "");
  return all;
}

double forward_flops(const ModelConfig& c, double context) {
  const double h = static_cast<double>(c.hidden_size), q = static_cast<double>(c.heads * c.head_dim);
  const double kv = static_cast<double>(c.kv_heads * c.head_dim);
  const double attention = h * q * 2 + h * kv * 2 + 2 * context * q;  // q and o, k and v, scores and values
  const double mlp = 3 * h * static_cast<double>(c.intermediate_size);
  return 2 * (static_cast<double>(c.layers) * (attention + mlp) + h * static_cast<double>(c.vocab_size));
}

}  // namespace

const Arch kLlama = {"llama", "LlamaForCausalLM", tensors, forward_flops, "llama"};

}  // namespace ds::arch
