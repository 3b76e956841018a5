// The registry and the memory estimate.
#include "arch/arch.h"

#include "catch.h"

using namespace ds::arch;

TEST_CASE("arch: the registry") {
  CHECK(find_arch("llama") != nullptr);
  CHECK(find_arch("llama")->hf_class == "LlamaForCausalLM");
  CHECK(find_arch("") == nullptr);
  CHECK(known_model_types().size() >= 1);
  for (const auto type : known_model_types()) CHECK(find_arch(type)->model_type == type);
}

TEST_CASE("arch: training memory") {
  const ModelConfig c = parse_config({{"model_type", "llama"},
                                      {"hidden_size", 256},
                                      {"intermediate_size", 704},
                                      {"num_hidden_layers", 6},
                                      {"num_attention_heads", 4},
                                      {"vocab_size", 8000}},
                                     "test");
  const uint64_t n = parameter_count(c);
  const MemoryEstimate fp32 = estimate_training_memory(c, {.batch_size = 8, .seq_len = 256});
  CHECK(fp32.weights == 4 * n);
  CHECK(fp32.master == 0);
  CHECK(fp32.gradients == 4 * n);
  CHECK(fp32.moments == 8 * n);
  const MemoryEstimate bf16 = estimate_training_memory(c, {.batch_size = 8, .seq_len = 256, .bf16 = true});
  CHECK(bf16.weights == 2 * n);
  CHECK(bf16.master == 4 * n);
  CHECK(bf16.activations == fp32.activations / 2);
  CHECK(bf16.total() == 18 * n + bf16.activations + bf16.logits);
  const MemoryEstimate twice = estimate_training_memory(c, {.batch_size = 16, .seq_len = 256});
  CHECK(twice.activations == 2 * fp32.activations);
  const MemoryEstimate again =
      estimate_training_memory(c, {.batch_size = 8, .seq_len = 256, .recompute = true});
  CHECK(again.activations < fp32.activations / 2);
}
