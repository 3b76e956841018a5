#include "base/rng.h"

#include <cmath>
#include <vector>

#include "catch.h"

using namespace ds;

TEST_CASE("Philox4x32-10 gives the Random123 known answers") {
  using Four = std::array<uint32_t, 4>;
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Four{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const uint32_t f = 0xffffffff;
  CHECK(philox4x32({f, f, f, f}, {f, f}) == Four{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Four{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("streams, sub-streams and seeds are apart") {
  const uint64_t base = Rng(7, RngStream::init).bits(3);
  CHECK(base == Rng(7, RngStream::init).bits(3));
  CHECK(base != Rng(8, RngStream::init).bits(3));
  CHECK(base != Rng(7, RngStream::shuffle).bits(3));
  CHECK(base != Rng(7, RngStream::init, 1).bits(3));
  CHECK(base != Rng(7 + (uint64_t{1} << 40), RngStream::init).bits(3));
  CHECK(base != Rng(7, RngStream::init).bits(3 + (uint64_t{1} << 40)));
}

TEST_CASE("uniform and normal numbers have their moments") {
  const Rng rng(11, RngStream::test);
  const int n = 200000;
  double sum = 0, square = 0, u_sum = 0;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal(i), u = rng.uniform(i);
    REQUIRE(std::isfinite(x));
    REQUIRE((u >= 0 && u < 1));
    sum += x;
    square += x * x;
    u_sum += u;
  }
  CHECK(std::abs(sum / n) < 4 / std::sqrt(n));
  CHECK(std::abs(square / n - 1) < 4 * std::sqrt(2.0 / n));
  CHECK(std::abs(u_sum / n - 0.5) < 4 * std::sqrt(1 / 12.0 / n));
}

TEST_CASE("below stays below and reaches everything evenly") {
  const Rng rng(12, RngStream::test);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts.at(rng.below(i, 7));
  for (const int c : counts) CHECK(std::abs(c - 10000) < 500);
  for (int i = 0; i < 100; ++i) {
    CHECK(rng.below(i, 1) == 0);
    CHECK(rng.below(i, ~uint64_t{0}) < ~uint64_t{0});
  }
}

TEST_CASE("a permutation is a bijection for every size") {
  for (uint64_t n = 0; n <= 300; ++n) {
    const Permutation p(n, n * 31 + 5, RngStream::shuffle, static_cast<uint32_t>(n));
    std::vector<bool> seen(n);
    for (uint64_t i = 0; i < n; ++i) {
      REQUIRE(p(i) < n);
      REQUIRE(!seen[p(i)]);
      seen[p(i)] = true;
    }
    CHECK(p.size() == n);
  }
  for (const uint64_t n : {65535, 65536, 65537, 100003}) {
    const Permutation p(n, 1, RngStream::shuffle);
    std::vector<bool> seen(n);
    uint64_t fixed = 0;
    for (uint64_t i = 0; i < n; ++i) {
      REQUIRE(p(i) < n);
      REQUIRE(!seen[p(i)]);
      seen[p(i)] = true;
      fixed += p(i) == i;
    }
    CHECK(fixed < 12);  // a random permutation has one on average
  }
  const Permutation huge(~uint64_t{0}, 3, RngStream::shuffle);
  CHECK(huge(12345) != huge(12346));
}

TEST_CASE("permutations mix: where element 0 of ten goes is even over seeds") {
  std::vector<int> counts(10);
  for (uint64_t seed = 0; seed < 20000; ++seed) ++counts[Permutation(10, seed, RngStream::shuffle)(0)];
  for (const int c : counts) CHECK(std::abs(c - 2000) < 250);
}
