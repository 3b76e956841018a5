// Learning rates at the places where each schedule turns.
#include "train/schedule.h"

#include <cmath>

#include "base/error.h"
#include "catch.h"

using namespace ds::train;

namespace {

TrainOptions options(const std::string& schedule) {
  TrainOptions o;
  o.steps = 110;
  o.warmup = 10;
  o.lr = 2.0;
  o.min_lr_ratio = 0.1;
  o.schedule = schedule;
  return o;
}

}  // namespace

TEST_CASE("warm-up rises linearly and reaches lr") {
  for (const char* name : {"cosine", "linear", "constant", "wsd"}) {
    const TrainOptions o = options(name);
    for (int64_t step = 1; step <= 10; ++step)
      CHECK(learning_rate(o, step) == Approx(0.2 * static_cast<double>(step)));
  }
  TrainOptions none = options("cosine");
  none.warmup = 0;
  CHECK(learning_rate(none, 1) == Approx(2.0).epsilon(1e-3));
}

TEST_CASE("each schedule ends where it should and never rises after the warm-up") {
  for (const char* name : {"cosine", "linear", "wsd"}) {
    const TrainOptions o = options(name);
    CHECK(learning_rate(o, 110) == Approx(0.2));
    for (int64_t step = 11; step <= 110; ++step)
      CHECK(learning_rate(o, step) <= learning_rate(o, step - 1) + 1e-12);
  }
  CHECK(learning_rate(options("constant"), 110) == 2.0);
}

TEST_CASE("values in the middle") {
  CHECK(learning_rate(options("linear"), 60) == Approx(1.1));
  CHECK(learning_rate(options("cosine"), 60) == Approx(1.1));
  CHECK(learning_rate(options("cosine"), 35) == Approx(0.2 + 0.9 * (1 + std::cos(M_PI / 4))));
  TrainOptions wsd = options("wsd");
  wsd.decay_ratio = 0.2;  // the last 22 steps
  CHECK(learning_rate(wsd, 88) == 2.0);
  CHECK(learning_rate(wsd, 99) == Approx(2.0 - 1.8 * std::sqrt(0.5)));
}

TEST_CASE("an unknown schedule is a usage error") {
  CHECK_THROWS_AS(learning_rate(options("linaer"), 50), ds::Error);
}
