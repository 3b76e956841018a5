// Rotary embedding on any processor.
#include "kernels/avx512.h"
#include "kernels/rope.h"

namespace ds::kernels {

template <class T>
void rope(const T* x, const int64_t* positions, const float* cos, const float* sin, uint64_t rows,
          uint64_t heads, uint64_t width, bool interleaved, bool inverse, T* y) {
  const uint64_t half = width / 2;
  const uint64_t step = interleaved ? 2 : 1, other = interleaved ? 1 : half;
  const float sign = inverse ? -1.0f : 1.0f;
  for (uint64_t r = 0; r < rows; ++r) {
    const float* c_row = cos + static_cast<uint64_t>(positions[r]) * half;
    const float* s_row = sin + static_cast<uint64_t>(positions[r]) * half;
#if defined(__x86_64__)
    if (!interleaved && use_avx512()) {
      avx512::rope_half_split(x, c_row, s_row, heads, half, sign, y);
      x += heads * width;
      y += heads * width;
      continue;
    }
#endif
    for (uint64_t h = 0; h < heads; ++h, x += width, y += width) {
      for (uint64_t i = 0; i < half; ++i) {
        const float c = rounded<T>(c_row[i]), s = sign * rounded<T>(s_row[i]);
        const float a = to_float(x[i * step]), b = to_float(x[i * step + other]);
        assign(y[i * step], rounded<T>(a * c) - rounded<T>(b * s));
        assign(y[i * step + other], rounded<T>(b * c) + rounded<T>(a * s));
      }
    }
  }
}

template void rope(const float*, const int64_t*, const float*, const float*, uint64_t, uint64_t, uint64_t,
                   bool, bool, float*);
template void rope(const bf16*, const int64_t*, const float*, const float*, uint64_t, uint64_t, uint64_t,
                   bool, bool, bf16*);

}  // namespace ds::kernels
