// Softmax cross-entropy of one row, sixteen logits at a time.
#include "kernels/simd512.h"
#ifdef DS_HAVE_AVX512_CODE
#include <cmath>

namespace ds::kernels::avx512 {

using namespace simd;

template <class T>
DS_AVX512 float cross_entropy_row(T* z, uint64_t vocab, int64_t target, float scale, bool gradient) {
  v16 tops = set(-INFINITY);
  for (uint64_t i = 0; i < vocab; i += 16) {
    const __mmask16 m = lanes(vocab - i);
    tops = _mm512_mask_max_ps(tops, m, tops, load(z + i, m));
  }
  const float top = _mm512_reduce_max_ps(tops);
  v16 sums = _mm512_setzero_ps();
  for (uint64_t i = 0; i < vocab; i += 16) {
    const __mmask16 m = lanes(vocab - i);
    sums = _mm512_mask_add_ps(sums, m, sums, exp(_mm512_sub_ps(load(z + i, m), set(top))));
  }
  const float total = simd::sum(sums);
  const float at_target = to_float(z[target]);
  const float loss = logf(total) + (top - at_target);
  if (!gradient) return loss;
  const v16 factor = set(scale / total);
  for (uint64_t i = 0; i < vocab; i += 16) {
    const __mmask16 m = lanes(vocab - i);
    store(z + i, m, _mm512_mul_ps(factor, exp(_mm512_sub_ps(load(z + i, m), set(top)))));
  }
  assign(z[target], scale * (expf(at_target - top) / total - 1.0f));
  return loss;
}

template float cross_entropy_row(float*, uint64_t, int64_t, float, bool);
template float cross_entropy_row(bf16*, uint64_t, int64_t, float, bool);

}  // namespace ds::kernels::avx512
#endif
