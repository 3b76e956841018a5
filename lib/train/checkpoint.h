// One checkpoint: a complete Hugging Face model folder with train_state/ in it, from and to a parameter
// store.
#pragma once

#include <string>

#include "formats/train_state.h"
#include "nn/parameter_store.h"
#include "train/inputs.h"

namespace ds::train {

// Writes run/checkpoints/step-N (N = state.step), weights as `dtype`, atomically; an existing one is
// replaced.
void save_checkpoint(const std::string& run, const Inputs& inputs, const formats::TrainState& state,
                     const nn::ParameterStore& store, at::ScalarType dtype);

// Masters, moments and compute copy as they were saved. Throws data when tensors are missing or misshapen.
formats::TrainState load_checkpoint(const std::string& run, int64_t step, nn::ParameterStore& store);

// Bytes that one checkpoint takes on disk, for checking the free space.
uint64_t checkpoint_bytes(const nn::ParameterStore& store, at::ScalarType dtype);

}  // namespace ds::train
