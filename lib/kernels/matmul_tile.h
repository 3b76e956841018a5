// The fp32 form of matmul.h, compiled once per instruction set as attention_tile.h is: matmul_cpu.cpp
// (baseline) and matmul_avx512.cpp include it, the latter after setting the target.
//
// A product of two rows is summed in sixteen lanes over `in`, the lanes then by halves. Sixteen such products
// run at a time, 4x4, 8x2 or 16x1 (rows of W x rows of x): the shape changes what is read together, never the
// order of a sum. Weights that are not fp32 go through a strip of scratch; `expand_row` fills a row of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/lane_sums.h"
#include "kernels/matmul.h"
#include "kernels/matmul_forms.h"

namespace ds::kernels {
namespace {

constexpr int kProducts = 16;

// The last lanes of a row, the others zero.
inline void load_tail(Lanes& v, const float* p, int64_t left) {
  v = Lanes{};
  std::memcpy(&v, p, static_cast<size_t>(left) * sizeof(float));
}

// Products of R rows of W, `ldw` apart, with C rows of x: sums[r * C + c].
template <int R, int C>
inline void products(const float* w, int64_t ldw, const float* const (&x)[C], int64_t in, float* sums) {
  static_assert(R * C == kProducts);
  Lanes acc[kProducts] = {};
  for (int64_t i = 0; i < in; i += 16) {
    const int64_t left = in - i;
    Lanes xv[C];
    if (left >= 16) {
      for (int c = 0; c < C; ++c) std::memcpy(&xv[c], x[c] + i, sizeof(Lanes));
      for (int r = 0; r < R; ++r) {
        Lanes wv;
        std::memcpy(&wv, w + r * ldw + i, sizeof(Lanes));
        for (int c = 0; c < C; ++c) acc[r * C + c] += wv * xv[c];
      }
    } else {
      for (int c = 0; c < C; ++c) load_tail(xv[c], x[c] + i, left);
      for (int r = 0; r < R; ++r) {
        Lanes wv;
        load_tail(wv, w + r * ldw + i, left);
        for (int c = 0; c < C; ++c) acc[r * C + c] += wv * xv[c];
      }
    }
  }
  sum_lanes(acc);
  std::memcpy(sums, &acc[0], sizeof(Lanes));
}

// All rows of x with the rows of one strip (kMatmulStrip of them can be read, `count` are wanted).
template <int R, int C, class T>
void strip_products(const float* w, int64_t ldw, int64_t count, const float* x, int64_t rows, int64_t in,
                    int64_t out, const T* bias, T* y) {
  for (int64_t n0 = 0; n0 < count; n0 += R)
    for (int64_t m0 = 0; m0 < rows; m0 += C) {
      const float* some[C];
      for (int c = 0; c < C; ++c) some[c] = x + std::min(m0 + c, rows - 1) * in;
      float sums[kProducts];
      products<R, C>(w + n0 * ldw, ldw, some, in, sums);
      for (int r = 0; r < R && n0 + r < count; ++r)
        for (int c = 0; c < C && m0 + c < rows; ++c)
          assign(y[(m0 + c) * out + n0 + r], sums[r * C + c] + (bias ? to_float(bias[n0 + r]) : 0.0f));
    }
}

template <class T, class ExpandRow>
void matmul_strips_of(const float* x, int64_t rows, const MatmulWeight<T>& w, const T* bias, T* y,
                      int64_t begin, int64_t end, ExpandRow expand_row) {
  for (int64_t strip = begin; strip < end; ++strip) {
    const int64_t n0 = strip * kMatmulStrip, count = std::min(kMatmulStrip, w.out - n0);
    const float* block = nullptr;
    if constexpr (std::is_same_v<T, float>) {
      if (w.dense && count == kMatmulStrip) block = w.dense + n0 * w.in;
    }
    if (!block) {
      float* scratch = matmul_scratch<float>(static_cast<size_t>(kMatmulStrip * w.in));
      for (int64_t r = 0; r < count; ++r) expand_row(w, n0 + r, scratch + r * w.in);
      std::fill_n(scratch + count * w.in, (kMatmulStrip - count) * w.in, 0.0f);
      block = scratch;
    }
    const T* b = bias ? bias + n0 : nullptr;
    if (rows == 1)
      strip_products<16, 1>(block, w.in, count, x, rows, w.in, w.out, b, y + n0);
    else if (rows == 2)
      strip_products<8, 2>(block, w.in, count, x, rows, w.in, w.out, b, y + n0);
    else
      strip_products<4, 4>(block, w.in, count, x, rows, w.in, w.out, b, y + n0);
  }
}

}  // namespace
}  // namespace ds::kernels
