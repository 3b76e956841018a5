#include "nn/parameter_store.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <unistd.h>

#include <cstring>

#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "nn/torch_pch.h"

namespace ds::nn {

namespace {

constexpr int64_t kAlign = 64;  // elements: 256 bytes of fp32, 128 of bf16, enough for any vector load

int64_t aligned(int64_t n) { return (n + kAlign - 1) / kAlign * kAlign; }

int64_t element_count(const std::vector<int64_t>& shape) {
  int64_t n = 1;
  for (const int64_t d : shape) n *= d;
  return n;
}

at::ScalarType scalar_type(formats::DType dtype) {
  return dtype == formats::DType::f32    ? at::kFloat
         : dtype == formats::DType::bf16 ? at::kBFloat16
                                         : at::kHalf;
}

formats::DType stored_type(at::ScalarType dtype) {
  if (dtype == at::kFloat) return formats::DType::f32;
  if (dtype == at::kBFloat16) return formats::DType::bf16;
  if (dtype == at::kHalf) return formats::DType::f16;
  throw internal_error("weights cannot be saved as " + std::string(c10::toString(dtype)));
}

// A stored tensor's bytes as a tensor of its own, aligned.
at::Tensor copy_of(const formats::StoredTensor& t, at::ScalarType type) {
  at::Tensor copy = at::empty(t.info->shape, type);
  const std::string_view bytes = t.bytes();
  std::memcpy(copy.mutable_data_ptr(), bytes.data(), bytes.size());
  return copy;
}

}  // namespace

ParameterStore::ParameterStore(const arch::ModelConfig& config, const StoreOptions& options)
    : config_(config), options_(options), specs_(arch::arch_of(config).tensors(config)) {
  for (const auto& spec : specs_) {
    if (!spec.tied_to.empty()) continue;
    Weight& weight = weights_[spec.name];
    weight.name = spec.name;
    weight.shape = spec.shape;
  }
  lay_out();
}

void ParameterStore::lay_out() {
  places_.clear();
  order_.clear();
  size_ = 0;
  const auto dense = [&](const arch::TensorSpec& spec) {
    return spec.tied_to.empty() && !weights_.find(spec.name)->second.packed.defined();
  };
  for (const bool decay : {true, false}) {
    for (const auto& spec : specs_) {
      if (spec.decay != decay || !dense(spec)) continue;
      places_[spec.name] = {&spec, size_, element_count(spec.shape)};
      size_ += aligned(element_count(spec.shape));
    }
    if (decay) decayed_ = size_;
  }
  for (const auto& spec : specs_) {
    if (dense(spec)) order_.push_back({places_.at(spec.name), &weights_.find(spec.name)->second});
  }
}

void ParameterStore::allocate() {
  if (compute_.defined()) return;
  const bool own_compute = options_.compute != at::kFloat;
  const double bytes =
      static_cast<double>(size_) * ((options_.training ? 16 : 0) + (own_compute         ? 2
                                                                    : options_.training ? 0
                                                                                        : 4));
  const double physical =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (options_.device.is_cpu() && bytes > physical) {
    throw resource_error("the model needs " + std::to_string(static_cast<int64_t>(bytes / 1e9)) +
                             " GB, this machine has " + std::to_string(static_cast<int64_t>(physical / 1e9)),
                         "use a smaller model, or --precision bf16");
  }
  const auto flat = at::TensorOptions().device(options_.device).dtype(at::kFloat);
  if (options_.training) {
    master_ = at::zeros({size_}, flat);
    gradient_ = at::zeros({size_}, flat);
    moment1_ = at::zeros({size_}, flat);
    moment2_ = at::zeros({size_}, flat);
  }
  compute_ = options_.training && !own_compute ? master_ : at::zeros({size_}, flat.dtype(options_.compute));

  // Views made below autograd: plain tensors over the buffer's memory, so that each can be a leaf of its own
  // and an optimizer step in the buffer is no "in-place change of a saved tensor".
  at::AutoDispatchBelowADInplaceOrView below;
  for (auto& [place, weight] : order_) {
    weight->dense = compute_.narrow(0, place.offset, place.length).view(weight->shape);
    if (!options_.training) continue;
    weight->dense.set_requires_grad(true);
    if (!own_compute)
      weight->dense.mutable_grad() = gradient_.narrow(0, place.offset, place.length).view(weight->shape);
  }
}

void ParameterStore::init_random(uint64_t seed) {
  allocate();
  at::NoGradGuard no_grad;
  const int threads = std::max(1, at::get_num_threads());
  for (size_t i = 0; i < order_.size(); ++i) {
    const auto& [place, weight] = order_[i];
    at::Tensor target = values().narrow(0, place.offset, place.length);
    if (place.spec->init != arch::Init::normal) {
      target.fill_(place.spec->init == arch::Init::ones ? 1.0 : 0.0);
      continue;
    }
    const Rng rng(seed, RngStream::init, static_cast<uint32_t>(i));
    const double std = place.spec->init_std;
    const at::Tensor fresh = at::empty({place.length}, at::kFloat);
    float* out = fresh.mutable_data_ptr<float>();
    parallel_for(threads, static_cast<uint64_t>(place.length), [&](uint64_t begin, uint64_t end) {
      for (uint64_t e = begin; e < end; ++e) out[e] = static_cast<float>(std * rng.normal(e));
    });
    target.copy_(fresh);
  }
  publish();
}

void ParameterStore::load(const formats::ModelFolder& folder) {
  if (!folder.has_weights())
    throw data_error(folder.path + ": no weights", "give a model folder, not a bare config.json");
  const StoredTensors stored = check_tensors(folder, specs_);
  if (options_.training && !stored.packed.empty())
    throw usage_error(folder.path + ": the weights are quantised, and gradients need them in full",
                      "use the model that was quantised, or write its numbers out with ds-export merge");
  at::NoGradGuard no_grad;
  load_packed(stored);
  allocate();
  std::string aligned_copy;
  for (auto& [place, weight] : order_) {
    const formats::StoredTensor t = folder.at(weight->name);
    std::string_view bytes = t.bytes();
    const at::ScalarType type = scalar_type(t.info->dtype);
    if (reinterpret_cast<uintptr_t>(bytes.data()) % c10::elementSize(type) != 0)
      bytes = aligned_copy.assign(bytes);
    const at::Tensor values_in_file = at::from_blob(const_cast<char*>(bytes.data()), {place.length}, type);
    values().narrow(0, place.offset, place.length).copy_(values_in_file);
  }
  publish();
}

void ParameterStore::load_packed(const StoredTensors& stored) {
  bool changed = false;
  for (auto& [name, weight] : weights_) {
    const auto found = stored.packed.find(name);
    changed |= weight.packed.defined() != (found != stored.packed.end());
    weight.packed = {};
    if (found == stored.packed.end()) continue;
    const formats::PackedTensor& t = found->second;
    weight.dense.reset();
    weight.packed = {.words = copy_of(t.words, at::kInt).to(options_.device),
                     .scale = copy_of(t.scale, scalar_type(t.scale.info->dtype)).to(options_.device),
                     .bits = stored.quantization->bits,
                     .group = stored.quantization->group,
                     .in = t.in};
  }
  if (!changed) return;
  compute_.reset();
  lay_out();
}

void ParameterStore::refuse_packed() const {
  if (order_.size() < weights_.size())
    throw internal_error("quantised weights cannot be written by the parameter store");
}

std::vector<formats::TensorDecl> ParameterStore::declarations(at::ScalarType dtype) const {
  refuse_packed();
  std::vector<formats::TensorDecl> result;
  for (const auto& [place, weight] : order_)
    result.push_back({weight->name, stored_type(dtype), weight->shape});
  return result;
}

formats::TensorSource ParameterStore::source(at::ScalarType dtype) const {
  refuse_packed();
  return [this, dtype, held = at::Tensor()](const formats::TensorInfo& info) mutable -> std::string_view {
    at::NoGradGuard no_grad;
    held = view(values(), info.name).to(at::kCPU, dtype).contiguous();
    return {static_cast<const char*>(held.const_data_ptr()), held.nbytes()};
  };
}

const Weight* ParameterStore::find(std::string_view name) const {
  if (const auto it = weights_.find(name); it != weights_.end()) return &it->second;
  for (const auto& spec : specs_) {
    if (spec.name == name && !spec.tied_to.empty()) return find(spec.tied_to);
  }
  return nullptr;
}

const Weight& ParameterStore::weight(std::string_view name) const {
  const Weight* found = find(name);
  if (!found) throw internal_error(config_.model_type + " has no tensor " + std::string(name));
  return *found;
}

const ParameterStore::Place& ParameterStore::place(std::string_view name) const {
  const auto found = places_.find(weight(name).name);
  if (found == places_.end())
    throw internal_error(std::string(name) + " is packed, so it has no place in a flat buffer");
  return found->second;
}

void ParameterStore::zero_gradients() { gradient_.zero_(); }

void ParameterStore::collect_gradients() {
  at::NoGradGuard no_grad;
  for (auto& [place, weight] : order_) {
    at::Tensor& grad = weight->dense.mutable_grad();
    at::Tensor sum = gradient_.narrow(0, place.offset, place.length).view(weight->shape);
    if (compute_.is_same(master_)) {
      if (grad.defined() && grad.data_ptr() == sum.data_ptr()) continue;  // accumulated in place
      if (grad.defined()) sum.add_(grad);
      grad = sum;
    } else if (grad.defined()) {
      sum.add_(grad);
      grad.reset();
    }
  }
}

void ParameterStore::publish() {
  at::NoGradGuard no_grad;
  if (options_.training && !compute_.is_same(master_)) compute_.copy_(master_);
}

at::Tensor ParameterStore::view(const at::Tensor& flat, std::string_view name) const {
  const Place& p = place(name);
  return flat.narrow(0, p.offset, p.length).view(p.spec->shape);
}

}  // namespace ds::nn
