// Rotary position embedding (Su et al. 2021), forward and backward, for T = float or bf16.
//
// Each pair (a, b) of a head is turned by the angle of its row's position: (a cos - b sin, b cos + a sin).
// Pairs are (i, i + D/2) in the half-split layout and (2i, 2i + 1) in the interleaved one. With T = bf16 cos,
// sin, both products and the result are rounded to bf16, as transformers does for llama. The backward is the
// rotation by the opposite angle.
#pragma once

#include "kernels/types.h"

namespace ds::kernels {

// x, y [rows, heads, width], may be the same; positions [rows]; cos, sin [max position + 1, width / 2].
template <class T>
void rope(const T* x, const int64_t* positions, const float* cos, const float* sin, uint64_t rows,
          uint64_t heads, uint64_t width, bool interleaved, bool inverse, T* y);

}  // namespace ds::kernels
