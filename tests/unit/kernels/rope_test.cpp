// The rotation against double-precision loops in both layouts; the backward undoes the forward.
#include "kernels/rope.h"

#include <cmath>

#include "catch.h"
#include "kernel_inputs.h"

using namespace ds::kernels;
using namespace ds::kernels::testing;

namespace {

template <class T>
void check(uint64_t heads, uint64_t width, bool interleaved) {
  const uint64_t rows = 5, half = width / 2;
  const std::vector<int64_t> positions = {3, 0, 7, 7, 1};
  std::vector<float> cos(8 * half), sin(8 * half);
  for (uint64_t p = 0; p < 8; ++p) {
    for (uint64_t i = 0; i < half; ++i) {
      const double angle = static_cast<double>(p) *
                           std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(width));
      cos[p * half + i] = static_cast<float>(std::cos(angle));
      sin[p * half + i] = static_cast<float>(std::sin(angle));
    }
  }
  const auto x = normals<T>(rows * heads * width, 1);
  std::vector<T> y(x.size()), back(x.size());
  rope(x.data(), positions.data(), cos.data(), sin.data(), rows, heads, width, interleaved, false, y.data());
  rope(y.data(), positions.data(), cos.data(), sin.data(), rows, heads, width, interleaved, true,
       back.data());
  for (uint64_t r = 0; r < rows; ++r) {
    for (uint64_t h = 0; h < heads; ++h) {
      const uint64_t base = (r * heads + h) * width;
      for (uint64_t i = 0; i < half; ++i) {
        const uint64_t ia = base + (interleaved ? 2 * i : i),
                       ib = base + (interleaved ? 2 * i + 1 : i + half);
        const uint64_t t = static_cast<uint64_t>(positions[r]) * half + i;
        const double a = value(x[ia]), b = value(x[ib]), c = cos[t], s = sin[t];
        const double tolerance = 2 * epsilon<T>() * (std::abs(a) + std::abs(b));
        REQUIRE(std::abs(value(y[ia]) - (a * c - b * s)) <= tolerance);
        REQUIRE(std::abs(value(y[ib]) - (b * c + a * s)) <= tolerance);
        REQUIRE(std::abs(value(back[ia]) - a) <= 3 * tolerance);
        REQUIRE(std::abs(value(back[ib]) - b) <= 3 * tolerance);
      }
    }
  }
  std::vector<T> in_place = x;
  rope(in_place.data(), positions.data(), cos.data(), sin.data(), rows, heads, width, interleaved, false,
       in_place.data());
  for (uint64_t i = 0; i < x.size(); ++i) REQUIRE(value(in_place[i]) == value(y[i]));
}

}  // namespace

TEST_CASE("rope rotates each pair by its position's angle") {
  on_both_paths([] {
    for (bool interleaved : {false, true}) {
      for (uint64_t width : {2, 6, 32, 34, 64, 128}) {
        for (uint64_t heads : {1, 3}) {
          check<float>(heads, width, interleaved);
          check<bf16>(heads, width, interleaved);
        }
      }
    }
  });
}

TEST_CASE("the two instruction sets give the same bits") {
  const auto x = normals<bf16>(6 * 4 * 40, 2);
  const std::vector<int64_t> positions = {0, 1, 2, 3, 4, 5};
  const auto cos = normals<float>(6 * 20, 3), sin = normals<float>(6 * 20, 4);
  std::vector<bf16> fast(x.size()), plain(x.size());
  rope(x.data(), positions.data(), cos.data(), sin.data(), 6, 4, 40, false, false, fast.data());
  allow_avx512(false);
  rope(x.data(), positions.data(), cos.data(), sin.data(), 6, 4, 40, false, false, plain.data());
  allow_avx512(true);
  for (uint64_t i = 0; i < x.size(); ++i) REQUIRE(fast[i].bits == plain[i].bits);
}
