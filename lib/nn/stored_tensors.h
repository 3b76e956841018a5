// What lies in a model folder, held against what its config.json asks for. No torch in it: also for those who
// read the tensors without computing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "arch/arch.h"
#include "formats/compressed_tensors.h"

namespace ds::nn {

struct StoredTensors {
  std::optional<formats::Quantization> quantization;                 // nothing: all are plain numbers
  std::map<std::string, formats::PackedTensor, std::less<>> packed;  // by logical name, "P.weight"
};

// Every tensor of `specs` is there once, plain (F32, BF16, F16) or packed, in its shape, and nothing else is.
// Throws data, naming file and tensor.
StoredTensors check_tensors(const formats::ModelFolder& folder, const std::vector<arch::TensorSpec>& specs);

}  // namespace ds::nn
