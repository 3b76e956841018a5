// Scales of packed weights: stored as fp32, bf16 or f16, and each value q * scale is rounded to the same
// type.
#pragma once

#include "kernels/matmul.h"

namespace ds::kernels {

// IEEE half precision. Rounds to nearest even; too large becomes infinity, NaN stays NaN.
inline uint16_t to_half(float x) {
  uint32_t u;
  std::memcpy(&u, &x, 4);
  const uint32_t sign = u >> 16 & 0x8000u;
  u &= 0x7fffffffu;
  if (u > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
  if (u >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);
  if (u < 0x38800000u) {  // subnormal: adding 0.5 leaves the result, rounded, in the lowest bits
    float magnitude;
    std::memcpy(&magnitude, &u, 4);
    magnitude += 0.5f;
    std::memcpy(&u, &magnitude, 4);
    return static_cast<uint16_t>(sign | (u - 0x3f000000u));
  }
  return static_cast<uint16_t>(sign | ((u - 0x38000000u + 0xfffu + (u >> 13 & 1u)) >> 13));
}

inline float half_to_float(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000u) << 16, exponent = h >> 10 & 31u, m = h & 0x3ffu;
  uint32_t u = sign | (exponent + 112) << 23 | m << 13;
  if (exponent == 31) u = sign | 0x7f800000u | m << 13;
  float f;
  if (exponent != 0) {
    std::memcpy(&f, &u, 4);
    return f;
  }
  f = static_cast<float>(m) * 0x1p-24f;
  return sign ? -f : f;
}

inline float round_to_scale(ScaleType type, float x) {
  if (type == ScaleType::bf16) return rounded<bf16>(x);
  return type == ScaleType::f16 ? half_to_float(to_half(x)) : x;
}

inline float read_scale(ScaleType type, const void* scales, int64_t i) {
  if (type == ScaleType::f32) return static_cast<const float*>(scales)[i];
  const uint16_t bits = static_cast<const uint16_t*>(scales)[i];
  return type == ScaleType::bf16 ? to_float(kernels::bf16{bits}) : half_to_float(bits);
}

inline void write_scale(ScaleType type, void* scales, int64_t i, float x) {
  if (type == ScaleType::f32)
    static_cast<float*>(scales)[i] = x;
  else
    static_cast<uint16_t*>(scales)[i] = type == ScaleType::bf16 ? to_bf16(x).bits : to_half(x);
}

inline int64_t scales_per_row(const PackedMatrix& w, int64_t in) {
  return w.group > 0 ? (in + w.group - 1) / w.group : 1;
}

// Elements [begin, end) of a row, as dequantize_row() gives them.
template <class T>
void dequantize_part(const PackedMatrix& w, int64_t row, int64_t in, int64_t begin, int64_t end, T* out) {
  const uint32_t* words = w.packed + row * w.words;
  const int64_t first_scale = row * scales_per_row(w, in), group = w.group > 0 ? w.group : in;
  const int per_word = 32 / w.bits, offset = 1 << (w.bits - 1);
  const uint32_t mask = (1u << w.bits) - 1;
  for (int64_t i = begin; i < end;) {
    const float scale = read_scale(w.scale_type, w.scale, first_scale + i / group);
    for (const int64_t stop = i / group * group + group < end ? i / group * group + group : end; i < stop;
         ++i) {
      const int q = static_cast<int>(words[i / per_word] >> (i % per_word * w.bits) & mask) - offset;
      assign(out[i - begin], round_to_scale(w.scale_type, static_cast<float>(q) * scale));
    }
  }
}

}  // namespace ds::kernels
