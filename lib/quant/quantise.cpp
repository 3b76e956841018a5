#include "quant/quantise.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "base/error.h"
#include "base/parallel.h"
#include "kernels/matmul.h"
#include "nn/stored_tensors.h"

namespace ds::quant {
namespace {

using formats::DType;
using nlohmann::json;

constexpr std::string_view kWeight = ".weight";

struct Stopped {};  // thrown through write_model_folder when the run is to stop

kernels::ScaleType scale_type(DType dtype) {
  return dtype == DType::f32    ? kernels::ScaleType::f32
         : dtype == DType::bf16 ? kernels::ScaleType::bf16
                                : kernels::ScaleType::f16;
}

bool matches(const std::string& layer, const std::string& ignored) {
  return layer == ignored || (layer.size() > ignored.size() && layer.ends_with(ignored) &&
                              layer[layer.size() - ignored.size() - 1] == '.');
}

std::string layer_of(const std::string& tensor) { return tensor.substr(0, tensor.size() - kWeight.size()); }

[[noreturn]] void nothing_left(const std::vector<Layer>& layers, const Options& o) {
  std::set<int64_t> sizes;
  for (const Layer& l : layers) sizes.insert(l.in);
  throw usage_error(
      fmt::format("nothing can be quantised: the layers have {} inputs, the group size is {}{}",
                  fmt::join(sizes, ", "), o.group > 0 ? std::to_string(o.group) : "a row",
                  o.ignore.empty() ? "" : ", and --ignore names the others"),
      o.group > 0 ? "use a --group-size that divides the inputs" : "leave some layers out of --ignore");
}

}  // namespace

Plan::Plan(const formats::ModelFolder& folder, const arch::ModelConfig& config, const Options& options)
    : folder_(folder), quantization_{options.bits, options.group, {}} {
  if (formats::parse_quantization(folder.config, folder.config_path)) {
    throw usage_error(folder.path + ": is quantised already", "quantise the model that it was made from");
  }
  const std::vector<arch::TensorSpec> specs = arch::arch_of(config).tensors(config);
  nn::check_tensors(folder, specs);
  std::vector<bool> used(options.ignore.size());
  for (const arch::TensorSpec& spec : specs) {
    if (spec.kind == arch::TensorKind::embedding && spec.name == "lm_head.weight")
      quantization_.ignore.push_back("lm_head");
    if (!spec.tied_to.empty()) continue;
    const formats::TensorInfo& info = *folder.at(spec.name).info;
    bytes_before_ += info.bytes();
    if (!spec.quantisable) {
      tensors_.push_back({spec.name, info.dtype, spec.shape});
      bytes_after_ += info.bytes();
      continue;
    }
    Layer layer{.name = layer_of(spec.name), .out = spec.shape[0], .in = spec.shape[1], .dtype = info.dtype};
    for (size_t i = 0; i < options.ignore.size(); ++i) {
      if (!matches(layer.name, options.ignore[i])) continue;
      used[i] = true;
      layer.reason = "ignored";
    }
    if (layer.quantised() && options.group > 0 && layer.in % options.group != 0)
      layer.reason = fmt::format("{} inputs are no multiple of {}", layer.in, options.group);
    if (layer.quantised()) {
      by_name_[layer.name] = layers_.size();
      for (auto& t :
           formats::packed_declarations(quantization_, spec.name, layer.out, layer.in, info.dtype)) {
        bytes_after_ += formats::tensor_bytes(t.dtype, t.shape).value();
        tensors_.push_back(std::move(t));
      }
    } else {
      quantization_.ignore.push_back(layer.name);
      tensors_.push_back({spec.name, info.dtype, spec.shape});
      bytes_after_ += info.bytes();
    }
    layers_.push_back(std::move(layer));
  }
  for (size_t i = 0; i < used.size(); ++i) {
    if (!used[i] && options.ignore[i] != "lm_head")  // that one stays anyway
      throw usage_error(
          fmt::format("--ignore {}: the model has no such layer", options.ignore[i]),
          layers_.empty() ? "" : fmt::format("a layer is called {}, for example", layers_[0].name));
  }
  if (by_name_.empty()) nothing_left(layers_, options);
}

std::string Plan::left_out() const {
  std::vector<std::string> names;
  for (const Layer& l : layers_) {
    if (!l.quantised() && l.reason != "ignored") names.push_back(l.name);
  }
  if (names.empty()) return "";
  const size_t shown = std::min<size_t>(names.size(), 3);
  const std::vector<std::string> first(names.begin(), names.begin() + static_cast<int64_t>(shown));
  return fmt::format("{} of {} layers stay as they are, their inputs being no multiple of {}: {}{}",
                     names.size(), layers_.size(), quantization_.group, fmt::join(first, ", "),
                     names.size() > shown ? ", …" : "");
}

// Rows in parallel; a row's words, scales and error are its own, so nothing depends on the threads.
void Plan::quantise(Layer& layer, Run& run) {
  const formats::StoredTensor stored = folder_.at(layer.name + std::string(kWeight));
  const std::vector<float> values = stored.file->floats(*stored.info);
  const int64_t words = quantization_.words(layer.in), scales = quantization_.scales(layer.in);
  const int64_t scale_width = formats::dtype_bits(layer.dtype) / 8;
  words_.assign(static_cast<size_t>(layer.out * words), 0);
  std::string& scale = scales_[layer.name];
  scale.assign(static_cast<size_t>(layer.out * scales * scale_width), '\0');
  const kernels::PackedMatrix matrix{.packed = words_.data(),
                                     .scale = scale.data(),
                                     .scale_type = scale_type(layer.dtype),
                                     .bits = quantization_.bits,
                                     .group = quantization_.group,
                                     .words = words};
  std::vector<double> wrong(static_cast<size_t>(layer.out)), all(wrong.size());
  parallel_for(run.threads, static_cast<uint64_t>(layer.out), [&](uint64_t begin, uint64_t end) {
    std::vector<float> back(static_cast<size_t>(layer.in));
    for (uint64_t r = begin; r < end; ++r) {
      const auto row = static_cast<int64_t>(r);
      const float* x = values.data() + row * layer.in;
      kernels::quantize_row(x, layer.in, matrix.bits, matrix.group, matrix.scale_type,
                            words_.data() + row * words, scale.data() + row * scales * scale_width);
      kernels::dequantize_row<float>(matrix, row, layer.in, back.data());
      for (int64_t i = 0; i < layer.in; ++i) {
        const double v = x[i], d = v - back[static_cast<size_t>(i)];
        all[r] += v * v;
        wrong[r] += d * d;
      }
    }
  });
  double sum = 0, errors = 0;
  for (size_t r = 0; r < all.size(); ++r) {
    sum += all[r];
    errors += wrong[r];
  }
  if (!std::isfinite(sum) || !std::isfinite(errors)) {
    throw data_error(
        fmt::format("{}: tensor {}.weight: has numbers that are not finite, or too large to be scaled",
                    stored.file->path(), layer.name),
        "the training went wrong, or the file is damaged");
  }
  layer.error = sum > 0 ? std::sqrt(errors / sum) : 0.0;
}

std::string_view Plan::bytes(const formats::TensorInfo& wanted, Run& run) {
  if (run.stop.requested()) throw Stopped();
  run.progress.update(done_ += wanted.bytes());
  for (const char* part : {"_packed", "_scale", "_shape"}) {
    const std::string ending = std::string(kWeight) + part;
    if (!wanted.name.ends_with(ending)) continue;
    const std::string name = wanted.name.substr(0, wanted.name.size() - ending.size());
    Layer& layer = layers_[by_name_.at(name)];
    if (part[1] == 's' && part[2] == 'h') {
      const int64_t size[2] = {layer.out, layer.in};
      return shape_.assign(reinterpret_cast<const char*>(size), sizeof size);
    }
    // fp32 scales are asked for before the words, others after them.
    if (part[1] == 'p' || !scales_.count(name)) quantise(layer, run);
    if (part[1] == 's') return scales_.at(name);
    return {reinterpret_cast<const char*>(words_.data()), words_.size() * sizeof(uint32_t)};
  }
  return folder_.at(wanted.name).bytes();
}

std::vector<formats::ManifestOutput> Plan::write(const std::string& folder, Run& run) {
  formats::ModelFolderPlan plan;
  plan.config = folder_.config;
  plan.config["quantization_config"] = formats::quantization_config(quantization_);
  plan.generation_config = folder_.generation_config;
  plan.tensors = tensors_;
  for (const std::string& name : folder_.tokenizer_files)
    plan.tokenizer_files.push_back(join_path(folder_.folder, name));
  run.progress.start("quantise", "bytes", bytes_after_);
  done_ = 0;
  try {
    auto outputs = formats::write_model_folder(folder, plan,
                                               [&](const formats::TensorInfo& t) { return bytes(t, run); });
    run.progress.finish();
    return outputs;
  } catch (const Stopped&) {
    run.progress.finish();
    return {};
  }
}

json Plan::report() const {
  json layers = json::array();
  for (const Layer& l : layers_) {
    json one = {{"name", l.name}, {"shape", {l.out, l.in}}, {"quantised", l.quantised()}};
    if (l.quantised()) {
      one["relative_error"] = l.error;
    } else {
      one["reason"] = l.reason;
    }
    layers.push_back(std::move(one));
  }
  return {{"bits", quantization_.bits},
          {"strategy", quantization_.group > 0 ? "group" : "channel"},
          {"group_size", quantization_.group > 0 ? json(quantization_.group) : json()},
          {"bytes_before", bytes_before_},
          {"bytes_after", bytes_after_},
          {"layers", std::move(layers)}};
}

}  // namespace ds::quant
