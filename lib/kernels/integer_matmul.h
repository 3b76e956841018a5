// y = x W^T (+ bias) on the CPU where W is packed integers: products of integers, eight bits by four or
// eight.
//
// The rows of x become integers too, each run of 128 numbers with a scale of its own (amax / 127), so that
// the products of a run are summed exactly, in 32 bits, and one fused multiply-add a run brings the scales
// in, in the order of the runs. So every form of the kernel gives the same bytes, whatever it is that it sums
// first, and a row's result does not depend on the other rows, their number, the cut of the work or the
// threads. What it costs against the dequantised matrix is the rounding of x: half of amax / 127 of a run
// (llama.cpp and KleidiAI do the same).
//
// Weights are read as they are stored, once for 16 rows of x.
#pragma once

#include "kernels/matmul.h"

namespace ds::kernels {

constexpr int64_t kIntegerRun = 128;
inline int64_t integer_runs(int64_t in) { return (in + kIntegerRun - 1) / kIntegerRun; }

// Scales of whole rows, or of groups that are whole runs.
inline bool integer_matmul_supported(const PackedMatrix& w) { return w.group % kIntegerRun == 0; }

// The rows of x as integers, in blocks, [begin, end) of integer_blocks(rows); see matmul_prepare(). One call
// of prepare and matmul must see the same switches of types.h.
int64_t integer_blocks(int64_t rows);
size_t integer_prepared_bytes(int64_t rows, int64_t in);
template <class T>
void integer_prepare(const T* x, int64_t rows, int64_t in, int bits, void* prepared, int64_t begin,
                     int64_t end);

// Strips [begin, end) of matmul_strips(out). y [rows, out]; bias [out] or null. T is float or bf16.
template <class T>
void integer_matmul(const void* prepared, int64_t rows, const PackedMatrix& w, int64_t out, int64_t in,
                    const T* bias, T* y, int64_t begin, int64_t end);

}  // namespace ds::kernels
