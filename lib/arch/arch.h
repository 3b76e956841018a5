// The torch-free facts of each architecture: which tensors a config has, what they are for, and what a model
// costs.
//
// One file per architecture and one line in the registry (arch.cpp). Training, quantisation, export and
// evaluation ask here instead of knowing architectures themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arch/config.h"

namespace ds::arch {

enum class TensorKind { matrix, embedding, norm, bias };
enum class Init { normal, zeros, ones };

// One tensor as it is named and shaped in model.safetensors.
struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;  // a matrix is [out, in]
  TensorKind kind = TensorKind::matrix;
  int64_t block = -1;  // the layer it belongs to; -1 outside (embedding, final norm, head)
  Init init = Init::normal;
  double init_std = 0.02;      // for Init::normal
  bool decay = true;           // weight decay applies: two or more dimensions
  bool quantisable = false;    // a linear weight inside a block
  int shard_axis = -1;         // tensor-parallel split: 0 rows (outputs), 1 columns (inputs), -1 replicated
  std::string tied_to = {};    // not empty: an alias of that tensor, neither stored nor counted
  std::string gguf_name = {};  // in a GGUF file; empty: it has no place there
  // GGUF wants the rows of so many heads in another order: rotary pairs (i, i + d/2) of a head of d rows
  // become neighbours, row i of the first half to 2i, of the second to 2i + 1. 0: as they are.
  int64_t gguf_pair_heads = 0;
};

struct Arch {
  std::string_view model_type;  // "llama"
  std::string_view hf_class;    // "LlamaForCausalLM", for `architectures` in config.json
  // Every tensor in the model's order: embedding, blocks, final norm, head. An alias (tied_to) is listed too.
  std::vector<TensorSpec> (*tensors)(const ModelConfig&);
  // Floating-point operations of one token's forward pass at the given context length (2 per multiply-add;
  // attention counts `context` keys, so a causal training row of S tokens has context S / 2). Training costs
  // three times as much.
  double (*forward_flops)(const ModelConfig&, double context);
  std::string_view gguf_name;  // general.architecture in GGUF, prefix of its keys; empty: none
};

const Arch* find_arch(std::string_view model_type);  // nullptr when unknown
const Arch& arch_of(const ModelConfig& config);
std::vector<std::string_view> known_model_types();

uint64_t parameter_count(const ModelConfig& config);  // aliases once
uint64_t parameter_count(const std::vector<TensorSpec>& tensors);

// Bytes that training takes, for --dry-run and for choosing a batch size.
struct TrainShape {
  int64_t batch_size = 1, seq_len = 1;  // of one micro-batch
  bool bf16 = false;                    // compute in bf16 with fp32 master weights, else everything in fp32
  bool recompute = false;               // only the inputs of the blocks are kept
};
struct MemoryEstimate {
  uint64_t weights = 0;      // what the forward pass reads: 2 bytes a parameter in bf16, 4 in fp32
  uint64_t master = 0;       // fp32 copies, 0 in fp32
  uint64_t gradients = 0;    // fp32
  uint64_t moments = 0;      // two in fp32
  uint64_t activations = 0;  // kept for the backward pass, an estimate
  uint64_t logits = 0;       // of one chunk of the fused head, and their gradient
  uint64_t total() const { return weights + master + gradients + moments + activations + logits; }
};
MemoryEstimate estimate_training_memory(const ModelConfig& config, const TrainShape& shape);

}  // namespace ds::arch
