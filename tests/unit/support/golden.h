// Golden models for parity tests: testdata/golden/<case>/ holds config.json, weights.json and
// golden.safetensors (see scripts/make_golden.py). The weights are computed here from the rule in
// weights.json.
//
// With DS_GOLDEN_DIR=DIR in the environment, DIR/<case>/ is used instead where it is a folder with
// model.safetensors and golden.safetensors of its own.
#pragma once

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/io.h"
#include "base/rng.h"
#include "formats/json_file.h"
#include "formats/safetensors.h"
#include "scratch.h"

namespace ds::test {

// The committed cases, sorted.
inline std::vector<std::string> golden_cases() { return list_folder(std::string(DS_TESTDATA) + "/golden"); }

// The weights of a rule in the order of their names: value = mean + scale * (2u - 1).
inline void write_rule_weights(const std::string& rule_path, const std::string& out) {
  const nlohmann::json rule = formats::read_json(rule_path);
  const uint64_t seed = rule.at("seed").get<uint64_t>();
  std::vector<formats::TensorDecl> tensors;
  std::map<std::string, std::string> bytes;
  uint32_t number = 0;
  for (const auto& [name, t] : rule.at("tensors").items()) {
    tensors.push_back({name, formats::DType::f32, t.at("shape").get<std::vector<int64_t>>()});
    const Rng rng(seed, RngStream::test, number++);
    const double mean = t.at("mean").get<double>(), scale = t.at("scale").get<double>();
    std::string& b = bytes[name];
    for (uint64_t i = 0, n = *formats::tensor_bytes(formats::DType::f32, tensors.back().shape) / 4; i < n;
         ++i) {
      const float value = static_cast<float>(mean + scale * (2.0 * rng.uniform(i) - 1.0));
      b.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
  formats::write_safetensors(out, tensors,
                             [&](const formats::TensorInfo& t) { return std::string_view(bytes[t.name]); });
}

// A model folder of the case (config.json, generation_config.json, model.safetensors) that also holds
// golden.safetensors. Made once per process, under the temporary folder.
inline std::string golden_model(const std::string& name) {
  if (const char* dir = std::getenv("DS_GOLDEN_DIR")) {
    const std::string folder = join_path(dir, name);
    if (exists(join_path(folder, "model.safetensors"))) return folder;
  }
  static Scratch scratch;
  const std::string folder = join_path(scratch.path(), name);
  if (!exists(folder)) {
    const std::string source = std::string(DS_TESTDATA) + "/golden/" + name;
    make_folder(folder);
    for (const char* file : {"config.json", "generation_config.json", "golden.safetensors"}) {
      write_file(join_path(folder, file), read_file(join_path(source, file)));
    }
    write_rule_weights(join_path(source, "weights.json"), join_path(folder, "model.safetensors"));
  }
  return folder;
}

}  // namespace ds::test
