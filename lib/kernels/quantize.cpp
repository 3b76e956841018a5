// Integers with scales: one row of a weight matrix to packed words and back.
#include <algorithm>
#include <cmath>

#include "kernels/matmul.h"
#include "kernels/scale.h"

namespace ds::kernels {

template <class T>
void dequantize_row(const PackedMatrix& w, int64_t row, int64_t in, T* out) {
  dequantize_part(w, row, in, 0, in, out);
}
template void dequantize_row(const PackedMatrix&, int64_t, int64_t, float*);
template void dequantize_row(const PackedMatrix&, int64_t, int64_t, bf16*);

void quantize_row(const float* x, int64_t in, int bits, int64_t group, ScaleType scale_type, uint32_t* packed,
                  void* scale) {
  const int per_word = 32 / bits;
  const float low = -static_cast<float>(1 << (bits - 1)), high = -low - 1.0f;
  std::fill_n(packed, (in + per_word - 1) / per_word, 0u);
  if (group <= 0) group = std::max<int64_t>(in, 1);
  for (int64_t begin = 0; begin < in; begin += group) {
    const int64_t end = std::min(begin + group, in);
    float amax = 0.0f;
    for (int64_t i = begin; i < end; ++i) amax = std::max(amax, std::fabs(x[i]));
    float s = round_to_scale(scale_type, amax / (0.5f * (high - low)));
    if (!(s > 0.0f)) s = 1.0f;
    write_scale(scale_type, scale, begin / group, s);
    for (int64_t i = begin; i < end; ++i) {
      const float q = std::min(high, std::max(low, std::nearbyint(x[i] / s)));  // NaN becomes low
      packed[i / per_word] |= static_cast<uint32_t>(static_cast<int>(q - low)) << (i % per_word * bits);
    }
  }
}

}  // namespace ds::kernels
