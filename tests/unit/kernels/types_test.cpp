// bf16 conversion against the definition: the nearest of the two neighbours, ties to the even one.
#include <cmath>
#include <limits>

#include "catch.h"
#include "kernel_inputs.h"

using namespace ds::kernels;

TEST_CASE("to_bf16 rounds to nearest even") {
  CHECK(to_bf16(1.0f).bits == 0x3f80);
  CHECK(to_bf16(1.0f + 1.0f / 256).bits == 0x3f80);  // tie, even below
  CHECK(to_bf16(1.0f + 3.0f / 256).bits == 0x3f82);  // tie, even above
  CHECK(to_bf16(1.0f + 1.1f / 256).bits == 0x3f81);
  CHECK(to_bf16(-0.0f).bits == 0x8000);
  CHECK(to_bf16(std::numeric_limits<float>::infinity()).bits == 0x7f80);
  CHECK(to_bf16(std::numeric_limits<float>::max()).bits == 0x7f80);
  CHECK(std::isnan(to_float(to_bf16(std::nanf("")))));
  CHECK(to_float(to_bf16(1e-40f)) == Approx(1e-40f).epsilon(0.1));  // subnormals survive
}

TEST_CASE("random floats land within half a step") {
  for (float x : testing::normals<float>(2000, 1, 100.0)) {
    CHECK(std::abs(to_float(to_bf16(x)) - x) <= std::abs(x) / 256);
  }
}
