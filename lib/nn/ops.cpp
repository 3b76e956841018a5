#include "nn/ops.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>
#include <limits>

#include "arch/config.h"
#include "nn/fused.h"
#include "nn/fused_attention.h"
#include "nn/linear_cpu.h"
#include "nn/torch_pch.h"

namespace ds::nn {

namespace {
std::atomic<bool> fused_on{true};
}  // namespace

void set_fused(bool on) { fused_on = on; }
bool fused() { return fused_on; }

at::Tensor dense_of(const Weight& w, at::ScalarType type) {
  const PackedWeight& p = w.packed;
  if (!p.defined()) return w.dense;
  const at::Tensor shifts = at::arange(32 / p.bits, p.words.options()) * p.bits;
  const at::Tensor codes =
      p.words.unsqueeze(-1).bitwise_right_shift(shifts).bitwise_and((1 << p.bits) - 1).flatten(-2);
  const at::Tensor q = (codes.narrow(-1, 0, p.in) - (1 << (p.bits - 1))).to(p.scale.scalar_type());
  const at::Tensor values =
      p.group > 0 ? (q.unflatten(-1, {-1, p.group}) * p.scale.unsqueeze(-1)).flatten(-2) : q * p.scale;
  return values.to(type);
}

at::Tensor embedding(const at::Tensor& ids_N, const Weight& table_VH) {
  return at::embedding(table_VH.dense, ids_N);
}

at::Tensor linear(const at::Tensor& x, const Weight& w, const Weight* bias) {
  return linears(x, {{&w, bias}}).front();
}

std::vector<at::Tensor> linears(const at::Tensor& x, std::initializer_list<Layer> layers) {
  bool trained = false;
  for (const Layer& l : layers) {
    trained = trained ||
              (at::GradMode::is_enabled() && l.weight->dense.defined() && l.weight->dense.requires_grad());
  }
  if (fused() && !trained && x.dim() == 2 && linear_cpu_supported(x)) {
    std::vector<LinearCpu> weights;
    for (const Layer& l : layers) {
      weights.push_back({l.weight->dense, l.weight->packed.defined() ? &l.weight->packed : nullptr,
                         l.bias ? l.bias->dense : at::Tensor(), l.weight->shape[0]});
    }
    return linear_cpu(x, weights);
  }
  std::vector<at::Tensor> results;
  for (const Layer& l : layers) {
    const at::Tensor matrix = dense_of(*l.weight, x.scalar_type());
    results.push_back(l.bias ? at::linear(x, matrix, l.bias->dense) : at::linear(x, matrix));
  }
  return results;
}

at::Tensor rms_norm(const at::Tensor& x_NH, const Weight& w_H, double eps) {
  if (fused_supported(x_NH)) return fused_rms_norm(x_NH, w_H.dense, eps);
  const at::Tensor t = x_NH.to(at::kFloat);
  const at::Tensor normed = t * at::rsqrt(t.pow(2).mean(-1, /*keepdim=*/true) + eps);
  return w_H.dense * normed.to(x_NH.scalar_type());
}

std::pair<at::Tensor, at::Tensor> add_rms_norm(const at::Tensor& x_NH, const at::Tensor& delta_NH,
                                               const Weight& w_H, double eps) {
  if (fused_supported(x_NH)) return fused_add_rms_norm(x_NH, delta_NH, w_H.dense, eps);
  const at::Tensor sum = x_NH + delta_NH;
  return {sum, rms_norm(sum, w_H, eps)};
}

at::Tensor swiglu(const at::Tensor& gate_NI, const at::Tensor& up_NI) {
  return fused_supported(gate_NI) ? fused_swiglu(gate_NI, up_NI) : at::silu(gate_NI) * up_NI;
}

RopeTable make_rope_table(const arch::ModelConfig& config, int64_t positions, at::Device device) {
  at::NoGradGuard no_grad;
  const arch::RopeTable facts = arch::rope_table(config);
  const at::Tensor inverse = at::tensor(facts.inverse_frequencies, at::kFloat);
  const at::Tensor angles = at::arange(positions, at::kFloat).unsqueeze(1) * inverse.unsqueeze(0);
  return {(angles.cos() * facts.scale).to(device), (angles.sin() * facts.scale).to(device)};
}

at::Tensor rope(const at::Tensor& x_NAD, const at::Tensor& positions_N, const RopeTable& table,
                RopeLayout layout) {
  if (fused_supported(x_NAD)) {
    return fused_rope(x_NAD, positions_N, table.cos, table.sin, layout == RopeLayout::interleaved);
  }
  const at::Tensor cos =
      table.cos.index_select(0, positions_N).to(x_NAD.scalar_type()).unsqueeze(1);  // [N,1,D/2]
  const at::Tensor sin = table.sin.index_select(0, positions_N).to(x_NAD.scalar_type()).unsqueeze(1);
  if (layout == RopeLayout::half_split) {
    const int64_t half = x_NAD.size(-1) / 2;
    const at::Tensor a = x_NAD.narrow(-1, 0, half), b = x_NAD.narrow(-1, half, half);
    return at::cat({a * cos - b * sin, b * cos + a * sin}, -1);
  }
  const at::Tensor pairs = x_NAD.unflatten(-1, {-1, 2});
  const at::Tensor a = pairs.select(-1, 0), b = pairs.select(-1, 1);
  return at::stack({a * cos - b * sin, b * cos + a * sin}, -1).flatten(-2);
}

PackedAttention::PackedAttention(int64_t rows, int64_t length, at::Tensor documents, at::Tensor valid)
    : rows_(rows), length_(length), documents_(std::move(documents)), valid_(std::move(valid)) {}

namespace {

// What is added to the scores: 0 where key j may be seen from i, else the dtype's minimum.
at::Tensor additive_mask(int64_t length, int64_t window, const at::Tensor& documents_BS,
                         const at::Tensor& valid_BS, const at::Tensor& like) {
  at::NoGradGuard no_grad;
  const at::Tensor place = at::arange(length, like.options().dtype(at::kLong));
  const at::Tensor ahead = place.unsqueeze(1) - place.unsqueeze(0);  // [S,S]: i - j
  at::Tensor seen = ahead.ge(0);
  if (window > 0) seen = seen.logical_and(ahead.lt(window));
  seen = seen.unsqueeze(0).unsqueeze(0);  // [1,1,S,S]
  if (documents_BS.defined()) {
    seen = seen.logical_and(documents_BS.unsqueeze(2).eq(documents_BS.unsqueeze(1)).unsqueeze(1));
  }
  if (valid_BS.defined()) seen = seen.logical_and(valid_BS.ne(0).unsqueeze(1).unsqueeze(1));
  const double minimum = like.scalar_type() == at::kBFloat16
                             ? static_cast<double>(std::numeric_limits<at::BFloat16>::lowest())
                             : static_cast<double>(std::numeric_limits<float>::lowest());
  return at::zeros(seen.sizes(), like.options()).masked_fill_(seen.logical_not(), minimum);
}

// Where the runs of equal document begin, rows being borders too; empty when a document comes back later in
// its row (only the mask can say that).
std::vector<int64_t> segment_starts(int64_t rows, int64_t length, const at::Tensor& documents_BS) {
  std::vector<int64_t> starts;
  const at::Tensor documents =
      documents_BS.defined() ? documents_BS.to(at::kLong).contiguous() : at::Tensor();
  for (int64_t row = 0; row < rows; ++row) {
    starts.push_back(row * length);
    if (!documents.defined()) continue;
    const int64_t* d = documents.const_data_ptr<int64_t>() + row * length;
    for (int64_t t = 1; t < length; ++t) {
      if (d[t] < d[t - 1]) return {};
      if (d[t] != d[t - 1]) starts.push_back(row * length + t);
    }
  }
  starts.push_back(rows * length);
  return starts;
}

}  // namespace

at::Tensor PackedAttention::attend(const at::Tensor& q_NAD, const at::Tensor& k_NKD, const at::Tensor& v_NKD,
                                   const AttentionSpec& spec) {
  const auto by_row = [&](const at::Tensor& x) { return x.unflatten(0, {rows_, length_}).transpose(1, 2); };
  const int64_t window = spec.window >= length_ ? 0 : spec.window;
  if (fused() && !valid_.defined() && fused_attention_supported(q_NAD)) {
    if (starts_.empty()) starts_ = segment_starts(rows_, length_, documents_);
    if (!starts_.empty()) return fused_attention(q_NAD, k_NKD, v_NKD, starts_, spec.scale, window);
  }
  const bool plain = !documents_.defined() && !valid_.defined() && window == 0;
  if (!plain && (!mask_.defined() || mask_window_ != window)) {
    mask_ = additive_mask(length_, window, documents_, valid_, q_NAD);
    mask_window_ = window;
  }
  const at::Tensor q = by_row(q_NAD), k = by_row(k_NKD), v = by_row(v_NKD);
  const bool gqa = q_NAD.size(1) != k_NKD.size(1);
  // A row that sees nothing has scores and log-sum-exp that both round to the mask's minimum: flash backward
  // rebuilds its probabilities from them and gets 1 instead of 1 / S. So padding takes the form that keeps
  // the probabilities.
  const at::Tensor out =
      valid_.defined() ? std::get<0>(at::_scaled_dot_product_attention_math(q, k, v, mask_, 0.0, false, {},
                                                                            spec.scale, gqa))
      : plain ? at::scaled_dot_product_attention(q, k, v, {}, 0.0, /*is_causal=*/true, spec.scale, gqa)
              : at::scaled_dot_product_attention(q, k, v, mask_, 0.0, /*is_causal=*/false, spec.scale, gqa);
  return out.transpose(1, 2).flatten(0, 1);
}

}  // namespace ds::nn
