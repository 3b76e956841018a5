#include "train/checkpoint.h"

#include <ATen/ATen.h>

#include "arch/arch.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "nn/torch_pch.h"
#include "train/run_folder.h"

namespace ds::train {

namespace {

const std::vector<std::string> kKinds = {"master", "exp_avg", "exp_avg_sq"};

// The flat buffer that holds a kind of optimizer tensor.
at::Tensor& buffer_of(nn::ParameterStore& store, const std::string& kind) {
  if (kind == "master") return store.master();
  return kind == "exp_avg" ? store.moment1() : store.moment2();
}

formats::TensorSource optimizer_source(nn::ParameterStore& store) {
  return [&store, held = at::Tensor()](const formats::TensorInfo& info) mutable -> std::string_view {
    const size_t dot = info.name.find('.');
    held = store.view(buffer_of(store, info.name.substr(0, dot)), info.name.substr(dot + 1))
               .to(at::kCPU)
               .contiguous();
    return {static_cast<const char*>(held.const_data_ptr()), held.nbytes()};
  };
}

const char* dtype_name(at::ScalarType dtype) { return dtype == at::kBFloat16 ? "bfloat16" : "float32"; }

formats::ModelFolderPlan folder_plan(const Inputs& inputs, const nn::ParameterStore& store,
                                     at::ScalarType dtype) {
  arch::ModelConfig config = inputs.config;
  config.dtype = dtype_name(dtype);
  formats::ModelFolderPlan plan;
  plan.config = arch::to_json(config);
  plan.generation_config = inputs.model.generation_config.is_null() ? arch::generation_config_json(config)
                                                                    : inputs.model.generation_config;
  plan.tensors = store.declarations(dtype);
  return plan;
}

}  // namespace

void save_checkpoint(const std::string& run, const Inputs& inputs, const formats::TrainState& state,
                     const nn::ParameterStore& const_store, at::ScalarType dtype) {
  at::NoGradGuard no_grad;
  auto& store = const_cast<nn::ParameterStore&>(const_store);  // its buffers are only read
  AtomicFolder folder(checkpoint_path(run, state.step));
  formats::Manifest manifest = inputs.planned;
  manifest.outputs =
      formats::write_model_folder(folder.path(), folder_plan(inputs, store, dtype), store.source(dtype));
  for (const auto& [path, name] : inputs.tokenizer) {
    manifest.outputs.push_back({name, write_file(folder.file(name), read_file(path))});
  }
  for (auto& file : formats::write_train_state(
           folder.path(), state, formats::optimizer_tensors(store.declarations(at::kFloat), kKinds),
           optimizer_source(store))) {
    manifest.outputs.push_back(std::move(file));
  }
  manifest.facts = {{"step", state.step},
                    {"tokens", state.tokens},
                    {"parameters", arch::parameter_count(store.specs())},
                    {"dtype", dtype_name(dtype)}};
  formats::write_manifest(folder.path(), manifest);
  folder.commit();
}

formats::TrainState load_checkpoint(const std::string& run, int64_t step, nn::ParameterStore& store) {
  at::NoGradGuard no_grad;
  const std::string checkpoint = checkpoint_path(run, step);
  formats::TrainState state = formats::read_train_state(checkpoint);
  const formats::SafetensorsFile file = formats::open_optimizer_state(checkpoint);
  for (const formats::TensorDecl& weight : store.declarations(at::kFloat)) {
    for (const std::string& kind : kKinds) {
      const formats::TensorInfo& info = file.at(formats::optimizer_tensor(kind, weight.name));
      if (info.dtype != formats::DType::f32 || info.shape != weight.shape) {
        throw data_error(file.path() + ": tensor " + info.name + " is not an F32 tensor of the model's shape",
                         "remove this checkpoint to resume from an older one");
      }
      const std::string_view bytes = file.bytes(info);
      at::Tensor target = store.view(buffer_of(store, kind), weight.name);
      at::Tensor host = at::empty(target.sizes(), at::kFloat);  // the mapping may be unaligned
      std::memcpy(host.mutable_data_ptr(), bytes.data(), bytes.size());
      target.copy_(host);
    }
  }
  store.publish();
  return state;
}

uint64_t checkpoint_bytes(const nn::ParameterStore& store, at::ScalarType dtype) {
  return arch::parameter_count(store.specs()) * (c10::elementSize(dtype) + 12) + (uint64_t{1} << 20);
}

}  // namespace ds::train
