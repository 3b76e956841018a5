// A model folder made plain: an adapter added, packed weights dequantised, another number type, shards of a
// chosen size. What comes out is a model folder that transformers and vLLM load.
//
// W' = W + B A * scale in fp32, then rounded once to the type that is written. Memory: one tensor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/run.h"
#include "export/weights.h"
#include "formats/model_folder.h"
#include "formats/peft.h"

namespace ds::exporting {

struct MergeOptions {
  std::optional<formats::DType> dtype;  // F32, BF16 or F16; nothing: as each tensor is stored
  uint64_t max_shard_size = 0;          // bytes of tensors in a file; 0: one file
};

struct MergePlan {
  formats::ModelFolderPlan folder;  // without quantization_config
  uint64_t parameters = 0, bytes = 0;
  size_t merged = 0, replaced = 0;  // tensors that the adapter changes
};

// Checks everything; writes nothing. Throws data, naming the tensor, when the adapter has one that the model
// lacks or that has another shape.
MergePlan plan_merge(const formats::ModelFolder& model, const formats::PeftAdapter* adapter,
                     const MergeOptions& options);

// Fills `folder` (of an AtomicFolder) and returns its files; nothing when run.stop said so. Throws data when
// a number does not fit the type.
std::optional<std::vector<formats::ManifestOutput>> write_merged(const formats::ModelFolder& model,
                                                                 const formats::PeftAdapter* adapter,
                                                                 const MergePlan& plan,
                                                                 const std::string& folder, const Run& run);

}  // namespace ds::exporting
