// matmul() on the baseline instruction set, and the choice among the forms.
#include <type_traits>

#include "kernels/matmul.h"
#include "kernels/matmul_forms.h"
#include "kernels/matmul_tile.h"
#include "kernels/scale.h"

namespace ds::kernels {
namespace {

template <class T>
bool on_tiles() {
  return std::is_same_v<T, bf16> && use_amx();
}

// A row of W as the numbers that T can hold, in fp32.
template <class T>
void expand_row(const MatmulWeight<T>& w, int64_t row, float* out) {
  if (w.dense) {
    for (int64_t i = 0; i < w.in; ++i) out[i] = to_float(w.dense[row * w.in + i]);
    return;
  }
  dequantize_part(w.packed, row, w.in, 0, w.in, out);
  for (int64_t i = 0; i < w.in; ++i) out[i] = rounded<T>(out[i]);
}

}  // namespace

template <class T>
size_t matmul_prepared_bytes(int64_t rows, int64_t in) {
#if defined(__x86_64__)
  if (on_tiles<T>()) return amx::prepared_bytes(rows, in);
#endif
  return std::is_same_v<T, float> ? 0 : static_cast<size_t>(rows * in) * sizeof(float);
}

template <class T>
void matmul_prepare(const T* x, int64_t rows, int64_t in, void* prepared, int64_t begin, int64_t end) {
  if constexpr (std::is_same_v<T, bf16>) {
#if defined(__x86_64__)
    if (on_tiles<T>()) return amx::prepare(x, rows, in, prepared, begin, end);
#endif
    float* to = static_cast<float*>(prepared);
    for (int64_t i = begin * 16 * in; i < std::min(end * 16, rows) * in; ++i) to[i] = to_float(x[i]);
  }
}

template <class T>
void matmul(const T* x, const void* prepared, int64_t rows, const MatmulWeight<T>& w, const T* bias, T* y,
            int64_t begin, int64_t end) {
  const float* floats = static_cast<const float*>(prepared);
  if constexpr (std::is_same_v<T, float>) floats = x;
#if defined(__x86_64__)
  if constexpr (std::is_same_v<T, bf16>) {
    if (on_tiles<T>()) return amx::matmul(prepared, rows, w, bias, y, begin, end);
  }
  if (use_avx512()) return avx512::matmul(floats, rows, w, bias, y, begin, end);
#endif
  matmul_strips_of(floats, rows, w, bias, y, begin, end, expand_row<T>);
}

#define DS_INSTANCE(T)                                                                                   \
  template size_t matmul_prepared_bytes<T>(int64_t, int64_t);                                            \
  template void matmul_prepare<T>(const T*, int64_t, int64_t, void*, int64_t, int64_t);                  \
  template void matmul<T>(const T*, const void*, int64_t, const MatmulWeight<T>&, const T*, T*, int64_t, \
                          int64_t);
DS_INSTANCE(float)
DS_INSTANCE(bf16)
#undef DS_INSTANCE

}  // namespace ds::kernels
