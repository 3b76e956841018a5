// What holds for every architecture: blocks called one by one are the whole, and rows know nothing of each
// other.
#include "models/model.h"

#include <ATen/ATen.h>

#include "base/error.h"
#include "catch.h"
#include "models/tiny_model.h"
#include "scratch.h"

namespace ds {

TEST_CASE("embed, blocks and norm one by one are hidden_states, and its trace") {
  at::NoGradGuard no_grad;
  test::TinyModel m;
  const at::Tensor ids = at::randint(61, {12}, at::kLong), positions = at::arange(6, at::kLong).repeat({2});
  nn::PackedAttention attention(2, 6);
  std::vector<at::Tensor> trace;
  const at::Tensor whole = models::hidden_states(*m.model, ids, positions, attention, &trace);
  REQUIRE(static_cast<int>(trace.size()) == m.model->blocks() + 1);
  at::Tensor x = m.model->embed(ids);
  for (int i = 0; i < m.model->blocks(); ++i) {
    CHECK(at::equal(x, trace[static_cast<size_t>(i)]));
    x = m.model->block(i, x, positions, attention);
  }
  CHECK(at::equal(m.model->norm(x), whole));
  CHECK(at::equal(trace.back(), whole));
  const at::Tensor logits = models::logits(*m.model, whole.narrow(0, 3, 2));
  CHECK(logits.sizes() == at::IntArrayRef{2, 61});
  CHECK(logits.scalar_type() == at::kFloat);
}

TEST_CASE("a row gives the same alone as in a batch, and the future does not reach the past") {
  at::NoGradGuard no_grad;
  test::TinyModel m;
  const at::Tensor ids = at::randint(61, {2, 9}, at::kLong);
  const auto run = [&](const at::Tensor& rows) {
    nn::PackedAttention attention(rows.size(0), rows.size(1));
    const at::Tensor positions = at::arange(rows.size(1), at::kLong).repeat({rows.size(0)});
    return models::hidden_states(*m.model, rows.flatten(), positions, attention)
        .unflatten(0, {rows.size(0), rows.size(1)});
  };
  const at::Tensor both = run(ids);
  CHECK(test::largest(run(ids.narrow(0, 1, 1))[0] - both[1]) < 1e-5);
  at::Tensor changed = ids.clone();
  changed[0][8] = (changed[0][8] + 1) % 61;
  CHECK(test::largest((run(changed) - both)[0].narrow(0, 0, 8)) < 1e-6);
  CHECK(test::largest((run(changed) - both)[0][8]) > 1e-3);
}

TEST_CASE("a model type without a forward is a data error that names those there are") {
  arch::ModelConfig config = test::tiny_config();
  nn::ParameterStore store(config, {});
  config.model_type = "mamba";
  const Error e = test::thrown_by<Error>([&] { models::make_model(config, store); });
  CHECK(e.kind() == ErrorKind::data);
  CHECK(e.hint().find("llama") != std::string::npos);
}

}  // namespace ds
