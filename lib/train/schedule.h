// The learning rate as a pure function of the step, so that resuming needs nothing but the step's number.
#pragma once

#include <cstdint>
#include <string>

#include "train/options.h"

namespace ds::train {

// Of update `step`, from 1 to options.steps. Warm-up rises linearly and reaches lr at step `warmup`; then
//   constant: lr;  cosine, linear: down to lr * min_lr_ratio at the last step;
//   wsd (warm-up, stable, decay; Hu et al. 2024): lr, then over the last `decay_ratio` of the steps lr (1 -
//   sqrt(x)) to the same floor.
double learning_rate(const TrainOptions& options, int64_t step);

}  // namespace ds::train
