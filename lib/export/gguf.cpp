#include "export/gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/error.h"
#include "base/parallel.h"
#include "export/gguf_tokenizer.h"

namespace ds::exporting {
namespace {

using formats::DType;
using formats::GgmlType;

constexpr uint64_t kChunk = uint64_t{1} << 22;  // numbers that are converted in one go

// The floating-point type that the weights have: that of the embedding.
GgmlType own_type(DType dtype) {
  switch (dtype) {
    case DType::bf16:
      return GgmlType::bf16;
    case DType::f16:
      return GgmlType::f16;
    default:
      return GgmlType::f32;
  }
}
std::optional<DType> same_bytes(GgmlType type) {
  switch (type) {
    case GgmlType::f32:
      return DType::f32;
    case GgmlType::bf16:
      return DType::bf16;
    case GgmlType::f16:
      return DType::f16;
    default:
      return std::nullopt;
  }
}

uint32_t file_type(GgmlType type) {
  switch (type) {
    case GgmlType::f32:
      return 0;
    case GgmlType::f16:
      return 1;
    case GgmlType::q4_0:
      return 2;
    case GgmlType::q8_0:
      return 7;
    case GgmlType::bf16:
      return 32;
  }
  return 0;
}

// "135M", "1.8M", "7.2B".
std::string size_label(uint64_t parameters) {
  const double n = static_cast<double>(parameters);
  const auto [scale, unit] = n >= 1e12  ? std::pair(1e12, "T")
                             : n >= 1e9 ? std::pair(1e9, "B")
                             : n >= 1e6 ? std::pair(1e6, "M")
                                        : std::pair(1e3, "K");
  return n / scale < 9.95 ? fmt::format("{:.1f}{}", n / scale, unit)
                          : fmt::format("{:.0f}{}", n / scale, unit);
}

void add_rope_scaling(formats::GgufMetadata& out, const std::string& p, const arch::ModelConfig& c,
                      const std::string& place) {
  const arch::RopeConfig& rope = c.rope;
  if (rope.type == "linear") {
    out.text(p + "rope.scaling.type", "linear");
    out.f32(p + "rope.scaling.factor", static_cast<float>(rope.factor));
  } else if (rope.type == "yarn") {
    // llama.cpp computes the ramp with these constants, and multiplies by 1 + 0.1 ln(factor) on its own.
    if (rope.beta_fast != 32.0 || rope.beta_slow != 1.0 || !rope.truncate) {
      throw data_error(
          place +
          ": rope_parameters: yarn with beta_fast 32, beta_slow 1 and truncate is what llama.cpp "
          "computes; this model has others");
    }
    out.text(p + "rope.scaling.type", "yarn");
    out.f32(p + "rope.scaling.factor", static_cast<float>(rope.factor));
    out.u32(p + "rope.scaling.original_context_length", static_cast<uint32_t>(rope.original_max_positions));
    const double of_its_own = rope.factor > 1.0 ? 1.0 + 0.1 * std::log(rope.factor) : 1.0;
    const double more = static_cast<double>(arch::rope_table(c).scale) / of_its_own;
    if (std::fabs(more - 1.0) > 1e-6) out.f32(p + "rope.scaling.attn_factor", static_cast<float>(more));
  }
}

formats::GgufMetadata metadata_of(const arch::ModelConfig& c, const GgufPlan& plan,
                                  const GgufOptions& options, const std::string& place) {
  formats::GgufMetadata out;
  const arch::Arch& arch = arch::arch_of(c);
  const auto u32 = [&](const std::string& key, int64_t value) { out.u32(key, static_cast<uint32_t>(value)); };
  out.text("general.architecture", arch.gguf_name);
  out.text("general.type", "model");
  if (!options.name.empty()) out.text("general.name", options.name);
  out.text("general.size_label", size_label(plan.parameters));
  out.u32("general.file_type", file_type(plan.type));
  const bool quantised =
      std::any_of(plan.tensors.begin(), plan.tensors.end(),
                  [](const formats::GgufDecl& t) { return formats::ggml_quantised(t.type); });
  if (quantised) out.u32("general.quantization_version", 2);

  const std::string p = std::string(arch.gguf_name) + ".";
  u32(p + "vocab_size", c.vocab_size);
  u32(p + "context_length", c.max_positions);
  u32(p + "embedding_length", c.hidden_size);
  u32(p + "block_count", c.layers);
  u32(p + "feed_forward_length", c.intermediate_size);
  u32(p + "attention.head_count", c.heads);
  u32(p + "attention.head_count_kv", c.kv_heads);
  if (c.head_dim * c.heads != c.hidden_size) {
    u32(p + "attention.key_length", c.head_dim);
    u32(p + "attention.value_length", c.head_dim);
  }
  out.f32(p + "attention.layer_norm_rms_epsilon", static_cast<float>(c.rms_norm_eps));
  u32(p + "rope.dimension_count", c.head_dim);
  out.f32(p + "rope.freq_base", static_cast<float>(c.rope.theta));
  add_rope_scaling(out, p, c, place);
  return out;
}

// Where row `row` of the file comes from in the model.
uint64_t source_row(uint64_t row, uint64_t rows, int64_t pair_heads) {
  if (pair_heads == 0) return row;
  const uint64_t d = rows / static_cast<uint64_t>(pair_heads), in_head = row % d;
  return row - in_head + in_head / 2 + (in_head % 2) * (d / 2);
}

[[noreturn]] void refuse_numbers(const formats::ModelFolder& model, const std::string& tensor, GgmlType type,
                                 formats::GgmlProblem problem) {
  const std::string name(formats::ggml_type_info(type).name);
  if (problem == formats::GgmlProblem::too_large) {
    throw data_error(fmt::format("{}: tensor {}: a number is too large for {}", model.path, tensor, name),
                     "--type bf16 and f32 hold every number");
  }
  throw data_error(fmt::format("{}: tensor {}: a number is infinite or NaN, which {} cannot hold", model.path,
                               tensor, name),
                   "the model is damaged; was the training stable?");
}

// Rows [begin, end) of the file's tensor, converted into `out`.
formats::GgmlProblem convert(const Weight& weight, const GgufPlanned& from, GgmlType type, uint64_t begin,
                             uint64_t end, uint64_t row_bytes, char* out) {
  std::vector<float> row(weight.row_size());
  const bool copy = !weight.packed() && same_bytes(type) == weight.dtype();
  // The rows of a matrix are its first dimension; a bias is permuted by its elements, read as rows of one.
  const uint64_t rows = weight.rows();
  for (uint64_t r = begin; r < end; ++r, out += row_bytes) {
    const uint64_t source = source_row(r, rows, from.pair_heads);
    if (copy) {
      const std::string_view bytes = weight.row_bytes(source);
      std::copy(bytes.begin(), bytes.end(), out);
      continue;
    }
    weight.read_row(source, row.data());
    if (const auto problem = formats::to_ggml(type, row, out); problem != formats::GgmlProblem::none)
      return problem;
  }
  return formats::GgmlProblem::none;
}

std::vector<float> vector_values(const Weight& weight, int64_t pair_heads) {
  std::vector<float> values(weight.row_size()), out(values.size());
  weight.read_row(0, values.data());
  for (uint64_t i = 0; i < out.size(); ++i) out[i] = values[source_row(i, out.size(), pair_heads)];
  return out;
}

}  // namespace

GgmlType gguf_tensor_type(GgmlType wanted, const arch::TensorSpec& tensor, bool tied) {
  if (tensor.shape.size() < 2 || tensor.kind == arch::TensorKind::norm) return GgmlType::f32;
  if (!formats::ggml_quantised(wanted)) return wanted;
  if (tensor.shape.back() % formats::ggml_type_info(wanted).block != 0) return GgmlType::f16;
  const bool output =
      tensor.kind == arch::TensorKind::embedding && (tied || tensor.gguf_name == "output.weight");
  return wanted == GgmlType::q4_0 && output ? GgmlType::q8_0 : wanted;
}

std::vector<float> rope_divisors(const arch::ModelConfig& config) {
  arch::ModelConfig plain = config;
  plain.rope.type = "default";
  std::vector<float> divisors = arch::rope_table(plain).inverse_frequencies;
  const std::vector<float> wanted = arch::rope_table(config).inverse_frequencies;
  for (size_t i = 0; i < divisors.size(); ++i) divisors[i] /= wanted[i];
  return divisors;
}

GgufPlan plan_gguf(const formats::ModelFolder& model, const GgufOptions& options, Log& log) {
  const arch::ModelConfig config = arch::parse_config(model.config, model.config_path);
  const arch::Arch& arch = arch::arch_of(config);
  if (arch.gguf_name.empty())
    throw data_error(
        fmt::format("{}: model_type \"{}\" has no form in GGUF", model.config_path, arch.model_type));
  if (!model.has_weights())
    throw data_error(model.path + ": no weights", "give a model folder, not a bare config.json");
  const auto quantization = formats::parse_quantization(model.config, model.config_path);
  GgufPlan plan;
  const std::vector<arch::TensorSpec> specs = arch.tensors(config);
  for (const arch::TensorSpec& spec : specs) {
    if (!spec.tied_to.empty() || spec.gguf_name.empty()) continue;
    const Weight weight(model, quantization, spec.name);
    if (weight.shape() != spec.shape) {
      throw data_error(fmt::format("{}: tensor {} has the shape [{}], but config.json says [{}]", model.path,
                                   spec.name, fmt::join(weight.shape(), ", "), fmt::join(spec.shape, ", ")),
                       "do config.json and the weights belong together?");
    }
    if (plan.tensors.empty()) plan.type = options.type.value_or(own_type(weight.dtype()));
    plan.tensors.push_back(
        {spec.gguf_name, spec.shape, gguf_tensor_type(plan.type, spec, config.tie_word_embeddings)});
    plan.sources.push_back({spec.name, {}, spec.gguf_pair_heads});
  }
  plan.parameters = arch::parameter_count(specs);
  if (config.rope.type == "llama3") {
    plan.tensors.push_back({"rope_freqs.weight", {config.head_dim / 2}, GgmlType::f32});
    plan.sources.push_back({"", rope_divisors(config), 0});
  }
  plan.metadata = metadata_of(config, plan, options, model.config_path);
  if (options.tokenizer) {
    add_tokenizer(plan.metadata, model, config, config.vocab_size, log);
  } else {
    add_no_tokenizer(plan.metadata);
  }
  return plan;
}

bool write_gguf_tensors(const formats::ModelFolder& model, const GgufPlan& plan, formats::GgufWriter& writer,
                        const Run& run) {
  const auto quantization = formats::parse_quantization(model.config, model.config_path);
  run.progress.start("export", "parameters", plan.parameters);
  uint64_t done = 0;
  std::string bytes;
  for (size_t i = 0; i < plan.tensors.size(); ++i) {
    const formats::GgufDecl& decl = plan.tensors[i];
    const GgufPlanned& from = plan.sources[i];
    const auto put_values = [&](const std::vector<float>& values) {
      writer.write({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
      done += values.size();
    };
    if (from.source.empty()) {
      put_values(from.values);
      continue;
    }
    const Weight weight(model, quantization, from.source);
    if (decl.shape.size() == 1) {
      put_values(vector_values(weight, from.pair_heads));
      continue;
    }
    const uint64_t rows = weight.rows();
    const uint64_t row_bytes = *formats::ggml_bytes(formats::ggml_type_info(decl.type), weight.row_size());
    const uint64_t step = std::max<uint64_t>(1, kChunk / std::max<uint64_t>(1, weight.row_size()));
    for (uint64_t begin = 0; begin < rows; begin += step) {
      if (run.stop.requested()) return false;
      const uint64_t count = std::min(step, rows - begin);
      bytes.resize(count * row_bytes);
      std::atomic<formats::GgmlProblem> problem = formats::GgmlProblem::none;
      parallel_for(run.threads, count, [&](uint64_t b, uint64_t e) {
        const auto found =
            convert(weight, from, decl.type, begin + b, begin + e, row_bytes, bytes.data() + b * row_bytes);
        if (found != formats::GgmlProblem::none) problem = found;
      });
      if (problem != formats::GgmlProblem::none) refuse_numbers(model, from.source, decl.type, problem);
      writer.write(bytes);
      run.progress.update(done += count * weight.row_size());
    }
  }
  run.progress.finish();
  return true;
}

}  // namespace ds::exporting
