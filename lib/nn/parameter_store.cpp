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

std::string shape_text(const std::vector<int64_t>& shape) { return c10::str(at::IntArrayRef(shape)); }

at::ScalarType scalar_type(formats::DType dtype, const formats::StoredTensor& t) {
  switch (dtype) {
    case formats::DType::f32:
      return at::kFloat;
    case formats::DType::bf16:
      return at::kBFloat16;
    case formats::DType::f16:
      return at::kHalf;
    default:
      throw data_error(t.file->path() + ": tensor " + t.info->name + ": dtype " +
                           std::string(formats::dtype_name(dtype)) + ", expected F32, BF16 or F16",
                       "convert the weights to one of these types first");
  }
}

formats::DType stored_type(at::ScalarType dtype) {
  if (dtype == at::kFloat) return formats::DType::f32;
  if (dtype == at::kBFloat16) return formats::DType::bf16;
  if (dtype == at::kHalf) return formats::DType::f16;
  throw internal_error("weights cannot be saved as " + std::string(c10::toString(dtype)));
}

// Tensors that old checkpoints carry and that mean nothing: the rotary frequencies follow from the config.
bool ignorable(std::string_view name) { return name.ends_with("rotary_emb.inv_freq"); }

void check_tensors(const formats::ModelFolder& folder, const std::vector<arch::TensorSpec>& specs) {
  std::map<std::string_view, const arch::TensorSpec*> known;
  for (const auto& spec : specs) {
    known[spec.name] = &spec;
    if (!spec.tied_to.empty()) continue;
    const formats::StoredTensor t = folder.at(spec.name);
    scalar_type(t.info->dtype, t);
    if (t.info->shape != spec.shape) {
      throw data_error(t.file->path() + ": tensor " + spec.name + ": shape " + shape_text(t.info->shape) +
                           ", but " + folder.config_path + " asks for " + shape_text(spec.shape),
                       "config.json and the weights are not of one model");
    }
  }
  for (const formats::StoredTensor& t : folder.tensors()) {
    if (!known.count(t.info->name) && !ignorable(t.info->name)) {
      throw data_error(t.file->path() + ": tensor " + t.info->name + " is not part of the model that " +
                           folder.config_path + " describes",
                       "config.json and the weights are not of one model");
    }
  }
}

}  // namespace

ParameterStore::ParameterStore(const arch::ModelConfig& config, const StoreOptions& options)
    : config_(config), options_(options), specs_(arch::arch_of(config).tensors(config)) {
  for (const bool decay : {true, false}) {
    for (const auto& spec : specs_) {
      if (spec.decay != decay || !spec.tied_to.empty()) continue;
      places_[spec.name] = {&spec, size_, element_count(spec.shape)};
      size_ += aligned(element_count(spec.shape));
    }
    if (decay) decayed_ = size_;
  }
  for (const auto& spec : specs_) {
    if (!spec.tied_to.empty()) continue;
    Weight& weight = weights_[spec.name];
    weight.name = spec.name;
    weight.shape = spec.shape;
    order_.push_back({places_.at(spec.name), &weight});
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
  check_tensors(folder, specs_);
  allocate();
  at::NoGradGuard no_grad;
  std::string aligned_copy;
  for (auto& [place, weight] : order_) {
    const formats::StoredTensor t = folder.at(weight->name);
    std::string_view bytes = t.bytes();
    const at::ScalarType type = scalar_type(t.info->dtype, t);
    if (reinterpret_cast<uintptr_t>(bytes.data()) % c10::elementSize(type) != 0)
      bytes = aligned_copy.assign(bytes);
    const at::Tensor stored = at::from_blob(const_cast<char*>(bytes.data()), {place.length}, type);
    values().narrow(0, place.offset, place.length).copy_(stored);
  }
  publish();
}

std::vector<formats::TensorDecl> ParameterStore::declarations(at::ScalarType dtype) const {
  std::vector<formats::TensorDecl> result;
  for (const auto& [place, weight] : order_)
    result.push_back({weight->name, stored_type(dtype), weight->shape});
  return result;
}

formats::TensorSource ParameterStore::source(at::ScalarType dtype) const {
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
  const Weight& known = weight(name);
  return places_.find(known.name)->second;
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
