// The body of attention.h, compiled once per instruction set: attention_cpu.cpp (baseline) and
// attention_avx512.cpp include it, the latter after setting the target. Everything is in an unnamed
// namespace, so that no copy compiled for a newer processor can be linked into the baseline.
//
// All six products of attention are one routine, multiply(): C[M,N] (+)= A[M,K] B[K,N] with B and C
// row-major, N a multiple of 16 and A strided both ways (so a transposed A needs no copy). Scratch layouts,
// Dp and Tp being D and T rounded up to 16 and filled with zeros: keys_DT, values_DT transposed for Q K^T and
// dO V^T; keys_TD, values_TD for dS K and P V.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels/attention.h"

namespace ds::kernels {
namespace {

typedef float Vec
    __attribute__((vector_size(64), aligned(4)));  // 16 floats; the compiler splits it where it must

constexpr int64_t kRows = 6;         // rows of C in registers, times up to four vectors
constexpr int64_t kQueryBlock = 48;  // queries whose probabilities are held at a time

int64_t round16(int64_t n) { return (n + 15) & ~int64_t{15}; }

template <int R, int W>
inline void tile(int64_t k, const float* a, int64_t row_step, int64_t k_step, const float* b, int64_t ldb,
                 float* c, int64_t ldc, bool add) {
  Vec acc[R][W];
  for (int r = 0; r < R; ++r)
    for (int w = 0; w < W; ++w) {
      if (add)
        std::memcpy(&acc[r][w], c + r * ldc + w * 16, sizeof(Vec));
      else
        acc[r][w] = Vec{};
    }
  for (int64_t i = 0; i < k; ++i) {
    Vec bv[W];
    for (int w = 0; w < W; ++w) std::memcpy(&bv[w], b + i * ldb + w * 16, sizeof(Vec));
    for (int r = 0; r < R; ++r) {
      const float x = a[r * row_step + i * k_step];
      for (int w = 0; w < W; ++w) acc[r][w] += x * bv[w];
    }
  }
  for (int r = 0; r < R; ++r)
    for (int w = 0; w < W; ++w) std::memcpy(c + r * ldc + w * 16, &acc[r][w], sizeof(Vec));
}

template <int W>
inline void strip(int64_t m, int64_t k, const float* a, int64_t row_step, int64_t k_step, const float* b,
                  int64_t ldb, float* c, int64_t ldc, bool add) {
  int64_t i = 0;
  for (; i + kRows <= m; i += kRows)
    tile<kRows, W>(k, a + i * row_step, row_step, k_step, b, ldb, c + i * ldc, ldc, add);
  for (; i + 2 <= m; i += 2) tile<2, W>(k, a + i * row_step, row_step, k_step, b, ldb, c + i * ldc, ldc, add);
  for (; i < m; ++i) tile<1, W>(k, a + i * row_step, row_step, k_step, b, ldb, c + i * ldc, ldc, add);
}

void multiply(int64_t m, int64_t n, int64_t k, const float* a, int64_t row_step, int64_t k_step,
              const float* b, int64_t ldb, float* c, int64_t ldc, bool add) {
  int64_t j = 0;
  for (; j + 64 <= n; j += 64) strip<4>(m, k, a, row_step, k_step, b + j, ldb, c + j, ldc, add);
  for (; j + 16 <= n; j += 16) strip<1>(m, k, a, row_step, k_step, b + j, ldb, c + j, ldc, add);
}

// e^x for x <= 0, relative error below 2e-7; x under -87 gives 0. Written so that a loop over it becomes
// vector code.
inline float exp_negative(float x) {
  const float clamped = x < -87.0f ? -87.0f : x;
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float shifted = clamped * 1.44269504f + magic;
  const float n = shifted - magic;
  const float f = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * f + 1.3981999507e-3f;
  p = p * f + 8.3334519073e-3f;
  p = p * f + 4.1665795894e-2f;
  p = p * f + 1.6666665459e-1f;
  p = p * f + 5.0000001201e-1f;
  p = p * f * f + f + 1.0f;
  int32_t bits, exponent;
  std::memcpy(&bits, &p, 4);
  std::memcpy(&exponent, &shifted, 4);
  bits += exponent << 23;
  float result;
  std::memcpy(&result, &bits, 4);
  return x < -87.0f ? 0.0f : result;
}

// rows x D of the stored type -> fp32 [rows, Dp], and its transpose [Dp, Tp] when asked for.
template <class T>
void gather(const T* from, int64_t stride, int64_t rows, int64_t d, int64_t dp, float* to, float* transposed,
            int64_t tp) {
  for (int64_t t = 0; t < rows; ++t) {
    for (int64_t i = 0; i < d; ++i) to[t * dp + i] = to_float(from[t * stride + i]);
    for (int64_t i = d; i < dp; ++i) to[t * dp + i] = 0.0f;
  }
  if (!transposed) return;
  for (int64_t i = 0; i < dp; ++i)
    for (int64_t t = rows; t < tp; ++t) transposed[i * tp + t] = 0.0f;
  for (int64_t t0 = 0; t0 < rows; t0 += 16)  // small squares, so that both sides stay in cache
    for (int64_t i = 0; i < dp; ++i)
      for (int64_t t = t0; t < std::min(t0 + 16, rows); ++t) transposed[i * tp + t] = to[t * dp + i];
}

template <class T>
void scatter(const float* from, int64_t dp, int64_t rows, int64_t d, T* to, int64_t stride) {
  for (int64_t t = 0; t < rows; ++t)
    for (int64_t i = 0; i < d; ++i) assign(to[t * stride + i], from[t * dp + i]);
}

// Scratch of one thread, grown as needed and kept between calls.
struct Scratch {
  std::vector<float> memory;
  float* next = nullptr;
  void begin(int64_t floats) {
    if (static_cast<int64_t>(memory.size()) < floats) memory.resize(floats);
    next = memory.data();
  }
  float* take(int64_t floats) {
    float* p = next;
    next += floats;
    return p;
  }
};

// Which keys [first, last) the queries [i0, i0 + n) of a segment may see at all; `first` on a multiple of 16.
struct KeyRange {
  int64_t first, last;
};
KeyRange keys_of(int64_t i0, int64_t n, int64_t window) {
  const int64_t oldest = window > 0 ? std::max<int64_t>(0, i0 - window + 1) : 0;
  return {oldest & ~int64_t{15}, i0 + n};
}

constexpr float kInvisible = -1e30f;

// Overwrites what query `query` may not see in [first, padded_last), both multiples of 16.
void hide(float* row, int64_t first, int64_t padded_last, int64_t query, int64_t window, float with) {
  const int64_t lo = window > 0 ? std::max<int64_t>(0, query - window + 1) : 0;
  std::fill(row + first, row + std::max(first, lo), with);
  std::fill(row + query + 1, row + padded_last, with);
}

// Probabilities over [first, padded_last) of one query from its raw scores, in place; returns log-sum-exp of
// the scaled scores. Sixteen running maxima and sums, so that the loops are vector code and their order is
// fixed.
float softmax_row(float* row, int64_t first, int64_t padded_last, int64_t query, int64_t window,
                  float scale) {
  hide(row, first, padded_last, query, window, kInvisible);
  float lanes[16];
  std::fill_n(lanes, 16, kInvisible);
  for (int64_t j = first; j < padded_last; j += 16)
    for (int l = 0; l < 16; ++l) lanes[l] = lanes[l] > row[j + l] ? lanes[l] : row[j + l];
  const float top = *std::max_element(lanes, lanes + 16) * scale;
  std::fill_n(lanes, 16, 0.0f);
  for (int64_t j = first; j < padded_last; j += 16)
    for (int l = 0; l < 16; ++l) {
      row[j + l] = exp_negative(row[j + l] * scale - top);
      lanes[l] += row[j + l];
    }
  float sum = 0.0f;
  for (int l = 0; l < 16; ++l) sum += lanes[l];
  const float inverse = 1.0f / sum;
  for (int64_t j = first; j < padded_last; ++j) row[j] *= inverse;
  return top + std::log(sum);
}

template <class T>
void forward_task(const AttentionShape& s, const T* q, const T* k, const T* v, T* out, float* lse,
                  int64_t task, Scratch& scratch) {
  const int64_t segment = task / s.kv_heads, kv = task % s.kv_heads, group = s.heads / s.kv_heads;
  const int64_t t0 = s.starts[segment], length = s.starts[segment + 1] - t0, d = s.width;
  const int64_t dp = round16(d), tp = round16(length);
  scratch.begin(dp * tp * 3 + kQueryBlock * (2 * dp + tp));
  float *keys_TD = scratch.take(dp * tp), *keys_DT = scratch.take(dp * tp),
        *values_TD = scratch.take(dp * tp);
  float *query = scratch.take(kQueryBlock * dp), *result = scratch.take(kQueryBlock * dp),
        *p = scratch.take(kQueryBlock * tp);
  gather(k + t0 * s.k_stride + kv * d, s.k_stride, length, d, dp, keys_TD, keys_DT, tp);
  gather(v + t0 * s.v_stride + kv * d, s.v_stride, length, d, dp, values_TD, nullptr, tp);
  const float scale = static_cast<float>(s.scale);
  for (int64_t head = kv * group; head < (kv + 1) * group; ++head)
    for (int64_t i0 = 0; i0 < length; i0 += kQueryBlock) {
      const int64_t n = std::min(kQueryBlock, length - i0);
      const auto [first, last] = keys_of(i0, n, s.window);
      const int64_t padded = round16(last);
      gather(q + (t0 + i0) * s.q_stride + head * d, s.q_stride, n, d, dp, query, nullptr, 0);
      multiply(n, padded - first, dp, query, dp, 1, keys_DT + first, tp, p + first, tp, false);
      for (int64_t r = 0; r < n; ++r)
        lse[(t0 + i0 + r) * s.heads + head] = softmax_row(p + r * tp, first, padded, i0 + r, s.window, scale);
      multiply(n, dp, last - first, p + first, tp, 1, values_TD + first * dp, dp, result, dp, false);
      scatter(result, dp, n, d, out + ((t0 + i0) * s.heads + head) * d, s.heads * d);
    }
}

template <class T>
void backward_task(const AttentionShape& s, const T* q, const T* k, const T* v, const T* out, const T* dout,
                   const float* lse, T* dq, T* dk, T* dv, int64_t task, Scratch& scratch) {
  const int64_t segment = task / s.kv_heads, kv = task % s.kv_heads, group = s.heads / s.kv_heads;
  const int64_t t0 = s.starts[segment], length = s.starts[segment + 1] - t0, d = s.width;
  const int64_t dp = round16(d), tp = round16(length);
  scratch.begin(dp * tp * 6 + kQueryBlock * (4 * dp + 2 * tp));
  float *keys_TD = scratch.take(dp * tp), *keys_DT = scratch.take(dp * tp);
  float *values_TD = scratch.take(dp * tp), *values_DT = scratch.take(dp * tp);
  float *dkeys = scratch.take(dp * tp), *dvalues = scratch.take(dp * tp);
  float *query = scratch.take(kQueryBlock * dp), *dresult = scratch.take(kQueryBlock * dp),
        *result = scratch.take(kQueryBlock * dp);
  float *dquery = scratch.take(kQueryBlock * dp), *p = scratch.take(kQueryBlock * tp),
        *dp_scores = scratch.take(kQueryBlock * tp);
  gather(k + t0 * s.k_stride + kv * d, s.k_stride, length, d, dp, keys_TD, keys_DT, tp);
  gather(v + t0 * s.v_stride + kv * d, s.v_stride, length, d, dp, values_TD, values_DT, tp);
  std::fill_n(dkeys, dp * tp, 0.0f);
  std::fill_n(dvalues, dp * tp, 0.0f);
  const float scale = static_cast<float>(s.scale);
  for (int64_t head = kv * group; head < (kv + 1) * group; ++head)
    for (int64_t i0 = 0; i0 < length; i0 += kQueryBlock) {
      const int64_t n = std::min(kQueryBlock, length - i0);
      const auto [first, last] = keys_of(i0, n, s.window);
      const int64_t padded = round16(last), place = ((t0 + i0) * s.heads + head) * d;
      gather(q + (t0 + i0) * s.q_stride + head * d, s.q_stride, n, d, dp, query, nullptr, 0);
      gather(out + place, s.heads * d, n, d, dp, result, nullptr, 0);
      gather(dout + place, s.heads * d, n, d, dp, dresult, nullptr, 0);
      multiply(n, padded - first, dp, query, dp, 1, keys_DT + first, tp, p + first, tp, false);
      multiply(n, padded - first, dp, dresult, dp, 1, values_DT + first, tp, dp_scores + first, tp, false);
      for (int64_t r = 0; r < n; ++r) {
        float lanes[16] = {};
        for (int64_t i = 0; i < dp; i += 16)
          for (int l = 0; l < 16; ++l) lanes[l] += dresult[r * dp + i + l] * result[r * dp + i + l];
        float delta = 0.0f;
        for (int l = 0; l < 16; ++l) delta += lanes[l];
        const float normaliser = lse[(t0 + i0 + r) * s.heads + head];
        float *pr = p + r * tp, *dr = dp_scores + r * tp;
        hide(pr, first, padded, i0 + r, s.window, kInvisible);
        for (int64_t j = first; j < padded; ++j) {
          const float exponent = pr[j] * scale - normaliser;
          pr[j] = exp_negative(exponent < 0.0f ? exponent : 0.0f);
          dr[j] = pr[j] * (dr[j] - delta) * scale;
        }
      }
      multiply(n, dp, last - first, dp_scores + first, tp, 1, keys_TD + first * dp, dp, dquery, dp, false);
      multiply(last - first, dp, n, dp_scores + first, 1, tp, query, dp, dkeys + first * dp, dp, true);
      multiply(last - first, dp, n, p + first, 1, tp, dresult, dp, dvalues + first * dp, dp, true);
      scatter(dquery, dp, n, d, dq + place, s.heads * d);
    }
  scatter(dkeys, dp, length, d, dk + (t0 * s.kv_heads + kv) * d, s.kv_heads * d);
  scatter(dvalues, dp, length, d, dv + (t0 * s.kv_heads + kv) * d, s.kv_heads * d);
}

Scratch& thread_scratch() {
  static thread_local Scratch scratch;
  return scratch;
}

template <class T>
void forward_tasks(const AttentionShape& s, const T* q, const T* k, const T* v, T* out, float* lse,
                   int64_t begin, int64_t end) {
  for (int64_t task = begin; task < end; ++task) forward_task(s, q, k, v, out, lse, task, thread_scratch());
}

template <class T>
void backward_tasks(const AttentionShape& s, const T* q, const T* k, const T* v, const T* out, const T* dout,
                    const float* lse, T* dq, T* dk, T* dv, int64_t begin, int64_t end) {
  for (int64_t task = begin; task < end; ++task)
    backward_task(s, q, k, v, out, dout, lse, dq, dk, dv, task, thread_scratch());
}

}  // namespace
}  // namespace ds::kernels
