#include "serve/answer.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace ds::serve {

using nlohmann::ordered_json;

namespace {

std::string text_of(const ordered_json& object) {
  return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string data_event(const ordered_json& object) { return "data: " + text_of(object) + "\n\n"; }

// JSON has no infinity: what cannot happen gets the number that other servers use.
ordered_json finite(double logprob) { return std::isfinite(logprob) ? logprob : -9999.0; }

// A token's bytes as text. A token may be a part of a character; such bytes are written out, so that
// different tokens stay different.
std::string token_text(const std::string& bytes, const char* prefix) {
  if (is_valid_utf8(bytes)) return bytes;
  static const char* hex = "0123456789abcdef";
  std::string out = prefix;
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    out.append("\\x").append(1, hex[u >> 4]).append(1, hex[u & 15]);
  }
  return out;
}

// choices[].logprobs of a text completion. The chosen token is always among the top ones.
ordered_json completion_logprobs(const std::vector<LoggedToken>& tokens, int top) {
  ordered_json names = ordered_json::array(), chosen = names, best = names, offsets = names;
  for (const LoggedToken& t : tokens) {
    const std::string name = token_text(t.bytes, "bytes:");
    names.push_back(name);
    offsets.push_back(t.offset);
    chosen.push_back(t.logprob ? finite(*t.logprob) : ordered_json());
    ordered_json entry = ordered_json::object();
    for (const auto& [bytes, logprob] : t.top) {
      const std::string key = token_text(bytes, "bytes:");
      if (!entry.contains(key)) entry[key] = finite(logprob);  // two ids of one text: the likelier one
    }
    if (t.logprob && !entry.contains(name)) entry[name] = finite(*t.logprob);
    best.push_back(t.logprob ? entry : ordered_json());
  }
  return {{"tokens", names},
          {"token_logprobs", chosen},
          {"top_logprobs", top > 0 ? best : ordered_json()},
          {"text_offset", offsets}};
}

ordered_json chat_token(const std::string& bytes, double logprob) {
  ordered_json list = ordered_json::array();
  for (const char c : bytes) list.push_back(static_cast<unsigned char>(c));
  return {{"token", token_text(bytes, "")}, {"logprob", finite(logprob)}, {"bytes", list}};
}

ordered_json chat_logprobs(const std::vector<LoggedToken>& tokens) {
  ordered_json content = ordered_json::array();
  for (const LoggedToken& t : tokens) {
    ordered_json entry = chat_token(t.bytes, t.logprob.value_or(-9999.0));
    entry["top_logprobs"] = ordered_json::array();
    for (const auto& [bytes, logprob] : t.top) entry["top_logprobs"].push_back(chat_token(bytes, logprob));
    content.push_back(std::move(entry));
  }
  return {{"content", content}, {"refusal", nullptr}};
}

ordered_json or_null(const std::string& s) { return s.empty() ? ordered_json() : ordered_json(s); }

}  // namespace

Answer::Answer(const Plan& plan, std::string model, const std::string& id, int64_t created)
    : chat_(plan.chat),
      stream_(plan.stream),
      include_usage_(plan.include_usage),
      logprobs_(plan.top_logprobs >= 0),
      top_logprobs_(plan.top_logprobs),
      id_((plan.chat ? "chatcmpl-" : "cmpl-") + id),
      model_(std::move(model)),
      created_(created),
      choices_(plan.choices()),
      open_(plan.choices()) {
  for (const Prompt& p : plan.prompts) prompt_tokens_ += static_cast<int64_t>(p.ids.size());
}

ordered_json Answer::frame() const {
  const char* object = !chat_ ? "text_completion" : stream_ ? "chat.completion.chunk" : "chat.completion";
  return {{"id", id_}, {"object", object}, {"created", created_}, {"model", model_}};
}

ordered_json Answer::usage() const {
  return {{"prompt_tokens", prompt_tokens_},
          {"completion_tokens", generated_},
          {"total_tokens", prompt_tokens_ + generated_}};
}

ordered_json Answer::logprobs(const std::vector<LoggedToken>& tokens) const {
  if (!logprobs_) return nullptr;
  return chat_ ? chat_logprobs(tokens) : completion_logprobs(tokens, top_logprobs_);
}

std::string Answer::event(size_t index, const std::string& text, const ordered_json& logprobs,
                          const std::string& reason, bool first) const {
  ordered_json choice = {{"index", index}};
  if (chat_) {
    ordered_json delta = ordered_json::object();
    if (first) delta["role"] = "assistant";
    if (first || !text.empty()) delta["content"] = text;
    choice["delta"] = delta;
  } else {
    choice["text"] = text;
  }
  choice["logprobs"] = logprobs;
  choice["finish_reason"] = or_null(reason);
  ordered_json object = frame();
  object["choices"] = ordered_json::array({choice});
  if (include_usage_) object["usage"] = nullptr;
  return data_event(object);
}

std::string Answer::add(size_t index, Piece piece) {
  Choice& c = choices_[index];
  generated_ += piece.generated;
  if (!stream_) {
    c.text += piece.text;
    for (LoggedToken& t : piece.tokens) c.tokens.push_back(std::move(t));
    return {};
  }
  std::string out;
  if (chat_ && !c.begun) out = event(index, "", nullptr, "", true);
  c.begun = true;
  if (piece.text.empty() && piece.tokens.empty()) return out;
  return out + event(index, piece.text, logprobs(piece.tokens), "", false);
}

std::string Answer::finish(size_t index, const std::string& reason) {
  Choice& c = choices_[index];
  if (!c.reason.empty()) return {};
  c.reason = reason;
  --open_;
  if (!stream_) return {};
  std::string out = add(index, Piece{});
  return out + event(index, "", nullptr, reason, false);
}

std::string Answer::body() const {
  ordered_json list = ordered_json::array();
  for (size_t i = 0; i < choices_.size(); ++i) {
    const Choice& c = choices_[i];
    ordered_json choice = {{"index", i}};
    if (chat_)
      choice["message"] = {{"role", "assistant"}, {"content", c.text}, {"refusal", nullptr}};
    else
      choice["text"] = c.text;
    choice["logprobs"] = logprobs(c.tokens);
    choice["finish_reason"] = or_null(c.reason);
    list.push_back(std::move(choice));
  }
  ordered_json object = frame();
  object["choices"] = list;
  object["usage"] = usage();
  return text_of(object);
}

std::string Answer::ending() const {
  std::string out;
  if (include_usage_) {
    ordered_json object = frame();
    object["choices"] = ordered_json::array();
    object["usage"] = usage();
    out = data_event(object);
  }
  return out + "data: [DONE]\n\n";
}

std::string Answer::error_event(const std::string& error_body) { return "data: " + error_body + "\n\n"; }

}  // namespace ds::serve
