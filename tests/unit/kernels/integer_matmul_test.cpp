// Products of integers: every form gives the same bytes; a row does not change with its company; the result
// is that of the dequantised matrix but for the rounding of x.
#include "kernels/integer_matmul.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "catch.h"
#include "kernels/packed_matrix.h"

using namespace ds::kernels;

namespace {

constexpr Packing kPackings[] = {{8, 0, ScaleType::bf16},   {8, 0, ScaleType::f32}, {8, 128, ScaleType::f16},
                                 {4, 128, ScaleType::bf16}, {4, 0, ScaleType::f32}, {4, 256, ScaleType::f32}};

// `cut` strips at a time, from the last to the first.
template <class T>
std::vector<T> product(const T* x, int64_t rows, const PackedMatrix& w, int64_t out, int64_t in,
                       const T* bias, int64_t cut = 1000) {
  std::vector<T> y(static_cast<size_t>(rows * out));
  std::memset(y.data(), 0xff, y.size() * sizeof(T));
  std::vector<char> prepared(integer_prepared_bytes(rows, in) + 64);
  char* at = prepared.data() + (64 - reinterpret_cast<uintptr_t>(prepared.data()) % 64) % 64;
  for (int64_t b = integer_blocks(rows); b-- > 0;) integer_prepare(x, rows, in, w.bits, at, b, b + 1);
  const int64_t strips = matmul_strips(out);
  for (int64_t begin = (strips - 1) / cut * cut; begin >= 0; begin -= cut)
    integer_matmul(at, rows, w, out, in, bias, y.data(), begin, std::min(strips, begin + cut));
  return y;
}

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

void on_form(int form) {
  allow_avx512(form > 0);
  allow_amx(form > 1);
}

template <class T>
void every_form_agrees(int64_t rows, int64_t out, int64_t in, const Packing& p, bool with_bias) {
  const Packed w(out, in, p, static_cast<uint32_t>(out * 31 + in));
  const auto x = numbers<T>(rows * in, static_cast<uint32_t>(rows), 1.0f);
  const auto bias = numbers<T>(out, 5, 0.1f);
  const T* b = with_bias ? bias.data() : nullptr;
  on_form(0);
  const auto expected = product(x.data(), rows, w.matrix, out, in, b);
  for (const int form : {2, 1, 0}) {
    on_form(form);
    CAPTURE(form, rows, out, in, p.bits, p.group);
    CHECK(same(product(x.data(), rows, w.matrix, out, in, b), expected));
    CHECK(same(product(x.data(), rows, w.matrix, out, in, b, 1), expected));
  }
  // Against the dequantised matrix in double precision: x is off by at most half of amax / 127 in each run.
  std::vector<float> row(static_cast<size_t>(in));
  double worst = 0;
  for (int64_t n = 0; n < out; ++n) {
    dequantize_row(w.matrix, n, in, row.data());
    for (int64_t r = 0; r < rows; ++r) {
      double sum = with_bias ? to_float(bias[static_cast<size_t>(n)]) : 0, room = 0;
      for (int64_t i = 0; i < in; ++i)
        sum += to_float(x[static_cast<size_t>(r * in + i)]) * row[static_cast<size_t>(i)];
      for (int64_t run = 0; run < in; run += kIntegerRun) {
        double amax = 0, weights = 0;
        for (int64_t i = run; i < std::min(in, run + kIntegerRun); ++i) {
          amax = std::max(amax, std::fabs(static_cast<double>(to_float(x[static_cast<size_t>(r * in + i)]))));
          weights += std::fabs(row[static_cast<size_t>(i)]);
        }
        room += amax / 254 * weights;
      }
      const double y = to_float(expected[static_cast<size_t>(r * out + n)]);
      // Dequantised values are rounded to the scale's type and y to its own: 2^-8 of what is summed covers
      // both.
      worst = std::max(worst, std::fabs(y - sum) / (room * 1.01 + std::fabs(sum) / 256 + room / 2 + 1e-6));
    }
  }
  CHECK(worst < 1.0);
  on_form(2);
}

}  // namespace

TEST_CASE("integer products: forms agree to the bit, and with the dequantised matrix") {
  std::mt19937 rng(3);
  for (const Packing& p : kPackings) {
    for (int i = 0; i < 6; ++i) {
      const int64_t rows = 1 + static_cast<int64_t>(rng() % 40), out = 1 + static_cast<int64_t>(rng() % 90);
      const int64_t in =
          p.group ? p.group * static_cast<int64_t>(1 + rng() % 4) : 1 + static_cast<int64_t>(rng() % 700);
      every_form_agrees<float>(i == 0 ? 1 : rows, out, in, p, i % 2 == 0);
      every_form_agrees<bf16>(i == 1 ? 1 : rows, out, in, p, i % 2 == 1);
    }
  }
}

TEST_CASE("integer products: a row alone is the row in a batch") {
  constexpr int64_t kRows = 70, kOut = 75;
  for (const Packing& p : kPackings) {
    const int64_t in = p.group ? p.group * 2 : 300;
    const Packed w(kOut, in, p, 9);
    const auto x = numbers<bf16>(kRows * in, 4, 2.0f);
    for (const int form : {2, 1, 0}) {
      on_form(form);
      const auto together = product<bf16>(x.data(), kRows, w.matrix, kOut, in, nullptr);
      for (const int64_t size : {1, 2, 7, 16, 17, 33}) {
        for (int64_t first = 0; first < kRows; first += size) {
          const int64_t count = std::min(size, kRows - first);
          const auto some = product<bf16>(x.data() + first * in, count, w.matrix, kOut, in, nullptr);
          REQUIRE(std::memcmp(some.data(), together.data() + first * kOut, some.size() * sizeof(bf16)) == 0);
        }
      }
    }
    on_form(2);
  }
}

TEST_CASE("integer products: zeros, tiny numbers and what is not finite") {
  const int64_t in = 256;
  const Packed w(33, in, {4, 128, ScaleType::f32}, 2);
  std::vector<float> x(static_cast<size_t>(4 * in), 0.0f);
  x[static_cast<size_t>(in)] = 1e-38f;
  x[static_cast<size_t>(2 * in + 5)] = std::numeric_limits<float>::infinity();
  x[static_cast<size_t>(3 * in + 200)] = std::numeric_limits<float>::quiet_NaN();
  for (const int form : {2, 1, 0}) {
    on_form(form);
    const auto y = product<float>(x.data(), 4, w.matrix, 33, in, nullptr);
    for (int64_t n = 0; n < 33; ++n) {
      CHECK(y[static_cast<size_t>(n)] == 0.0f);
      CHECK(y[static_cast<size_t>(33 + n)] == 0.0f);
      CHECK(std::isnan(y[static_cast<size_t>(66 + n)]));
      CHECK(std::isnan(y[static_cast<size_t>(99 + n)]));
    }
  }
  on_form(2);
}
