// Shared by the kernel tests: random inputs as a type's values, and both instruction sets in turn.
#pragma once

#include <vector>

#include "base/rng.h"
#include "kernels/types.h"

namespace ds::kernels::testing {

// Sizes around the vector width, and odd ones.
inline const std::vector<uint64_t> kSizes = {1, 2, 7, 15, 16, 17, 31, 33, 64, 100, 255, 256, 1000};

template <class T>
std::vector<T> normals(uint64_t n, uint32_t sub, double scale = 1.0) {
  Rng rng(42, RngStream::test, sub);
  std::vector<T> out(n);
  for (uint64_t i = 0; i < n; ++i) assign(out[i], static_cast<float>(scale * rng.normal(i)));
  return out;
}

template <class T>
double value(T x) {
  return to_float(x);
}

// Relative size of one rounding of T.
template <class T>
double epsilon() {
  return sizeof(T) == 2 ? 1.0 / 256 : 1.0 / (1 << 21);
}

template <class Body>
void on_both_paths(Body body) {
  allow_avx512(true);
  body();
  allow_avx512(false);
  body();
  allow_avx512(true);
}

}  // namespace ds::kernels::testing
