// matmul() in fp32 for processors with AVX-512: the body of matmul_tile.h with another target, and rows of
// packed weights expanded by vector code. Standard headers come before the target is set, so that no inline
// function of theirs is compiled for it.
#if defined(__x86_64__)
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "kernels/matmul.h"
#include "kernels/matmul_forms.h"
#include "kernels/unpack512.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#include "kernels/matmul_tile.h"

namespace ds::kernels::avx512 {
namespace {

using namespace simd;

constexpr __mmask16 kAll = 0xffff;

template <class T, ScaleType S>
void expand_packed(const PackedMatrix& w, int64_t row, int64_t in, float* out) {
  const T* tag = nullptr;
  const uint32_t* words = w.packed + row * w.words;
  const int64_t group = w.group > 0 ? w.group : in, scales = row * scales_per_row(w, in);
  const int64_t whole = in & ~int64_t{31};
  int64_t i = 0;
  if (w.group % 32 == 0)
    for (int64_t g = 0; i < whole; ++g) {
      const float scale = read_scale(S, w.scale, scales + g);
      const int64_t stop = std::min((g + 1) * group, whole);
      if (w.bits == 8) {
        const v16 s = set(scale);
        const uint8_t* bytes = reinterpret_cast<const uint8_t*>(words);
        for (; i < stop; i += 16)
          store(out + i, kAll, round_as(tag, round_product<S>(_mm512_mul_ps(centred(bytes + i), s))));
      } else {
        const __m512i shift = _mm512_set_epi32(28, 24, 20, 16, 12, 8, 4, 0, 28, 24, 20, 16, 12, 8, 4, 0);
        const __m512i twice = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
        const v16 table = round_as(tag, nibble_values<S>(scale));
        for (; i < stop; i += 16) {
          const __m512i two =
              _mm512_castsi128_si512(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(words + i / 8)));
          const __m512i index = _mm512_srlv_epi32(_mm512_permutexvar_epi32(twice, two), shift);
          store(out + i, kAll, _mm512_permutexvar_ps(index, table));  // looks at the lowest four bits
        }
      }
    }
  if (i < in) {
    dequantize_part(w, row, in, i, in, out + i);
    for (; i < in; ++i) out[i] = rounded<T>(out[i]);
  }
}

template <class T>
void expand_row(const MatmulWeight<T>& w, int64_t row, float* out) {
  if (w.dense) {
    const T* from = w.dense + row * w.in;
    for (int64_t i = 0; i < w.in; i += 16) {
      const __mmask16 m = lanes(static_cast<uint64_t>(w.in - i));
      store(out + i, m, load(from + i, m));
    }
    return;
  }
  switch (w.packed.scale_type) {
    case ScaleType::f32:
      return expand_packed<T, ScaleType::f32>(w.packed, row, w.in, out);
    case ScaleType::bf16:
      return expand_packed<T, ScaleType::bf16>(w.packed, row, w.in, out);
    case ScaleType::f16:
      return expand_packed<T, ScaleType::f16>(w.packed, row, w.in, out);
  }
}

}  // namespace

template <class T>
void matmul(const float* x, int64_t rows, const MatmulWeight<T>& w, const T* bias, T* y, int64_t begin,
            int64_t end) {
  matmul_strips_of(x, rows, w, bias, y, begin, end, expand_row<T>);
}
template void matmul(const float*, int64_t, const MatmulWeight<float>&, const float*, float*, int64_t,
                     int64_t);
template void matmul(const float*, int64_t, const MatmulWeight<bf16>&, const bf16*, bf16*, int64_t, int64_t);

}  // namespace ds::kernels::avx512
#pragma GCC pop_options
#endif
