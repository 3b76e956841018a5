// The ops against what they say, written out; the fused forms against the composite ones are in
// fused_test.cpp.
#include "nn/ops.h"

#include <ATen/ATen.h>

#include <cmath>

#include "catch.h"
#include "models/tiny_model.h"

namespace ds {
namespace {

using test::largest;
using test::leaf;

struct Composite {
  Composite() { nn::set_fused(false); }
  ~Composite() { nn::set_fused(true); }
};

}  // namespace

TEST_CASE("rms_norm casts before the weight") {
  const Composite composite;
  const at::Tensor x = at::randn({5, 8}).to(at::kBFloat16);
  const nn::Weight w = leaf(at::randn({8}).to(at::kBFloat16));
  const at::Tensor t = x.to(at::kFloat);
  const at::Tensor expected = w.dense * (t / (t * t).mean(1, true).add(1e-5).sqrt()).to(at::kBFloat16);
  CHECK(largest((nn::rms_norm(x, w, 1e-5) - expected).to(at::kFloat)) <= 0.02);
  const auto [sum, y] = nn::add_rms_norm(x, x, w, 1e-5);
  CHECK(at::equal(sum, x + x));
  CHECK(at::equal(y, nn::rms_norm(x + x, w, 1e-5)));
}

TEST_CASE("rope turns pairs by position times frequency, in both layouts") {
  const arch::ModelConfig config = test::tiny_config();
  const nn::RopeTable table = nn::make_rope_table(config, 40, at::kCPU);
  REQUIRE(table.positions() == 40);
  const int64_t d = config.head_dim, half = d / 2;
  const at::Tensor x = at::randn({6, 3, d}), positions = at::tensor({0, 1, 2, 39, 7, 7}, at::kLong);
  for (const bool fused : {false, true}) {
    nn::set_fused(fused);
    for (const auto layout : {nn::RopeLayout::half_split, nn::RopeLayout::interleaved}) {
      const at::Tensor y = nn::rope(x, positions, table, layout);
      double worst = 0;
      for (int64_t n = 0; n < 6; ++n) {
        for (int64_t i = 0; i < half; ++i) {
          const double angle = positions[n].item<double>() *
                               std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(d));
          const int64_t a = layout == nn::RopeLayout::half_split ? i : 2 * i,
                        b = layout == nn::RopeLayout::half_split ? i + half : 2 * i + 1;
          const double xa = x[n][1][a].item<double>(), xb = x[n][1][b].item<double>();
          worst = std::max(
              worst, std::abs(y[n][1][a].item<double>() - (xa * std::cos(angle) - xb * std::sin(angle))));
          worst = std::max(
              worst, std::abs(y[n][1][b].item<double>() - (xb * std::cos(angle) + xa * std::sin(angle))));
        }
      }
      CHECK(worst < 1e-5);
    }
  }
  nn::set_fused(true);
}

TEST_CASE("packed attention is causal and keeps to documents, windows and valid keys") {
  const int64_t rows = 2, length = 7, heads = 4, kv = 2, width = 8;
  const at::Tensor q = at::randn({rows * length, heads, width}), k = at::randn({rows * length, kv, width}),
                   v = at::randn({rows * length, kv, width});
  const at::Tensor documents =
      at::tensor({0, 0, 0, 1, 1, 1, 2, 5, 5, 5, 5, 5, 5, 5}, at::kLong).view({rows, length});
  at::Tensor valid = at::ones({rows, length}, at::kLong);
  valid[1][0] = 0;
  valid[1][1] = 0;
  struct Case {
    at::Tensor documents, valid;
    int64_t window;
  };
  for (const Case& c : {Case{{}, {}, 0}, Case{documents, {}, 0}, Case{{}, {}, 3}, Case{documents, {}, 2},
                        Case{{}, valid, 0}, Case{documents, valid, 3}}) {
    for (const bool fused : {false, true}) {
      nn::set_fused(fused);
      nn::PackedAttention attention(rows, length, c.documents, c.valid);
      const at::Tensor out = attention.attend(q, k, v, {.layer = 0, .scale = 0.3, .window = c.window});
      REQUIRE(out.sizes() == q.sizes());
      double worst = 0;
      for (int64_t n = 0; n < rows * length; ++n) {
        const int64_t row = n / length, t = n % length;
        for (int64_t h = 0; h < heads; ++h) {
          std::vector<int64_t> seen;
          for (int64_t j = 0; j <= t; ++j) {
            if (c.window > 0 && t - j >= c.window) continue;
            if (c.documents.defined() &&
                c.documents[row][j].item<int64_t>() != c.documents[row][t].item<int64_t>())
              continue;
            if (c.valid.defined() && c.valid[row][j].item<int64_t>() == 0) continue;
            seen.push_back(row * length + j);
          }
          const bool nothing = seen.empty();  // then all keys of the row count alike
          if (nothing)
            for (int64_t j = 0; j < length; ++j) seen.push_back(row * length + j);
          const at::Tensor rows_seen = at::tensor(seen, at::kLong);
          const at::Tensor keys = k.select(1, h / 2).index_select(0, rows_seen),
                           values = v.select(1, h / 2).index_select(0, rows_seen);
          at::Tensor scores = at::mv(keys, q[n][h]) * (nothing ? 0.0 : 0.3);
          worst = std::max(worst, largest(out[n][h] - at::mv(values.t(), at::softmax(scores, 0))));
        }
      }
      INFO("fused " << fused << ", window " << c.window << ", documents " << c.documents.defined()
                    << ", valid " << c.valid.defined());
      CHECK(worst < 1e-5);
    }
  }
  nn::set_fused(true);
}

TEST_CASE("packed attention: documents that come back in a row see each other, fused as composite") {
  const at::Tensor x = at::randn({6, 2, 8});
  const at::Tensor documents = at::tensor({0, 1, 0, 1, 0, 0}, at::kLong).view({1, 6});
  nn::set_fused(false);
  const at::Tensor expected = nn::PackedAttention(1, 6, documents).attend(x, x, x, {.scale = 1.0});
  nn::set_fused(true);
  CHECK(largest(nn::PackedAttention(1, 6, documents).attend(x, x, x, {.scale = 1.0}) - expected) < 1e-6);
}

}  // namespace ds
