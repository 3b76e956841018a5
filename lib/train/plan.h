// What a run will cost, for --dry-run: parameters, memory by part, tokens, floating-point operations.
// Torch-free.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "train/inputs.h"

namespace ds::train {

struct Plan {
  std::string text;     // for people
  nlohmann::json json;  // the same numbers
};

// `flops_per_second`: what the device was measured to do, 0 when it was not; gives the estimate of time.
Plan make_plan(const TrainOptions& options, const Inputs& inputs, const std::string& device,
               double flops_per_second);

// Floating-point operations of the whole run, three forward passes per token.
double training_flops(const TrainOptions& options, const arch::ModelConfig& config);

}  // namespace ds::train
