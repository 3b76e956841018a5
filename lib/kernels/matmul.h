// y = x W^T (+ bias) on the CPU for inference: few or many rows of x against a weight matrix that may be
// packed integers.
//
// Each number of y depends on its row of x, its row of W and nothing else: not on how many rows came along,
// how the work was cut, or the number of threads. So an answer computed in a batch equals the answer computed
// alone. The sum over `in` has a fixed order; bf16 products are accumulated in fp32.
//
// Packed weights are read as they are stored. A strip of rows is expanded into a scratch block that stays in
// cache, to the very numbers of the dequantised matrix (q * scale, rounded to T), so the result equals, to
// the bit, that of the dense matrix. On processors with AMX, bf16 runs on tiles: a tile of W is A, the
// transposed rows of x are B.
#pragma once

#include <cstddef>

#include "kernels/types.h"

namespace ds::kernels {

enum class ScaleType : uint8_t { f32, bf16, f16 };

// [out, in], rows of `words` 32-bit words: q + 2^(bits-1), element 0 in the lowest bits (compressed-tensors).
struct PackedMatrix {
  const uint32_t* packed = nullptr;
  const void* scale = nullptr;  // [out, in / group], or [out, 1] when group is 0
  ScaleType scale_type = ScaleType::f32;
  int bits = 8;  // 4 or 8
  int64_t group = 0;
  int64_t words = 0;
};

// One of the two is given.
template <class T>
struct MatmulWeight {
  const T* dense = nullptr;  // [out, in], contiguous
  PackedMatrix packed;
  int64_t out = 0, in = 0;
};

// Row `row` of a packed matrix as T: T(q * scale) with the product rounded to the scale's type first.
template <class T>
void dequantize_row(const PackedMatrix& w, int64_t row, int64_t in, T* out);

// Round to nearest, symmetric: scale = amax / ((2^bits - 1) / 2) rounded to its type, q = clamp(round(x /
// scale)). Writes `words` packed words and in / group (or 1) scales of the row; a row (group) of zeros has
// scale 1.
void quantize_row(const float* x, int64_t in, int bits, int64_t group, ScaleType scale_type, uint32_t* packed,
                  void* scale);

// `prepared` is what the rows of x look like to the kernel: made once by the caller, shared by all that work
// on the call. Bytes it needs; 0 when the kernel reads x itself. Made in blocks of 16 rows, [begin, end) of
// matmul_blocks(rows). The switches of types.h must stay as they are from prepare to matmul.
template <class T>
size_t matmul_prepared_bytes(int64_t rows, int64_t in);
inline int64_t matmul_blocks(int64_t rows) { return (rows + 15) / 16; }
template <class T>
void matmul_prepare(const T* x, int64_t rows, int64_t in, void* prepared, int64_t begin, int64_t end);

// Work is cut along `out` into strips of kMatmulStrip rows of W; computes strips [begin, end).
constexpr int64_t kMatmulStrip = 32;
inline int64_t matmul_strips(int64_t out) { return (out + kMatmulStrip - 1) / kMatmulStrip; }
// x [rows, in], y [rows, out], both contiguous; bias [out] or null. T is float or bf16.
template <class T>
void matmul(const T* x, const void* prepared, int64_t rows, const MatmulWeight<T>& w, const T* bias, T* y,
            int64_t begin, int64_t end);

}  // namespace ds::kernels
