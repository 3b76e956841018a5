// Cross-entropy and its in-place gradient against double-precision loops: odd vocabularies, large logits,
// ignored rows.
#include "kernels/cross_entropy.h"

#include <cmath>

#include "catch.h"
#include "kernel_inputs.h"

using namespace ds::kernels;
using namespace ds::kernels::testing;

namespace {

template <class T>
void check(uint64_t vocab, double scale) {
  const uint64_t rows = 4;
  const float factor = 0.25f;
  const auto logits = normals<T>(rows * vocab, 1, scale);
  const int64_t last = static_cast<int64_t>(vocab) - 1;
  const std::vector<int64_t> targets = {0, kIgnoredTarget, last, last / 2};
  std::vector<float> losses(rows), without(rows);
  auto z = logits, untouched = logits;
  cross_entropy(untouched.data(), targets.data(), rows, vocab, factor, false, without.data());
  cross_entropy(z.data(), targets.data(), rows, vocab, factor, true, losses.data());
  for (uint64_t r = 0; r < rows; ++r) {
    REQUIRE(losses[r] == without[r]);
    double top = -1e300, total = 0;
    for (uint64_t i = 0; i < vocab; ++i) top = std::max(top, value(logits[r * vocab + i]));
    for (uint64_t i = 0; i < vocab; ++i) total += std::exp(value(logits[r * vocab + i]) - top);
    const bool ignored = targets[r] == kIgnoredTarget;
    const double expected =
        ignored ? 0 : std::log(total) + top - value(logits[r * vocab + static_cast<uint64_t>(targets[r])]);
    REQUIRE(std::abs(losses[r] - expected) <= 2e-6 * (1 + std::abs(expected) + std::abs(top)));
    for (uint64_t i = 0; i < vocab; ++i) {
      REQUIRE(value(untouched[r * vocab + i]) == value(logits[r * vocab + i]));
      double p = std::exp(value(logits[r * vocab + i]) - top) / total;
      if (static_cast<int64_t>(i) == targets[r]) p -= 1;
      const double gradient = ignored ? 0 : factor * p;
      REQUIRE(std::abs(value(z[r * vocab + i]) - gradient) <=
              epsilon<T>() * std::abs(gradient) + 2e-6 * factor);
    }
  }
}

}  // namespace

TEST_CASE("cross_entropy agrees with the definition") {
  on_both_paths([] {
    for (uint64_t vocab : kSizes) {
      for (double scale : {1.0, 30.0}) {
        check<float>(vocab, scale);
        check<bf16>(vocab, scale);
      }
    }
  });
}

TEST_CASE("a logit of not-a-number or infinity shows in the loss") {
  on_both_paths([] {
    for (float bad : {std::nanf(""), INFINITY}) {
      std::vector<float> z(37, 0.5f), loss(1);
      z[20] = bad;
      const int64_t target = 3;
      cross_entropy(z.data(), &target, 1, z.size(), 1.0f, false, loss.data());
      CHECK_FALSE(std::isfinite(loss[0]));
    }
  });
}
