// Decoding through the cache equals one pass over everything, whatever the split and however the pages lie.
#include "infer/kv_cache.h"

#include <ATen/ATen.h>

#include "base/error.h"
#include "catch.h"
#include "models/tiny_model.h"
#include "scratch.h"

namespace ds {
namespace {

using test::largest;

at::Tensor whole(models::Model& model, const at::Tensor& ids) {
  nn::PackedAttention attention(1, ids.numel());
  return models::hidden_states(model, ids, at::arange(ids.numel(), at::kLong), attention);
}

at::Tensor step(models::Model& model, infer::KvCache& cache, const std::vector<int>& sequences,
                const std::vector<int64_t>& counts, const at::Tensor& ids) {
  infer::CachedAttention attention(cache, sequences, counts);
  return models::hidden_states(model, ids, attention.positions(), attention);
}

}  // namespace

TEST_CASE("cached decoding equals one pass, for any split") {
  at::NoGradGuard no_grad;
  test::TinyModel m;
  const int64_t length = 50;
  const at::Tensor ids = at::randint(61, {length}, at::kLong), expected = whole(*m.model, ids);
  for (const std::vector<int64_t>& split :
       {std::vector<int64_t>{50}, {1, 49}, {20, 1, 1, 28}, {16, 16, 18}, {47, 1, 1, 1}}) {
    infer::KvCache cache(m.config, 4, at::kCPU, at::kFloat);
    const int sequence = cache.add_sequence();
    std::vector<at::Tensor> parts;
    int64_t begin = 0;
    for (const int64_t count : split) {
      cache.grow(sequence, count);
      parts.push_back(step(*m.model, cache, {sequence}, {count}, ids.narrow(0, begin, count)));
      begin += count;
      CHECK(cache.length(sequence) == begin);
    }
    CHECK(largest(at::cat(parts) - expected) < 2e-5);
  }
}

TEST_CASE("sequences of different lengths share the pool, with pages in any order") {
  at::NoGradGuard no_grad;
  test::TinyModel m;
  infer::KvCache cache(m.config, 9, at::kCPU, at::kFloat);
  const at::Tensor a = at::randint(61, {60}, at::kLong), b = at::randint(61, {40}, at::kLong);
  const int first = cache.add_sequence(), second = cache.add_sequence();
  std::vector<at::Tensor> found_a, found_b;
  int64_t at_a = 0, at_b = 0;
  for (const auto& [count_a, count_b] :
       std::vector<std::pair<int64_t, int64_t>>{{10, 17}, {10, 1}, {1, 15}, {20, 1}, {19, 6}}) {
    cache.grow(first, count_a);
    cache.grow(second, count_b);  // so the pages of the two alternate
    const at::Tensor out = step(*m.model, cache, {first, second}, {count_a, count_b},
                                at::cat({a.narrow(0, at_a, count_a), b.narrow(0, at_b, count_b)}));
    found_a.push_back(out.narrow(0, 0, count_a));
    found_b.push_back(out.narrow(0, count_a, count_b));
    at_a += count_a, at_b += count_b;
  }
  CHECK(largest(at::cat(found_a) - whole(*m.model, a)) < 2e-5);
  CHECK(largest(at::cat(found_b) - whole(*m.model, b)) < 2e-5);
  CHECK(cache.free_pages() == 9 - 4 - 3);
  CHECK(test::thrown_by<Error>([&] { cache.grow(second, 100); }).kind() == ErrorKind::resource);
  cache.free_sequence(first);
  cache.free_sequence(second);
  CHECK(cache.free_pages() == 9);
  CHECK(cache.add_sequence() == first);
  CHECK(cache.length(first) == 0);
}

TEST_CASE("a sliding window in the cache is the packed one, in both forms and types") {
  arch::ModelConfig config = test::tiny_config();
  config.layers = 1;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const double limit = type == at::kFloat ? 1e-5 : 2e-2;
    const at::Tensor q = at::randn({30, 4, 8}, type), k = at::randn({30, 2, 8}, type),
                     v = at::randn({30, 2, 8}, type);
    for (const int64_t window : {0, 1, 7, 64}) {
      const nn::AttentionSpec spec{.layer = 0, .scale = 0.4, .window = window};
      const at::Tensor expected = nn::PackedAttention(1, 30).attend(q, k, v, spec);
      for (const bool fused : {true, false}) {
        nn::set_fused(fused);
        infer::KvCache cache(config, 5, at::kCPU, type);
        const int other = cache.add_sequence();
        cache.grow(other, 16);
        const int sequence = cache.add_sequence();
        cache.grow(sequence, 16);
        cache.grow(other, 32);  // between the two pages of the sequence
        cache.grow(sequence, 30);
        std::vector<at::Tensor> parts;
        for (int64_t begin = 0; begin < 30;) {
          const int64_t count = begin == 0 ? 9 : begin == 9 ? 11 : 1;
          infer::CachedAttention attention(cache, {sequence}, {count});
          parts.push_back(attention.attend(q.narrow(0, begin, count), k.narrow(0, begin, count),
                                           v.narrow(0, begin, count), spec));
          begin += count;
        }
        nn::set_fused(true);
        CHECK(largest(at::cat(parts) - expected) < limit);
      }
    }
  }
}

}  // namespace ds
