// Random numbers, and a quantised matrix with the memory behind it; for the tests of products.
#pragma once

#include <random>
#include <vector>

#include "kernels/matmul.h"

namespace ds::kernels {

template <class T>
std::vector<T> numbers(int64_t n, uint32_t seed, float scale = 1.0f) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal;
  std::vector<T> out(static_cast<size_t>(n));
  for (T& x : out) assign(x, scale * normal(rng));
  return out;
}

struct Packing {
  int bits;
  int64_t group;
  ScaleType type;
};

// A quantised matrix and the memory behind it.
struct Packed {
  std::vector<uint32_t> words;
  std::vector<unsigned char> scales;
  PackedMatrix matrix;

  Packed(int64_t out, int64_t in, const Packing& p, uint32_t seed) {
    const auto values = numbers<float>(out * in, seed, 0.05f);
    const int64_t row_words = (in * p.bits + 31) / 32, row_scales = p.group ? in / p.group : 1;
    const int64_t size = p.type == ScaleType::f32 ? 4 : 2;
    words.resize(static_cast<size_t>(out * row_words));
    scales.resize(static_cast<size_t>(out * row_scales * size));
    for (int64_t r = 0; r < out; ++r)
      quantize_row(values.data() + r * in, in, p.bits, p.group, p.type, words.data() + r * row_words,
                   scales.data() + r * row_scales * size);
    matrix = {words.data(), scales.data(), p.type, p.bits, p.group, row_words};
  }
  template <class T>
  std::vector<T> dense(int64_t out, int64_t in) const {
    std::vector<T> d(static_cast<size_t>(out * in));
    for (int64_t r = 0; r < out; ++r) dequantize_row(matrix, r, in, d.data() + r * in);
    return d;
  }
};

}  // namespace ds::kernels
