// The folder train_state/ of a checkpoint; see the header.
#include "formats/train_state.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/io.h"
#include "formats/json_file.h"

namespace ds::formats {
namespace {

constexpr int kFormat = 1;
constexpr const char* kFolder = "train_state";
constexpr const char* kState = "train_state/state.json";
constexpr const char* kOptimizer = "train_state/optimizer.safetensors";

nlohmann::json to_json(const TrainState& s) {
  return {{"format", kFormat},
          {"step", s.step},
          {"tokens", s.tokens},
          {"position", s.position},
          {"seed", s.seed},
          {"best_loss", s.best_loss ? nlohmann::json(*s.best_loss) : nlohmann::json()},
          {"best_step", s.best_step},
          {"bad_evals", s.bad_evals},
          {"fingerprint", s.fingerprint},
          {"options", s.options},
          {"extra", s.extra}};
}

// The value of `key`, of the JSON type that `is` accepts.
const nlohmann::json& field(const nlohmann::json& j, const char* key,
                            bool (nlohmann::json::*is)() const noexcept, const std::string& name) {
  const auto it = j.find(key);
  if (it == j.end() || !((*it).*is)()) {
    throw data_error(fmt::format("{}: \"{}\" is missing or of another type", name, key),
                     "resume from another checkpoint");
  }
  return *it;
}

}  // namespace

std::string optimizer_tensor(std::string_view kind, std::string_view weight) {
  return fmt::format("{}.{}", kind, weight);
}

std::vector<TensorDecl> optimizer_tensors(const std::vector<TensorDecl>& weights,
                                          const std::vector<std::string>& kinds) {
  std::vector<TensorDecl> all;
  for (const std::string& kind : kinds) {
    for (const TensorDecl& w : weights) all.push_back({optimizer_tensor(kind, w.name), DType::f32, w.shape});
  }
  return all;
}

std::vector<ManifestOutput> write_train_state(const std::string& checkpoint, const TrainState& state,
                                              std::vector<TensorDecl> optimizer, const TensorSource& source) {
  make_folder(join_path(checkpoint, kFolder));
  std::vector<ManifestOutput> outputs;
  outputs.push_back(
      {kOptimizer, write_safetensors(join_path(checkpoint, kOptimizer), std::move(optimizer), source)});
  outputs.push_back({kState, write_file(join_path(checkpoint, kState), pretty_json(to_json(state)))});
  return outputs;
}

bool has_train_state(const std::string& checkpoint) {
  return exists(join_path(checkpoint, kState)) && exists(join_path(checkpoint, kOptimizer));
}

TrainState read_train_state(const std::string& checkpoint) {
  const std::string name = join_path(checkpoint, kState);
  const nlohmann::json j = read_json(name);
  if (!j.is_object()) throw data_error(name + ": not a JSON object");
  using J = nlohmann::json;
  const auto integer = [&](const char* key) {
    return field(j, key, &J::is_number_integer, name).get<int64_t>();
  };
  if (const int64_t format = integer("format"); format != kFormat) {
    throw data_error(fmt::format("{}: format {}, expected {}", name, format, kFormat),
                     "it was written by a newer ds-train");
  }
  TrainState s;
  s.step = integer("step");
  s.tokens = integer("tokens");
  s.position = field(j, "position", &J::is_number_unsigned, name).get<uint64_t>();
  s.seed = integer("seed");
  if (const auto it = j.find("best_loss"); it != j.end() && it->is_number()) s.best_loss = it->get<double>();
  s.best_step = integer("best_step");
  s.bad_evals = integer("bad_evals");
  s.fingerprint = field(j, "fingerprint", &J::is_string, name).get<std::string>();
  s.options = field(j, "options", &J::is_object, name);
  s.extra = field(j, "extra", &J::is_object, name);
  if (s.step < 0 || s.tokens < 0 || s.bad_evals < 0) throw data_error(name + ": a counter is negative");
  return s;
}

SafetensorsFile open_optimizer_state(const std::string& checkpoint) {
  return SafetensorsFile(join_path(checkpoint, kOptimizer));
}

}  // namespace ds::formats
