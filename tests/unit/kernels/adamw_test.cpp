// AdamW against a double-precision loop over several steps; the squared norm against a plain sum.
#include "kernels/adamw.h"

#include <cmath>

#include "catch.h"
#include "kernel_inputs.h"

using namespace ds::kernels;
using namespace ds::kernels::testing;

namespace {

template <class G>
void check(uint64_t n, uint64_t decayed) {
  auto master = normals<float>(n, 1);
  std::vector<double> p(master.begin(), master.end()), m(n, 0.0), v(n, 0.0);
  std::vector<float> moment1(n, 0.0f), moment2(n, 0.0f);
  std::vector<bf16> compute(n);
  const double lr = 0.01, b1 = 0.9, b2 = 0.95, eps = 1e-8, decay = 0.1, scale = 0.5;
  for (int t = 1; t <= 5; ++t) {
    const auto gradient = normals<G>(n, static_cast<uint32_t>(10 + t));
    const AdamwStep step{static_cast<float>(lr),
                         static_cast<float>(b1),
                         static_cast<float>(b2),
                         static_cast<float>(eps),
                         static_cast<float>(decay),
                         static_cast<float>(1 - std::pow(b1, t)),
                         static_cast<float>(1 - std::pow(b2, t)),
                         static_cast<float>(scale)};
    // In two ranges with an odd cut, as threads would.
    const uint64_t cut = n / 3;
    adamw(master.data(), gradient.data(), moment1.data(), moment2.data(), compute.data(), 0, cut, decayed,
          step);
    adamw(master.data(), gradient.data(), moment1.data(), moment2.data(), compute.data(), cut, n, decayed,
          step);
    for (uint64_t i = 0; i < n; ++i) {
      const double g = value(gradient[i]) * scale;
      m[i] = b1 * m[i] + (1 - b1) * g;
      v[i] = b2 * v[i] + (1 - b2) * g * g;
      if (i < decayed) p[i] *= 1 - lr * decay;
      p[i] -= lr * (m[i] / (1 - std::pow(b1, t))) / (std::sqrt(v[i] / (1 - std::pow(b2, t))) + eps);
    }
  }
  for (uint64_t i = 0; i < n; ++i) {
    REQUIRE(std::abs(master[i] - p[i]) <= 2e-6 * (1 + std::abs(p[i])));
    REQUIRE(compute[i].bits == to_bf16(master[i]).bits);
  }
}

}  // namespace

TEST_CASE("adamw agrees with a double-precision loop") {
  on_both_paths([] {
    for (uint64_t n : kSizes) {
      for (uint64_t decayed : {uint64_t{0}, n / 2, n}) {
        check<float>(n, decayed);
        check<bf16>(n, decayed);
      }
    }
  });
}

TEST_CASE("squared_norm is the sum of squares, in chunks") {
  on_both_paths([] {
    for (uint64_t n : {uint64_t{1}, uint64_t{17}, kNormChunk, kNormChunk + 5, 3 * kNormChunk - 1}) {
      const auto x = normals<float>(n, 3);
      const uint64_t chunks = (n + kNormChunk - 1) / kNormChunk;
      std::vector<double> partials(chunks, -1.0);
      squared_norm_partials(x.data(), n, 0, chunks, partials.data());
      double got = 0, expected = 0;
      for (double p : partials) got += p;
      for (float e : x) expected += static_cast<double>(e) * e;
      REQUIRE(got == Approx(expected).epsilon(1e-12));
    }
  });
}
