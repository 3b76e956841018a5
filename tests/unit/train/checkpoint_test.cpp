// A checkpoint reads back as it was written, and a fault at any file operation leaves the old one or the new
// one.
#include "train/checkpoint.h"

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/fault.h"
#include "catch.h"
#include "toy_run.h"
#include "train/run_folder.h"

using namespace ds;
using namespace ds::train;
using namespace ds::train::testing;

namespace {

void fill(at::Tensor& flat, float start) {
  float* p = flat.data_ptr<float>();
  for (int64_t i = 0; i < flat.numel(); ++i) p[i] = start + static_cast<float>(i % 1000) / 1000;
}

bool equal(const nn::ParameterStore& a, at::Tensor& x,
           at::Tensor& y) {  // the tensors, not the gaps between them
  for (const auto& weight : a.declarations(at::kFloat)) {
    const at::Tensor u = a.view(x, weight.name), v = a.view(y, weight.name);
    if (std::memcmp(u.data_ptr(), v.data_ptr(), u.nbytes()) != 0) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("checkpoints survive faults whole") {
  Toy toy;
  const Inputs inputs = open_inputs(toy.o, toy.manifest_options(), 5);
  const nn::StoreOptions options{.device = at::kCPU, .compute = at::kBFloat16, .training = true};
  nn::ParameterStore store(inputs.config, options), other(inputs.config, options);
  store.init_random(1);
  other.init_random(2);
  fill(store.moment1(), 1.0f);
  fill(store.moment2(), 2.0f);
  begin_fresh(toy.o.output, inputs.fingerprint, toy.manifest_options(), 5);
  formats::TrainState state;
  state.step = 3;
  state.tokens = 100;
  state.best_loss = 1.25;
  save_checkpoint(toy.o.output, inputs, state, store, at::kBFloat16);
  REQUIRE(checkpoint_steps(toy.o.output) == std::vector<int64_t>{3});
  REQUIRE(load_checkpoint(toy.o.output, 3, other) == state);
  REQUIRE(equal(store, store.master(), other.master()));
  REQUIRE(equal(store, store.moment1(), other.moment1()));
  REQUIRE(equal(store, store.moment2(), other.moment2()));

  state.tokens = 200;  // the same checkpoint again, with a fault in every place
  uint64_t n = 1;
  for (bool done = false; !done; ++n) {
    REQUIRE(n < 1000);
    fault::arm(n, ENOSPC);
    try {
      save_checkpoint(toy.o.output, inputs, state, store, at::kBFloat16);
      done = true;
    } catch (const Error& e) {
      REQUIRE(e.kind() == ErrorKind::io);
    }
    fault::disarm();
    REQUIRE(checkpoint_steps(toy.o.output) == std::vector<int64_t>{3});
    const int64_t tokens = load_checkpoint(toy.o.output, 3, other).tokens;
    REQUIRE((tokens == 100 || tokens == 200));
    if (done) REQUIRE(tokens == 200);
  }
  CHECK(n > 10);
}
