// The owner of all weights of a model. Blocks borrow them; what a weight is made of (fp32, bf16, packed int8
// or int4; later fp8 blocks, LoRA on top of any), where it lives and who owns which shard is known here and
// nowhere else.
//
// Training keeps four flat fp32 buffers (master, gradient, first and second moment) in one order: tensors
// that decay first, then the others, each group in the order of arch::tensors(). So clipping and the
// optimizer are one kernel call, and a shard of the optimizer is a range. The compute copy is a flat buffer
// in the compute type (the master itself for fp32). Each tensor begins at a multiple of 64 elements; the gaps
// hold zeros, which no optimizer step changes. A checkpoint addresses tensors by name, never by place in a
// buffer. Packed weights, of a quantised model folder, are tensors of their own and take no place in these
// buffers; no copy in numbers is kept.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "arch/arch.h"
#include "base/run.h"
#include "formats/model_folder.h"
#include "nn/stored_tensors.h"

namespace ds::nn {

// Integers with scales, as they are stored (formats/compressed_tensors.h, kernels/matmul.h): q * scale.
struct PackedWeight {
  at::Tensor words;  // I32 [out, words]: q + 2^(bits-1), element 0 in the lowest bits
  at::Tensor scale;  // fp32, bf16 or f16 [out, in / group], or [out, 1] when group is 0
  int bits = 8;      // 4 or 8
  int64_t group = 0;
  int64_t in = 0;
  bool defined() const { return words.defined(); }
};

// What an op is handed. Only `lib/nn/ops` looks inside: model code passes it on, so a new representation is
// one more member here and one more case in linear(). Exactly one of `dense` and `packed` is
// defined.
struct Weight {
  std::string name;  // as stored in model.safetensors; of a packed one the name its dense form would have
  std::vector<int64_t> shape;
  at::Tensor
      dense;  // [out, in] or [n], compute type, on the store's device; a leaf with gradients when training
  PackedWeight packed = {};  // of a linear layer in a block, on the store's device; never when training
};

struct StoreOptions {
  at::Device device = at::kCPU;
  at::ScalarType compute = at::kFloat;  // kFloat or kBFloat16
  bool training = false;                // masters, gradients and moments exist
};

class ParameterStore {
 public:
  // Knows every tensor, but holds memory only from init_random() or load() on. The store must stay where it
  // is: models keep pointers to its weights.
  ParameterStore(const arch::ModelConfig& config, const StoreOptions& options);
  ParameterStore(const ParameterStore&) = delete;

  // Fills every tensor by its arch::Init from (seed, tensor number): equal on every device, thread count and
  // world size.
  void init_random(uint64_t seed);
  // Loads every tensor, converting to fp32 master and compute type. Missing, extra or misshapen tensors are
  // data errors that name file and tensor. Accepts F32, BF16, F16 and, when config.json has a
  // quantization_config, packed integers, which stay packed (a usage error when training). Nothing is
  // allocated before the shapes are checked.
  void load(const formats::ModelFolder& folder);
  // For formats::write_model_folder: what is stored, in the model's order, and its bytes (of the masters when
  // training). The source keeps one tensor at a time and must not outlive the store. Not for a store that
  // holds packed weights (internal error): who writes those, writes the integers.
  std::vector<formats::TensorDecl> declarations(at::ScalarType dtype) const;
  formats::TensorSource source(at::ScalarType dtype) const;

  const Weight& weight(std::string_view name) const;  // tied names answer with the tensor they are tied to
  const Weight* find(
      std::string_view name) const;  // nullptr when the architecture has no such tensor (biases)
  const std::vector<arch::TensorSpec>& specs() const { return specs_; }
  const StoreOptions& options() const { return options_; }

  // Around each block's forward and backward: the place where gathering (ZeRO), offload, prefetch and
  // dequantisation hang. Free when everything is resident, as everything is on one device.
  void use(int block) { (void)block; }
  void release(int block) { (void)block; }

  // Training side. Flat fp32 of equal length; [0, decayed()) takes weight decay.
  at::Tensor& master() { return master_; }
  at::Tensor& gradient() { return gradient_; }  // summed over the micro-batches since zero_gradients()
  at::Tensor& moment1() { return moment1_; }
  at::Tensor& moment2() { return moment2_; }
  at::Tensor& compute() { return compute_; }  // flat, compute type; master() itself for fp32
  int64_t decayed() const { return decayed_; }
  int64_t size() const { return size_; }  // elements of a flat buffer, gaps included
  void zero_gradients();
  // After backward() of each micro-batch: adds the leaves' gradients to gradient() and drops them. In fp32
  // the leaves accumulate straight into gradient(), and this only checks that they still do.
  void collect_gradients();
  // Copies the masters to the compute copy: after they were loaded or stepped by something that does not do
  // it itself.
  void publish();
  // A tensor's view in a flat buffer, by name; for checkpoints and tests.
  at::Tensor view(const at::Tensor& flat, std::string_view name) const;

 private:
  struct Place {
    const arch::TensorSpec* spec;
    int64_t offset, length;
  };
  void allocate();
  void lay_out();  // places of all tensors that are not packed
  void load_packed(const StoredTensors& stored);
  void refuse_packed() const;
  const Place& place(std::string_view name) const;
  const at::Tensor& values() const { return options_.training ? master_ : compute_; }

  arch::ModelConfig config_;
  StoreOptions options_;
  std::vector<arch::TensorSpec> specs_;
  std::vector<std::pair<Place, Weight*>> order_;  // stored tensors, in the order of specs_
  std::map<std::string, Weight, std::less<>> weights_;
  std::map<std::string, Place, std::less<>> places_;  // of stored tensors
  at::Tensor master_, gradient_, moment1_, moment2_, compute_;
  int64_t decayed_ = 0, size_ = 0;
};

}  // namespace ds::nn
