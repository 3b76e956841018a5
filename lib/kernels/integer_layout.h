// What integer_prepare() makes: blocks of `columns` rows of x, one after the other. A block has for each run
// two chunks of 64 numbers as [16][columns][4] bytes, the shape of an AMX tile, which for one column is
// simply the row; then for each run the scales of the columns, then what is to be added to their sums because
// packed integers are stored with an offset. Chunks are the halves of a run for eight bits; for four bits its
// even and its odd numbers, as they lie in the low and high nibbles of the packed bytes.
#pragma once

#include <algorithm>

#include "kernels/integer_matmul.h"

namespace ds::kernels {

constexpr int64_t kIntegerFew = 2;  // rows of x for which tiles do not pay

struct IntegerBlocks {
  int64_t rows, runs, columns;
  IntegerBlocks(int64_t rows, int64_t in)
      : rows(rows), runs(integer_runs(in)), columns(rows > kIntegerFew && use_amx() ? 16 : 1) {}
  int64_t count() const { return (rows + columns - 1) / columns; }
  int64_t bytes() const { return (runs * columns * (kIntegerRun + 8) + 63) / 64 * 64; }
  int64_t chunk_bytes() const { return 64 * columns; }
};

struct IntegerBlock {
  int8_t* chunks;     // [runs][2][16][columns][4]
  float* scale;       // [runs][columns]
  int32_t* addition;  // [runs][columns]
};
inline IntegerBlock integer_block(const IntegerBlocks& b, const void* prepared, int64_t block) {
  char* at = const_cast<char*>(static_cast<const char*>(prepared)) + block * b.bytes();
  auto* scale = reinterpret_cast<float*>(at + b.runs * b.columns * kIntegerRun);
  return {reinterpret_cast<int8_t*>(at), scale, reinterpret_cast<int32_t*>(scale + b.runs * b.columns)};
}

// Where number i of a run lies in its chunks.
inline int64_t integer_place(int bits, int64_t columns, int64_t column, int64_t i) {
  const int64_t chunk = bits == 4 ? i % 2 : i / 64, j = bits == 4 ? i / 2 : i % 64;
  return ((chunk * 16 + j / 4) * columns + column) * 4 + j % 4;
}

constexpr float kIntegerSmallest = 1e-30f;  // runs below it are zeros: 127 / amax would be infinite

#if defined(__x86_64__)
namespace avx512 {
bool integer_available();
template <class T>
void integer_prepare(const T* x, int64_t rows, int64_t in, int bits, void* prepared, int64_t begin,
                     int64_t end);
template <class T>
void integer_matmul(const void* prepared, int64_t rows, const PackedMatrix& w, int64_t out, int64_t in,
                    const T* bias, T* y, int64_t begin, int64_t end);
}  // namespace avx512
namespace amx {
template <class T>
void integer_matmul(const void* prepared, int64_t rows, const PackedMatrix& w, int64_t out, int64_t in,
                    const T* bias, T* y, int64_t begin, int64_t end);
}  // namespace amx
#endif

}  // namespace ds::kernels
