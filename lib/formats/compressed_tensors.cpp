// quantization_config and packed integers; see the header.
#include "formats/compressed_tensors.h"

#include <fmt/ranges.h>

#include <cstring>

#include "base/error.h"

namespace ds::formats {
namespace {

using nlohmann::json;

constexpr const char* kOthers =
    "the layout pack-quantized of compressed-tensors is read: int, symmetric, 4 or 8 bits, channel or group";

[[noreturn]] void refuse(const std::string& place, const std::string& what) {
  throw data_error(place + ": " + what, kOthers);
}

std::string shown(const json& j) {
  const std::string text = j.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() > 40 ? text.substr(0, 37) + "..." : text;
}

// null, absent, false and {} all say "nothing of the kind".
bool nothing(const json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() || it->is_null() || it->empty() || *it == json(false);
}

void expect_nothing(const json& object, const char* key, const std::string& place) {
  if (!nothing(object, key))
    refuse(place + "." + key, fmt::format("{}, expected nothing", shown(object[key])));
}

// The value of a key that must be there, unless `optional`, and be equal to one of `allowed`; its index.
size_t choice(const json& object, const char* key, const std::string& place, const std::vector<json>& allowed,
              bool optional = false) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) {
    if (optional) return 0;
    refuse(place + "." + key, "is missing");
  }
  std::string expected;
  for (size_t i = 0; i < allowed.size(); ++i) {
    if (*it == allowed[i]) return i;
    expected += (i == 0 ? "" : " or ") + allowed[i].dump();
  }
  refuse(place + "." + key, fmt::format("{}, expected {}", shown(*it), expected));
}

Quantization parse_group(const json& group, const std::string& place) {
  if (!group.is_object()) refuse(place, "no object");
  choice(group, "format", place, {"pack-quantized"}, true);
  expect_nothing(group, "input_activations", place);
  expect_nothing(group, "output_activations", place);
  const auto weights = group.find("weights");
  const std::string inner = place + ".weights";
  if (weights == group.end() || !weights->is_object()) refuse(inner, "no object");
  Quantization q;
  q.bits = choice(*weights, "num_bits", inner, {4, 8}) == 0 ? 4 : 8;
  choice(*weights, "type", inner, {"int"}, true);
  choice(*weights, "symmetric", inner, {true}, true);
  expect_nothing(*weights, "dynamic", inner);
  expect_nothing(*weights, "block_structure", inner);
  choice(*weights, "actorder", inner, {nullptr, "weight", "static", false},
         true);  // these leave columns in order
  const bool grouped = choice(*weights, "strategy", inner, {"channel", "group"}) == 1;
  const auto size = weights->find("group_size");
  const bool sized = size != weights->end() && !size->is_null() && *size != json(-1);
  if (!grouped && sized)
    refuse(inner + ".group_size", fmt::format("{}, expected nothing with channel", shown(*size)));
  if (grouped) {
    const bool number = sized && size->is_number_integer();
    if (!number || *size < 1 || *size > INT32_MAX)
      refuse(inner + ".group_size",
             fmt::format("{}, expected a whole number above 0", sized ? shown(*size) : "missing"));
    q.group = size->get<int64_t>();
  }
  return q;
}

std::string dims(const std::vector<int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

void expect_shape(const StoredTensor& t, const std::vector<int64_t>& shape, const std::string& why) {
  if (t.info->shape == shape) return;
  throw data_error(fmt::format("{}: tensor {}: shape {}, expected {} ({})", t.file->path(), t.info->name,
                               dims(t.info->shape), dims(shape), why),
                   "the quantised weights are damaged, or config.json is not theirs");
}

[[noreturn]] void wrong_type(const StoredTensor& t, const char* expected) {
  throw data_error(fmt::format("{}: tensor {}: dtype {}, expected {}", t.file->path(), t.info->name,
                               dtype_name(t.info->dtype), expected),
                   "the quantised weights are damaged, or config.json is not theirs");
}

uint16_t half(const char* p) {
  uint16_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return bits;
}

// Number `i` of a floating-point tensor, and `value` as it reads back after being stored in that type.
float scale_at(const StoredTensor& t, int64_t i) {
  const char* bytes = t.bytes().data();
  if (t.info->dtype == DType::bf16) return bf16_to_float(half(bytes + 2 * i));
  if (t.info->dtype == DType::f16) return f16_to_float(half(bytes + 2 * i));
  float value;
  std::memcpy(&value, bytes + 4 * i, sizeof value);
  return value;
}

float rounded_to(DType dtype, float value) {
  if (dtype == DType::bf16) return bf16_to_float(float_to_bf16(value));
  if (dtype == DType::f16) return f16_to_float(float_to_f16(value));
  return value;
}

}  // namespace

std::optional<Quantization> parse_quantization(const json& config, const std::string& name) {
  if (!config.is_object()) return std::nullopt;
  const auto found = config.find("quantization_config");
  if (found == config.end() || found->is_null()) return std::nullopt;
  const std::string place = name + ": quantization_config";
  const json& c = *found;
  if (!c.is_object()) refuse(place, "no object");
  choice(c, "quant_method", place, {"compressed-tensors"});
  choice(c, "format", place, {"pack-quantized"});
  choice(c, "quantization_status", place, {"compressed"}, true);
  for (const char* key : {"kv_cache_scheme", "sparsity_config", "transform_config"})
    expect_nothing(c, key, place);
  const auto groups = c.find("config_groups");
  if (groups == c.end() || !groups->is_object() || groups->empty())
    refuse(place + ".config_groups", "missing or empty");
  std::optional<Quantization> q;
  for (const auto& [key, group] : groups->items()) {
    const Quantization one = parse_group(group, place + ".config_groups." + key);
    if (q && (q->bits != one.bits || q->group != one.group))
      refuse(place + ".config_groups", "layers of different kinds");
    q = one;
  }
  if (const auto ignore = c.find("ignore"); ignore != c.end() && !ignore->is_null()) {
    if (!ignore->is_array()) refuse(place + ".ignore", "no list");
    for (const json& layer : *ignore) {
      if (!layer.is_string())
        refuse(place + ".ignore", fmt::format("{}, expected a layer's name", shown(layer)));
      q->ignore.push_back(layer.get<std::string>());
    }
  }
  return q;
}

json quantization_config(const Quantization& q) {
  const json weights = {{"num_bits", q.bits},
                        {"type", "int"},
                        {"symmetric", true},
                        {"strategy", q.group > 0 ? "group" : "channel"},
                        {"group_size", q.group > 0 ? json(q.group) : json()},
                        {"dynamic", false}};
  const json group = {{"targets", {"Linear"}},
                      {"weights", weights},
                      {"input_activations", nullptr},
                      {"output_activations", nullptr},
                      {"format", "pack-quantized"}};
  return {{"quant_method", "compressed-tensors"},
          {"format", "pack-quantized"},
          {"quantization_status", "compressed"},
          {"config_groups", {{"group_0", group}}},
          {"ignore", q.ignore},
          {"kv_cache_scheme", nullptr},
          {"global_compression_ratio", nullptr}};
}

PackedTensor find_packed(const ModelFolder& folder, const Quantization& q, const std::string& weight) {
  PackedTensor t;
  t.words = folder.find(weight + "_packed");
  t.scale = folder.find(weight + "_scale");
  const StoredTensor shape = folder.find(weight + "_shape");
  if (!t.words) {
    for (const StoredTensor& part : {t.scale, shape}) {
      if (part)
        throw data_error(fmt::format("{}: tensor {}: there is no {}_packed beside it", part.file->path(),
                                     part.info->name, weight),
                         "the quantised weights are damaged: copy or make them again");
    }
    return t;
  }
  if (folder.find(weight))
    throw data_error(
        fmt::format("{}: tensor {} is there as numbers and packed", t.words.file->path(), weight),
        "leave only one of the two in the folder");
  for (const auto& [part, name] : {std::pair(t.scale, "_scale"), {shape, "_shape"}}) {
    if (!part)
      throw data_error(fmt::format("{}: tensor {}: there is no {}{} beside it", t.words.file->path(),
                                   t.words.info->name, weight, name),
                       "the quantised weights are damaged: copy or make them again");
  }
  if (t.words.info->dtype != DType::i32) wrong_type(t.words, "I32");
  if (t.scale.info->dtype != DType::f32 && t.scale.info->dtype != DType::bf16 &&
      t.scale.info->dtype != DType::f16)
    wrong_type(t.scale, "F32, BF16 or F16");
  if (shape.info->dtype != DType::i64 && shape.info->dtype != DType::i32) wrong_type(shape, "I64");
  expect_shape(shape, {2}, "rows and columns");
  const std::vector<int64_t> size = shape.file->integers(*shape.info);
  t.out = size[0];
  t.in = size[1];
  if (t.out < 1 || t.in < 1 || t.out > INT32_MAX || t.in > INT32_MAX)
    throw data_error(fmt::format("{}: tensor {}: a matrix of {} is impossible", shape.file->path(),
                                 shape.info->name, dims(size)),
                     "the quantised weights are damaged: copy or make them again");
  if (q.group > 0 && t.in % q.group != 0)
    throw data_error(fmt::format("{}: tensor {}: {} inputs are no multiple of the group size {}",
                                 shape.file->path(), shape.info->name, t.in, q.group),
                     "config.json and the weights are not of one model");
  const std::string why = fmt::format("{} x {}, {} bits", t.out, t.in, q.bits) +
                          (q.group > 0 ? fmt::format(" in groups of {}", q.group) : "");
  expect_shape(t.words, {t.out, q.words(t.in)}, why);
  expect_shape(t.scale, {t.out, q.scales(t.in)}, why);
  return t;
}

std::vector<TensorDecl> packed_declarations(const Quantization& q, const std::string& weight, int64_t out,
                                            int64_t in, DType scale_type) {
  return {{weight + "_packed", DType::i32, {out, q.words(in)}},
          {weight + "_scale", scale_type, {out, q.scales(in)}},
          {weight + "_shape", DType::i64, {2}}};
}

void unpack_row(const PackedTensor& t, const Quantization& q, int64_t row, float* out) {
  const int64_t words = q.words(t.in), scales = q.scales(t.in), group = q.group > 0 ? q.group : t.in;
  const char* packed = t.words.bytes().data() + 4 * row * words;
  const DType type = t.scale.info->dtype;
  const int per_word = 32 / q.bits, zero = 1 << (q.bits - 1);
  const uint32_t mask = (uint32_t{1} << q.bits) - 1;
  for (int64_t g = 0; g < scales; ++g) {
    const float scale = scale_at(t.scale, row * scales + g);
    for (int64_t i = g * group; i < (g + 1) * group; ++i) {
      uint32_t word;
      std::memcpy(&word, packed + 4 * (i / per_word), sizeof word);
      const auto bits = (word >> (q.bits * static_cast<int>(i % per_word))) & mask;
      out[i] = rounded_to(type, static_cast<float>(static_cast<int>(bits) - zero) * scale);
    }
  }
}

std::vector<float> read_floats(const ModelFolder& folder, const std::optional<Quantization>& q,
                               const std::string& name) {
  const PackedTensor packed = q ? find_packed(folder, *q, name) : PackedTensor();
  if (!packed) {
    const StoredTensor t = folder.at(name);
    return t.file->floats(*t.info);
  }
  std::vector<float> values(static_cast<size_t>(packed.out * packed.in));
  for (int64_t row = 0; row < packed.out; ++row) unpack_row(packed, *q, row, values.data() + row * packed.in);
  return values;
}

}  // namespace ds::formats
