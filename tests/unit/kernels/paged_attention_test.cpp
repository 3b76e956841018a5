// Attention over pages against the textbook loop in double precision: random block tables, past and new
// tokens, windows, grouped heads, strided inputs; and the same bytes whoever shares the cache.
#include "kernels/paged_attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include "catch.h"

using namespace ds::kernels;

namespace {

struct Case {
  int64_t heads, kv_heads, width, page_tokens, window;
  std::vector<std::pair<int64_t, int64_t>> sequences;  // past, count
};

const std::vector<Case> kCases = {
    {4, 4, 64, 16, 0, {{0, 1}, {0, 50}, {37, 1}, {200, 1}, {33, 3}, {31, 20}}},
    {4, 2, 16, 16, 0, {{0, 100}, {15, 1}, {16, 1}, {17, 16}}},
    {3, 1, 24, 8, 0, {{5, 1}, {0, 17}, {64, 15}, {64, 16}}},
    {2, 1, 128, 16, 0, {{0, 97}, {96, 1}, {300, 2}}},
    {2, 2, 20, 4, 16, {{0, 70}, {70, 1}, {3, 1}, {100, 40}}},
    {4, 1, 32, 16, 33, {{150, 1}, {0, 150}, {200, 60}}},
    {1, 1, 256, 16, 0, {{40, 1}, {0, 20}}},
    {8, 1, 6, 5, 0, {{11, 1}, {0, 33}}},
    {2, 1, 90, 16, 7, {{50, 4}, {10, 30}}},
};

// Everything that one sequence brings along.
template <class T>
struct Sequence {
  int64_t past, count;
  std::vector<T> q, k, v;  // of all past + count tokens
};

template <class T>
std::vector<T> numbers(int64_t n, std::mt19937& rng) {
  std::normal_distribution<float> normal;
  std::vector<T> out(static_cast<size_t>(n));
  for (T& x : out) assign(x, normal(rng));
  return out;
}

template <class T>
std::vector<double> reference(const Case& c, const Sequence<T>& s, double scale) {
  const int64_t a = c.heads, kv = c.kv_heads, d = c.width;
  std::vector<double> out(static_cast<size_t>(s.count * a * d));
  for (int64_t i = 0; i < s.count; ++i)
    for (int64_t h = 0; h < a; ++h) {
      const int64_t at = s.past + i, g = h / (a / kv),
                    lo = c.window ? std::max<int64_t>(0, at - c.window + 1) : 0;
      std::vector<double> p(static_cast<size_t>(at - lo + 1));
      double top = -1e300, sum = 0;
      for (int64_t j = lo; j <= at; ++j) {
        double dot = 0;
        for (int64_t e = 0; e < d; ++e)
          dot += double{to_float(s.q[(at * a + h) * d + e])} * to_float(s.k[(j * kv + g) * d + e]);
        p[j - lo] = dot * scale;
        top = std::max(top, p[j - lo]);
      }
      for (double& x : p) sum += x = std::exp(x - top);
      for (int64_t j = lo; j <= at; ++j)
        for (int64_t e = 0; e < d; ++e)
          out[(i * a + h) * d + e] += p[j - lo] / sum * to_float(s.v[(j * kv + g) * d + e]);
    }
  return out;
}

// All sequences in one cache of shuffled pages; the results of each.
template <class T>
std::vector<std::vector<T>> attend(const Case& c, const std::vector<const Sequence<T>*>& sequences,
                                   double scale, uint32_t seed) {
  std::mt19937 rng(seed);
  const int64_t kvd = c.kv_heads * c.width, ad = c.heads * c.width, pad = 5;
  int64_t pages = 3, tokens = 0;
  for (const auto* s : sequences) pages += (s->past + s->count) / c.page_tokens + 1, tokens += s->count;
  std::vector<int64_t> free_pages(static_cast<size_t>(pages));
  std::iota(free_pages.begin(), free_pages.end(), 0);
  std::shuffle(free_pages.begin(), free_pages.end(), rng);
  T poison;
  assign(poison, NAN);
  std::vector<T> keys(static_cast<size_t>(pages * c.page_tokens * kvd), poison), values = keys;
  const PagedCache cache{keys.data(), values.data(), c.page_tokens, c.kv_heads, c.width};
  PagedShape shape{c.heads, scale, c.window, ad + pad, kvd + pad, kvd};
  std::vector<T> q(static_cast<size_t>(tokens * shape.q_stride), poison);
  std::vector<T> k(static_cast<size_t>(tokens * shape.k_stride), poison);
  std::vector<T> v(static_cast<size_t>(tokens * shape.v_stride), poison),
      out(static_cast<size_t>(tokens * ad), poison);
  std::vector<std::vector<int64_t>> tables;
  std::vector<PagedSequence> places;
  int64_t begin = 0;
  for (const auto* s : sequences) {
    const auto need = static_cast<size_t>((s->past + s->count + c.page_tokens - 1) / c.page_tokens);
    tables.emplace_back(free_pages.end() - static_cast<int64_t>(need), free_pages.end());
    free_pages.resize(free_pages.size() - need);
    const PagedShape plain{c.heads, scale, c.window, ad, kvd, kvd};
    paged_store(cache, plain, {tables.back().data(), 0, s->past, 0}, s->k.data(), s->v.data());
    for (int64_t i = 0; i < s->count; ++i) {
      std::memcpy(&q[(begin + i) * shape.q_stride], &s->q[(s->past + i) * ad], ad * sizeof(T));
      std::memcpy(&k[(begin + i) * shape.k_stride], &s->k[(s->past + i) * kvd], kvd * sizeof(T));
      std::memcpy(&v[(begin + i) * shape.v_stride], &s->v[(s->past + i) * kvd], kvd * sizeof(T));
    }
    places.push_back({nullptr, s->past, s->count, begin});
    begin += s->count;
  }
  std::vector<std::vector<T>> results;
  for (size_t i = 0; i < places.size(); ++i) {
    places[i].pages = tables[i].data();
    paged_store(cache, shape, places[i], k.data(), v.data());
  }
  for (const PagedSequence& p : places) {
    for (int64_t head = c.kv_heads; head-- > 0;) paged_attention(cache, shape, p, head, q.data(), out.data());
    results.emplace_back(out.begin() + p.begin * ad, out.begin() + (p.begin + p.count) * ad);
  }
  return results;
}

template <class T>
void check(const Case& c, double tolerance) {
  std::mt19937 rng(17);
  std::vector<Sequence<T>> sequences;
  std::vector<const Sequence<T>*> all;
  for (const auto& [past, count] : c.sequences) {
    const int64_t n = past + count;
    sequences.push_back({past, count, numbers<T>(n * c.heads * c.width, rng),
                         numbers<T>(n * c.kv_heads * c.width, rng),
                         numbers<T>(n * c.kv_heads * c.width, rng)});
  }
  for (const auto& s : sequences) all.push_back(&s);
  const double scale = 1.0 / std::sqrt(double(c.width));
  const auto together = attend<T>(c, all, scale, 1);
  for (size_t i = 0; i < all.size(); ++i) {
    CAPTURE(c.heads, c.kv_heads, c.width, c.window, all[i]->past, all[i]->count, sizeof(T));
    const auto expected = reference(c, *all[i], scale);
    for (size_t e = 0; e < expected.size(); ++e) {
      if (std::fabs(to_float(together[i][e]) - expected[e]) <= tolerance * (1 + std::fabs(expected[e])))
        continue;
      CAPTURE(e);
      REQUIRE(to_float(together[i][e]) == expected[e]);
    }
    const auto alone = attend<T>(c, {all[i]}, scale, 2)[0];
    CHECK(std::memcmp(alone.data(), together[i].data(), alone.size() * sizeof(T)) == 0);
  }
}

}  // namespace

TEST_CASE("attention over pages equals the textbook loop, alone and in company", "[kernels]") {
  for (const bool wide : {false, true}) {
    allow_avx512(wide);
    for (const Case& c : kCases) {
      CAPTURE(wide);
      check<float>(c, 3e-6);
      check<bf16>(c, 4e-3);
    }
  }
  allow_avx512(true);
}
