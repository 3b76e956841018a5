// Reading inputs and writing outputs; the numbers are checked against transformers in
// models/llama_test.cpp.
#include "eval/forward.h"

#include <ATen/ATen.h>

#include "base/error.h"
#include "catch.h"
#include "formats/safetensors.h"
#include "models/tiny_model.h"
#include "scratch.h"

namespace ds {
namespace {

using test::largest;
using test::thrown_by;

std::string write(const test::Scratch& scratch, const eval::NamedTensors& tensors) {
  const std::string path = scratch.path() + "/in.safetensors";
  eval::write_tensors(path, tensors);
  return path;
}

}  // namespace

TEST_CASE("forward input: what is refused, and how") {
  const test::Scratch scratch;
  const arch::ModelConfig config = test::tiny_config();
  const at::Tensor ids = at::randint(61, {2, 6}, at::kLong);
  at::Tensor beyond = ids.clone(), negative = ids.clone(), labels = ids.clone();
  beyond[1][3] = 61;
  negative[0][0] = -1;
  labels[0][2] = -99;
  struct Case {
    eval::NamedTensors tensors;
    const char* says;
  };
  for (const Case& c :
       {Case{{{"labels", ids}}, "no tensor `ids`"}, Case{{{"ids", at::zeros({0, 4}, at::kLong)}}, "empty"},
        Case{{{"ids", ids.flatten()}}, "expected [B, S]"}, Case{{{"ids", ids.to(at::kFloat)}}, "ids"},
        Case{{{"ids", beyond}}, "row 1, column 3: 61"}, Case{{{"ids", negative}}, "row 0, column 0: -1"},
        Case{{{"ids", ids}, {"labels", labels}}, "row 0, column 2: -99"},
        Case{{{"ids", ids}, {"labels", ids.narrow(1, 0, 5)}}, "shape [2, 5]"},
        Case{{{"ids", ids}, {"attention_mask", ids + 2}}, "attention_mask"},
        Case{{{"ids", ids}, {"position_ids", ids + 128}}, "position_ids"},
        Case{{{"ids", at::zeros({1, 129}, at::kLong)}}, "max_position_embeddings"}}) {
    const std::string path = write(scratch, c.tensors);
    const Error e = thrown_by<Error>([&] { eval::read_forward_input(path, config, Log::null()); });
    INFO(e.what());
    CHECK(e.kind() == ErrorKind::data);
    CHECK(std::string(e.what()).find(c.says) != std::string::npos);
    CHECK(std::string(e.what()).find(path) != std::string::npos);
  }
}

TEST_CASE("restarting positions, doc_ids and separate rows are the same") {
  const test::Scratch scratch;
  test::TinyModel m;
  const at::Tensor ids = at::randint(61, {1, 10}, at::kLong);
  const at::Tensor positions = at::tensor({0, 1, 2, 3, 0, 1, 2, 3, 4, 5}, at::kLong).view({1, 10});
  const at::Tensor documents = at::tensor({0, 0, 0, 0, 1, 1, 1, 1, 1, 1}, at::kLong).view({1, 10});
  const auto logits = [&](const eval::NamedTensors& tensors) {
    const auto in = eval::read_forward_input(write(scratch, tensors), m.config, Log::null());
    return eval::forward(*m.model, in, false, false).at("logits");
  };
  const at::Tensor split =
      at::cat({logits({{"ids", ids.narrow(1, 0, 4)}}), logits({{"ids", ids.narrow(1, 4, 6)}})}, 1);
  CHECK(largest(logits({{"ids", ids}, {"position_ids", positions}}) - split) < 1e-5);
  CHECK(largest(logits({{"ids", ids}, {"position_ids", positions}, {"doc_ids", documents}}) - split) < 1e-5);
  CHECK(largest(logits({{"ids", ids}}) - split) > 1e-3);
}

TEST_CASE("loss and gradients: finite differences, and errors without labels") {
  const test::Scratch scratch;
  test::TinyModel m({.training = true});
  const at::Tensor ids = at::randint(61, {2, 6}, at::kLong);
  auto in = eval::read_forward_input(write(scratch, {{"ids", ids}}), m.config, Log::null());
  CHECK(thrown_by<Error>([&] { eval::forward(*m.model, in, true, false); }).kind() == ErrorKind::usage);
  in.labels = at::full({2, 6}, -100, at::kLong);
  in.labels[0][0] = 3;  // shifted away
  CHECK(thrown_by<Error>([&] { eval::forward(*m.model, in, false, false); }).kind() == ErrorKind::data);
  in.labels = ids.clone();
  const auto out = eval::forward(*m.model, in, true, true);
  CHECK(out.at("loss").sizes() == at::IntArrayRef{1});
  CHECK(out.count("hidden.2") == 1);
  CHECK(out.count("hidden.3") == 0);
  for (const char* name : {"model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight",
                           "model.norm.weight", "lm_head.weight"}) {
    const at::Tensor g = out.at("grad." + std::string(name)), direction = at::sign(g);
    const auto loss_at = [&](double step) {
      at::NoGradGuard no_grad;
      at::Tensor w = m.store.view(m.store.master(), name);
      w.add_(direction, step);
      const double loss = eval::forward(*m.model, in, false, false).at("loss").item<double>();
      w.sub_(direction, step);
      return loss;
    };
    const double expected = g.abs().sum().item<double>(), step = 1e-3;
    CHECK(std::abs((loss_at(step) - loss_at(-step)) / (2 * step) - expected) < 0.02 * expected + 1e-3);
  }
}

}  // namespace ds
