// The weights of a model folder by their logical names, whatever they are stored as: plain tensors, or packed
// integers with scales (compressed-tensors), of which three stored tensors make one logical one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/compressed_tensors.h"
#include "formats/model_folder.h"

namespace ds::exporting {

class Weight {
 public:
  Weight() = default;
  // Throws data when there is no such tensor, its parts contradict each other, or it holds no real numbers.
  Weight(const formats::ModelFolder& model, const std::optional<formats::Quantization>& quantization,
         const std::string& name);

  const std::vector<int64_t>& shape() const { return shape_; }
  uint64_t rows() const;      // product of all dimensions but the last; 1 for a vector
  uint64_t row_size() const;  // the last dimension; 1 for a scalar
  bool packed() const { return static_cast<bool>(packed_); }
  formats::DType dtype() const { return dtype_; }  // as stored; of packed weights that of their scales
  // The row's bytes as they lie, of a tensor that is not packed.
  std::string_view row_bytes(uint64_t row) const;
  void read_row(uint64_t row, float* out) const;  // as fp32; thread-safe

 private:
  formats::Quantization quantization_;
  formats::PackedTensor packed_;
  formats::StoredTensor stored_;
  formats::DType dtype_ = formats::DType::f32;
  std::vector<int64_t> shape_;
};

// Logical names of all tensors, in file order; a packed layer once, as P.weight.
std::vector<std::string> weight_names(const formats::ModelFolder& model,
                                      const std::optional<formats::Quantization>& quantization);

}  // namespace ds::exporting
