// One row to integers and back: the nearest representable number, the stored layout, the rows of zeros.
#include <cmath>
#include <random>
#include <vector>

#include "catch.h"
#include "kernels/matmul.h"
#include "kernels/scale.h"

using namespace ds::kernels;

TEST_CASE("quantised numbers lie within half a step, and words have the stored layout", "[kernels]") {
  std::mt19937 rng(3);
  std::normal_distribution<float> normal;
  for (const int bits : {4, 8})
    for (const int64_t group : {int64_t{0}, int64_t{32}, int64_t{7}})
      for (const ScaleType type : {ScaleType::f32, ScaleType::bf16, ScaleType::f16}) {
        const int64_t in = group ? 5 * group : 77, scales = group ? 5 : 1;
        std::vector<float> x(static_cast<size_t>(in));
        for (float& v : x) v = normal(rng);
        std::vector<uint32_t> words(static_cast<size_t>((in * bits + 31) / 32));
        std::vector<float> scale(5);
        quantize_row(x.data(), in, bits, group, type, words.data(), scale.data());
        const PackedMatrix m{words.data(), scale.data(), type,
                             bits,         group,        static_cast<int64_t>(words.size())};
        std::vector<float> back(x.size());
        dequantize_row(m, 0, in, back.data());
        for (int64_t g = 0; g < scales; ++g) {
          const int64_t begin = g * (group ? group : in), end = begin + (group ? group : in);
          float amax = 0;
          for (int64_t i = begin; i < end; ++i) amax = std::max(amax, std::fabs(x[i]));
          const float s = read_scale(type, scale.data(), g), levels = bits == 8 ? 127.5f : 7.5f;
          REQUIRE(s == round_to_scale(type, amax / levels));
          const float rounding = type == ScaleType::f32 ? 1e-6f : type == ScaleType::bf16 ? 0.004f : 0.0005f;
          for (int64_t i = begin; i < end; ++i) {
            CAPTURE(bits, group, int(type), i, x[i], back[i], s);
            // Half a step; a whole one less a little where +amax is cut to the largest q.
            const bool cut = x[i] / s > levels - 0.5f;
            REQUIRE(std::fabs(x[i] - back[i]) <=
                    s * (cut ? 0.5f + levels * 0.01f : 0.5f) + 2 * rounding * amax);
            const int q = static_cast<int>(words[i * bits / 32] >> (i * bits % 32) & ((1u << bits) - 1)) -
                          (1 << (bits - 1));
            REQUIRE(back[i] == round_to_scale(type, static_cast<float>(q) * s));
          }
        }
        for (int64_t bit = in * bits; bit < static_cast<int64_t>(words.size()) * 32; ++bit)
          REQUIRE((words[bit / 32] >> (bit % 32) & 1) == 0);
      }
}

TEST_CASE("ties go to even, zeros get the scale one", "[kernels]") {
  const float x[8] = {7.5f, -7.5f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 6.6f};  // scale 1
  uint32_t word = 0;
  float scale = 0;
  quantize_row(x, 8, 4, 0, ScaleType::f32, &word, &scale);
  CHECK(scale == 1.0f);
  const int expected[8] = {7, -8, 0, 2, 2, 0, -2, 7};
  for (int i = 0; i < 8; ++i) CHECK(static_cast<int>(word >> (4 * i) & 15) - 8 == expected[i]);
  const float zeros[8] = {};
  quantize_row(zeros, 8, 4, 0, ScaleType::f32, &word, &scale);
  CHECK(scale == 1.0f);
  CHECK(word == 0x88888888u);
}

TEST_CASE("half precision: every number comes back, and roundings go to even", "[kernels]") {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const float f = half_to_float(static_cast<uint16_t>(h));
    if (std::isnan(f)) {
      REQUIRE((to_half(f) & 0x7fff) > 0x7c00);
      continue;
    }
    REQUIRE(to_half(f) == h);
    if ((h & 0x7fff) < 0x7bff) {  // half way to the next: to the even one
      const float next = half_to_float(static_cast<uint16_t>(h + 1));
      REQUIRE(to_half((f + next) / 2) == (h % 2 ? h + 1 : h));
    }
  }
  CHECK(to_half(65519.0f) == 0x7bff);
  CHECK(to_half(65520.0f) == 0x7c00);
  CHECK(to_half(-1e30f) == 0xfc00);
  CHECK(to_half(1e-9f) == 0);
}
