// The optimizer on a real store against a double-precision loop: decay on matrices only, clipping factor,
// compute copy.
#include "train/optimizer.h"

#include <cmath>

#include "base/rng.h"
#include "catch.h"

using namespace ds;

TEST_CASE("AdamW on the store equals a double-precision loop") {
  arch::ModelConfig config = arch::parse_config(
      nlohmann::json::parse(
          R"({"model_type": "llama", "vocab_size": 50, "hidden_size": 24, "intermediate_size": 40,
        "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32})"),
      "config.json");
  for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
    nn::ParameterStore store(config, {.device = at::kCPU, .compute = compute, .training = true});
    store.init_random(3);
    const int64_t n = store.size();
    float *p = store.master().data_ptr<float>(), *g = store.gradient().data_ptr<float>();
    std::vector<double> expected(p, p + n), m(static_cast<size_t>(n)), v(static_cast<size_t>(n));
    const std::vector<float> before(p, p + n);
    train::TrainOptions o;
    for (int64_t t = 1; t <= 4; ++t) {
      double squares = 0;
      Rng rng(t, RngStream::test);
      for (int64_t i = 0; i < n; ++i) {
        g[i] = before[static_cast<size_t>(i)] == 0.0f
                   ? 0.0f
                   : static_cast<float>(rng.normal(static_cast<uint64_t>(i)));
        squares += static_cast<double>(g[i]) * g[i];
      }
      const double norm = train::gradient_norm(store), lr = 0.01 * static_cast<double>(t), scale = 0.5;
      REQUIRE(norm == Approx(std::sqrt(squares)).epsilon(1e-9));
      train::adamw_update(store, o, t, lr, scale);
      for (int64_t k = 0; k < n; ++k) {
        const size_t i = static_cast<size_t>(k);
        const double gradient = scale * g[i];
        m[i] = o.beta1 * m[i] + (1 - o.beta1) * gradient;
        v[i] = o.beta2 * v[i] + (1 - o.beta2) * gradient * gradient;
        if (k < store.decayed()) expected[i] *= 1 - lr * o.weight_decay;
        const double root = std::sqrt(v[i] / (1 - std::pow(o.beta2, static_cast<double>(t)))) + o.eps;
        expected[i] -= lr * m[i] / (1 - std::pow(o.beta1, static_cast<double>(t))) / root;
      }
    }
    for (int64_t i = 0; i < n; ++i) REQUIRE(std::abs(p[i] - expected[static_cast<size_t>(i)]) <= 3e-6);
    if (compute == at::kBFloat16) {
      const auto* c = store.compute().data_ptr<at::BFloat16>();
      for (int64_t i = 0; i < n; ++i) REQUIRE(c[i] == at::BFloat16(p[i]));
    }
    // The two norms of the block and the final one do not decay, everything else does.
    CHECK(store.size() - store.decayed() == 3 * 64);
  }
}
