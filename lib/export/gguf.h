// A model folder as one GGUF file, in two steps: a plan (what the file will hold, every check made, nothing
// written) and the writing, which streams: memory is a few thousand rows, whatever the size of the model.
//
// What is stored as what:
//   vectors and norms           F32
//   matrices                    the wanted type; F16 where a quantised type's blocks of 32 do not fit the
//   rows with Q4_0: output.weight, or token_embd.weight when it is the output too    Q8_0 (llama.cpp takes
//   Q6_K)
//
// Names and the order of rotary rows come from lib/arch (TensorSpec), the tokenizer from gguf_tokenizer.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/arch.h"
#include "base/hash.h"
#include "base/run.h"
#include "export/weights.h"
#include "formats/gguf.h"
#include "formats/model_folder.h"

namespace ds::exporting {

struct GgufOptions {
  std::optional<formats::GgmlType> type;  // nothing: the type that the weights have
  bool tokenizer = true;                  // false: weights and sizes alone
  std::string name;                       // general.name; empty: none
};

struct GgufPlanned {
  std::string source;         // the model's tensor; empty: `values`
  std::vector<float> values;  // of rope_freqs
  int64_t pair_heads = 0;     // TensorSpec::gguf_pair_heads
};

struct GgufPlan {
  formats::GgufMetadata metadata;
  std::vector<formats::GgufDecl> tensors;
  std::vector<GgufPlanned> sources;  // of tensors, in the same order
  formats::GgmlType type = formats::GgmlType::f32;
  uint64_t parameters = 0;
};

// The type that a tensor is stored as; see above.
formats::GgmlType gguf_tensor_type(formats::GgmlType wanted, const arch::TensorSpec& tensor, bool tied);

// Throws data when the folder's parts contradict each other or llama.cpp could not compute such a model.
GgufPlan plan_gguf(const formats::ModelFolder& model, const GgufOptions& options, Log& log);

// Writes the tensors into `writer`, in the order of the plan; true unless run.stop said so. Throws data for
// numbers that the type cannot hold, naming the tensor.
bool write_gguf_tensors(const formats::ModelFolder& model, const GgufPlan& plan, formats::GgufWriter& writer,
                        const Run& run);

// Rotary frequencies of a config, as divisors of theta^(-2i/d): what rope_freqs.weight holds.
std::vector<float> rope_divisors(const arch::ModelConfig& config);

}  // namespace ds::exporting
