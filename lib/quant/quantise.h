// Round-to-nearest quantisation of a model folder into the packed layout of formats/compressed_tensors.h.
//
// Weights stream: one tensor (and the scales of all) is in memory at a time. Output bytes depend on the input
// and the plan alone, not on the number of threads. What is quantised: linear layers inside the blocks
// (arch::TensorSpec::quantisable); embedding, norms, biases and head stay as they are, byte for byte.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "arch/arch.h"
#include "base/run.h"
#include "formats/compressed_tensors.h"

namespace ds::quant {

struct Options {
  int bits = 8;
  int64_t group = 0;                // 0: a scale a row
  std::vector<std::string> ignore;  // layers by name, or by the end of it: "down_proj", "mlp.down_proj"
};

// One linear layer and what becomes of it.
struct Layer {
  std::string name;  // "model.layers.0.mlp.down_proj", without ".weight"
  int64_t out = 0, in = 0;
  formats::DType dtype = formats::DType::f32;  // of its numbers, and so of its scales
  std::string reason;                          // why it stays as it is; empty when it is quantised
  double error = 0;  // after write(): root mean square of W - Q(W) over that of W; 0 for a layer that stays

  bool quantised() const { return reason.empty(); }
};

class Plan {
 public:
  // Checks the folder against its config. Throws usage: nothing can be quantised, an `ignore` that names no
  // layer, a model that is quantised already; data: a folder that does not fit its config.
  Plan(const formats::ModelFolder& folder, const arch::ModelConfig& config, const Options& options);

  const formats::Quantization& quantization() const { return quantization_; }
  const std::vector<Layer>& layers() const { return layers_; }
  uint64_t bytes_before() const { return bytes_before_; }  // of all tensors
  uint64_t bytes_after() const { return bytes_after_; }
  // Layers that stay because their inputs are no multiple of the group size, for a warning; "" when none.
  std::string left_out() const;

  // Writes the model folder's files into `folder` (of an AtomicFolder) and returns them for the manifest.
  // Stops early, with a part written, when run.stop asks.
  std::vector<formats::ManifestOutput> write(const std::string& folder, Run& run);

  nlohmann::json report() const;  // scheme, sizes, and every layer; after write() with errors

 private:
  std::string_view bytes(const formats::TensorInfo& wanted, Run& run);
  void quantise(Layer& layer, Run& run);

  const formats::ModelFolder& folder_;
  formats::Quantization quantization_;
  std::vector<Layer> layers_;
  std::map<std::string, size_t, std::less<>> by_name_;  // quantised ones, "P" -> its place in layers_
  std::vector<formats::TensorDecl> tensors_;
  uint64_t bytes_before_ = 0, bytes_after_ = 0, done_ = 0;
  std::vector<uint32_t> words_;                // of the layer that was quantised last
  std::string shape_;                          // of the layer asked for last
  std::map<std::string, std::string> scales_;  // by layer
};

}  // namespace ds::quant
