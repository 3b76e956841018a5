// Quantised weights in a model folder, in the `pack-quantized` layout of compressed-tensors, which
// transformers and vLLM read: config.json says how (`quantization_config`), and a linear layer P has three
// tensors instead of P.weight:
//
//   P.weight_packed  I32 [out, ceil(in * bits / 32)]  signed q stored as q + 2^(bits-1), element 0 in the
//                                                     lowest bits, a row padded with zero bits
//   P.weight_scale   F32, BF16 or F16 [out, in / group], or [out, 1] when a whole row shares its scale
//   P.weight_shape   I64 [2] = [out, in]
//
// The value is q * scale, rounded to the scale's type. Symmetric, so there are no zero points. Which layers
// are packed is seen by their tensors; `ignore` only says so to other readers.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "formats/model_folder.h"

namespace ds::formats {

struct Quantization {
  int bits = 8;       // 4 or 8
  int64_t group = 0;  // inputs that share a scale; 0: the whole row ("channel")
  std::vector<std::string>
      ignore;  // layers ("lm_head", "model.layers.0.mlp.down_proj") that stay as they are

  int64_t words(int64_t in) const { return (in * bits + 31) / 32; }        // of a packed row
  int64_t scales(int64_t in) const { return group > 0 ? in / group : 1; }  // of a row
};

// From config.json; nothing when it has no quantization_config. Throws data, naming file and key, for other
// layouts.
std::optional<Quantization> parse_quantization(const nlohmann::json& config, const std::string& name);
nlohmann::json quantization_config(const Quantization& q);  // what goes under that key

// The three tensors of a quantised layer; false when the folder has no P.weight_packed.
struct PackedTensor {
  StoredTensor words, scale;
  int64_t out = 0, in = 0;
  explicit operator bool() const { return static_cast<bool>(words); }
};
// `weight` is the logical name, "P.weight". Throws data when the three contradict each other or `q`, when one
// is missing, or when P.weight is there too.
PackedTensor find_packed(const ModelFolder& folder, const Quantization& q, const std::string& weight);
std::vector<TensorDecl> packed_declarations(const Quantization& q, const std::string& weight, int64_t out,
                                            int64_t in, DType scale_type);

// Row `row` of a packed tensor as fp32 into out[0, in).
void unpack_row(const PackedTensor& t, const Quantization& q, int64_t row, float* out);

// Any floating-point tensor of a folder by its logical name, as fp32: stored so, or dequantised. For tools
// that need numbers, not speed.
std::vector<float> read_floats(const ModelFolder& folder, const std::optional<Quantization>& q,
                               const std::string& name);

}  // namespace ds::formats
