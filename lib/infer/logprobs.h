// Log probabilities of tokens: log-softmax of the model's own logits, before any temperature or cut, as
// OpenAI and vLLM report them. Sums in double, so the result is good to fp32's last bits for any vocabulary.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ds::infer {

struct TokenChoice {
  int64_t id = 0;
  std::optional<double> logprob;  // natural; nothing when not asked for, or for the first prompt token
  std::vector<std::pair<int64_t, double>> top;  // the most likely ones, best first; `top_logprobs` of them
};

// `id` with its log probability and the `top` most likely tokens (at most the vocabulary; the lowest id first
// among equals). Throws data when a logit is not a number or nothing is likely.
TokenChoice token_choice(std::span<const float> logits, int64_t id, int top);

}  // namespace ds::infer
