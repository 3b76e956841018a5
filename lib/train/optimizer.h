// AdamW on the store's flat buffers: one pass that also writes the compute copy. Kernels where they exist,
// else plain ATen.
#pragma once

#include <cstdint>

#include "nn/parameter_store.h"
#include "train/options.h"

namespace ds::train {

// Euclidean norm of store.gradient(); the same bits for any number of threads on the CPU.
double gradient_norm(nn::ParameterStore& store);

// Update number `update` (from 1): the gradient is multiplied by `gradient_scale` first (clipping). Publishes
// the compute copy.
void adamw_update(nn::ParameterStore& store, const TrainOptions& options, int64_t update, double lr,
                  double gradient_scale);

}  // namespace ds::train
