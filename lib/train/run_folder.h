// The output folder of a training run.
//
//   run/train.json              whose run this is: fingerprint and options, written before the first step
//   run/checkpoints/step-N/     complete model folders with train_state/; each appears by rename, its
//   manifest inside run/metrics.jsonl, run/tensorboard/ run/config.json, run/model.safetensors, tokenizer
//   files …   hard links into the last (or best) checkpoint run/manifest.json           only when the run is
//   finished
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/manifest.h"

namespace ds::train {

// Which checkpoints `run` has, as their steps, ascending; only those that are complete.
std::vector<int64_t> checkpoint_steps(const std::string& run);
std::string checkpoint_path(const std::string& run, int64_t step);

enum class Start { fresh, resume };
struct StartRule {
  std::string resume = "auto";  // auto, never, must
  bool force = false;
};
// Decides what to do with a folder that may hold something, without touching it. A run of another
// fingerprint, or a folder that is no run at all, is a usage error unless forced; so is a missing checkpoint
// with "must".
Start decide_start(const std::string& run, const std::string& fingerprint, const StartRule& rule);
// Removes what an earlier run left and writes train.json.
void begin_fresh(const std::string& run, const std::string& fingerprint, const nlohmann::json& options,
                 int64_t seed);

// Hard-links the model files of checkpoint `step` into the root of the run (not train_state, not the
// manifest).
void publish(const std::string& run, int64_t step);
// Removes all checkpoints but the newest `keep_last` (0: none is removed) and `also`.
void prune(const std::string& run, int64_t keep_last, int64_t also);
// Writes run/manifest.json: `planned` with the published files of checkpoint `step` and `facts`. The run is
// finished.
void finish(const std::string& run, int64_t step, formats::Manifest planned, const nlohmann::json& facts);

}  // namespace ds::train
