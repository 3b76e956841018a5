// The number types of GGUF files: their ids and sizes, and conversion of rows to and from the five that
// ds-tools writes. A quantised row is cut into blocks of 32 elements with one fp16 scale each:
//
//   Q8_0  34 bytes: f16 d, i8 q[32]       d = amax / 127; q = round(x / d), half away from zero; x' = d * q
//   Q4_0  18 bytes: f16 d, u8 q[16]       d = m / -8, m the signed value of largest magnitude (the first of
//         equals); q = min(15, trunc(x / d + 8.5)); byte j holds element j (low) and j + 16 (high);
//         x' = d * (q - 8)
//
// Results equal ggml's reference quantisers and the `gguf` package to the bit, for every finite input:
// 1 / d is taken in fp32 from the d that is not yet rounded to fp16, a scale too small to invert gives zeros.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ds::formats {

enum class GgmlType : uint32_t { f32 = 0, f16 = 1, q4_0 = 2, q8_0 = 8, bf16 = 30 };

struct GgmlTypeInfo {
  GgmlType type;  // any id of the format, also those without a name in the enum
  std::string_view name;
  uint32_t block = 1;  // elements in a block
  uint32_t bytes = 0;  // of a block
};
const GgmlTypeInfo* find_ggml_type(uint32_t id);                     // nullptr: the format has no such type
const GgmlTypeInfo& ggml_type_info(GgmlType type);                   // of one of the five
std::optional<GgmlType> ggml_type_from_name(std::string_view name);  // "q8_0"; of the five
bool ggml_quantised(GgmlType type);                                  // a block has more than one element

// Bytes of `elements`; nothing when they are no whole number of blocks or the size overflows.
std::optional<uint64_t> ggml_bytes(const GgmlTypeInfo& type, uint64_t elements);

// What a finite fp32 number becomes: why a conversion cannot be made, at the first element that says so.
enum class GgmlProblem { none, not_finite, too_large };  // too_large: beyond fp16 (65504)

// `in` to `type`, whole blocks; `out` has ggml_bytes(). F32 and BF16 take everything as it is, the others
// finite numbers only, and F16 none that would become infinite.
GgmlProblem to_ggml(GgmlType type, std::span<const float> in, char* out);
void from_ggml(GgmlType type, std::string_view bytes, std::span<float> out);  // one of the five

}  // namespace ds::formats
