#include "serve/api_completions.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "serve/api_common.h"
#include "serve/json_checks.h"

namespace ds::serve {

using nlohmann::json;

namespace {

Prompt from_text(const std::string& text, const ServedModel& model) {
  check_text_size(model, text.size(), "prompt");
  Prompt p;
  for (const uint32_t id : model.tokenizer->prefix()) p.ids.push_back(id);
  p.hidden = p.ids.size();
  for (const uint32_t id : model.tokenizer->encode(text)) p.ids.push_back(id);
  if (p.ids.empty()) throw bad_request("'prompt': an empty string has nothing to continue", "prompt");
  return p;
}

Prompt from_ids(const json& list, const ServedModel& model) {
  if (list.empty()) throw bad_request("'prompt': an empty array has nothing to continue", "prompt");
  if (list.size() > static_cast<size_t>(model.max_tokens)) room_for(model, list.size(), 0, 0);
  Prompt p;
  for (const json& id : list) {
    if (!id.is_number_integer()) throw expected("prompt", "token ids", id);
    const bool beyond =
        id.is_number_unsigned() && id.get<uint64_t>() >= static_cast<uint64_t>(model.vocab_size);
    if (beyond || id.get<int64_t>() < 0)
      throw bad_request(fmt::format("'prompt': token id {}, but the vocabulary has {} entries", id.dump(),
                                    model.vocab_size),
                        "prompt");
    p.ids.push_back(id.get<int64_t>());
  }
  return p;
}

std::vector<Prompt> read_prompts(const json& body, const ServedModel& model) {
  static const char* const kForms = "a string, an array of strings, token ids, or an array of those";
  const json* prompt = find(body, "prompt");
  if (!prompt) throw bad_request(fmt::format("'prompt' is missing: {}", kForms), "prompt");
  if (prompt->is_string()) return {from_text(prompt->get_ref<const std::string&>(), model)};
  if (!prompt->is_array() || prompt->empty()) throw expected("prompt", kForms, *prompt);
  if (prompt->front().is_number()) return {from_ids(*prompt, model)};
  if (prompt->size() > static_cast<size_t>(model.max_choices))
    throw bad_request(fmt::format("'prompt': {} prompts, at most {}", prompt->size(), model.max_choices),
                      "prompt");
  std::vector<Prompt> all;
  for (const json& one : *prompt) {
    if (one.is_string())
      all.push_back(from_text(one.get_ref<const std::string&>(), model));
    else if (one.is_array())
      all.push_back(from_ids(one, model));
    else
      throw expected("prompt", kForms, one);
  }
  return all;
}

}  // namespace

Plan read_completion(const json& body, const ServedModel& model) {
  check_names(body, {"prompt", "echo"});
  check_model(body, model);
  Plan plan;
  read_common(body, model, plan);
  plan.echo = boolean(body, "echo").value_or(false);
  plan.top_logprobs = static_cast<int>(integer(body, "logprobs", 0, kMaxTop).value_or(-1));
  const int64_t asked = integer(body, "max_tokens", 0, INT32_MAX).value_or(-1);
  if (asked == 0 && !plan.echo)
    throw bad_request("'max_tokens': 0 needs \"echo\": true, there would be no answer", "max_tokens");
  plan.prompts = read_prompts(body, model);
  for (Prompt& p : plan.prompts) p.max_tokens = room_for(model, p.ids.size(), asked, 16);
  if (plan.choices() > static_cast<size_t>(model.max_choices))
    throw bad_request(fmt::format("'n': {} prompts times {} answers, at most {} in all", plan.prompts.size(),
                                  plan.n, model.max_choices),
                      "n");
  return plan;
}

}  // namespace ds::serve
