// The response of a completion: pieces of its choices in, JSON or server-sent events out.
//
// The two forms of OpenAI's API, text completions and chat completions, differ in names and in how log
// probabilities are laid out; both are here. Pieces of different choices may come in any order.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "serve/choice_stream.h"
#include "serve/plan.h"

namespace ds::serve {

class Answer {
 public:
  // `id` without its prefix ("cmpl-", "chatcmpl-"); `created` in Unix seconds.
  Answer(const Plan& plan, std::string model, const std::string& id, int64_t created);

  // `text` and `tokens` of choice `index` that are new. Streaming: the events for it, ready to be sent.
  std::string add(size_t index, Piece piece);
  // The choice has ended: "stop", "length", "abort" or "error".
  std::string finish(size_t index, const std::string& reason);
  bool complete() const { return open_ == 0; }

  std::string body() const;    // the whole response, when not streaming
  std::string ending() const;  // usage, when it was asked for, and [DONE]
  static std::string error_event(const std::string& error_body);

  int64_t prompt_tokens() const { return prompt_tokens_; }
  int64_t generated_tokens() const { return generated_; }

 private:
  struct Choice {
    std::string text, reason;
    std::vector<LoggedToken> tokens;
    bool begun = false;
  };
  nlohmann::ordered_json frame() const;
  nlohmann::ordered_json usage() const;
  nlohmann::ordered_json logprobs(const std::vector<LoggedToken>& tokens) const;
  std::string event(size_t index, const std::string& text, const nlohmann::ordered_json& logprobs,
                    const std::string& reason, bool first) const;

  bool chat_, stream_, include_usage_, logprobs_;
  int top_logprobs_;
  std::string id_, model_;
  int64_t created_, prompt_tokens_ = 0, generated_ = 0;
  std::vector<Choice> choices_;
  size_t open_;
};

}  // namespace ds::serve
