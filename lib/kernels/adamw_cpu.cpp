// AdamW and the squared norm on any processor.
#include <algorithm>
#include <cmath>

#include "kernels/adamw.h"
#include "kernels/avx512.h"

namespace ds::kernels {

namespace {

template <class G>
void update(float* master, const G* gradient, float* moment1, float* moment2, bf16* compute, uint64_t n,
            float weight_decay, const AdamwStep& s) {
#if defined(__x86_64__)
  if (use_avx512()) return avx512::adamw(master, gradient, moment1, moment2, compute, n, weight_decay, s);
#endif
  const float rate = s.lr / s.correction1, root = 1.0f / std::sqrt(s.correction2),
              keep = 1.0f - s.lr * weight_decay;
  for (uint64_t i = 0; i < n; ++i) {
    const float g = to_float(gradient[i]) * s.gradient_scale;
    const float m = s.beta1 * moment1[i] + (1.0f - s.beta1) * g;
    const float v = s.beta2 * moment2[i] + (1.0f - s.beta2) * g * g;
    moment1[i] = m;
    moment2[i] = v;
    master[i] = master[i] * keep - rate * m / (std::sqrt(v) * root + s.eps);
    if (compute) compute[i] = to_bf16(master[i]);
  }
}

double squares(const float* x, uint64_t n) {
#if defined(__x86_64__)
  if (use_avx512()) return avx512::squared_norm(x, n);
#endif
  double total = 0;
  for (uint64_t i = 0; i < n; ++i) total += static_cast<double>(x[i]) * x[i];
  return total;
}

}  // namespace

template <class G>
void adamw(float* master, const G* gradient, float* moment1, float* moment2, bf16* compute, uint64_t begin,
           uint64_t end, uint64_t decayed, const AdamwStep& step) {
  const uint64_t middle = std::clamp(decayed, begin, end);
  const auto part = [&](uint64_t b, uint64_t e, float decay) {
    if (b < e) {
      update(master + b, gradient + b, moment1 + b, moment2 + b, compute ? compute + b : nullptr, e - b,
             decay, step);
    }
  };
  part(begin, middle, step.weight_decay);
  part(middle, end, 0.0f);
}

void squared_norm_partials(const float* x, uint64_t n, uint64_t chunk_begin, uint64_t chunk_end,
                           double* partials) {
  for (uint64_t c = chunk_begin; c < chunk_end; ++c) {
    const uint64_t begin = c * kNormChunk;
    partials[c] = squares(x + begin, std::min(kNormChunk, n - begin));
  }
}

template void adamw(float*, const float*, float*, float*, bf16*, uint64_t, uint64_t, uint64_t,
                    const AdamwStep&);
template void adamw(float*, const bf16*, float*, float*, bf16*, uint64_t, uint64_t, uint64_t,
                    const AdamwStep&);

}  // namespace ds::kernels
