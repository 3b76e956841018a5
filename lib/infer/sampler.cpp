#include "infer/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/rng.h"

namespace ds::infer {

namespace {

int64_t most_likely(std::span<const float> logits) {
  size_t best = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i]))
      throw data_error("the model gives logits that are no numbers", "its weights are damaged");
    if (logits[i] > logits[best]) best = i;
  }
  return static_cast<int64_t>(best);
}

}  // namespace

int64_t sample(std::span<const float> logits, const SamplerOptions& options, uint32_t sequence,
               uint64_t position) {
  const int64_t top = most_likely(logits);
  if (options.temperature <= 0.0) return top;
  std::vector<uint32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0u);
  const auto better = [&](uint32_t a, uint32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  };
  const bool cut_k = options.top_k > 0 && static_cast<size_t>(options.top_k) < ids.size();
  if (cut_k) {
    std::nth_element(ids.begin(), ids.begin() + (options.top_k - 1), ids.end(), better);
    ids.resize(static_cast<size_t>(options.top_k));
  }
  if (cut_k || options.top_p < 1.0) std::sort(ids.begin(), ids.end(), better);

  const double highest = logits[static_cast<size_t>(top)];
  std::vector<double> weight(ids.size());
  double total = 0;
  for (size_t i = 0; i < ids.size(); ++i)
    total += weight[i] = std::exp((logits[ids[i]] - highest) / options.temperature);
  if (options.top_p < 1.0) {
    double kept = 0;
    size_t n = 0;
    while (n < ids.size() && (n == 0 || kept < options.top_p * total)) kept += weight[n++];
    ids.resize(n);
    total = kept;
  }
  double left = Rng(options.seed, RngStream::generate, sequence).uniform(position) * total;
  for (size_t i = 0; i + 1 < ids.size(); ++i) {
    if (left < weight[i]) return ids[i];
    left -= weight[i];
  }
  return ids.back();
}

}  // namespace ds::infer
