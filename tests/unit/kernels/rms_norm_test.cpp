// RMSNorm against double-precision loops and, for the gradient, against finite differences of the definition.
#include "kernels/rms_norm.h"

#include <cmath>

#include "catch.h"
#include "kernel_inputs.h"

using namespace ds::kernels;
using namespace ds::kernels::testing;

namespace {

constexpr double kEps = 1e-5;

template <class T>
void check_forward(uint64_t width) {
  const uint64_t rows = 3;
  const auto x = normals<T>(rows * width, 1, 2.0), delta = normals<T>(rows * width, 2),
             w = normals<T>(width, 3);
  std::vector<T> sum(rows * width), y(rows * width), plain(rows * width);
  std::vector<float> rstd(rows), rstd_plain(rows);
  add_rms_norm_forward(x.data(), delta.data(), w.data(), static_cast<float>(kEps), rows, width, sum.data(),
                       y.data(), rstd.data());
  rms_norm_forward(sum.data(), w.data(), static_cast<float>(kEps), rows, width, plain.data(),
                   rstd_plain.data());
  for (uint64_t r = 0; r < rows; ++r) {
    double squares = 0;
    for (uint64_t i = 0; i < width; ++i) {
      const uint64_t k = r * width + i;
      REQUIRE(value(sum[k]) == rounded<T>(static_cast<float>(value(x[k]) + value(delta[k]))));
      squares += value(sum[k]) * value(sum[k]);
    }
    const double expected = 1.0 / std::sqrt(squares / static_cast<double>(width) + kEps);
    REQUIRE(rstd[r] == Approx(expected).epsilon(2e-6));
    REQUIRE(rstd_plain[r] == rstd[r]);
    for (uint64_t i = 0; i < width; ++i) {
      const uint64_t k = r * width + i;
      const double exact = value(w[i]) * value(sum[k]) * expected;
      REQUIRE(std::abs(value(y[k]) - exact) <= 2.1 * epsilon<T>() * std::abs(exact) + 1e-30);
      REQUIRE(value(plain[k]) == value(y[k]));
    }
  }
}

// sum over a row of dy * y, in double.
double objective(const std::vector<double>& x, const std::vector<double>& w, const std::vector<double>& dy) {
  double squares = 0, total = 0;
  for (double v : x) squares += v * v;
  const double rstd = 1.0 / std::sqrt(squares / static_cast<double>(x.size()) + kEps);
  for (size_t i = 0; i < x.size(); ++i) total += dy[i] * w[i] * x[i] * rstd;
  return total;
}

template <class T>
std::vector<double> doubles(const std::vector<T>& v) {
  std::vector<double> out;
  for (T e : v) out.push_back(value(e));
  return out;
}

template <class T>
void check_backward(uint64_t width, bool with_sum) {
  const auto x = normals<T>(width, 4), w = normals<T>(width, 5), dy = normals<T>(width, 6),
             dsum = normals<T>(width, 7);
  std::vector<T> y(width), dx(width);
  std::vector<float> rstd(1), dw(width, 1.0f);
  rms_norm_forward(x.data(), w.data(), static_cast<float>(kEps), 1, width, y.data(), rstd.data());
  rms_norm_backward(dy.data(), with_sum ? dsum.data() : nullptr, x.data(), w.data(), rstd.data(), 1, width,
                    dx.data(), dw.data());
  const auto xd = doubles(x), wd = doubles(w), dyd = doubles(dy);
  for (uint64_t i = 0; i < width; ++i) {
    const double h = 1e-4;
    auto up = xd, down = xd;
    up[i] += h;
    down[i] -= h;
    double expected = (objective(up, wd, dyd) - objective(down, wd, dyd)) / (2 * h);
    if (with_sum) expected += value(dsum[i]);
    REQUIRE(std::abs(value(dx[i]) - expected) <= epsilon<T>() * std::abs(expected) + 2e-5);
    const double dw_expected = value(dy[i]) * value(x[i]) * rstd[0];
    REQUIRE(std::abs(dw[i] - 1.0 - dw_expected) <= 1e-5);
  }
}

}  // namespace

TEST_CASE("rms_norm forward agrees with the definition") {
  on_both_paths([] {
    for (uint64_t width : kSizes) {
      check_forward<float>(width);
      check_forward<bf16>(width);
    }
  });
}

TEST_CASE("rms_norm backward agrees with finite differences") {
  on_both_paths([] {
    for (uint64_t width : {1, 5, 16, 33, 100}) {
      for (bool with_sum : {false, true}) {
        check_backward<float>(width, with_sum);
        check_backward<bf16>(width, with_sum);
      }
    }
  });
}
