#include "infer/generate.h"

#include <algorithm>

#include "base/error.h"
#include "infer/engine.h"
#include "infer/kv_cache.h"

namespace ds::infer {

namespace {

constexpr int64_t kPrefillTokens = 8192;  // of one pass: bounds the memory, and no model is faster with more

}  // namespace

GenerateResult generate(models::Model& model, const std::vector<std::vector<int64_t>>& prompts,
                        const GenerateOptions& options, Run& run,
                        const std::function<void(size_t, int64_t)>& on_token) {
  GenerateResult result;
  result.sequences.resize(prompts.size());
  if (options.max_tokens <= 0 || prompts.empty()) return result;

  EngineOptions room{.max_batch = static_cast<int64_t>(prompts.size()),
                     .max_queue = static_cast<int64_t>(prompts.size()),
                     .prefill_tokens = kPrefillTokens};
  for (const auto& prompt : prompts) {
    const int64_t tokens = static_cast<int64_t>(prompt.size()) + options.max_tokens;
    room.cache_tokens += pages_for(tokens) * kPage;
    room.positions = std::max(room.positions, tokens);
  }
  uint64_t produced = 0;
  std::exception_ptr error;
  Engine engine(model, room);
  for (size_t i = 0; i < prompts.size(); ++i) {
    Generated& out = result.sequences[i];
    EngineRequest request{.prompt = prompts[i],
                          .max_tokens = options.max_tokens,
                          .sampling = options.sampling,
                          .sequence = static_cast<uint32_t>(i),
                          .stop_ids = options.stop_ids};
    request.on_token = [&, i](const TokenChoice& choice) {
      out.ids.push_back(choice.id);
      ++produced;
      if (on_token) on_token(i, choice.id);
      return true;
    };
    request.on_error = [&](std::exception_ptr e) { error = e; };
    request.on_finish = [&](Finish how, const std::string&) { out.stopped = how == Finish::stop; };
    engine.submit(std::move(request));
  }

  run.progress.start("generate", "tokens", static_cast<uint64_t>(options.max_tokens) * prompts.size());
  while (!run.stop.requested() && !error && engine.step()) run.progress.update(produced);
  run.progress.finish();
  if (error) std::rethrow_exception(error);
  const EngineStats stats = engine.stats();
  result.prefill_tokens = stats.prompt_tokens, result.prefill_seconds = stats.prefill_seconds;
  result.decode_tokens = stats.decode_tokens, result.decode_seconds = stats.decode_seconds;
  return result;
}

}  // namespace ds::infer
