#include "eval/forward.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "formats/safetensors.h"
#include "nn/torch_pch.h"

namespace ds::eval {

namespace {

constexpr int64_t kIgnored = -100;

at::Tensor read_ids(const formats::SafetensorsFile& file, const char* name, at::IntArrayRef shape) {
  const formats::TensorInfo* info = file.find(name);
  if (!info) return {};
  const bool fits = shape.empty() ? info->shape.size() == 2 : info->shape == shape.vec();
  if (!fits) {
    throw data_error(fmt::format("{}: tensor {}: shape {}, expected {}", file.path(), name,
                                 c10::str(at::IntArrayRef(info->shape)),
                                 shape.empty() ? "[B, S]" : c10::str(shape)));
  }
  const std::vector<int64_t> values = file.integers(*info);
  return at::tensor(values, at::kLong).reshape(info->shape);
}

// Every value in [0, limit), or `also`.
void check_range(const std::string& path, const char* name, const at::Tensor& values, int64_t limit,
                 int64_t also, const char* what) {
  if (!values.defined()) return;
  const int64_t* v = values.const_data_ptr<int64_t>();
  const int64_t columns = values.size(1);
  for (int64_t i = 0; i < values.numel(); ++i) {
    if ((v[i] >= 0 && v[i] < limit) || v[i] == also) continue;
    throw data_error(fmt::format("{}: tensor {}: row {}, column {}: {} is beyond {} {}", path, name,
                                 i / columns, i % columns, v[i], what, limit));
  }
}

// A new document wherever a position does not follow the one before it.
at::Tensor documents_of(const at::Tensor& positions_BS) {
  const int64_t length = positions_BS.size(1);
  const at::Tensor jump = positions_BS.narrow(1, 1, length - 1) - positions_BS.narrow(1, 0, length - 1) != 1;
  return at::cat({at::zeros({positions_BS.size(0), 1}, at::kLong), jump.to(at::kLong).cumsum(1)}, 1);
}

}  // namespace

ForwardInput read_forward_input(const std::string& path, const arch::ModelConfig& config, Log& log) {
  const formats::SafetensorsFile file(path);
  ForwardInput in;
  in.ids = read_ids(file, "ids", {});
  if (!in.ids.defined()) throw data_error(path + ": no tensor `ids`", "give the token ids as I64 [B, S]");
  if (in.ids.numel() == 0) throw data_error(path + ": tensor ids is empty");
  const auto shape = in.ids.sizes();
  in.labels = read_ids(file, "labels", shape);
  in.attention_mask = read_ids(file, "attention_mask", shape);
  in.position_ids = read_ids(file, "position_ids", shape);
  in.doc_ids = read_ids(file, "doc_ids", shape);
  if (file.find("token_type_ids"))
    log.warn(path + ": token_type_ids mean nothing to a " + config.model_type + " model");
  check_range(path, "ids", in.ids, config.vocab_size, 0, "the vocabulary of");
  check_range(path, "labels", in.labels, config.vocab_size, kIgnored, "the vocabulary of");
  check_range(path, "attention_mask", in.attention_mask, 2, 0, "the mask values below");
  check_range(path, "position_ids", in.position_ids, config.max_positions, 0, "max_position_embeddings");
  in.max_position = in.position_ids.defined() ? in.position_ids.max().item<int64_t>() : in.ids.size(1) - 1;
  if (in.max_position >= config.max_positions) {
    throw data_error(fmt::format("{}: tensor ids: rows of {} tokens, max_position_embeddings is {}", path,
                                 in.ids.size(1), config.max_positions));
  }
  return in;
}

NamedTensors forward(models::Model& model, const ForwardInput& in, bool grads, bool hidden) {
  const at::Device device = model.store().options().device;
  const int64_t rows = in.ids.size(0), length = in.ids.size(1);
  const auto flat = [&](const at::Tensor& t) { return t.to(device).reshape({-1}); };
  const at::AutoGradMode grad_mode(grads);

  const at::Tensor positions =
      in.position_ids.defined() ? in.position_ids : at::arange(length, at::kLong).expand({rows, length});
  at::Tensor documents = in.doc_ids;
  if (!documents.defined() && in.position_ids.defined() && !in.attention_mask.defined())
    documents = documents_of(in.position_ids);
  const bool all_valid = !in.attention_mask.defined() || in.attention_mask.min().item<int64_t>() == 1;
  nn::PackedAttention attention(rows, length, documents.defined() ? documents.to(device) : documents,
                                all_valid ? at::Tensor() : in.attention_mask.to(device));
  std::vector<at::Tensor> trace;
  const at::Tensor h =
      models::hidden_states(model, flat(in.ids), flat(positions), attention, hidden ? &trace : nullptr);

  NamedTensors out;
  {
    at::NoGradGuard no_grad;
    out["logits"] = models::logits(model, h.detach()).reshape({rows, length, -1}).cpu();
    for (size_t i = 0; i < trace.size(); ++i) {
      out[fmt::format("hidden.{}", i)] =
          trace[i].detach().to(at::kCPU, at::kFloat).reshape({rows, length, -1});
    }
  }
  if (!in.labels.defined()) {
    if (grads)
      throw usage_error("gradients need labels, and the input has none",
                        "add labels I64 [B, S], or drop --grads");
    return out;
  }
  at::Tensor targets = at::full_like(in.labels, kIgnored);
  targets.narrow(1, 0, length - 1).copy_(in.labels.narrow(1, 1, length - 1));
  const int64_t valid = targets.ne(kIgnored).sum().item<int64_t>();
  if (valid == 0)
    throw data_error("labels: none is valid after the shift by one",
                     "a label predicts from the token before it");
  const at::Tensor loss = nn::head_loss(h, model.head(), flat(targets), 1.0 / static_cast<double>(valid));
  out["loss"] = loss.detach().cpu().reshape({1});
  if (grads) {
    model.store().zero_gradients();
    loss.backward();
    model.store().collect_gradients();
    for (const auto& spec : model.store().specs()) {
      if (spec.tied_to.empty())
        out["grad." + spec.name] = model.store().view(model.store().gradient(), spec.name).cpu();
    }
  }
  return out;
}

FileDigest write_tensors(const std::string& path, const NamedTensors& tensors) {
  std::vector<formats::TensorDecl> declarations;
  for (const auto& [name, t] : tensors) {
    declarations.push_back(
        {name, t.scalar_type() == at::kLong ? formats::DType::i64 : formats::DType::f32, t.sizes().vec()});
  }
  at::Tensor held;
  return formats::write_safetensors(path, std::move(declarations), [&](const formats::TensorInfo& info) {
    held = tensors.at(info.name).contiguous();
    return std::string_view(static_cast<const char*>(held.const_data_ptr()), held.nbytes());
  });
}

}  // namespace ds::eval
