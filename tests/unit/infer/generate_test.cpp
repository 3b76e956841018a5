#include "infer/generate.h"

#include <ATen/ATen.h>

#include "base/error.h"
#include "catch.h"
#include "models/tiny_model.h"
#include "scratch.h"

namespace ds {
namespace {

// The obvious way: everything again for each token.
std::vector<int64_t> slow(models::Model& model, std::vector<int64_t> ids, int64_t tokens,
                          const infer::SamplerOptions& sampling, uint32_t sequence) {
  at::NoGradGuard no_grad;
  std::vector<int64_t> fresh;
  for (int64_t i = 0; i < tokens; ++i) {
    const int64_t n = static_cast<int64_t>(ids.size());
    nn::PackedAttention attention(1, n);
    const at::Tensor h =
        models::hidden_states(model, at::tensor(ids, at::kLong), at::arange(n, at::kLong), attention);
    const at::Tensor z = models::logits(model, h.narrow(0, n - 1, 1)).contiguous();
    fresh.push_back(infer::sample({z.const_data_ptr<float>(), static_cast<size_t>(z.numel())}, sampling,
                                  sequence, ids.size()));
    ids.push_back(fresh.back());
  }
  return fresh;
}

}  // namespace

TEST_CASE(
    "generation with a cache equals generation without, greedy and drawn, for several prompts at once") {
  test::TinyModel m;
  const std::vector<std::vector<int64_t>> prompts = {
      {5, 6, 7}, {1}, {9, 9, 2, 4, 11, 30, 60, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 8}};
  Run run;
  for (const infer::SamplerOptions& sampling :
       {infer::SamplerOptions{}, {.temperature = 0.7, .top_k = 20, .top_p = 0.9, .seed = 4}}) {
    std::vector<std::vector<int64_t>> seen(prompts.size());
    const auto result = infer::generate(*m.model, prompts, {.max_tokens = 20, .sampling = sampling}, run,
                                        [&](size_t i, int64_t id) { seen[i].push_back(id); });
    for (size_t i = 0; i < prompts.size(); ++i) {
      CHECK(result.sequences[i].ids == slow(*m.model, prompts[i], 20, sampling, static_cast<uint32_t>(i)));
      CHECK(result.sequences[i].ids == seen[i]);
      CHECK_FALSE(result.sequences[i].stopped);
    }
    CHECK(result.prefill_tokens == 22);
    CHECK(result.decode_tokens == 3 * 19);
  }
}

TEST_CASE("a stop id ends its sequence only and is not returned") {
  test::TinyModel m;
  Run run;
  const std::vector<std::vector<int64_t>> prompts = {{5, 6, 7}, {1, 2}};
  const auto free = infer::generate(*m.model, prompts, {.max_tokens = 12}, run);
  const int64_t stop = free.sequences[0].ids[6];
  const auto result = infer::generate(*m.model, prompts, {.max_tokens = 12, .stop_ids = {stop}}, run);
  for (size_t i = 0; i < 2; ++i) {
    const auto& all = free.sequences[i].ids;
    const auto end = std::find(all.begin(), all.end(), stop);
    CHECK(result.sequences[i].ids == std::vector<int64_t>(all.begin(), end));
    CHECK(result.sequences[i].stopped == (end != all.end()));
  }
}

TEST_CASE("an empty prompt is a usage error; no tokens asked for, none given; a signal ends early") {
  test::TinyModel m;
  Run run;
  CHECK(test::thrown_by<Error>([&] { infer::generate(*m.model, {{}}, {}, run); }).kind() == ErrorKind::usage);
  CHECK(infer::generate(*m.model, {{1}}, {.max_tokens = 0}, run).sequences[0].ids.empty());
  std::atomic<int> signal{0};
  Run stopping{.stop = StopToken(&signal)};
  const auto result =
      infer::generate(*m.model, {{1}}, {.max_tokens = 50}, stopping, [&](size_t, int64_t) { signal = 15; });
  CHECK(result.sequences[0].ids.size() == 1);
}

}  // namespace ds
