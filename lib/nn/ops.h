// The one torch-facing vocabulary: everything that model code may do to a tensor.
//
// Each op has a composite form of plain ATen calls (the gradient oracle, and the fallback everywhere) and,
// where it pays, a fused form over lib/kernels with its own autograd::Function. `set_fused(false)` forces the
// composite form; tests compare the two on random inputs. Inference runs the same ops under NoGradGuard.
//
// Shape legend: N tokens of all rows together, H hidden, I intermediate, A query heads, K key/value heads, D
// head width, V vocabulary, R chosen rows. Tokens are always flat: a training batch of B rows of S is N =
// B*S, a decode step N = rows.
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>
#include <utility>
#include <vector>

#include "nn/parameter_store.h"

namespace ds::nn {

void set_fused(bool on);  // process-wide; on by default
bool fused();

// The matrix in numbers: itself when it is dense. A packed one is q * scale, rounded to the scale's type and
// then to `type`, by plain ATen calls: what the packed kernels are tested against, and what a GPU computes
// on.
at::Tensor dense_of(const Weight& w, at::ScalarType type);

at::Tensor embedding(const at::Tensor& ids_N, const Weight& table_VH);  // -> [N,H]
// [N,in] -> [N,out]. On the CPU and without gradients each row of the result depends on its own row of x
// alone (kernels/matmul.h), so that an answer does not change with the batch; packed weights are read as they
// are.
at::Tensor linear(const at::Tensor& x, const Weight& w, const Weight* bias = nullptr);
// Several weights on the same x, as in q, k and v: on the CPU without gradients one piece of parallel work.
struct Layer {
  const Weight* weight = nullptr;
  const Weight* bias = nullptr;  // nullptr: none
};
std::vector<at::Tensor> linears(const at::Tensor& x, std::initializer_list<Layer> layers);
// y = w * cast(x / rms(x)), statistics in fp32, the cast before the weight (Zhang & Sennrich 2019; HF's
// order).
at::Tensor rms_norm(const at::Tensor& x_NH, const Weight& w_H, double eps);
// sum = x + delta; returns {sum, rms_norm(sum)}: one pass over memory instead of three.
std::pair<at::Tensor, at::Tensor> add_rms_norm(const at::Tensor& x_NH, const at::Tensor& delta_NH,
                                               const Weight& w_H, double eps);
at::Tensor swiglu(const at::Tensor& gate_NI, const at::Tensor& up_NI);  // silu(gate) * up

// Rotary embedding. The table holds cos and sin, fp32 [positions, D/2], attention factor already multiplied
// in; in bf16 they are rounded to the activation type and the rotation is done in it, as transformers does
// for llama.
struct RopeTable {
  at::Tensor cos, sin;
  int64_t positions() const { return cos.defined() ? cos.size(0) : 0; }
};
RopeTable make_rope_table(const arch::ModelConfig& config, int64_t positions, at::Device device);
enum class RopeLayout { half_split, interleaved };
// Positions at or beyond the table's end are the caller's mistake: they are checked where ids enter, not
// here.
at::Tensor rope(const at::Tensor& x_NAD, const at::Tensor& positions_N, const RopeTable& table,
                RopeLayout layout);

// How the tokens of one forward call see each other. Two kinds: PackedAttention (training, scoring: rows of
// equal length, causal, optional documents or padding) here, and a paged key/value cache behind a block table
// in lib/infer.
struct AttentionSpec {
  int layer = 0;
  double scale = 1.0;
  int64_t window = 0;  // sliding window, 0 = full
};
class AttentionContext {
 public:
  virtual ~AttentionContext() = default;
  // q [N,A,D], k and v [N,K,D] (rotated already) -> [N,A,D]. Softmax in fp32.
  virtual at::Tensor attend(const at::Tensor& q_NAD, const at::Tensor& k_NKD, const at::Tensor& v_NKD,
                            const AttentionSpec& spec) = 0;
};

// B rows of S tokens. `documents` [B,S] int64: no attention across different values; `valid` [B,S] (1/0):
// padded keys are invisible. A row that sees nothing attends uniformly, as the dtype's minimum in
// transformers' additive mask does.
class PackedAttention : public AttentionContext {
 public:
  PackedAttention(int64_t rows, int64_t length, at::Tensor documents = {}, at::Tensor valid = {});
  at::Tensor attend(const at::Tensor& q_NAD, const at::Tensor& k_NKD, const at::Tensor& v_NKD,
                    const AttentionSpec& spec) override;

 private:
  int64_t rows_, length_;
  at::Tensor documents_, valid_;
  at::Tensor mask_;  // built once per call of the model and window, on the device
  int64_t mask_window_ = -1;
  std::vector<int64_t> starts_;  // where segments begin, for the fused form; found once
};

// The training loss without ever holding all logits: sum over targets != -100 of -log softmax(hidden .
// head)[target], as fp32 scalar. `scale` multiplies the result (1 / global count of valid targets), so that
// gradients come out final. Rows go through in chunks; the gradients of both inputs are made in the forward
// pass, while a chunk's softmax is at hand (Liger kernel, Hsu et al. 2024), so backward() only hands them
// out: it may run once.
at::Tensor head_loss(const at::Tensor& hidden_NH, const Weight& head_VH, const at::Tensor& targets_N,
                     double scale);
// Per token: nats, 0 where ignored; fp32 [N]. No gradient; for evaluation.
at::Tensor token_losses(const at::Tensor& hidden_NH, const Weight& head_VH, const at::Tensor& targets_N);

}  // namespace ds::nn
