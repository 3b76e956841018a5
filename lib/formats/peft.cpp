#include "formats/peft.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <set>

#include "base/error.h"
#include "base/io.h"
#include "formats/json_file.h"

namespace ds::formats {
namespace {

using nlohmann::json;

constexpr const char* kSupported = "plain LoRA adapters are merged: A and B, alpha, rank, modules_to_save";
constexpr size_t kMaxPattern = 512, kMaxModule = 512;  // characters: a regular expression is backtracked

// Keys that must be absent, null, false, "none" or empty: each would change what the tensors mean.
constexpr const char* kForeign[] = {"use_dora",
                                    "fan_in_fan_out",
                                    "bias",
                                    "lora_bias",
                                    "use_qalora",
                                    "layer_replication",
                                    "target_parameters",
                                    "trainable_token_indices",
                                    "alora_invocation_tokens",
                                    "megatron_config",
                                    "use_bdlora",
                                    "velora_config"};
// Ways to start that take something out of the model's own weights. The others leave them alone.
constexpr const char* kPlainStarts[] = {"gaussian", "eva", "orthogonal"};

bool nothing(const json& v) { return v.is_null() || v == false || v == "none" || v.empty(); }

void check_config(const json& config, const std::string& place) {
  const auto refuse = [&](const char* key) {
    throw data_error(
        fmt::format("{}: {}: {} cannot be merged", place, key,
                    config[key].dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 40)),
        kSupported);
  };
  if (!config.is_object()) throw data_error(place + ": not a JSON object");
  if (!config.contains("peft_type")) throw data_error(place + ": peft_type: is missing", kSupported);
  if (config["peft_type"] != "LORA") refuse("peft_type");
  for (const char* key : kForeign) {
    if (config.contains(key) && !nothing(config[key])) refuse(key);
  }
  if (const auto it = config.find("init_lora_weights"); it != config.end() && it->is_string()) {
    const bool plain = std::any_of(std::begin(kPlainStarts), std::end(kPlainStarts),
                                   [&](const char* s) { return *it == s; });
    if (!plain) refuse("init_lora_weights");
  }
}

double number(const json& object, const char* key, double otherwise, const std::string& place) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return otherwise;
  if (!it->is_number() || !std::isfinite(it->get<double>()))
    throw data_error(fmt::format("{}: {}: is no number", place, key));
  return it->get<double>();
}

// {"pattern": number}, in the file's order, which decides when two fit.
class Pattern {
 public:
  Pattern(const nlohmann::ordered_json& config, const char* key, const std::string& place) {
    const auto it = config.find(key);
    if (it == config.end() || it->is_null()) return;
    if (!it->is_object()) throw data_error(fmt::format("{}: {}: is no object", place, key));
    for (const auto& [pattern, value] : it->items()) {
      if (!value.is_number() || pattern.size() > kMaxPattern)
        throw data_error(fmt::format("{}: {}: \"{}\": expected a number for a short pattern", place, key,
                                     pattern.substr(0, 60)));
      try {
        rules_.emplace_back(std::regex("(.*\\.)?(" + pattern + ")", std::regex::ECMAScript),
                            value.get<double>());
      } catch (const std::regex_error&) {
        throw data_error(
            fmt::format("{}: {}: \"{}\" is no regular expression", place, key, pattern.substr(0, 60)));
      }
    }
  }
  double of(const std::string& module, double otherwise) const {
    for (const auto& [regex, value] : rules_) {
      if (std::regex_match(module, regex)) return value;
    }
    return otherwise;
  }

 private:
  std::vector<std::pair<std::regex, double>> rules_;
};

// "MODULE.lora_A.weight" and its spellings: the module and which part it is.
struct Part {
  std::string module;
  char which = 0;  // 'A' or 'B'; 0: no LoRA tensor
  bool embedding = false;
};
Part part_of(const std::string& key) {
  for (const bool embedding : {false, true}) {
    for (const char which : {'A', 'B'}) {
      const std::string mark = fmt::format(".lora_{}{}", embedding ? "embedding_" : "", which);
      const size_t at = key.rfind(mark);
      if (at == std::string::npos) continue;
      const std::string rest =
          key.substr(at + mark.size());  // "", ".weight", ".default" or ".default.weight"
      if (!rest.empty() && rest[0] != '.') continue;
      if (!embedding && !rest.ends_with(".weight")) continue;
      return {key.substr(0, at), which, embedding};
    }
  }
  return {};
}

}  // namespace

PeftAdapter read_peft_adapter(const std::string& folder) {
  const std::string config_path = join_path(folder, "adapter_config.json");
  const std::string weights_path = join_path(folder, "adapter_model.safetensors");
  for (const std::string& path : {config_path, weights_path}) {
    if (!exists(path))
      throw io_error(path + ": no such file",
                     "an adapter is a folder with adapter_config.json and adapter_model.safetensors");
  }
  const json config = read_json(config_path);  // checks the nesting too
  check_config(config, config_path);
  const auto ordered = nlohmann::ordered_json::parse(read_file(config_path));
  const double rank = number(config, "r", 8, config_path),
               alpha = number(config, "lora_alpha", 8, config_path);
  const Pattern ranks(ordered, "rank_pattern", config_path), alphas(ordered, "alpha_pattern", config_path);
  const bool rslora = config.contains("use_rslora") && config["use_rslora"] == true;

  PeftAdapter adapter{folder, config, SafetensorsFile(weights_path), {}, {}};
  std::map<std::string, LoraModule> modules;
  std::set<std::string> names;
  constexpr std::string_view kPrefix = "base_model.model.";
  for (const TensorInfo& t : adapter.file.tensors()) {
    const auto fail = [&](const std::string& what) {
      throw data_error(fmt::format("{}: tensor {}: {}", weights_path, t.name, what), kSupported);
    };
    if (!t.name.starts_with(kPrefix)) fail("expected a name that begins with base_model.model.");
    std::string key = t.name.substr(kPrefix.size());
    if (key.size() > kMaxModule) fail("the name is too long");
    if (const Part part = part_of(key); part.which) {
      if (t.shape.size() != 2) fail("expected two dimensions");
      LoraModule& module = modules[part.module];
      module.module = part.module;
      module.embedding = part.embedding;
      const TensorInfo*& place = part.which == 'A' ? module.a : module.b;
      if (place) fail("a second one for the same module");
      place = &t;
      continue;
    }
    if (key.find("lora_") != std::string::npos) fail("cannot be merged");
    // A whole tensor; while it was trained it stood in a wrapper.
    for (const char* wrapper : {".modules_to_save.default", ".modules_to_save"}) {
      if (const size_t at = key.find(wrapper); at != std::string::npos)
        key.erase(at, std::string_view(wrapper).size());
    }
    if (!names.insert(key).second) fail("a second one for the same tensor");
    adapter.saved.emplace_back(key, &t);
  }
  for (auto& [name, module] : modules) {
    const auto fail = [&, &name = name](const std::string& what) {
      throw data_error(fmt::format("{}: module {}: {}", weights_path, name, what));
    };
    if (!module.a || !module.b) fail(module.a ? "lora_B is missing" : "lora_A is missing");
    const int64_t r = module.a->shape[0];
    if (r < 1 || module.b->shape[1] != r)
      fail(fmt::format("lora_A has {} rows and lora_B {} columns, which should be the rank", r,
                       module.b->shape[1]));
    const double said = ranks.of(name, rank);
    if (said != static_cast<double>(r))
      fail(fmt::format("rank {}, but adapter_config.json says {}", r, said));
    const double scaled = alphas.of(name, alpha);
    module.scale = scaled / (rslora ? std::sqrt(static_cast<double>(r)) : static_cast<double>(r));
    adapter.modules.push_back(module);
  }
  if (adapter.modules.empty() && adapter.saved.empty()) throw data_error(weights_path + ": holds no tensors");
  return adapter;
}

}  // namespace ds::formats
