#include "serve/api_common.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "serve/json_checks.h"

namespace ds::serve {

using nlohmann::json;

namespace {

const std::vector<std::string_view> kCommon = {"model",  "temperature", "top_p",          "top_k",
                                               "seed",   "n",           "stop",           "max_tokens",
                                               "stream", "ignore_eos",  "stream_options", "logprobs"};

// Parameters of OpenAI's API and of other servers that we do not do, with the values that change nothing.
struct Neutral {
  std::string_view name;
  const char* values;  // a JSON array; nullptr: any value, it concerns bookkeeping alone
};
const Neutral kNeutral[] = {
    {"frequency_penalty", "[0]"},
    {"presence_penalty", "[0]"},
    {"repetition_penalty", "[1]"},
    {"length_penalty", "[1]"},
    {"logit_bias", "[{}]"},
    {"best_of", "[1]"},
    {"use_beam_search", "[false]"},
    {"suffix", "[\"\"]"},
    {"min_p", "[0]"},
    {"typical_p", "[1]"},
    {"min_tokens", "[0]"},
    {"skip_special_tokens", "[true]"},
    {"tools", "[[]]"},
    {"tool_choice", "[\"none\", \"auto\"]"},
    {"parallel_tool_calls", "[true, false]"},
    {"functions", "[[]]"},
    {"function_call", "[\"none\", \"auto\"]"},
    {"response_format", "[{\"type\": \"text\"}]"},
    {"modalities", "[[\"text\"]]"},
    {"audio", "[]"},
    {"prediction", "[]"},
    {"reasoning_effort", "[\"none\"]"},
    {"web_search_options", "[]"},
    {"store", "[false]"},
    {"service_tier", "[\"auto\", \"default\"]"},
    {"user", nullptr},
    {"metadata", nullptr},
    {"safety_identifier", nullptr},
    {"prompt_cache_key", nullptr},
};

bool among(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> read_stop(const json& body) {
  const json* stop = find(body, "stop");
  if (!stop) return {};
  std::vector<std::string> out;
  if (stop->is_string()) {
    out.push_back(stop->get<std::string>());
  } else if (stop->is_array()) {
    if (stop->size() > kMaxStops)
      throw bad_request(fmt::format("'stop': at most {} strings, found {}", kMaxStops, stop->size()), "stop");
    for (const json& s : *stop) {
      if (!s.is_string()) throw expected("stop", "strings", s);
      out.push_back(s.get<std::string>());
    }
  } else {
    throw expected("stop", "a string or an array of strings", *stop);
  }
  for (const std::string& s : out) {
    if (s.empty()) throw bad_request("'stop': an empty string would end every answer", "stop");
    if (s.size() > kMaxStopBytes)
      throw bad_request(fmt::format("'stop': a string of {} bytes, at most {}", s.size(), kMaxStopBytes),
                        "stop");
  }
  return out;
}

}  // namespace

void check_names(const json& body, const std::vector<std::string_view>& own) {
  for (const auto& [name, value] : body.items()) {
    if (among(kCommon, name) || among(own, name)) continue;
    const auto* known = std::find_if(std::begin(kNeutral), std::end(kNeutral),
                                     [&](const Neutral& n) { return n.name == name; });
    if (known == std::end(kNeutral))
      throw bad_request(fmt::format("'{}': unknown parameter", name.substr(0, 100)), name.substr(0, 100));
    if (value.is_null() || !known->values) continue;
    const json neutral = json::parse(known->values);
    if (std::find(neutral.begin(), neutral.end(), value) == neutral.end())
      throw bad_request(fmt::format("'{}' is not supported by this server{}", name,
                                    neutral.empty() ? "" : "; leave it out or give " + neutral[0].dump()),
                        name, "unsupported_parameter");
  }
}

void check_model(const json& body, const ServedModel& model) {
  const auto name = string(body, "model");
  if (name && *name != model.name)
    throw ApiError(
        404,
        fmt::format("the model '{}' does not exist; this server has '{}'", name->substr(0, 200), model.name),
        "model", "model_not_found");
}

void read_common(const json& body, const ServedModel& model, Plan& plan) {
  plan.sampling.temperature = number(body, "temperature", 0, 2).value_or(1.0);
  plan.sampling.top_p = number(body, "top_p", 0, 1).value_or(1.0);
  // -1 and 0 are both "all", as other servers have it.
  plan.sampling.top_k = std::max<int64_t>(0, integer(body, "top_k", -1, INT32_MAX).value_or(0));
  const auto seed = integer(body, "seed", INT64_MIN, INT64_MAX);
  if (seed) {
    plan.sampling.seed = static_cast<uint64_t>(*seed);
  } else if (plan.sampling.temperature > 0) {
    std::random_device device;
    plan.sampling.seed = static_cast<uint64_t>(device()) << 32 | device();
  }
  plan.n = integer(body, "n", 1, model.max_choices).value_or(1);
  plan.stop = read_stop(body);
  plan.stream = boolean(body, "stream").value_or(false);
  if (const json* options = find(body, "stream_options")) {
    if (!options->is_object()) throw expected("stream_options", "an object", *options);
    if (!plan.stream) throw bad_request("'stream_options' needs \"stream\": true", "stream_options");
    for (const auto& [name, value] : options->items())
      if (name != "include_usage" && name != "include_obfuscation")
        throw bad_request(fmt::format("'stream_options.{}': unknown parameter", name.substr(0, 100)),
                          "stream_options");
    plan.include_usage = boolean(*options, "include_usage").value_or(false);
  }
  if (!boolean(body, "ignore_eos").value_or(false)) plan.stop_ids = model.end_ids;
}

int64_t room_for(const ServedModel& model, size_t prompt_tokens, int64_t asked, int64_t otherwise) {
  const int64_t room = model.max_tokens - static_cast<int64_t>(prompt_tokens);
  const int64_t wanted = asked >= 0 ? asked : std::min(otherwise, std::max<int64_t>(room, 1));
  if (wanted > room)
    throw bad_request(
        fmt::format("this model's context has {} tokens, but {} were asked for: {} of the prompt "
                    "and {} of the answer",
                    model.max_tokens, static_cast<int64_t>(prompt_tokens) + wanted, prompt_tokens, wanted),
        "max_tokens", "context_length_exceeded");
  return wanted;
}

void check_text_size(const ServedModel& model, size_t bytes, const char* param) {
  if (bytes > model.max_text_bytes)
    throw bad_request(
        fmt::format("this model's context has {} tokens: {} bytes of text are more than it can hold",
                    model.max_tokens, bytes),
        param, "context_length_exceeded");
}

}  // namespace ds::serve
