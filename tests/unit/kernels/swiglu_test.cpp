// SwiGLU against double-precision loops, over the whole range where e^x neither vanishes nor overflows, and
// beyond it.
#include "kernels/swiglu.h"

#include <cmath>

#include "catch.h"
#include "kernel_inputs.h"

using namespace ds::kernels;
using namespace ds::kernels::testing;

namespace {

template <class T>
void check(uint64_t n, double scale) {
  const auto gate = normals<T>(n, 1, scale), up = normals<T>(n, 2), dy = normals<T>(n, 3);
  std::vector<T> y(n), dgate(n), dup(n);
  swiglu_forward(gate.data(), up.data(), n, y.data());
  swiglu_backward(dy.data(), gate.data(), up.data(), n, dgate.data(), dup.data());
  for (uint64_t i = 0; i < n; ++i) {
    const double g = value(gate[i]), u = value(up[i]), d = value(dy[i]), s = 1.0 / (1.0 + std::exp(-g));
    const double tolerance = 3 * epsilon<T>();
    const auto near = [&](double got, double expected) {
      return std::abs(got - expected) <= tolerance * std::abs(expected) + 1e-6;
    };
    REQUIRE(near(value(y[i]), g * s * u));
    REQUIRE(near(value(dup[i]), d * g * s));
    // The slope is a difference near its zero at g = -1.28: absolute error there.
    REQUIRE(std::abs(value(dgate[i]) - d * u * s * (1 + g * (1 - s))) <=
            tolerance * (std::abs(d * u) * (s + s * std::abs(g) * (1 - s)) + 1e-6));
  }
}

}  // namespace

TEST_CASE("swiglu forward and backward agree with the definition") {
  on_both_paths([] {
    for (uint64_t n : kSizes) {
      for (double scale : {1.0, 10.0, 60.0}) {
        check<float>(n, scale);
        check<bf16>(n, scale);
      }
    }
  });
}
