// The registry, and what follows from the tensor lists alone.
#include "arch/arch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "arch/llama.h"
#include "base/error.h"

namespace ds::arch {
namespace {

constexpr std::array kArchs = {&kLlama};

}  // namespace

const Arch* find_arch(std::string_view model_type) {
  for (const Arch* arch : kArchs) {
    if (arch->model_type == model_type) return arch;
  }
  return nullptr;
}

const Arch& arch_of(const ModelConfig& config) {
  const Arch* arch = find_arch(config.model_type);
  if (!arch) throw internal_error(fmt::format("no architecture for model_type \"{}\"", config.model_type));
  return *arch;
}

std::vector<std::string_view> known_model_types() {
  std::vector<std::string_view> types;
  for (const Arch* arch : kArchs) types.push_back(arch->model_type);
  return types;
}

uint64_t parameter_count(const std::vector<TensorSpec>& tensors) {
  uint64_t total = 0;
  for (const TensorSpec& t : tensors) {
    if (!t.tied_to.empty()) continue;
    uint64_t n = 1;
    for (const int64_t d : t.shape) n *= static_cast<uint64_t>(d);
    total += n;
  }
  return total;
}

uint64_t parameter_count(const ModelConfig& config) {
  return parameter_count(arch_of(config).tensors(config));
}

MemoryEstimate estimate_training_memory(const ModelConfig& c, const TrainShape& shape) {
  const uint64_t parameters = parameter_count(c), width = shape.bf16 ? 2 : 4;
  const auto u = [](int64_t n) { return static_cast<uint64_t>(n); };
  const uint64_t tokens = u(shape.batch_size) * u(shape.seq_len);
  const uint64_t h = u(c.hidden_size), q = u(c.heads) * u(c.head_dim), kv = u(c.kv_heads) * u(c.head_dim),
                 i = u(c.intermediate_size);
  // Numbers kept per token and block: two norms' inputs and outputs, q k v before and after rotation, the
  // attention's output, gate, up, their activation and product.
  const uint64_t block = shape.recompute ? h : 4 * h + 3 * q + 3 * kv + 4 * i;
  const uint64_t at_work = shape.recompute ? 4 * h + 3 * q + 3 * kv + 4 * i : 0;
  MemoryEstimate m;
  m.weights = parameters * width;
  m.master = shape.bf16 ? parameters * 4 : 0;
  m.gradients = parameters * 4;
  m.moments = parameters * 8;
  m.activations = tokens * width * (block * u(c.layers) + at_work + 2 * h);
  m.logits = std::min<uint64_t>(tokens, 4096) * u(c.vocab_size) * 4 * 2;
  return m;
}

}  // namespace ds::arch
