#include "infer/generate.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "infer/kv_cache.h"
#include "nn/torch_pch.h"

namespace ds::infer {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

GenerateResult generate(models::Model& model, const std::vector<std::vector<int64_t>>& prompts,
                        const GenerateOptions& options, Run& run,
                        const std::function<void(size_t, int64_t)>& on_token) {
  at::NoGradGuard no_grad;
  GenerateResult result;
  result.sequences.resize(prompts.size());
  if (options.max_tokens <= 0) return result;
  const nn::StoreOptions& store = model.store().options();

  int64_t pages = 0;
  for (const auto& prompt : prompts) {
    if (prompt.empty())
      throw usage_error("the prompt is empty: there is nothing to continue", "give at least one token");
    pages += pages_for(static_cast<int64_t>(prompt.size()) + options.max_tokens);
  }
  KvCache cache(model.config(), pages, store.device, store.compute);

  std::vector<size_t> active;  // prompts still being continued, and what each is fed next
  std::vector<int> slots;
  std::vector<std::vector<int64_t>> next;
  for (size_t i = 0; i < prompts.size(); ++i) {
    active.push_back(i);
    slots.push_back(cache.add_sequence());
    cache.grow(slots.back(), static_cast<int64_t>(prompts[i].size()) + options.max_tokens);
    next.push_back(prompts[i]);
  }

  run.progress.start("generate", "tokens", static_cast<uint64_t>(options.max_tokens) * prompts.size());
  uint64_t produced = 0;
  for (int64_t step = 0; step < options.max_tokens && !active.empty() && !run.stop.requested(); ++step) {
    const Clock::time_point start = Clock::now();
    std::vector<int64_t> ids, counts, last;
    std::vector<int> sequences;
    for (const size_t i : active) {
      ids.insert(ids.end(), next[i].begin(), next[i].end());
      counts.push_back(static_cast<int64_t>(next[i].size()));
      last.push_back(static_cast<int64_t>(ids.size()) - 1);
      sequences.push_back(slots[i]);
    }
    CachedAttention attention(cache, sequences, counts);
    const at::Tensor hidden = models::hidden_states(model, at::tensor(ids, at::kLong).to(store.device),
                                                    attention.positions(), attention);
    const at::Tensor rows = last.size() == ids.size()
                                ? hidden
                                : hidden.index_select(0, at::tensor(last, at::kLong).to(store.device));
    const at::Tensor logits = models::logits(model, rows).cpu().contiguous();

    std::vector<size_t> still;
    for (size_t a = 0; a < active.size(); ++a) {
      const size_t i = active[a];
      Generated& out = result.sequences[i];
      const std::span<const float> row(
          logits.const_data_ptr<float>() + static_cast<int64_t>(a) * logits.size(1),
          static_cast<size_t>(logits.size(1)));
      const int64_t id =
          sample(row, options.sampling, static_cast<uint32_t>(i), prompts[i].size() + out.ids.size());
      if (std::find(options.stop_ids.begin(), options.stop_ids.end(), id) != options.stop_ids.end()) {
        out.stopped = true;
        cache.free_sequence(slots[i]);
        continue;
      }
      out.ids.push_back(id);
      next[i] = {id};
      still.push_back(i);
      ++produced;
      if (on_token) on_token(i, id);
    }
    (step == 0 ? result.prefill_tokens : result.decode_tokens) += static_cast<int64_t>(ids.size());
    (step == 0 ? result.prefill_seconds : result.decode_seconds) += seconds_since(start);
    active = still;
    run.progress.update(produced);
  }
  run.progress.finish();
  return result;
}

}  // namespace ds::infer
