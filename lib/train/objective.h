// The loss of next-token prediction and its gradient, over batches of windows.
#pragma once

#include <vector>

#include "data/eval_windows.h"
#include "models/model.h"

namespace ds::train {

// Adds to the store's gradient the gradient of (sum of the losses of all valid targets) / valid_total, for
// one step's micro-batches. Returns that loss, in nats. `valid_total` is the step's global count, so the
// result does not depend on how the step was cut into micro-batches.
double accumulate_gradients(models::Model& model, const std::vector<data::Batch>& micro_batches,
                            int64_t valid_total);

struct ValidationLoss {
  double loss = 0;  // nats per target
  int64_t targets = 0;
};
ValidationLoss validation_loss(models::Model& model, const formats::TokenDataset& data,
                               const data::EvalOptions& options);

}  // namespace ds::train
