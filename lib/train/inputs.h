// Everything a run reads, opened and checked before any work: configuration, weights, token data, tokenizer
// files; and from them what the run's manifest will say and the fingerprint that a resumed run must share.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arch/config.h"
#include "formats/manifest.h"
#include "formats/model_folder.h"
#include "formats/pack_plan.h"
#include "formats/token_dataset.h"
#include "train/options.h"

namespace ds::train {

struct Inputs {
  formats::ModelFolder model;
  arch::ModelConfig config;
  formats::TokenDataset data;
  std::optional<formats::PackPlanFile> plan;  // rows over `data`
  std::optional<formats::TokenDataset> validation;
  std::vector<std::pair<std::string, std::string>> tokenizer;  // path to copy, name in the model folder
  formats::Manifest planned;                                   // without outputs and facts
  std::string fingerprint;                                     // SHA-256 of options, seed and inputs

  // Samples of an epoch: the plan's rows, else the windows of `seq_len` tokens.
  uint64_t samples(int64_t seq_len) const;
};

// Throws usage (options that contradict each other or the config), io, data (damaged files, impossible sizes,
// ids that the vocabulary does not have).
Inputs open_inputs(const TrainOptions& options, const nlohmann::json& manifest_options, int64_t seed);

// Every file that `options` name as input, for depfiles and for refusing output = input.
std::vector<std::string> input_paths(const TrainOptions& options);

}  // namespace ds::train
