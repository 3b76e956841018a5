// compressed-tensors: the config as others write it, packed rows, and every way three tensors can contradict.
#include "formats/compressed_tensors.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <map>

#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

// What llm-compressor writes, with more keys than ours.
json foreign() {
  return json::parse(R"({"quantization_config": {
    "config_groups": {"group_0": {"format": "pack-quantized", "input_activations": null, "output_activations": null,
      "targets": ["Linear"], "weights": {"actorder": null, "block_structure": null, "dynamic": false,
      "group_size": 128, "num_bits": 4, "observer": "minmax", "observer_kwargs": {}, "strategy": "group",
      "symmetric": true, "type": "int", "scale_dtype": null, "zp_dtype": null}}},
    "format": "pack-quantized", "global_compression_ratio": null, "ignore": ["lm_head", "re:.*gate$"],
    "kv_cache_scheme": null, "quant_method": "compressed-tensors", "quantization_status": "compressed",
    "sparsity_config": {}, "transform_config": {}, "version": "0.12.2"}})");
}

Quantization parsed(const json& config) { return parse_quantization(config, "config.json").value(); }

// The three tensors of a layer "a.weight" of random bits, by name.
using Parts = std::map<std::string, std::pair<TensorDecl, std::string>>;

Parts random_layer(const Quantization& q, int64_t out, int64_t in, DType type, uint64_t seed) {
  const Rng rng(seed, RngStream::test);
  Parts parts;
  uint64_t n = 0;
  for (const TensorDecl& d : packed_declarations(q, "a.weight", out, in, type)) {
    std::string bytes(tensor_bytes(d.dtype, d.shape).value(), '\0');
    if (d.dtype == DType::i64) {
      const int64_t size[2] = {out, in};
      std::memcpy(bytes.data(), size, sizeof size);
    } else if (d.dtype == DType::i32) {
      for (char& c : bytes) c = static_cast<char>(rng.bits(n++));
    } else {
      const size_t width = static_cast<size_t>(dtype_bits(type)) / 8;
      for (size_t i = 0; i < bytes.size(); i += width) {
        const auto value = static_cast<float>(std::ldexp(rng.normal(n++), -6));
        const uint16_t half = type == DType::bf16 ? float_to_bf16(value) : float_to_f16(value);
        std::memcpy(bytes.data() + i, type == DType::f32 ? static_cast<const void*>(&value) : &half, width);
      }
    }
    parts[d.name] = {d, bytes};
  }
  return parts;
}

ModelFolder folder_of(const test::Scratch& scratch, const Parts& parts) {
  std::vector<TensorDecl> tensors;
  for (const auto& [name, part] : parts) tensors.push_back(part.first);
  write_safetensors(scratch.file("model.safetensors"), tensors,
                    [&](const TensorInfo& t) -> std::string_view { return parts.at(t.name).second; });
  ModelFolder folder;
  folder.path = scratch.path();
  folder.files = {std::make_shared<SafetensorsFile>(scratch.file("model.safetensors"))};
  return folder;
}

}  // namespace

TEST_CASE("quantization_config: what we write is read, and what others write") {
  for (const Quantization& q :
       {Quantization{8, 0, {"lm_head"}}, {4, 128, {"lm_head", "b.c"}}, {8, 32, {}}, {4, 0, {}}}) {
    const Quantization back = parsed({{"quantization_config", quantization_config(q)}});
    CHECK(back.bits == q.bits);
    CHECK(back.group == q.group);
    CHECK(back.ignore == q.ignore);
  }
  const Quantization other = parsed(foreign());
  CHECK(other.bits == 4);
  CHECK(other.group == 128);
  CHECK(other.ignore == std::vector<std::string>{"lm_head", "re:.*gate$"});
  CHECK_FALSE(parse_quantization({{"model_type", "llama"}}, "c"));
  CHECK_FALSE(parse_quantization({{"quantization_config", nullptr}}, "c"));
  CHECK_FALSE(parse_quantization(json::array(), "c"));
}

TEST_CASE("quantization_config: layouts that are not read are refused, naming the key") {
  const std::string group = "/quantization_config/config_groups/group_0", weights = group + "/weights";
  const auto refused = [](const std::string& pointer, const json& value) {
    json config = foreign();
    config[json::json_pointer(pointer)] = value;
    const Error e = test::thrown_by<Error>([&] { parse_quantization(config, "m/config.json"); });
    CHECK(e.kind() == ErrorKind::data);
    CHECK_THAT(e.what(), Contains("m/config.json: quantization_config"));
    return std::string(e.what());
  };
  CHECK_THAT(refused("/quantization_config", 3), Contains("no object"));
  CHECK_THAT(refused("/quantization_config/quant_method", "gptq"),
             Contains("quant_method: \"gptq\", expected \"compressed-tensors\""));
  CHECK_THAT(refused("/quantization_config/quant_method", nullptr), Contains("quant_method: is missing"));
  CHECK_THAT(refused("/quantization_config/format", "float-quantized"), Contains(".format"));
  CHECK_THAT(refused("/quantization_config/quantization_status", "frozen"), Contains("quantization_status"));
  CHECK_THAT(refused("/quantization_config/kv_cache_scheme", {{"num_bits", 8}}), Contains("kv_cache_scheme"));
  CHECK_THAT(refused("/quantization_config/sparsity_config", {{"format", "sparse-24"}}),
             Contains("sparsity_config"));
  CHECK_THAT(refused("/quantization_config/transform_config", {{"config_groups", 1}}),
             Contains("transform_config"));
  CHECK_THAT(refused("/quantization_config/ignore", "lm_head"), Contains("ignore: no list"));
  CHECK_THAT(refused("/quantization_config/ignore", {1}), Contains("ignore: 1"));
  CHECK_THAT(refused("/quantization_config/config_groups", json::object()), Contains("missing or empty"));
  CHECK_THAT(refused("/quantization_config/config_groups", {1, 2}), Contains("missing or empty"));
  CHECK_THAT(refused(group, "W4A16"), Contains("group_0: no object"));
  CHECK_THAT(refused(group + "/format", "int-quantized"), Contains("group_0.format"));
  CHECK_THAT(refused(group + "/input_activations", {{"num_bits", 8}}), Contains("input_activations"));
  CHECK_THAT(refused(weights, nullptr), Contains("weights: no object"));
  for (const json& bits : {json(2), json(3), json(16), json("4"), json(4.5), json(-4)})
    CHECK_THAT(refused(weights + "/num_bits", bits), Contains("expected 4 or 8"));
  CHECK_THAT(refused(weights + "/type", "float"), Contains("weights.type"));
  CHECK_THAT(refused(weights + "/symmetric", false), Contains("weights.symmetric"));
  CHECK_THAT(refused(weights + "/dynamic", true), Contains("weights.dynamic"));
  CHECK_THAT(refused(weights + "/actorder", "group"), Contains("weights.actorder"));
  CHECK_THAT(refused(weights + "/strategy", "tensor"), Contains("weights.strategy"));
  CHECK_THAT(refused(weights + "/strategy", "channel"), Contains("group_size: 128, expected nothing"));
  for (const json& size :
       {json(0), json(-1), json(-5), json(nullptr), json(1.5), json("128"), json(int64_t{1} << 62)})
    CHECK_THAT(refused(weights + "/group_size", size), Contains("weights.group_size"));
  json second = foreign()["quantization_config"]["config_groups"]["group_0"];
  second["weights"]["num_bits"] = 8;
  CHECK_THAT(refused("/quantization_config/config_groups/group_1", second), Contains("different kinds"));
}

TEST_CASE("packed tensors: each number is q * scale rounded to the scale's type") {
  const test::Scratch scratch;
  uint64_t seed = 0;
  for (const DType type : {DType::f32, DType::bf16, DType::f16}) {
    for (const auto& [bits, group, in] : {std::tuple{8, 0, 37},
                                          {8, 0, 64},
                                          {4, 0, 13},
                                          {4, 0, 8},
                                          {4, 16, 48},
                                          {8, 8, 24},
                                          {4, 3, 9},
                                          {8, 1, 5}}) {
      const Quantization q{bits, group, {}};
      const Parts parts = random_layer(q, 3, in, type, seed++);
      const ModelFolder folder = folder_of(scratch, parts);
      const std::vector<float> values = read_floats(folder, q, "a.weight");
      REQUIRE(values.size() == static_cast<size_t>(3 * in));
      const std::string& words = parts.at("a.weight_packed").second;
      const auto scales = folder.at("a.weight_scale").file->floats(*folder.at("a.weight_scale").info);
      for (int64_t row = 0; row < 3; ++row) {
        for (int64_t i = 0; i < in; ++i) {
          // Bit by bit, the slow way.
          int code = 0;
          for (int b = 0; b < bits; ++b) {
            const int64_t at = 32 * q.words(in) * row + i * bits + b;
            if (static_cast<unsigned char>(words[static_cast<size_t>(at / 8)]) >> (at % 8) & 1)
              code |= 1 << b;
          }
          const float scale = scales[static_cast<size_t>(row * q.scales(in) + (group > 0 ? i / group : 0))];
          float expected = static_cast<float>(code - (1 << (bits - 1))) * scale;
          if (type == DType::bf16) expected = bf16_to_float(float_to_bf16(expected));
          if (type == DType::f16) expected = f16_to_float(float_to_f16(expected));
          if (values[static_cast<size_t>(row * in + i)] != expected) FAIL("row " << row << ", " << i);
        }
      }
    }
  }
}

TEST_CASE("packed tensors: a dense one beside them, and names without any") {
  const test::Scratch scratch;
  const Quantization q{4, 0, {}};
  Parts parts = random_layer(q, 2, 8, DType::bf16, 1);
  const float two[2] = {1.5f, -2.0f};
  parts["b.weight"] = {{"b.weight", DType::f32, {2}},
                       std::string(reinterpret_cast<const char*>(two), sizeof two)};
  const ModelFolder folder = folder_of(scratch, parts);
  CHECK(find_packed(folder, q, "a.weight").in == 8);
  CHECK_FALSE(find_packed(folder, q, "b.weight"));
  CHECK(read_floats(folder, q, "b.weight") == std::vector<float>{1.5f, -2.0f});
  CHECK(read_floats(folder, std::nullopt, "b.weight") == std::vector<float>{1.5f, -2.0f});
  CHECK_THROWS_WITH(read_floats(folder, q, "c.weight"), Contains("there is no tensor c.weight"));
  CHECK_THROWS_WITH(read_floats(folder, std::nullopt, "a.weight"), Contains("there is no tensor a.weight"));
}

TEST_CASE("packed tensors: three that contradict each other or the config") {
  const test::Scratch scratch;
  const Quantization q{4, 16, {}};
  const auto refused = [&](const std::function<void(Parts&)>& change, const Quantization& as) {
    Parts parts = random_layer(q, 3, 32, DType::bf16, 5);
    change(parts);
    const ModelFolder folder = folder_of(scratch, parts);
    const Error e = test::thrown_by<Error>([&] { find_packed(folder, as, "a.weight"); });
    CHECK(e.kind() == ErrorKind::data);
    CHECK_THAT(e.what(), Contains(scratch.file("model.safetensors") + ": tensor a.weight"));
    return std::string(e.what());
  };
  const auto reshape = [](const std::string& name, DType dtype, std::vector<int64_t> shape) {
    return [=](Parts& p) {
      p[name] = {{name, dtype, shape}, std::string(tensor_bytes(dtype, shape).value(), '\1')};
    };
  };
  const auto sized = [](int64_t out, int64_t in) {
    return [=](Parts& p) {
      const int64_t size[2] = {out, in};
      p["a.weight_shape"].second.assign(reinterpret_cast<const char*>(size), sizeof size);
    };
  };
  for (const char* part : {"a.weight_packed", "a.weight_scale", "a.weight_shape"})
    CHECK_THAT(refused([&](Parts& p) { p.erase(part); }, q), Contains(std::string("there is no ") + part));
  CHECK_THAT(refused(reshape("a.weight", DType::f32, {3, 32}), q), Contains("as numbers and packed"));
  CHECK_THAT(refused(reshape("a.weight_packed", DType::u8, {3, 16}), q), Contains("dtype U8, expected I32"));
  CHECK_THAT(refused(reshape("a.weight_packed", DType::f32, {3, 4}), q), Contains("dtype F32"));
  CHECK_THAT(refused(reshape("a.weight_packed", DType::i32, {3, 5}), q),
             Contains("shape [3, 5], expected [3, 4]"));
  CHECK_THAT(refused(reshape("a.weight_packed", DType::i32, {2, 4}), q), Contains("shape [2, 4]"));
  CHECK_THAT(refused(reshape("a.weight_packed", DType::i32, {12}), q), Contains("shape [12]"));
  CHECK_THAT(refused(reshape("a.weight_scale", DType::i32, {3, 2}), q),
             Contains("expected F32, BF16 or F16"));
  CHECK_THAT(refused(reshape("a.weight_scale", DType::f32, {3, 1}), q),
             Contains("shape [3, 1], expected [3, 2]"));
  CHECK_THAT(refused(reshape("a.weight_scale", DType::f32, {3, 2, 1}), q), Contains("shape [3, 2, 1]"));
  CHECK_THAT(refused(reshape("a.weight_shape", DType::f32, {2}), q), Contains("expected I64"));
  CHECK_THAT(refused(reshape("a.weight_shape", DType::i64, {3}), q), Contains("shape [3], expected [2]"));
  CHECK_THAT(refused(reshape("a.weight_shape", DType::i64, {0}), q), Contains("shape [0], expected [2]"));
  CHECK_THAT(refused(sized(3, 31), q), Contains("31 inputs are no multiple of the group size 16"));
  CHECK_THAT(refused(sized(3, 48), q), Contains("expected [3, 6]"));
  CHECK_THAT(refused(sized(4, 32), q), Contains("expected [4, 4]"));
  CHECK_THAT(refused(sized(0, 32), q), Contains("impossible"));
  CHECK_THAT(refused(sized(3, 0), q), Contains("impossible"));
  CHECK_THAT(refused(sized(-3, 32), q), Contains("impossible"));
  CHECK_THAT(refused(sized(3, INT64_MIN), q), Contains("impossible"));
  CHECK_THAT(refused(sized(3, int64_t{1} << 61), q), Contains("impossible"));
  CHECK_THAT(refused([](Parts&) {}, {8, 16, {}}), Contains("expected [3, 8]"));
  CHECK_THAT(refused([](Parts&) {}, {4, 8, {}}), Contains("expected [3, 4]"));
  CHECK_THAT(refused([](Parts&) {}, {4, 0, {}}), Contains("expected [3, 1]"));
}

TEST_CASE("float_to_f16 rounds to nearest, ties to even") {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = f16_to_float(static_cast<uint16_t>(bits));
    if (value != value) continue;
    if (float_to_f16(value) != bits) FAIL("not its own image: " << bits);
    if ((bits & 0x7fff) >= 0x7bff) continue;
    // The next number up in magnitude, the point half way, and its neighbours.
    const float next = f16_to_float(static_cast<uint16_t>(bits + 1));
    const float middle = value + (next - value) / 2;
    const uint32_t even = bits & 1 ? bits + 1 : bits;
    if (float_to_f16(middle) != even) FAIL("half way: " << bits);
    if (float_to_f16(std::nextafterf(middle, value)) != bits) FAIL("below half way: " << bits);
    if (float_to_f16(std::nextafterf(middle, next)) != bits + 1) FAIL("above half way: " << bits);
  }
  CHECK(float_to_f16(65504.0f) == 0x7bff);
  CHECK(float_to_f16(65519.99f) == 0x7bff);
  CHECK(float_to_f16(65520.0f) == 0x7c00);
  CHECK(float_to_f16(-1e30f) == 0xfc00);
  CHECK(float_to_f16(1e-10f) == 0);
  CHECK(float_to_f16(-1e-10f) == 0x8000);
  CHECK(float_to_f16(INFINITY) == 0x7c00);
  CHECK((float_to_f16(NAN) & 0x7fff) > 0x7c00);
}
