// A training run from its options to its finished folder: plan, resume, step loop, validation, checkpoints,
// early stopping.
//
// One optimizer step: load accumulation * batch_size windows, count their valid targets, accumulate gradients
// of the loss divided by that count, clip by the global norm, AdamW. A step whose loss or gradient is not
// finite changes nothing and is counted; too many in a row end the run. On the CPU a run that was killed and
// goes on gives the same bits as one that was not, at the same number of threads.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/run.h"
#include "train/options.h"

namespace ds::train {

struct TrainRequest {
  TrainOptions options;
  nlohmann::json manifest_options;  // those that change the result
  int64_t seed = 0;
  std::string device = "auto", resume = "auto", depfile;
  bool force = false, dry_run = false;
};

struct TrainResult {
  int status =
      0;  // 0 finished (or nothing to do), 1 gave up on numbers that are not finite, 75 stopped and saved
  std::string human;    // summary
  nlohmann::json json;  // the same as an object
};

TrainResult train(const TrainRequest& request, Run& run);

}  // namespace ds::train
