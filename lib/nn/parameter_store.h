// The owner of all weights of a model. Blocks borrow them; what a weight is made of (fp32, bf16; later int8, int4, fp8
// blocks, LoRA on top of any), where it lives and who owns which shard is known here and nowhere else.
//
// Training keeps four flat fp32 buffers (master, gradient, first and second moment) in one order: tensors that decay
// first, then the others, each group in the order of arch::tensors(). So clipping and the optimizer are one kernel call,
// and a shard of the optimizer is a range. The compute copy is a flat buffer in the compute type (the master itself for
// fp32). A checkpoint addresses tensors by name, never by place in a buffer.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "arch/arch.h"
#include "base/run.h"
#include "formats/model_folder.h"

namespace ds::nn {

// What an op is handed. Only `lib/nn/ops` looks inside: model code passes it on, so a new representation is one more
// member here and one more case in linear() and embedding().
struct Weight {
  std::string name;           // as stored in model.safetensors
  std::vector<int64_t> shape;
  at::Tensor dense;           // [out, in] or [n], compute type, on the store's device; a leaf with gradients when training
};

struct StoreOptions {
  at::Device device = at::kCPU;
  at::ScalarType compute = at::kFloat;  // kFloat or kBFloat16
  bool training = false;                // masters, gradients and moments exist
};

class ParameterStore {
 public:
  ParameterStore(const arch::ModelConfig& config, const StoreOptions& options);

  // Fills every tensor by its arch::Init from (seed, tensor number): equal on every device and world size.
  void init_random(uint64_t seed);
  // Loads every tensor, converting to fp32 master and compute type. Missing, extra or misshapen tensors are data errors
  // that name file and tensor. Accepts F32, BF16 and F16.
  void load(const formats::ModelFolder& folder);
  // Writes weights (masters when training) as `dtype` through the folder writer, names and order from lib/arch.
  void save(formats::ModelFolderWriter& writer, at::ScalarType dtype) const;

  const Weight& weight(std::string_view name) const;   // tied names answer with the tensor they are tied to
  const Weight* find(std::string_view name) const;     // nullptr when the architecture has no such tensor (biases)
  const std::vector<arch::TensorSpec>& specs() const { return specs_; }
  const StoreOptions& options() const { return options_; }

  // Around each block's forward and backward: the place where gathering (ZeRO), offload, prefetch and dequantisation hang.
  // Free when everything is resident.
  void use(int block);
  void release(int block);

  // Training side. Flat fp32 of equal length; [0, decayed()) takes weight decay.
  at::Tensor& master() { return master_; }
  at::Tensor& gradient() { return gradient_; }   // summed over the micro-batches since zero_gradients()
  at::Tensor& moment1() { return moment1_; }
  at::Tensor& moment2() { return moment2_; }
  at::Tensor& compute() { return compute_; }     // flat, compute type; master() itself for fp32
  int64_t decayed() const { return decayed_; }
  void zero_gradients();
  // After backward() of each micro-batch: adds the leaves' gradients to gradient() and drops them.
  void collect_gradients();
  // A tensor's view in a flat buffer, by name; for checkpoints and tests.
  at::Tensor view(const at::Tensor& flat, std::string_view name) const;

 private:
  arch::ModelConfig config_;
  StoreOptions options_;
  std::vector<arch::TensorSpec> specs_;
  std::map<std::string, Weight, std::less<>> weights_;
  std::map<std::string, std::pair<int64_t, int64_t>, std::less<>> ranges_;  // name -> offset, length in the flat buffers
  at::Tensor master_, gradient_, moment1_, moment2_, compute_;
  int64_t decayed_ = 0;
};

}  // namespace ds::nn
