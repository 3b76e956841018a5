// From logits to the next token: greedy, or drawn with temperature, top-k and top-p, in that order, as
// transformers does.
//
// The draw is a pure function of (seed, sequence, position): the same call gives the same text on any machine
// whose logits are the same.
#pragma once

#include <cstdint>
#include <span>

namespace ds::infer {

struct SamplerOptions {
  double temperature = 0.0;  // 0: the most likely token (the lowest id among equals)
  int64_t top_k = 0;         // only the k most likely; 0: all
  double top_p = 1.0;        // only the most likely that together reach this probability
  uint64_t seed = 0;
};

// `position` is the token's place in its sequence. Throws data when a logit is not a number.
int64_t sample(std::span<const float> logits, const SamplerOptions& options, uint32_t sequence,
               uint64_t position);

}  // namespace ds::infer
