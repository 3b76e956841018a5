#include "text/minhash.h"

#include <set>

#include "base/hash.h"
#include "base/rng.h"
#include "catch.h"

using namespace ds;
using namespace ds::text;

TEST_CASE("minhash: folding") {
  CHECK(fold("") == "");
  CHECK(fold("  Hello,  WORLD!\n") == "hello world");
  CHECK(fold("It's 3.50 or 1,200 (42%)") == "it s 0 or 0 0");
  CHECK(fold("Ünïcödé ÀÉ") == "unicode ae");
  CHECK(fold("٣٫٥ and ४२") == "0 and 0");
  CHECK(fold("今天，很好。") == "今天 很好");
  CHECK(fold("!!! ...") == "");
  CHECK(fold("한국") == "한국");
}

TEST_CASE("minhash: the published signature") {
  const auto hashes = shingles("the quick brown fox jumps over the lazy dog");
  REQUIRE(hashes.size() == 5);
  CHECK(hashes[0] == xxh64("the quick brown fox jumps"));
  Signature s = empty_signature();
  add_to_signature(hashes, s);
  CHECK(s[0] == 85330943174081874u);
  CHECK(s[1] == 663359892825767826u);
  CHECK(s[2] == 302227827184868053u);
  CHECK(s[111] == 3963570588256049u);
}

TEST_CASE("minhash: shingles") {
  CHECK(shingles("").empty());
  CHECK(shingles("a b c d").empty());
  CHECK(shingles("a b c d e").size() == 1);
  CHECK(shingles("a b c d e f") == std::vector<uint64_t>{xxh64("a b c d e"), xxh64("b c d e f")});
  CHECK(shingles("今天很好吗") == std::vector<uint64_t>{xxh64("今天很好吗")});
}

TEST_CASE("minhash: sketches give the exact similarity up to their size, and a close one beyond") {
  const Rng rng(4, RngStream::test);
  for (uint64_t i = 0; i < 60; ++i) {
    const bool large = i >= 50;
    const uint64_t size = large ? 5000 + rng.below(i, 20000) : rng.below(i, 1000);
    std::vector<uint64_t> a, b;
    const uint64_t shared = 50 + rng.below(i + 1000, 50);
    for (uint64_t k = 0; k < size; ++k) {
      const uint64_t h = rng.bits((i << 32) + k);
      a.push_back(h);
      b.push_back(k % 100 < shared ? h : rng.bits((i << 32) + k + (1 << 30)));
    }
    if (i % 3 == 0) b.insert(b.end(), a.begin(), a.end());  // repeats and a union
    const std::set<uint64_t> x(a.begin(), a.end()), y(b.begin(), b.end());
    uint64_t both = 0;
    for (const uint64_t h : x) both += y.count(h);
    const uint64_t either = x.size() + y.size() - both;
    const double exact = either ? static_cast<double>(both) / static_cast<double>(either) : 0;
    const Sketch p = make_sketch(a), q = make_sketch(b);
    CHECK(p.items.size() <= Sketch::kMaxSketch);
    CAPTURE(i, size, shared, p.level, q.level);
    CHECK(jaccard(p, q) == jaccard(q, p));
    CHECK(jaccard(p, q) == Approx(exact).margin(large ? 0.05 : 1e-9));
    CHECK(jaccard(p, p) == (size ? 1 : 0));
  }
}
