// What kernels speak: plain pointers, sizes, and two number types. C++17, nothing else included, so that host
// code, AVX-512 code and CUDA code share these headers.
//
// Every CPU kernel works on a range (rows or elements) on the calling thread; the caller cuts the work among
// its threads. A kernel's result for a row never depends on how the rows were cut, and sums over rows go
// through fixed chunks, so results do not depend on the number of threads either.
#pragma once

#include <cstdint>
#include <cstring>

namespace ds::kernels {

struct bf16 {
  uint16_t bits;
};

inline float to_float(float x) { return x; }
inline float to_float(bf16 x) {
  uint32_t u = static_cast<uint32_t>(x.bits) << 16;
  float f;
  std::memcpy(&f, &u, sizeof f);
  return f;
}

// Round to nearest, ties to even; NaN stays NaN.
inline bf16 to_bf16(float x) {
  uint32_t u;
  std::memcpy(&u, &x, sizeof u);
  if ((u & 0x7fffffffu) > 0x7f800000u) return {0x7fc0};
  return {static_cast<uint16_t>((u + 0x7fffu + ((u >> 16) & 1u)) >> 16)};
}

inline void assign(float& to, float x) { to = x; }
inline void assign(bf16& to, float x) { to = to_bf16(x); }

// x as it reads back after being stored as T.
template <class T>
float rounded(float x) {
  T t;
  assign(t, x);
  return to_float(t);
}

// The AVX-512 forms run when the processor has F, BW, VL and DQ. Switching them off is for tests and
// comparisons.
bool use_avx512();
void allow_avx512(bool allow);

// Products of bf16 matrices run on AMX tiles where the processor has them, the system lets us use them and
// AVX-512 is not switched off.
bool use_amx();
void allow_amx(bool allow);

}  // namespace ds::kernels
