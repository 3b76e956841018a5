// Sixteen sums of sixteen lanes each: the ends of sixteen dot products. For the bodies that are compiled once
// per instruction set (*_tile.h), hence the unnamed namespace.
#pragma once

#include <cstdint>

namespace ds::kernels {
namespace {

typedef float Lanes __attribute__((vector_size(64), aligned(4)));

template <int Step>
inline void halve(Lanes* v, int n, const int32_t (&low)[16]) {
  typedef int32_t Index __attribute__((vector_size(64)));
  Index a, b;
  for (int i = 0; i < 16; ++i) a[i] = low[i], b[i] = low[i] + Step;
  for (int p = 0; p < n; ++p)
    v[p] = __builtin_shuffle(v[p], v[p + n], a) + __builtin_shuffle(v[p], v[p + n], b);
}

// Lane p of v[0] becomes the sum of the lanes of v[p]: of each, lane l with l + 8, then l + 4, l + 2, l + 1.
inline void sum_lanes(Lanes (&v)[16]) {
  halve<8>(v, 8, {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23});
  halve<4>(v, 4, {0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27});
  halve<2>(v, 2, {0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29});
  halve<1>(v, 1, {0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30});
}

}  // namespace
}  // namespace ds::kernels
