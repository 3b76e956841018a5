#include "export/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/io.h"
#include "base/parallel.h"

namespace ds::exporting {
namespace {

using formats::DType;
using formats::LoraModule;
using formats::PeftAdapter;
using nlohmann::json;

const LoraModule* module_of(const PeftAdapter* adapter, const std::string& name) {
  if (!adapter || !name.ends_with(".weight")) return nullptr;
  const std::string_view module = std::string_view(name).substr(0, name.size() - 7);
  const auto it = std::lower_bound(adapter->modules.begin(), adapter->modules.end(), module,
                                   [](const LoraModule& m, std::string_view n) { return m.module < n; });
  return it != adapter->modules.end() && it->module == module ? &*it : nullptr;
}

const formats::TensorInfo* saved_of(const PeftAdapter* adapter, const std::string& name) {
  if (!adapter) return nullptr;
  for (const auto& [target, info] : adapter->saved) {
    if (target == name) return info;
  }
  return nullptr;
}

bool real(DType t) { return t == DType::f32 || t == DType::bf16 || t == DType::f16 || t == DType::f64; }

std::string shape_text(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

void check_shape(const std::string& place, const std::vector<int64_t>& has, const std::vector<int64_t>& due) {
  if (has == due) return;
  throw data_error(
      fmt::format("{} has the shape {}, but the model's is {}", place, shape_text(has), shape_text(due)),
      "does the adapter belong to this model?");
}

// Every tensor of the adapter has a target of the right shape.
void check_targets(const formats::ModelFolder& model, const PeftAdapter& adapter,
                   const std::vector<std::string>& names,
                   const std::optional<formats::Quantization>& quantization) {
  const auto target = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const bool tied = model.config.value("tie_word_embeddings", json()) == true;
      throw data_error(
          fmt::format("{}: changes tensor {}, which {} does not have", adapter.folder, name, model.path),
          tied && name == "lm_head.weight" ? "the model's head is its embedding (tie_word_embeddings)"
                                           : "does the adapter belong to this model?");
    }
    return Weight(model, quantization, name);
  };
  for (const LoraModule& m : adapter.modules) {
    const Weight weight = target(m.module + ".weight");
    const std::vector<int64_t> full =
        m.embedding ? std::vector{m.a->shape[1], m.b->shape[0]} : std::vector{m.b->shape[0], m.a->shape[1]};
    check_shape(fmt::format("{}: module {}", adapter.folder, m.module), full, weight.shape());
  }
  for (const auto& [name, info] : adapter.saved) {
    check_shape(fmt::format("{}: tensor {}", adapter.folder, info->name), info->shape, target(name).shape());
    if (!real(info->dtype))
      throw data_error(fmt::format("{}: tensor {}: {} where real numbers are due", adapter.folder, info->name,
                                   formats::dtype_name(info->dtype)));
  }
}

// rows x columns += scale * B A, of rows [begin, end): plain sums over the rank in its order.
void add_product(const std::vector<float>& a, const std::vector<float>& b, const LoraModule& m,
                 uint64_t begin, uint64_t end, uint64_t columns, float* w) {
  const auto r = static_cast<uint64_t>(m.a->shape[0]), in = static_cast<uint64_t>(m.a->shape[1]);
  const auto scale = static_cast<float>(m.scale);
  std::vector<float> delta(columns);
  for (uint64_t row = begin; row < end; ++row) {
    std::fill(delta.begin(), delta.end(), 0.0f);
    for (uint64_t k = 0; k < r; ++k) {
      // A row of the model's tensor is one of B, or for an embedding one column of A.
      if (m.embedding) {
        const float x = a[k * in + row];
        for (uint64_t c = 0; c < columns; ++c) delta[c] += x * b[c * r + k];
      } else {
        const float x = b[row * r + k];
        const float* from = a.data() + k * in;
        for (uint64_t c = 0; c < columns; ++c) delta[c] += x * from[c];
      }
    }
    for (uint64_t c = 0; c < columns; ++c) w[row * columns + c] += scale * delta[c];
  }
}

// Appends to `out`; false when a finite number would become infinite.
bool convert(DType type, const float* in, uint64_t count, char* out) {
  bool fits = true;
  for (uint64_t i = 0; i < count; ++i) {
    if (type == DType::f32) {
      std::memcpy(out + i * 4, in + i, 4);
      continue;
    }
    const uint16_t bits = type == DType::bf16 ? formats::float_to_bf16(in[i]) : formats::float_to_f16(in[i]);
    if (type == DType::f16 && (bits & 0x7fffu) == 0x7c00u && std::isfinite(in[i])) fits = false;
    std::memcpy(out + i * 2, &bits, 2);
  }
  return fits;
}

// config.json without what described the packing, with the type that is written.
json plain_config(const json& config, std::optional<DType> dtype) {
  json out = config;
  out.erase("quantization_config");
  if (dtype) {
    out.erase("torch_dtype");
    out["dtype"] = *dtype == DType::f32 ? "float32" : *dtype == DType::bf16 ? "bfloat16" : "float16";
  }
  return out;
}

}  // namespace

MergePlan plan_merge(const formats::ModelFolder& model, const PeftAdapter* adapter,
                     const MergeOptions& options) {
  if (!model.has_weights())
    throw data_error(model.path + ": no weights", "give a model folder, not a bare config.json");
  const auto quantization = formats::parse_quantization(model.config, model.config_path);
  const std::vector<std::string> names = weight_names(model, quantization);
  if (adapter) check_targets(model, *adapter, names, quantization);
  MergePlan plan;
  plan.folder.config = plain_config(model.config, options.dtype);
  plan.folder.generation_config = model.generation_config;
  plan.folder.max_shard_size = options.max_shard_size;
  for (const std::string& file : model.tokenizer_files)
    plan.folder.tokenizer_files.push_back(join_path(model.folder, file));
  for (const std::string& name : names) {
    const formats::StoredTensor stored = model.find(name);
    formats::TensorDecl decl{name, DType::f32, {}};
    if (stored && !real(stored.info->dtype)) {
      decl.dtype = stored.info->dtype;  // numbers of another kind (a counter, a mask) pass as they are
      decl.shape = stored.info->shape;
    } else {
      const Weight weight(model, quantization, name);
      decl.dtype = options.dtype.value_or(weight.dtype() == DType::f64 ? DType::f32 : weight.dtype());
      decl.shape = weight.shape();
    }
    plan.merged += module_of(adapter, name) != nullptr;
    plan.replaced += saved_of(adapter, name) != nullptr;
    plan.bytes += formats::tensor_bytes(decl.dtype, decl.shape).value_or(0);
    uint64_t count = 1;
    for (const int64_t d : decl.shape) count *= static_cast<uint64_t>(d);
    plan.parameters += count;
    plan.folder.tensors.push_back(std::move(decl));
  }
  return plan;
}

std::optional<std::vector<formats::ManifestOutput>> write_merged(const formats::ModelFolder& model,
                                                                 const PeftAdapter* adapter,
                                                                 const MergePlan& plan,
                                                                 const std::string& folder, const Run& run) {
  struct Stopped {};
  const auto quantization = formats::parse_quantization(model.config, model.config_path);
  run.progress.start("merge", "B", plan.bytes);
  uint64_t done = 0;
  std::string bytes;
  std::vector<float> values;
  const auto source = [&](const formats::TensorInfo& t) -> std::string_view {
    if (run.stop.requested()) throw Stopped{};
    run.progress.update(done += t.bytes());
    const formats::StoredTensor stored = model.find(t.name);
    const LoraModule* module = module_of(adapter, t.name);
    const formats::TensorInfo* saved = saved_of(adapter, t.name);
    if (stored && !module && !saved && stored.info->dtype == t.dtype) return stored.bytes();

    bytes.resize(t.bytes());
    std::atomic<bool> fits = true;
    const uint64_t columns = t.shape.empty() ? 1 : static_cast<uint64_t>(t.shape.back());
    const uint64_t rows = columns == 0 ? 0 : t.elements() / columns;
    const uint64_t step = columns * static_cast<uint64_t>(formats::dtype_bits(t.dtype)) / 8;
    const bool whole = module || saved;
    std::vector<float> a, b;
    if (saved) {
      values = adapter->file.floats(*saved);
    } else if (whole) {
      values.resize(t.elements());
    }
    if (module) {
      a = adapter->file.floats(*module->a);
      b = adapter->file.floats(*module->b);
    }
    const Weight weight(model, quantization, t.name);
    parallel_for(run.threads, rows, [&](uint64_t begin, uint64_t end) {
      std::vector<float> row(whole ? 0 : columns);
      if (!saved && whole) {
        for (uint64_t r = begin; r < end; ++r) weight.read_row(r, values.data() + r * columns);
      }
      if (module) add_product(a, b, *module, begin, end, columns, values.data());
      for (uint64_t r = begin; r < end; ++r) {
        if (!whole) weight.read_row(r, row.data());
        const float* from = whole ? values.data() + r * columns : row.data();
        if (!convert(t.dtype, from, columns, bytes.data() + r * step)) fits = false;
      }
    });
    if (!fits) {
      throw data_error(fmt::format("{}: tensor {}: a number is too large for float16", model.path, t.name),
                       "--dtype bfloat16 and float32 hold every number");
    }
    return bytes;
  };
  try {
    auto outputs = formats::write_model_folder(folder, plan.folder, source);
    run.progress.finish();
    return outputs;
  } catch (const Stopped&) {
    return std::nullopt;
  }
}

}  // namespace ds::exporting
