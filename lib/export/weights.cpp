#include "export/weights.h"

#include <fmt/format.h>

#include <cstring>

#include "base/error.h"

namespace ds::exporting {

using formats::DType;

Weight::Weight(const formats::ModelFolder& model, const std::optional<formats::Quantization>& quantization,
               const std::string& name) {
  if (quantization && name.ends_with(".weight")) {
    quantization_ = *quantization;
    packed_ = formats::find_packed(model, quantization_, name);
  }
  if (packed_) {
    shape_ = {packed_.out, packed_.in};
    dtype_ = packed_.scale.info->dtype;
    return;
  }
  stored_ = model.at(name);
  shape_ = stored_.info->shape;
  dtype_ = stored_.info->dtype;
  if (dtype_ != DType::f32 && dtype_ != DType::bf16 && dtype_ != DType::f16 && dtype_ != DType::f64) {
    throw data_error(fmt::format("{}: tensor {}: {} where F32, F64, BF16 or F16 is due", stored_.file->path(),
                                 name, formats::dtype_name(dtype_)));
  }
}

uint64_t Weight::rows() const {
  uint64_t n = 1;
  for (size_t i = 0; i + 1 < shape_.size(); ++i) n *= static_cast<uint64_t>(shape_[i]);
  return n;
}

uint64_t Weight::row_size() const { return shape_.empty() ? 1 : static_cast<uint64_t>(shape_.back()); }

std::string_view Weight::row_bytes(uint64_t row) const {
  const uint64_t size = row_size() * static_cast<uint64_t>(formats::dtype_bits(dtype_)) / 8;
  return stored_.bytes().substr(row * size, size);
}

void Weight::read_row(uint64_t row, float* out) const {
  if (packed_) return formats::unpack_row(packed_, quantization_, static_cast<int64_t>(row), out);
  const std::string_view bytes = row_bytes(row);
  const uint64_t n = row_size();
  if (dtype_ == DType::f32) {
    std::memcpy(out, bytes.data(), bytes.size());
  } else if (dtype_ == DType::f64) {
    for (uint64_t i = 0; i < n; ++i) {
      double value;
      std::memcpy(&value, bytes.data() + i * 8, 8);
      out[i] = static_cast<float>(value);
    }
  } else {
    for (uint64_t i = 0; i < n; ++i) {
      uint16_t bits;
      std::memcpy(&bits, bytes.data() + i * 2, 2);
      out[i] = dtype_ == DType::bf16 ? formats::bf16_to_float(bits) : formats::f16_to_float(bits);
    }
  }
}

std::vector<std::string> weight_names(const formats::ModelFolder& model,
                                      const std::optional<formats::Quantization>& quantization) {
  std::vector<std::string> names;
  for (const formats::StoredTensor& t : model.tensors()) {
    const std::string& name = t.info->name;
    if (quantization && (name.ends_with(".weight_scale") || name.ends_with(".weight_shape"))) continue;
    constexpr std::string_view kPacked = ".weight_packed";
    names.push_back(quantization && name.ends_with(kPacked)
                        ? name.substr(0, name.size() - kPacked.size()) + ".weight"
                        : name);
  }
  return names;
}

}  // namespace ds::exporting
