// What training needs beside the weights to go on as if it had never stopped: the folder `train_state/` in a
// checkpoint.
//
//   train_state/state.json             counters, seed, early stopping, fingerprint, options (TrainState; keys
//   sorted) train_state/optimizer.safetensors  fp32: "master.<t>", "exp_avg.<t>", "exp_avg_sq.<t>" for each
//   weight <t>
// Tensors carry the weights' names and full shapes, so that any number of ranks can resume any checkpoint.
// The order of the data and all random numbers are functions of seed and position, so nothing else has to be
// kept.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "formats/manifest.h"
#include "formats/safetensors.h"

namespace ds::formats {

struct TrainState {
  int64_t step = 0;       // optimizer steps done
  int64_t tokens = 0;     // training tokens seen
  uint64_t position = 0;  // windows consumed of the endless data order: the next sample's number
  int64_t seed = 0;
  std::optional<double> best_loss;  // best validation loss so far
  int64_t best_step = 0;            // the step it was measured at
  int64_t bad_evals = 0;            // validations in a row without improvement
  std::string fingerprint;          // of everything that a resumed run must share (model, data, options)
  nlohmann::json options =
      nlohmann::json::object();  // values at the time of saving, for messages and for inspection
  nlohmann::json extra = nlohmann::json::object();  // what an optimizer or objective adds

  bool operator==(const TrainState&) const = default;
};

// The parts of an optimizer tensor's name; `kind` is "master", "exp_avg", "exp_avg_sq" or what another
// optimizer adds.
std::string optimizer_tensor(std::string_view kind, std::string_view weight);

// fp32 declarations of every kind for every weight.
std::vector<TensorDecl> optimizer_tensors(const std::vector<TensorDecl>& weights,
                                          const std::vector<std::string>& kinds);

// Writes CHECKPOINT/train_state/ (CHECKPOINT is the temporary path of an AtomicFolder); returns the files for
// the manifest as "train_state/…".
std::vector<ManifestOutput> write_train_state(const std::string& checkpoint, const TrainState& state,
                                              std::vector<TensorDecl> optimizer, const TensorSource& source);

bool has_train_state(const std::string& checkpoint);
TrainState read_train_state(const std::string& checkpoint);  // throws io, data
SafetensorsFile open_optimizer_state(const std::string& checkpoint);

}  // namespace ds::formats
