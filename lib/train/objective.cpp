#include "train/objective.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "nn/torch_pch.h"

namespace ds::train {

namespace {

// On the CPU the batch's own memory, which must outlive the tensor.
at::Tensor to_device(const std::vector<int64_t>& numbers, at::Device device) {
  const at::Tensor host =
      at::from_blob(const_cast<int64_t*>(numbers.data()), {static_cast<int64_t>(numbers.size())}, at::kLong);
  return device.is_cpu() ? host : host.to(device);
}

struct Forward {
  at::Tensor hidden_NH, targets_N;
};

Forward forward(models::Model& model, const data::Batch& batch) {
  const at::Device device = model.store().options().device;
  at::Tensor documents;  // undefined when every row is one document: plain causal attention
  if (batch.documents > batch.batch_size)
    documents = to_device(batch.doc_ids, device).view({batch.batch_size, batch.seq_len});
  nn::PackedAttention attention(batch.batch_size, batch.seq_len, documents);
  const at::Tensor ids = to_device(batch.ids, device), positions = to_device(batch.positions, device);
  return {models::hidden_states(model, ids, positions, attention), to_device(batch.targets, device)};
}

}  // namespace

double accumulate_gradients(models::Model& model, const std::vector<data::Batch>& micro_batches,
                            int64_t valid_total) {
  const double scale = 1.0 / static_cast<double>(std::max<int64_t>(1, valid_total));
  at::Tensor total;
  for (const data::Batch& batch : micro_batches) {
    const Forward f = forward(model, batch);
    at::Tensor loss = nn::head_loss(f.hidden_NH, model.head(), f.targets_N, scale);
    loss.backward();
    model.store().collect_gradients();
    loss = loss.detach().to(at::kDouble);
    total = total.defined() ? total + loss : loss;
  }
  return total.defined() ? total.item<double>() : 0.0;  // the step's one wait for the device
}

ValidationLoss validation_loss(models::Model& model, const formats::TokenDataset& data,
                               const data::EvalOptions& options) {
  at::NoGradGuard no_grad;
  data::EvalWindows windows(data, options);
  data::Batch batch;
  ValidationLoss result;
  double sum = 0;
  while (windows.next(batch)) {
    const Forward f = forward(model, batch);
    sum += nn::token_losses(f.hidden_NH, model.head(), f.targets_N).sum(at::kDouble).item<double>();
    result.targets += batch.valid_targets;
  }
  result.loss = sum / static_cast<double>(std::max<int64_t>(1, result.targets));
  return result;
}

}  // namespace ds::train
