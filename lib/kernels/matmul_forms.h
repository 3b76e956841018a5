// The forms of matmul() that a processor may have; matmul_cpu.cpp chooses. `x` is as that form prepared it.
#pragma once

#include <vector>

#include "kernels/matmul.h"

namespace ds::kernels {

// 64-byte aligned memory of one thread, grown as needed and kept between calls.
template <class T>
T* matmul_scratch(size_t count) {
  static thread_local std::vector<T> memory;
  const size_t pad = 64 / sizeof(T);
  if (memory.size() < count + pad) memory.resize(count + pad);
  const auto place = reinterpret_cast<uintptr_t>(memory.data());
  return memory.data() + (((place + 63) & ~uintptr_t{63}) - place) / sizeof(T);
}

#if defined(__x86_64__)
namespace avx512 {
template <class T>
void matmul(const float* x, int64_t rows, const MatmulWeight<T>& w, const T* bias, T* y, int64_t begin,
            int64_t end);
}
namespace amx {
size_t prepared_bytes(int64_t rows, int64_t in);
void prepare(const bf16* x, int64_t rows, int64_t in, void* prepared, int64_t begin, int64_t end);
void matmul(const void* x, int64_t rows, const MatmulWeight<bf16>& w, const bf16* bias, bf16* y,
            int64_t begin, int64_t end);
}  // namespace amx
#endif

}  // namespace ds::kernels
