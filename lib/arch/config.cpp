// Reading and writing config.json; see the header.
#include "arch/config.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "arch/arch.h"
#include "base/error.h"

namespace ds::arch {
namespace {

using nlohmann::json;

// One JSON object with the file's name: typed look-ups that say what is wrong, and a memory of the keys that
// were used.
class Keys {
 public:
  Keys(const json& object, std::string place) : object_(object), place_(std::move(place)) {}

  // nullptr when absent or null.
  const json* find(const std::string& key) {
    used_.insert(key);
    const auto it = object_.find(key);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }
  [[noreturn]] void fail(const std::string& key, const std::string& what) const {
    throw data_error(fmt::format("{}: {}: {}", place_, key, what));
  }
  // A size: whole, from `low` to 2^31 - 1. Without a default the key must be there.
  int64_t size(const std::string& key, std::optional<int64_t> otherwise = std::nullopt, int64_t low = 1) {
    const json* j = find(key);
    if (!j) {
      if (otherwise) return *otherwise;
      fail(key, "is missing");
    }
    if (!j->is_number_integer()) fail(key, fmt::format("{} is no whole number", shown(*j)));
    const bool huge = j->is_number_unsigned() && j->get<uint64_t>() > INT32_MAX;
    const int64_t value = huge ? INT64_MAX : j->get<int64_t>();
    if (value < low || value > INT32_MAX) {
      fail(key, fmt::format("{} is impossible (expected {} to {})", shown(*j), low, INT32_MAX));
    }
    return value;
  }
  // A finite number in [low, high].
  double number(const std::string& key, std::optional<double> otherwise, double low, double high) {
    const json* j = find(key);
    if (!j) {
      if (otherwise) return *otherwise;
      fail(key, "is missing");
    }
    if (!j->is_number()) fail(key, fmt::format("{} is no number", shown(*j)));
    const double value = j->get<double>();
    if (!(value >= low && value <= high))
      fail(key, fmt::format("{} is impossible (expected {} to {})", value, low, high));
    return value;
  }
  std::optional<double> maybe_number(const std::string& key, double low, double high) {
    if (!find(key)) return std::nullopt;
    return number(key, std::nullopt, low, high);
  }
  bool boolean(const std::string& key, bool otherwise) {
    const json* j = find(key);
    if (!j) return otherwise;
    if (!j->is_boolean()) fail(key, fmt::format("{} is neither true nor false", shown(*j)));
    return j->get<bool>();
  }
  std::string string(const std::string& key, std::optional<std::string> otherwise = std::nullopt) {
    const json* j = find(key);
    if (!j) {
      if (otherwise) return *otherwise;
      fail(key, "is missing");
    }
    if (!j->is_string()) fail(key, fmt::format("{} is no string", shown(*j)));
    return j->get<std::string>();
  }
  json unused() const {
    json rest = json::object();
    for (const auto& [key, value] : object_.items()) {
      if (!used_.count(key)) rest[key] = value;
    }
    return rest;
  }

 private:
  static std::string shown(const json& j) {
    const std::string text = j.dump(-1, ' ', true, json::error_handler_t::replace);
    return text.size() > 40 ? text.substr(0, 37) + "..." : text;
  }
  const json& object_;
  std::string place_;
  std::set<std::string> used_;
};

std::optional<int64_t> token_id(Keys& keys, const std::string& key, const json& j, int64_t vocab_size) {
  if (!j.is_number_integer()) keys.fail(key, "is no token id");
  // Releases have pad ids of -1; an id beyond the vocabulary can never be met.
  const int64_t id = j.is_number_unsigned() && j.get<uint64_t>() > INT32_MAX ? INT32_MAX : j.get<int64_t>();
  return id >= 0 && id < vocab_size ? std::optional(id) : std::nullopt;
}

RopeConfig read_rope(Keys& keys, const std::string& name, int64_t max_positions) {
  RopeConfig rope;
  rope.theta = keys.number("rope_theta", 10000.0, 1.0, 1e15);
  const json* scaling = keys.find("rope_scaling");
  const json* parameters = keys.find("rope_parameters");
  const char* place = scaling ? "rope_scaling" : "rope_parameters";
  const json* source = scaling ? scaling : parameters;
  if (!source) return rope;
  if (!source->is_object()) keys.fail(place, "is no object");
  Keys inner(*source, name + ": " + place);
  rope.theta = inner.number("rope_theta", rope.theta, 1.0, 1e15);
  rope.type = inner.string("rope_type", inner.string("type", "default"));
  if (rope.type == "default") return rope;
  if (rope.type != "linear" && rope.type != "llama3" && rope.type != "yarn") {
    inner.fail("rope_type",
               fmt::format("\"{}\" is unknown (default, linear, llama3 and yarn are known)", rope.type));
  }
  const auto factor = inner.maybe_number("factor", 1e-6, 1e6);
  if (!factor && rope.type != "yarn") inner.fail("factor", "is missing");
  if (factor) rope.factor = *factor;
  if (rope.type == "linear") return rope;
  rope.original_max_positions = inner.size("original_max_position_embeddings", max_positions);
  if (rope.type == "llama3") {
    rope.low_freq_factor = inner.number("low_freq_factor", std::nullopt, 1e-6, 1e6);
    rope.high_freq_factor = inner.number("high_freq_factor", std::nullopt, 1e-6, 1e6);
    if (rope.high_freq_factor <= rope.low_freq_factor)
      inner.fail("high_freq_factor", "is not above low_freq_factor");
    return rope;
  }
  if (!factor)
    rope.factor = static_cast<double>(max_positions) / static_cast<double>(rope.original_max_positions);
  rope.beta_fast = inner.number("beta_fast", 32.0, 1e-6, 1e6);
  rope.beta_slow = inner.number("beta_slow", 1.0, 1e-6, 1e6);
  rope.attention_factor = inner.maybe_number("attention_factor", 1e-6, 1e6);
  rope.mscale = inner.maybe_number("mscale", 0.0, 1e6);
  rope.mscale_all_dim = inner.maybe_number("mscale_all_dim", 0.0, 1e6);
  rope.truncate = inner.boolean("truncate", true);
  return rope;
}

json rope_json(const RopeConfig& rope) {
  json j = {{"rope_type", rope.type}, {"rope_theta", rope.theta}};
  if (rope.type == "default") return j;
  j["factor"] = rope.factor;
  if (rope.type == "linear") return j;
  j["original_max_position_embeddings"] = rope.original_max_positions;
  if (rope.type == "llama3") {
    j["low_freq_factor"] = rope.low_freq_factor;
    j["high_freq_factor"] = rope.high_freq_factor;
    return j;
  }
  j["beta_fast"] = rope.beta_fast;
  j["beta_slow"] = rope.beta_slow;
  if (rope.attention_factor) j["attention_factor"] = *rope.attention_factor;
  if (rope.mscale) j["mscale"] = *rope.mscale;
  if (rope.mscale_all_dim) j["mscale_all_dim"] = *rope.mscale_all_dim;
  if (!rope.truncate) j["truncate"] = false;
  return j;
}

json eos_json(const ModelConfig& c) {
  if (c.eos_token_ids.empty()) return nullptr;
  return c.eos_token_ids.size() == 1 ? json(c.eos_token_ids[0]) : json(c.eos_token_ids);
}
json optional_json(const std::optional<int64_t>& id) { return id ? json(*id) : json(); }

}  // namespace

ModelConfig parse_config(const json& config, const std::string& name) {
  if (!config.is_object()) throw data_error(name + ": not a JSON object");
  Keys keys(config, name);
  ModelConfig c;
  c.model_type = keys.string("model_type");
  if (!find_arch(c.model_type)) {
    std::string known;
    for (const auto type : known_model_types()) known += (known.empty() ? "" : ", ") + std::string(type);
    keys.fail("model_type", fmt::format("\"{}\" is unknown (known: {})", c.model_type, known));
  }
  c.vocab_size = keys.size("vocab_size");
  c.hidden_size = keys.size("hidden_size");
  c.intermediate_size = keys.size("intermediate_size");
  c.layers = keys.size("num_hidden_layers");
  if (c.layers > 10000)
    keys.fail("num_hidden_layers", fmt::format("{} is impossible (at most 10000)", c.layers));
  c.heads = keys.size("num_attention_heads");
  c.kv_heads = keys.size("num_key_value_heads", c.heads);
  if (c.heads % c.kv_heads != 0) {
    keys.fail("num_key_value_heads",
              fmt::format("{} does not divide num_attention_heads {}", c.kv_heads, c.heads));
  }
  if (!keys.find("head_dim") && c.hidden_size % c.heads != 0) {
    keys.fail(
        "num_attention_heads",
        fmt::format("{} does not divide hidden_size {}, and there is no head_dim", c.heads, c.hidden_size));
  }
  c.head_dim = keys.size("head_dim", c.hidden_size / c.heads);
  if (c.head_dim % 2 != 0)
    keys.fail("head_dim", fmt::format("{} is odd, and rotary embedding needs pairs", c.head_dim));
  c.max_positions = keys.size("max_position_embeddings", 2048);
  c.rms_norm_eps = keys.number("rms_norm_eps", 1e-6, 0.0, 1.0);
  c.initializer_range = keys.number("initializer_range", 0.02, 0.0, 100.0);
  c.hidden_act = keys.string("hidden_act", "silu");
  if (c.hidden_act == "swish") c.hidden_act = "silu";
  if (c.hidden_act != "silu")
    keys.fail("hidden_act", fmt::format("\"{}\" is unknown (silu is known)", c.hidden_act));
  c.tie_word_embeddings = keys.boolean("tie_word_embeddings", false);
  c.attention_bias = keys.boolean("attention_bias", false);
  c.mlp_bias = keys.boolean("mlp_bias", false);
  c.rope = read_rope(keys, name, c.max_positions);
  const std::string old_dtype = keys.string("torch_dtype", "float32");
  c.dtype = keys.string("dtype", old_dtype);
  if (c.dtype != "float32" && c.dtype != "bfloat16" && c.dtype != "float16") {
    keys.fail("dtype", fmt::format("\"{}\" is unknown (float32, bfloat16 and float16 are known)", c.dtype));
  }
  if (const json* j = keys.find("bos_token_id"))
    c.bos_token_id = token_id(keys, "bos_token_id", *j, c.vocab_size);
  if (const json* j = keys.find("pad_token_id"))
    c.pad_token_id = token_id(keys, "pad_token_id", *j, c.vocab_size);
  if (const json* j = keys.find("eos_token_id")) {
    for (const json& one : j->is_array() ? *j : json::array({*j})) {
      if (const auto id = token_id(keys, "eos_token_id", one, c.vocab_size)) c.eos_token_ids.push_back(*id);
    }
  }
  for (const char* key : {"architectures", "transformers_version", "_name_or_path"}) keys.find(key);
  c.other = keys.unused();
  // Every size is below 2^31, so no product of two overflows; sums over the tensors might.
  const auto tensors = find_arch(c.model_type)->tensors(c);
  __uint128_t parameters = 0;
  for (const TensorSpec& t : tensors) {
    __uint128_t n = 1;
    for (const int64_t d : t.shape) n *= static_cast<__uint128_t>(d);
    if (n > (__uint128_t{1} << 48))
      throw data_error(fmt::format("{}: tensor {} would have more than 2^48 numbers", name, t.name));
    parameters += n;
  }
  if (parameters > (__uint128_t{1} << 50))
    throw data_error(name + ": the model would have more than 2^50 parameters");
  return c;
}

json to_json(const ModelConfig& c) {
  json j = c.other;
  j["architectures"] = json::array({std::string(arch_of(c).hf_class)});
  j["model_type"] = c.model_type;
  j["vocab_size"] = c.vocab_size;
  j["hidden_size"] = c.hidden_size;
  j["intermediate_size"] = c.intermediate_size;
  j["num_hidden_layers"] = c.layers;
  j["num_attention_heads"] = c.heads;
  j["num_key_value_heads"] = c.kv_heads;
  j["head_dim"] = c.head_dim;
  j["max_position_embeddings"] = c.max_positions;
  j["rms_norm_eps"] = c.rms_norm_eps;
  j["initializer_range"] = c.initializer_range;
  j["hidden_act"] = c.hidden_act;
  j["tie_word_embeddings"] = c.tie_word_embeddings;
  j["attention_bias"] = c.attention_bias;
  j["mlp_bias"] = c.mlp_bias;
  j["rope_parameters"] = rope_json(c.rope);
  j["dtype"] = c.dtype;
  j["bos_token_id"] = optional_json(c.bos_token_id);
  j["eos_token_id"] = eos_json(c);
  j["pad_token_id"] = optional_json(c.pad_token_id);
  return j;
}

json generation_config_json(const ModelConfig& c) {
  json j = {{"_from_model_config", true}};
  if (c.bos_token_id) j["bos_token_id"] = *c.bos_token_id;
  if (!c.eos_token_ids.empty()) j["eos_token_id"] = eos_json(c);
  if (c.pad_token_id) j["pad_token_id"] = *c.pad_token_id;
  return j;
}

}  // namespace ds::arch
