// Continues prompts: one pass over all of them (prefill), then one token each per pass (decode) over the
// key/value cache.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/run.h"
#include "infer/sampler.h"
#include "models/model.h"

namespace ds::infer {

struct GenerateOptions {
  int64_t max_tokens = 128;  // per prompt
  SamplerOptions sampling;
  std::vector<int64_t> stop_ids;  // end a sequence; not part of what is returned
};

struct Generated {
  std::vector<int64_t> ids;  // the continuation alone
  bool stopped = false;      // by a stop id; else by length or by request
};

struct GenerateResult {
  std::vector<Generated> sequences;
  int64_t prefill_tokens = 0, decode_tokens = 0;  // decode: tokens that took a pass of their own
  double prefill_seconds = 0, decode_seconds = 0;
};

// `on_token(prompt, id)` sees each token as it comes. The model must offer positions for the longest prompt
// plus max_tokens, ids must lie in the vocabulary and no prompt may be empty (usage). Ends early when
// run.stop asks for it.
GenerateResult generate(models::Model& model, const std::vector<std::vector<int64_t>>& prompts,
                        const GenerateOptions& options, Run& run,
                        const std::function<void(size_t, int64_t)>& on_token = {});

}  // namespace ds::infer
