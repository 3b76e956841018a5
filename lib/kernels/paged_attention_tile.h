// The body of paged_attention.h, compiled once per instruction set as attention_tile.h is, whose pieces it
// uses.
//
// Two ways, chosen by the sequence's own numbers alone. Many new tokens (a prompt): keys and values of the
// head are gathered from their pages into tiles once, and blocks of queries go through matrix products.
// Few (decoding): each query reads the pages as they lie, sixteen keys at a time; converting them all to
// tiles would cost more than the products. Scores are kept whole, so the softmax has two passes, and its
// sums, like those of the values, run in an order that depends on the key's place alone.
#pragma once

#include "kernels/attention_tile.h"
#include "kernels/lane_sums.h"
#include "kernels/paged_attention.h"

namespace ds::kernels {
namespace {

constexpr int64_t kTiledQueries = 16;  // from so many new tokens on

typedef uint16_t Bits16 __attribute__((vector_size(32), aligned(2)));
typedef uint32_t Bits32 __attribute__((vector_size(64), aligned(4)));

inline void load16(Vec& v, const float* p) { std::memcpy(&v, p, sizeof v); }
inline void load16(Vec& v, const bf16* p) {
  Bits16 half;
  std::memcpy(&half, p, sizeof half);
  const Bits32 whole = __builtin_convertvector(half, Bits32) << 16;
  std::memcpy(&v, &whole, sizeof v);
}
template <class T>
inline void load_part(Vec& v, const T* p, int64_t count) {
  v = Vec{};
  float lanes[16] = {};
  for (int64_t i = 0; i < count; ++i) lanes[i] = to_float(p[i]);
  std::memcpy(&v, lanes, sizeof v);
}

// Where the tokens [0, count) of a sequence begin, in elements from the first page's start.
const int64_t* token_places(const PagedCache& c, const PagedSequence& s, int64_t count) {
  static thread_local std::vector<int64_t> places;
  if (static_cast<int64_t>(places.size()) < count) places.resize(static_cast<size_t>(count));
  const int64_t stride = c.kv_heads * c.width;
  for (int64_t t0 = 0; t0 < count; t0 += c.page_tokens) {
    const int64_t begin = s.pages[t0 / c.page_tokens] * c.page_tokens;
    for (int64_t t = t0; t < std::min(t0 + c.page_tokens, count); ++t) places[t] = (begin + t - t0) * stride;
  }
  return places.data();
}

// scores[0, 16) = the dot products of one query with sixteen keys, of which `count` are wanted.
template <class T>
inline void sixteen_scores(const float* query, const T* keys, const int64_t* places, int64_t count, int64_t d,
                           float* scores) {
  const T* key[16];
  for (int64_t j = 0; j < 16; ++j) key[j] = keys + places[std::min(j, count - 1)];
  Lanes acc[16] = {};
  int64_t i = 0;
  for (; i + 16 <= d; i += 16) {
    Vec q;
    std::memcpy(&q, query + i, sizeof q);
    for (int j = 0; j < 16; ++j) {
      Vec k;
      load16(k, key[j] + i);
      acc[j] += q * k;
    }
  }
  if (i < d) {
    Vec q;
    std::memcpy(&q, query + i, sizeof q);
    for (int j = 0; j < 16; ++j) {
      Vec k;
      load_part(k, key[j] + i, d - i);
      acc[j] += q * k;
    }
  }
  sum_lanes(acc);
  std::memcpy(scores, &acc[0], sizeof(Lanes));
}

// result[0, dp) = sum of p[t] * value t over [first, last).
template <class T>
inline void weighted_values(const T* values, const int64_t* places, const float* p, int64_t first,
                            int64_t last, int64_t d, float* result) {
  for (int64_t i0 = 0; i0 < d; i0 += 64) {
    const int64_t whole = std::min<int64_t>(4, (d - i0) / 16), rest = std::min<int64_t>(d - i0, 64) % 16;
    Vec acc[5] = {};
    for (int64_t t = first; t < last; ++t) {
      const T* v = values + places[t] + i0;
      if (whole == 4) {
        for (int j = 0; j < 4; ++j) {
          Vec x;
          load16(x, v + j * 16);
          acc[j] += p[t] * x;
        }
      } else {
        for (int64_t j = 0; j < whole; ++j) {
          Vec x;
          load16(x, v + j * 16);
          acc[j] += p[t] * x;
        }
        if (rest) {
          Vec x;
          load_part(x, v + whole * 16, rest);
          acc[4] += p[t] * x;
        }
      }
    }
    for (int64_t j = 0; j < whole; ++j) std::memcpy(result + i0 + j * 16, &acc[j], sizeof(Vec));
    if (rest) std::memcpy(result + i0 + whole * 16, &acc[4], sizeof(Vec));
  }
}

template <class T>
void few_queries(const PagedCache& cache, const PagedShape& shape, const PagedSequence& s, int64_t kv_head,
                 const T* q, T* out, Scratch& scratch) {
  const int64_t group = shape.heads / cache.kv_heads, d = cache.width, dp = round16(d);
  const int64_t padded_total = round16(s.past + s.count);
  const T* keys = static_cast<const T*>(cache.keys) + kv_head * d;
  const T* values = static_cast<const T*>(cache.values) + kv_head * d;
  const int64_t* places = token_places(cache, s, s.past + s.count);
  scratch.begin(2 * dp + padded_total);
  float *query = scratch.take(dp), *result = scratch.take(dp), *p = scratch.take(padded_total);
  for (int64_t i = 0; i < s.count; ++i) {
    const int64_t place = s.past + i;
    const auto [first, last] = keys_of(place, 1, shape.window);
    const int64_t padded = round16(last);
    for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      gather(q + (s.begin + i) * shape.q_stride + head * d, 0, 1, d, dp, query, nullptr, 0);
      for (int64_t t = first; t < last; t += 16) sixteen_scores(query, keys, places + t, last - t, d, p + t);
      softmax_row(p, first, padded, place, shape.window, static_cast<float>(shape.scale));
      weighted_values(values, places, p, first, last, d, result);
      scatter(result, dp, 1, d, out + ((s.begin + i) * shape.heads + head) * d, 0);
    }
  }
}

template <class T>
void many_queries(const PagedCache& cache, const PagedShape& shape, const PagedSequence& s, int64_t kv_head,
                  const T* q, T* out, Scratch& scratch) {
  const int64_t group = shape.heads / cache.kv_heads, d = cache.width, dp = round16(d);
  // The window's start cuts the oldest tokens off.
  const int64_t base = keys_of(s.past, 1, shape.window).first, total = s.past + s.count - base;
  const int64_t tp = round16(total);
  const T* keys = static_cast<const T*>(cache.keys) + kv_head * d;
  const T* values = static_cast<const T*>(cache.values) + kv_head * d;
  const int64_t* places = token_places(cache, s, s.past + s.count);
  scratch.begin(dp * tp * 2 + dp * 16 + kQueryBlock * (2 * dp + tp));
  float *keys_DT = scratch.take(dp * tp), *values_TD = scratch.take(dp * tp), *some = scratch.take(dp * 16);
  float *query = scratch.take(kQueryBlock * dp), *result = scratch.take(kQueryBlock * dp),
        *p = scratch.take(kQueryBlock * tp);
  for (int64_t t = 0; t < total; ++t)
    gather(values + places[base + t], 0, 1, d, dp, values_TD + t * dp, nullptr, 0);
  for (int64_t t0 = 0; t0 < tp; t0 += 16) {  // sixteen keys become sixteen columns
    for (int64_t t = t0; t < std::min(t0 + 16, total); ++t)
      gather(keys + places[base + t], 0, 1, d, dp, some + (t - t0) * dp, nullptr, 0);
    for (int64_t t = total; t < t0 + 16; ++t) std::fill_n(some + (t - t0) * dp, dp, 0.0f);
    for (int64_t i = 0; i < dp; ++i)
      for (int64_t t = 0; t < 16; ++t) keys_DT[i * tp + t0 + t] = some[t * dp + i];
  }
  const float scale = static_cast<float>(shape.scale);
  for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head)
    for (int64_t i0 = 0; i0 < s.count; i0 += kQueryBlock) {
      const int64_t n = std::min(kQueryBlock, s.count - i0), place = s.past + i0 - base;
      const auto [first, last] = keys_of(place, n, shape.window);
      const int64_t padded = round16(last);
      gather(q + (s.begin + i0) * shape.q_stride + head * d, shape.q_stride, n, d, dp, query, nullptr, 0);
      multiply(n, padded - first, dp, query, dp, 1, keys_DT + first, tp, p + first, tp, false);
      for (int64_t r = 0; r < n; ++r) softmax_row(p + r * tp, first, padded, place + r, shape.window, scale);
      multiply(n, dp, last - first, p + first, tp, 1, values_TD + first * dp, dp, result, dp, false);
      scatter(result, dp, n, d, out + ((s.begin + i0) * shape.heads + head) * d, shape.heads * d);
    }
}

template <class T>
void paged_task(const PagedCache& cache, const PagedShape& shape, const PagedSequence& s, int64_t kv_head,
                const T* q, T* out) {
  if (s.count < kTiledQueries)
    few_queries(cache, shape, s, kv_head, q, out, thread_scratch());
  else
    many_queries(cache, shape, s, kv_head, q, out, thread_scratch());
}

}  // namespace
}  // namespace ds::kernels
