#include "infer/sampler.h"

#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "base/error.h"
#include "catch.h"
#include "scratch.h"

namespace ds {
namespace {

std::map<int64_t, double> shares(const std::vector<float>& logits, infer::SamplerOptions options,
                                 int draws = 20000) {
  std::map<int64_t, double> result;
  for (int i = 0; i < draws; ++i)
    result[infer::sample(logits, options, 0, static_cast<uint64_t>(i))] += 1.0 / draws;
  return result;
}

}  // namespace

TEST_CASE("greedy takes the lowest id among equals") {
  CHECK(infer::sample(std::vector<float>{1, 3, 3, 2}, {}, 0, 0) == 1);
  CHECK(infer::sample(std::vector<float>{-std::numeric_limits<float>::infinity(), -5}, {}, 0, 0) == 1);
}

TEST_CASE("drawn shares are the softmax at the temperature") {
  const std::vector<float> logits = {0.0f, 1.0f, 2.0f, -1.0f};
  for (const double temperature : {0.5, 1.0, 2.0}) {
    const auto found = shares(logits, {.temperature = temperature, .seed = 3});
    double total = 0;
    for (const float z : logits) total += std::exp(z / temperature);
    for (size_t i = 0; i < logits.size(); ++i) {
      const double expected = std::exp(logits[i] / temperature) / total;
      const auto it = found.find(static_cast<int64_t>(i));
      CHECK(std::abs((it == found.end() ? 0.0 : it->second) - expected) < 0.015);
    }
  }
}

TEST_CASE("top-k and top-p leave only the most likely") {
  const std::vector<float> logits = {std::log(0.1f), std::log(0.4f), std::log(0.2f), std::log(0.3f)};
  const auto k2 = shares(logits, {.temperature = 1.0, .top_k = 2});
  REQUIRE(k2.size() == 2);
  CHECK(std::abs(k2.at(1) - 4.0 / 7) < 0.015);
  CHECK(k2.count(3) == 1);
  const auto p = shares(logits, {.temperature = 1.0, .top_p = 0.65});
  REQUIRE(p.size() == 2);  // 0.4 + 0.3 reaches it
  CHECK(shares(logits, {.temperature = 1.0, .top_p = 0.0}).size() == 1);
  CHECK(shares(logits, {.temperature = 1.0, .top_k = 3, .top_p = 0.75}).size() ==
        2);  // of what top-k left: 4/9, 3/9, 2/9
}

TEST_CASE("the draw depends on seed, sequence and position alone") {
  const std::vector<float> logits(100, 0.0f);
  const infer::SamplerOptions a{.temperature = 1.0, .seed = 1}, b{.temperature = 1.0, .seed = 2};
  CHECK(infer::sample(logits, a, 0, 5) == infer::sample(logits, a, 0, 5));
  int same_seed = 0, same_sequence = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    same_seed += infer::sample(logits, a, 0, i) == infer::sample(logits, b, 0, i);
    same_sequence += infer::sample(logits, a, 0, i) == infer::sample(logits, a, 1, i);
  }
  CHECK(same_seed < 10);
  CHECK(same_sequence < 10);
}

TEST_CASE("logits that are no numbers are a data error") {
  CHECK(test::thrown_by<Error>([] { infer::sample(std::vector<float>{0, NAN}, {}, 0, 0); }).kind() ==
        ErrorKind::data);
}

}  // namespace ds
