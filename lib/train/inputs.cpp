#include "train/inputs.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/build_info.h"
#include "base/error.h"
#include "base/io.h"
#include "formats/manifest.h"

namespace ds::train {

namespace {

void describe_model(const formats::ModelFolder& model, std::vector<formats::ManifestInput>& inputs) {
  if (model.has_weights() && exists(formats::manifest_path(model.folder))) {
    inputs.push_back(formats::describe_input("model", model.folder));
    return;
  }
  inputs.push_back(formats::describe_input("config", model.config_path));
  for (const auto& file : model.files) inputs.push_back(formats::describe_input("weights", file->path()));
}

// Ids must be below the vocabulary: known from the manifest, else by reading all of them once.
void check_vocabulary(const formats::TokenDataset& data, const arch::ModelConfig& config,
                      const std::string& config_path) {
  const int64_t vocabulary = config.vocab_size;
  const auto refuse = [&](const std::string& what) {
    throw data_error(what + ", but " + config_path + " has vocab_size " + std::to_string(vocabulary),
                     "use the tokenizer that the model was made for, or a larger vocab_size");
  };
  if (const auto known = data.vocab_size()) {
    if (*known > vocabulary)
      refuse(data.prefix() + ": made with a vocabulary of " + std::to_string(*known) + " entries");
    return;
  }
  std::vector<int64_t> ids(1 << 16);
  for (uint64_t first = 0; first < data.tokens(); first += ids.size()) {
    const uint64_t count = std::min<uint64_t>(ids.size(), data.tokens() - first);
    data.read(first, count, ids.data());
    const auto [low, high] = std::minmax_element(ids.begin(), ids.begin() + static_cast<int64_t>(count));
    if (*low >= 0 && *high < vocabulary) continue;
    const auto bad =
        std::find_if(ids.begin(), ids.end(), [&](int64_t id) { return id < 0 || id >= vocabulary; });
    refuse(data.bin_path() + ": token " + std::to_string(first + static_cast<uint64_t>(bad - ids.begin())) +
           " is " + std::to_string(*bad));
  }
}

// The tokenizer belongs to the data; the model folder's own is taken when the data brings none.
std::vector<std::pair<std::string, std::string>> find_tokenizer(const formats::TokenDataset& data,
                                                                const formats::ModelFolder& model) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const std::string& name : formats::kTokenizerFiles) {
    const std::string path = data.prefix() + "." + name;
    if (exists(path)) files.emplace_back(path, name);
  }
  if (!files.empty()) return files;
  for (const std::string& name : model.tokenizer_files)
    files.emplace_back(join_path(model.folder, name), name);
  return files;
}

void check_options(const TrainOptions& o, const arch::ModelConfig& config, const std::string& config_path) {
  if (o.seq_len > config.max_positions) {
    throw usage_error("--seq-len " + std::to_string(o.seq_len) +
                          " is longer than the model's max_position_embeddings, " +
                          std::to_string(config.max_positions) + " (" + config_path + ")",
                      "use a shorter --seq-len, or raise it in the config");
  }
  if (o.patience > 0 && o.val_data.empty()) throw usage_error("--patience needs --val-data");
  if (o.warmup >= o.steps && o.warmup > 0 && o.schedule != "constant" && o.steps > 1) {
    throw usage_error("--warmup " + std::to_string(o.warmup) + " leaves no step of " +
                          std::to_string(o.steps) + " for the schedule",
                      "use a shorter --warmup");
  }
}

// The plan, which must be of this data: as many tokens, and the same ones where its manifest says which.
formats::PackPlanFile open_plan(const TrainOptions& o, const formats::TokenDataset& data) {
  constexpr const char* kHint = "make the plan again with ds-tokenize pack";
  formats::PackPlanFile plan(o.pack);
  if (plan.row() != static_cast<uint64_t>(o.seq_len)) {
    throw usage_error("--seq-len " + std::to_string(o.seq_len) + ", but the rows of " + o.pack + " have " +
                          std::to_string(plan.row()) + " tokens",
                      "use --seq-len " + std::to_string(plan.row()));
  }
  if (plan.rows() == 0) throw data_error(o.pack + ": a plan without rows", kHint);
  if (plan.dataset_tokens() != data.tokens()) {
    throw data_error(o.pack + ": made for " + std::to_string(plan.dataset_tokens()) + " tokens, but " +
                         data.prefix() + " has " + std::to_string(data.tokens()),
                     kHint);
  }
  const auto digests = [](const std::vector<formats::ManifestInput>& inputs) {
    std::vector<std::string> all;
    for (const formats::ManifestInput& input : inputs) all.push_back(input.digest.sha256);
    return all;
  };
  const auto manifest = formats::read_manifest(o.pack);
  if (manifest && digests(manifest->inputs) != digests(formats::describe_dataset("data", data)))
    throw data_error(o.pack + ": made for other token data than " + data.prefix(), kHint);
  return plan;
}

}  // namespace

uint64_t Inputs::samples(int64_t seq_len) const {
  if (plan) return plan->rows();
  return data.tokens() == 0 ? 0 : (data.tokens() - 1) / static_cast<uint64_t>(seq_len);
}

Inputs open_inputs(const TrainOptions& o, const nlohmann::json& manifest_options, int64_t seed) {
  formats::ModelFolder model = formats::open_model_folder(o.model);
  arch::ModelConfig config = arch::parse_config(model.config, model.config_path);
  if (config.other.contains("quantization_config")) {
    throw usage_error(model.config_path + ": the model is quantised, and training needs its weights in full",
                      "train the model that was quantised, or write its numbers out with ds-export merge");
  }
  Inputs in{std::move(model), std::move(config), formats::TokenDataset(o.data), {}, {}, {}, {}, {}};
  if (!o.pack.empty()) in.plan = open_plan(o, in.data);
  if (!o.val_data.empty()) in.validation.emplace(o.val_data);
  check_options(o, in.config, in.model.config_path);
  check_vocabulary(in.data, in.config, in.model.config_path);
  if (in.validation) check_vocabulary(*in.validation, in.config, in.model.config_path);
  if (in.samples(o.seq_len) == 0) {
    throw data_error(in.data.prefix() + ": " + std::to_string(in.data.tokens()) +
                         " tokens are not one window of " + std::to_string(o.seq_len) + " and its successor",
                     "use more data or a shorter --seq-len");
  }
  if (in.config.eos_token_ids.empty() && in.data.eos_id()) in.config.eos_token_ids = {*in.data.eos_id()};
  in.tokenizer = find_tokenizer(in.data, in.model);

  in.planned.tool = "ds-train";
  in.planned.version = build_info().version;
  in.planned.options = manifest_options;
  in.planned.seed = seed;
  describe_model(in.model, in.planned.inputs);
  const auto add = [&](std::vector<formats::ManifestInput> described) {
    for (formats::ManifestInput& input : described) in.planned.inputs.push_back(std::move(input));
  };
  add(formats::describe_dataset("data", in.data));
  if (in.plan) in.planned.inputs.push_back(formats::describe_input("pack", o.pack));
  if (in.validation) add(formats::describe_dataset("validation", *in.validation));
  nlohmann::json work = in.planned.to_json();
  for (const char* key : {"version", "outputs", "facts"}) work.erase(key);
  for (auto& input : work["inputs"]) input.erase("from");  // what was read counts, not how it came to be
  in.fingerprint = sha256_hex(work.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return in;
}

std::vector<std::string> input_paths(const TrainOptions& o) {
  std::vector<std::string> paths = {o.model};
  if (!o.pack.empty()) paths.push_back(o.pack);
  for (const std::string& data : {o.data, o.val_data}) {
    if (data.empty()) continue;
    const std::string prefix = formats::dataset_prefix(data);
    paths.push_back(prefix + ".bin");
    paths.push_back(prefix + ".idx");
  }
  return paths;
}

}  // namespace ds::train
