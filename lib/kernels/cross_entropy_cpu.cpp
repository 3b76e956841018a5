// Softmax cross-entropy on any processor.
#include <cmath>

#include "kernels/avx512.h"
#include "kernels/cross_entropy.h"

namespace ds::kernels {

namespace {

template <class T>
float one_row(T* z, uint64_t vocab, int64_t target, float scale, bool gradient) {
  float top = -INFINITY;
  for (uint64_t i = 0; i < vocab; ++i) top = std::fmax(top, to_float(z[i]));
  double total = 0;
  for (uint64_t i = 0; i < vocab; ++i) total += std::exp(to_float(z[i]) - top);
  const float loss = static_cast<float>(std::log(total)) + top - to_float(z[target]);
  if (!gradient) return loss;
  const float factor = static_cast<float>(scale / total);
  const float at_target = scale * static_cast<float>(std::exp(to_float(z[target]) - top) / total - 1.0);
  for (uint64_t i = 0; i < vocab; ++i) assign(z[i], std::exp(to_float(z[i]) - top) * factor);
  assign(z[target], at_target);
  return loss;
}

}  // namespace

template <class T>
void cross_entropy(T* logits, const int64_t* targets, uint64_t rows, uint64_t vocab, float scale,
                   bool gradient, float* losses) {
  for (uint64_t r = 0; r < rows; ++r, logits += vocab) {
    if (targets[r] == kIgnoredTarget) {
      losses[r] = 0;
      if (gradient) std::memset(static_cast<void*>(logits), 0, vocab * sizeof(T));
      continue;
    }
#if defined(__x86_64__)
    if (use_avx512()) {
      losses[r] = avx512::cross_entropy_row(logits, vocab, targets[r], scale, gradient);
      continue;
    }
#endif
    losses[r] = one_row(logits, vocab, targets[r], scale, gradient);
  }
}

template void cross_entropy(float*, const int64_t*, uint64_t, uint64_t, float, bool, float*);
template void cross_entropy(bf16*, const int64_t*, uint64_t, uint64_t, float, bool, float*);

}  // namespace ds::kernels
