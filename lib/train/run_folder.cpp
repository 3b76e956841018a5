#include "train/run_folder.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "formats/json_file.h"
#include "formats/model_folder.h"

namespace ds::train {

namespace {

constexpr const char* kIdentity = "train.json";
constexpr const char* kStepPrefix = "step-";
constexpr const char* kState = "train_state/";

std::string checkpoints_of(const std::string& run) { return join_path(run, "checkpoints"); }

// What a checkpoint's manifest lists.
std::vector<formats::ManifestOutput> files_of(const std::string& checkpoint) {
  const auto manifest = formats::read_manifest(checkpoint);
  if (!manifest) throw data_error(checkpoint + ": manifest.json is missing", "remove this checkpoint");
  return manifest->outputs;
}

bool complete(const std::string& checkpoint) {
  try {
    for (const formats::ManifestOutput& file : files_of(checkpoint)) {
      const std::string path = join_path(checkpoint, file.name);
      if (!exists(path) || file_size(path) != file.digest.size) return false;
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Fingerprint of the run in the folder; "" when there is none.
std::string fingerprint_of(const std::string& run) {
  const std::string path = join_path(run, kIdentity);
  if (!exists(path)) return "";
  for (const std::string& name : formats::kTokenizerFiles) remove_file(join_path(run, name));
  const nlohmann::json identity = formats::read_json(path);
  const auto it = identity.find("fingerprint");
  if (it == identity.end() || !it->is_string())
    throw data_error(path + ": no fingerprint", "remove it, or use -f");
  return it->get<std::string>();
}

bool has_visible_entries(const std::string& folder) {
  if (!exists(folder)) return false;
  for (const std::string& name : list_folder(folder)) {
    if (name.front() != '.') return true;
  }
  return false;
}

}  // namespace

std::string checkpoint_path(const std::string& run, int64_t step) {
  return join_path(checkpoints_of(run), kStepPrefix + std::to_string(step));
}

std::vector<int64_t> checkpoint_steps(const std::string& run) {
  std::vector<int64_t> steps;
  if (!is_folder(checkpoints_of(run))) return steps;
  for (const std::string& name : list_folder(checkpoints_of(run))) {
    if (!name.starts_with(kStepPrefix)) continue;
    const char *begin = name.data() + std::string_view(kStepPrefix).size(), *end = name.data() + name.size();
    int64_t step = 0;
    const auto [stop, error] = std::from_chars(begin, end, step);
    if (error == std::errc{} && stop == end && step >= 0 && complete(checkpoint_path(run, step)))
      steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

Start decide_start(const std::string& run, const std::string& fingerprint, const StartRule& rule) {
  const bool must = rule.resume == "must";
  const std::string found = fingerprint_of(run);
  if (found.empty()) {
    if (must) throw usage_error(run + ": there is no run to resume", "leave out --resume must to start one");
    if (has_visible_entries(run) && !rule.force) {
      throw usage_error(run + ": is a folder with other things in it, not a training run",
                        "use a new folder, or -f to write into this one");
    }
    return Start::fresh;
  }
  if (found != fingerprint) {
    if (must || !rule.force) {
      throw usage_error(
          run + ": holds a training run of another configuration (model, data, seed or options differ)",
          "use another -o, or -f to start again and lose it; " + join_path(run, kIdentity) +
              " has its options");
    }
    return Start::fresh;
  }
  if (rule.resume == "never" || (rule.force && !must)) return Start::fresh;
  if (must && checkpoint_steps(run).empty())
    throw usage_error(run + ": there is no checkpoint to resume from");
  return Start::resume;
}

void begin_fresh(const std::string& run, const std::string& fingerprint, const nlohmann::json& options,
                 int64_t seed) {
  make_folder(run);
  formats::remove_manifest(run);
  remove_tree(checkpoints_of(run));
  remove_tree(join_path(run, "tensorboard"));
  for (const char* name : {"metrics.jsonl", "model.safetensors", "config.json", "generation_config.json"}) {
    remove_file(join_path(run, name));
  }
  const nlohmann::json identity = {
      {"format", 1}, {"fingerprint", fingerprint}, {"options", options}, {"seed", seed}};
  write_file(join_path(run, kIdentity), formats::pretty_json(identity));
  make_folder(checkpoints_of(run));
}

void publish(const std::string& run, int64_t step) {
  const std::string checkpoint = checkpoint_path(run, step);
  for (const formats::ManifestOutput& file : files_of(checkpoint)) {
    if (!file.name.starts_with(kState))
      hard_link(join_path(checkpoint, file.name), join_path(run, file.name));
  }
}

void prune(const std::string& run, int64_t keep_last, int64_t also) {
  if (keep_last <= 0) return;
  const std::vector<int64_t> steps = checkpoint_steps(run);
  std::vector<std::string> keep = {kStepPrefix + std::to_string(also)};
  for (size_t i = steps.size(); i-- > 0 && steps.size() - i <= static_cast<size_t>(keep_last);) {
    keep.push_back(kStepPrefix + std::to_string(steps[i]));
  }
  for (const std::string& name : list_folder(checkpoints_of(run))) {  // halves of an earlier removal too
    if (name.starts_with(kStepPrefix) && std::find(keep.begin(), keep.end(), name) == keep.end()) {
      remove_tree(join_path(checkpoints_of(run), name));
    }
  }
}

void finish(const std::string& run, int64_t step, formats::Manifest planned, const nlohmann::json& facts) {
  publish(run, step);
  for (formats::ManifestOutput& file : files_of(checkpoint_path(run, step))) {
    if (!file.name.starts_with(kState)) planned.outputs.push_back(std::move(file));
  }
  planned.facts = facts;
  formats::write_manifest(run, planned);
}

}  // namespace ds::train
