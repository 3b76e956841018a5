#include "infer/pass.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "nn/torch_pch.h"

namespace ds::infer {

namespace {

constexpr int64_t kLogitsAtOnce = int64_t{1} << 23;  // numbers

PassResult judge(const PassPart& part, std::span<const float> logits, int64_t target) {
  const EngineRequest& r = *part.request;
  PassResult out;
  try {
    const int64_t id =
        target >= 0 ? target : sample(logits, r.sampling, r.sequence, static_cast<uint64_t>(part.position));
    if (target >= 0 || r.top_logprobs >= 0)
      out.choice = token_choice(logits, id, r.top_logprobs);
    else
      out.choice.id = id;
  } catch (...) {
    out.error = std::current_exception();
  }
  return out;
}

}  // namespace

std::vector<PassResult> run_pass(models::Model& model, KvCache& cache, const std::vector<PassPart>& parts,
                                 const std::vector<PassRow>& rows) {
  at::NoGradGuard no_grad;
  const at::Device device = model.store().options().device;
  std::vector<int64_t> ids, counts;
  std::vector<int> slots;
  for (const PassPart& part : parts) {
    ids.insert(ids.end(), part.ids.begin(), part.ids.end());
    counts.push_back(static_cast<int64_t>(part.ids.size()));
    slots.push_back(part.slot);
  }
  CachedAttention attention(cache, slots, counts);
  const at::Tensor hidden =
      models::hidden_states(model, at::tensor(ids, at::kLong).to(device), attention.positions(), attention);

  std::vector<PassResult> results(rows.size());
  const int64_t vocab = model.config().vocab_size, total = static_cast<int64_t>(rows.size());
  const int64_t chunk = std::max<int64_t>(1, kLogitsAtOnce / vocab);
  for (int64_t first = 0; first < total; first += chunk) {
    const int64_t count = std::min(chunk, total - first);
    std::vector<int64_t> chosen;
    for (int64_t i = first; i < first + count; ++i) chosen.push_back(rows[static_cast<size_t>(i)].row);
    const at::Tensor some =
        count == hidden.size(0) ? hidden : hidden.index_select(0, at::tensor(chosen, at::kLong).to(device));
    const at::Tensor logits = models::logits(model, some).cpu().contiguous();
    const float* data = logits.const_data_ptr<float>();
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const PassRow& row = rows[static_cast<size_t>(first + i)];
        results[static_cast<size_t>(first + i)] =
            judge(parts[row.part], {data + i * vocab, static_cast<size_t>(vocab)}, row.target);
      }
    });
  }
  return results;
}

}  // namespace ds::infer
