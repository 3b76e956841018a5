#include "nn/stored_tensors.h"

#include <fmt/ranges.h>

#include <set>

#include "base/error.h"

namespace ds::nn {
namespace {

constexpr const char* kNotOneModel = "config.json and the weights are not of one model";

// Tensors that old checkpoints carry and that mean nothing: the rotary frequencies follow from the config.
bool ignorable(std::string_view name) { return name.ends_with("rotary_emb.inv_freq"); }

void check_shape(const formats::StoredTensor& t, const std::string& name, const std::vector<int64_t>& shape,
                 const arch::TensorSpec& spec, const std::string& config) {
  if (shape == spec.shape) return;
  throw data_error(fmt::format("{}: tensor {}: shape [{}], but {} asks for [{}]", t.file->path(), name,
                               fmt::join(shape, ", "), config, fmt::join(spec.shape, ", ")),
                   kNotOneModel);
}

}  // namespace

StoredTensors check_tensors(const formats::ModelFolder& folder, const std::vector<arch::TensorSpec>& specs) {
  using formats::DType;
  StoredTensors result{formats::parse_quantization(folder.config, folder.config_path), {}};
  std::set<std::string, std::less<>> known;
  for (const arch::TensorSpec& spec : specs) {
    known.insert(spec.name);
    if (!spec.tied_to.empty()) continue;
    const auto packed = result.quantization ? formats::find_packed(folder, *result.quantization, spec.name)
                                            : formats::PackedTensor();
    if (packed && !spec.quantisable) {
      throw data_error(fmt::format("{}: tensor {} is packed; linear layers inside the blocks may be",
                                   packed.words.file->path(), spec.name),
                       "quantise the model without this layer (ignore)");
    }
    if (packed) {
      check_shape(packed.words, spec.name, {packed.out, packed.in}, spec, folder.config_path);
      for (const char* part : {"_packed", "_scale", "_shape"}) known.insert(spec.name + part);
      result.packed[spec.name] = packed;
      continue;
    }
    const formats::StoredTensor t = folder.at(spec.name);
    const DType type = t.info->dtype;
    if (type != DType::f32 && type != DType::bf16 && type != DType::f16) {
      throw data_error(fmt::format("{}: tensor {}: dtype {}, expected F32, BF16 or F16", t.file->path(),
                                   spec.name, formats::dtype_name(type)),
                       "convert the weights to one of these types first");
    }
    check_shape(t, spec.name, t.info->shape, spec, folder.config_path);
  }
  for (const formats::StoredTensor& t : folder.tensors()) {
    if (known.count(t.info->name) || ignorable(t.info->name)) continue;
    throw data_error(fmt::format("{}: tensor {} is not part of the model that {} describes", t.file->path(),
                                 t.info->name, folder.config_path),
                     kNotOneModel);
  }
  return result;
}

}  // namespace ds::nn
