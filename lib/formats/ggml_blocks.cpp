// Conversions in plain loops over blocks of 32, which compilers turn into vector code: magnitudes are
// compared as integers, rounding goes through int32. Compiled without fused multiply-add: each operation is
// rounded on its own, as the reference does it.
#include "formats/ggml_blocks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "formats/safetensors.h"

namespace ds::formats {
namespace {

constexpr GgmlTypeInfo row(uint32_t id, std::string_view name, uint32_t block, uint32_t bytes) {
  return {static_cast<GgmlType>(id), name, block, bytes};
}
constexpr std::array kTypes = {
    row(0, "F32", 1, 4),         row(1, "F16", 1, 2),         row(2, "Q4_0", 32, 18),
    row(3, "Q4_1", 32, 20),      row(6, "Q5_0", 32, 22),      row(7, "Q5_1", 32, 24),
    row(8, "Q8_0", 32, 34),      row(9, "Q8_1", 32, 36),      row(10, "Q2_K", 256, 84),
    row(11, "Q3_K", 256, 110),   row(12, "Q4_K", 256, 144),   row(13, "Q5_K", 256, 176),
    row(14, "Q6_K", 256, 210),   row(15, "Q8_K", 256, 292),   row(16, "IQ2_XXS", 256, 66),
    row(17, "IQ2_XS", 256, 74),  row(18, "IQ3_XXS", 256, 98), row(19, "IQ1_S", 256, 50),
    row(20, "IQ4_NL", 32, 18),   row(21, "IQ3_S", 256, 110),  row(22, "IQ2_S", 256, 82),
    row(23, "IQ4_XS", 256, 136), row(24, "I8", 1, 1),         row(25, "I16", 1, 2),
    row(26, "I32", 1, 4),        row(27, "I64", 1, 8),        row(28, "F64", 1, 8),
    row(29, "IQ1_M", 256, 56),   row(30, "BF16", 1, 2),       row(34, "TQ1_0", 256, 54),
    row(35, "TQ2_0", 256, 66),   row(39, "MXFP4", 32, 17),    row(40, "NVFP4", 64, 36),
};
constexpr std::array kWritten = {GgmlType::f32, GgmlType::f16, GgmlType::bf16, GgmlType::q8_0,
                                 GgmlType::q4_0};

constexpr uint32_t kMagnitude = 0x7fffffffu, kInfinite = 0x7f800000u;
constexpr size_t kBlock = 32;

// The largest magnitude of a block, as bits: for numbers without sign the order of the bits is theirs.
uint32_t largest(const float* x) {
  int32_t most = 0;  // signed, because that comparison is a vector instruction everywhere
  for (size_t i = 0; i < kBlock; ++i) {
    most = std::max(most, static_cast<int32_t>(std::bit_cast<uint32_t>(x[i]) & kMagnitude));
  }
  return static_cast<uint32_t>(most);
}

void put_f16(char* out, float value) {
  const uint16_t bits = float_to_f16(value);
  std::memcpy(out, &bits, 2);
}

// 1 / d, and whether that is a number to multiply by.
float inverse(float d) { return d == 0.0f ? 0.0f : 1.0f / d; }

GgmlProblem to_q8_0(const float* x, size_t blocks, char* out) {
  for (; blocks > 0; --blocks, x += kBlock, out += 34) {
    const uint32_t most = largest(x);
    if (most >= kInfinite) return GgmlProblem::not_finite;
    const float d = std::bit_cast<float>(most) / 127.0f, id = inverse(d);
    put_f16(out, d);
    if (std::isinf(id)) {
      std::memset(out + 2, 0, kBlock);
      continue;
    }
    int8_t q[kBlock];
    for (size_t i = 0; i < kBlock; ++i) {
      const float v = x[i] * id;
      const float a = std::fabs(v);
      const int32_t whole = static_cast<int32_t>(a);  // |v| is 127 at most, and a hair
      const int32_t up = a - static_cast<float>(whole) >= 0.5f ? 1 : 0;
      const int32_t rounded = whole + up;
      q[i] = static_cast<int8_t>(v < 0.0f ? -rounded : rounded);
    }
    std::memcpy(out + 2, q, kBlock);
  }
  return GgmlProblem::none;
}

GgmlProblem to_q4_0(const float* x, size_t blocks, char* out) {
  for (; blocks > 0; --blocks, x += kBlock, out += 18) {
    const uint32_t most = largest(x);
    if (most >= kInfinite) return GgmlProblem::not_finite;
    size_t at = 0;
    while ((std::bit_cast<uint32_t>(x[at]) & kMagnitude) != most) ++at;
    const float d = x[at] / -8.0f, id = inverse(d);
    put_f16(out, d);
    if (std::isinf(id)) {
      std::memset(out + 2, 0, kBlock / 2);
      continue;
    }
    int32_t q[kBlock];
    for (size_t i = 0; i < kBlock; ++i) {
      const float scaled = x[i] * id;
      q[i] = std::min(15, static_cast<int32_t>(scaled + 8.5f));  // 0.5 to 16.5
    }
    for (size_t i = 0; i < kBlock / 2; ++i) {
      out[2 + i] = static_cast<char>(q[i] | q[i + kBlock / 2] << 4);
    }
  }
  return GgmlProblem::none;
}

GgmlProblem to_f16(std::span<const float> in, char* out) {
  uint32_t most = 0;
  for (size_t i = 0; i < in.size(); ++i) {
    const uint16_t bits = float_to_f16(in[i]);
    most = std::max(most, static_cast<uint32_t>(bits & 0x7fffu));
    std::memcpy(out + i * 2, &bits, 2);
  }
  if (most < 0x7c00u) return GgmlProblem::none;
  const bool finite = std::all_of(in.begin(), in.end(), [](float v) { return std::isfinite(v); });
  return finite ? GgmlProblem::too_large : GgmlProblem::not_finite;
}

float get_f16(const char* from) {
  uint16_t bits;
  std::memcpy(&bits, from, 2);
  return f16_to_float(bits);
}

}  // namespace

const GgmlTypeInfo* find_ggml_type(uint32_t id) {
  const auto it = std::find_if(kTypes.begin(), kTypes.end(),
                               [&](const GgmlTypeInfo& t) { return static_cast<uint32_t>(t.type) == id; });
  return it == kTypes.end() ? nullptr : &*it;
}

const GgmlTypeInfo& ggml_type_info(GgmlType type) { return *find_ggml_type(static_cast<uint32_t>(type)); }

std::optional<GgmlType> ggml_type_from_name(std::string_view name) {
  for (const GgmlType type : kWritten) {
    const std::string_view known = ggml_type_info(type).name;
    if (std::equal(name.begin(), name.end(), known.begin(), known.end(),
                   [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; })) {
      return type;
    }
  }
  return std::nullopt;
}

bool ggml_quantised(GgmlType type) { return ggml_type_info(type).block > 1; }

std::optional<uint64_t> ggml_bytes(const GgmlTypeInfo& type, uint64_t elements) {
  uint64_t bytes = 0;
  if (elements % type.block != 0) return std::nullopt;
  if (__builtin_mul_overflow(elements / type.block, uint64_t{type.bytes}, &bytes)) return std::nullopt;
  return bytes;
}

GgmlProblem to_ggml(GgmlType type, std::span<const float> in, char* out) {
  switch (type) {
    case GgmlType::f32:
      std::memcpy(out, in.data(), in.size_bytes());
      return GgmlProblem::none;
    case GgmlType::bf16:
      for (size_t i = 0; i < in.size(); ++i) {
        const uint16_t bits = float_to_bf16(in[i]);
        std::memcpy(out + i * 2, &bits, 2);
      }
      return GgmlProblem::none;
    case GgmlType::f16:
      return to_f16(in, out);
    case GgmlType::q8_0:
    case GgmlType::q4_0:
      break;
  }
  if (in.size() % kBlock != 0) throw internal_error("to_ggml: no whole number of blocks");
  const GgmlProblem problem = type == GgmlType::q8_0 ? to_q8_0(in.data(), in.size() / kBlock, out)
                                                     : to_q4_0(in.data(), in.size() / kBlock, out);
  if (problem != GgmlProblem::none) return problem;
  // A scale beyond fp16 would make the whole block infinite.
  const uint32_t step = ggml_type_info(type).bytes;
  for (size_t b = 0; b < in.size() / kBlock; ++b) {
    if (std::isinf(get_f16(out + b * step))) return GgmlProblem::too_large;
  }
  return GgmlProblem::none;
}

void from_ggml(GgmlType type, std::string_view bytes, std::span<float> out) {
  if (ggml_bytes(ggml_type_info(type), out.size()) != bytes.size())
    throw internal_error("from_ggml: the sizes do not fit");
  const char* from = bytes.data();
  switch (type) {
    case GgmlType::f32:
      std::memcpy(out.data(), from, bytes.size());
      return;
    case GgmlType::bf16:
    case GgmlType::f16:
      for (size_t i = 0; i < out.size(); ++i) {
        uint16_t bits;
        std::memcpy(&bits, from + i * 2, 2);
        out[i] = type == GgmlType::bf16 ? bf16_to_float(bits) : f16_to_float(bits);
      }
      return;
    case GgmlType::q8_0:
      for (size_t b = 0; b < out.size() / kBlock; ++b, from += 34) {
        const float d = get_f16(from);
        for (size_t i = 0; i < kBlock; ++i) out[b * kBlock + i] = static_cast<int8_t>(from[2 + i]) * d;
      }
      return;
    case GgmlType::q4_0:
      for (size_t b = 0; b < out.size() / kBlock; ++b, from += 18) {
        const float d = get_f16(from);
        for (size_t i = 0; i < kBlock / 2; ++i) {
          const int q = static_cast<uint8_t>(from[2 + i]);
          out[b * kBlock + i] = d * static_cast<float>((q & 15) - 8);
          out[b * kBlock + i + kBlock / 2] = d * static_cast<float>((q >> 4) - 8);
        }
      }
      return;
  }
}

}  // namespace ds::formats
