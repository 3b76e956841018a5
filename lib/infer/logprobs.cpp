#include "infer/logprobs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace ds::infer {

namespace {

// Nearly every logit is below the worst one kept, so one comparison a token is the usual cost.
std::vector<int64_t> most_likely(std::span<const float> logits, size_t count) {
  std::vector<int64_t> best;  // best first
  count = std::min(count, logits.size());
  if (count == 0) return best;
  const auto at = [&](int64_t id) { return logits[static_cast<size_t>(id)]; };
  for (int64_t id = 0; id < static_cast<int64_t>(logits.size()); ++id) {
    if (best.size() == count && at(id) <= at(best.back())) continue;
    if (best.size() == count) best.pop_back();
    best.insert(
        std::upper_bound(best.begin(), best.end(), id, [&](int64_t a, int64_t b) { return at(a) > at(b); }),
        id);
  }
  return best;
}

}  // namespace

TokenChoice token_choice(std::span<const float> logits, int64_t id, int top) {
  double highest = -std::numeric_limits<double>::infinity(), sum = 0;
  bool sound = true;
  for (const float z : logits) {
    sound = sound && !std::isnan(z);
    highest = std::max(highest, static_cast<double>(z));
  }
  for (const float z : logits) sum += std::exp(static_cast<double>(z) - highest);
  if (!sound || !std::isfinite(highest))
    throw data_error("the model gives logits that are no numbers", "its weights are damaged");
  const double all = highest + std::log(sum);
  const auto logprob = [&](int64_t token) {
    return static_cast<double>(logits[static_cast<size_t>(token)]) - all;
  };
  TokenChoice choice{.id = id, .logprob = logprob(id), .top = {}};
  for (const int64_t token : most_likely(logits, static_cast<size_t>(std::max(top, 0))))
    choice.top.emplace_back(token, logprob(token));
  return choice;
}

}  // namespace ds::infer
