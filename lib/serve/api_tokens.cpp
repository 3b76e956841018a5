#include "serve/api_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "serve/api_chat.h"
#include "serve/api_common.h"
#include "serve/json_checks.h"

namespace ds::serve {

using nlohmann::json;

namespace {

// About 50 ms of encoding, which other clients wait for.
constexpr size_t kMaxText = size_t{1} << 20;

void only(const json& body, std::initializer_list<const char*> names) {
  for (const auto& [name, value] : body.items())
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw bad_request(fmt::format("'{}': unknown parameter", name.substr(0, 100)), name.substr(0, 100));
}

}  // namespace

std::string tokenize(const json& body, const ServedModel& model) {
  only(body, {"model", "prompt", "messages", "add_special_tokens"});
  check_model(body, model);
  json ids = json::array();
  if (find(body, "messages")) {
    if (find(body, "prompt")) throw bad_request("'prompt' and 'messages' exclude each other", "prompt");
    ids = read_messages(body, model).ids;
  } else {
    const auto text = string(body, "prompt");
    if (!text) throw bad_request("'prompt' is missing: a string", "prompt");
    if (text->size() > kMaxText)
      throw bad_request(fmt::format("'prompt': {} bytes, at most {}", text->size(), kMaxText), "prompt");
    if (boolean(body, "add_special_tokens").value_or(true))
      for (const uint32_t id : model.tokenizer->prefix()) ids.push_back(id);
    for (const uint32_t id : model.tokenizer->encode(*text)) ids.push_back(id);
  }
  const nlohmann::ordered_json out = {
      {"count", ids.size()}, {"max_model_len", model.max_tokens}, {"tokens", ids}};
  return out.dump();
}

std::string detokenize(const json& body, const ServedModel& model) {
  only(body, {"model", "tokens"});
  check_model(body, model);
  const json* list = find(body, "tokens");
  if (!list) throw bad_request("'tokens' is missing: an array of token ids", "tokens");
  if (!list->is_array()) throw expected("tokens", "an array of token ids", *list);
  std::vector<uint32_t> ids;
  for (const json& id : *list) {
    if (!id.is_number_integer()) throw expected("tokens", "token ids", id);
    if (!id.is_number_unsigned() || id.get<uint64_t>() >= model.tokenizer->vocab_size())
      throw bad_request(fmt::format("'tokens': id {}, but the tokenizer has {} entries", id.dump(),
                                    model.tokenizer->vocab_size()),
                        "tokens");
    ids.push_back(id.get<uint32_t>());
  }
  const json out = {{"prompt", model.tokenizer->decode(ids)}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace ds::serve
