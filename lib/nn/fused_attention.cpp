// The autograd function around kernels/attention.h; see fused_attention.h.
#include "nn/fused_attention.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/attention.h"

namespace ds::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor dense_heads(const at::Tensor& x) {
  return x.stride(2) == 1 && x.stride(1) == x.size(2) ? x : x.contiguous();
}

kernels::AttentionShape shape_of(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 at::IntArrayRef starts, double scale, int64_t window) {
  kernels::AttentionShape s;
  s.heads = q.size(1), s.kv_heads = k.size(1), s.width = q.size(2);
  s.starts = starts.data(), s.segments = static_cast<int64_t>(starts.size()) - 1;
  s.scale = scale, s.window = window;
  s.q_stride = q.stride(0), s.k_stride = k.stride(0), s.v_stride = v.stride(0);
  return s;
}

// f(T{}) for the kernel's type that the tensor's type is.
template <class F>
void with_type(const at::Tensor& x, const F& f) {
  if (x.scalar_type() == at::kBFloat16)
    f(kernels::bf16{});
  else
    f(float{});
}

template <class T>
T* data(const at::Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

struct Attention : torch::autograd::Function<Attention> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& q_in, const at::Tensor& k_in,
                            const at::Tensor& v_in, std::vector<int64_t> starts, double scale,
                            int64_t window) {
    const at::Tensor q = dense_heads(q_in), k = dense_heads(k_in), v = dense_heads(v_in);
    at::Tensor out = at::empty({q.size(0), q.size(1), q.size(2)}, q.options());
    at::Tensor lse = at::empty({q.size(0), q.size(1)}, q.options().dtype(at::kFloat));
    const auto shape = shape_of(q, k, v, starts, scale, window);
    with_type(q, [&]<class T>(T) {
      at::parallel_for(0, attention_tasks(shape), 1, [&](int64_t begin, int64_t end) {
        kernels::attention_forward<T>(shape, data<T>(q), data<T>(k), data<T>(v), data<T>(out),
                                      lse.data_ptr<float>(), begin, end);
      });
    });
    ctx->save_for_backward({q, k, v, out, lse});
    ctx->saved_data["starts"] = starts;
    ctx->saved_data["scale"] = scale;
    ctx->saved_data["window"] = window;
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], &out = saved[3], &lse = saved[4];
    const at::Tensor dout = grads[0].contiguous();
    const std::vector<int64_t> starts = ctx->saved_data["starts"].toIntVector();
    const auto shape =
        shape_of(q, k, v, starts, ctx->saved_data["scale"].toDouble(), ctx->saved_data["window"].toInt());
    at::Tensor dq = at::empty(q.sizes(), q.options()), dk = at::empty(k.sizes(), k.options()),
               dv = at::empty(v.sizes(), v.options());
    with_type(q, [&]<class T>(T) {
      at::parallel_for(0, attention_tasks(shape), 1, [&](int64_t begin, int64_t end) {
        kernels::attention_backward<T>(shape, data<T>(q), data<T>(k), data<T>(v), data<T>(out), data<T>(dout),
                                       lse.data_ptr<float>(), data<T>(dq), data<T>(dk), data<T>(dv), begin,
                                       end);
      });
    });
    return {dq, dk, dv, {}, {}, {}};
  }
};

}  // namespace

bool fused_attention_supported(const at::Tensor& q) {
  return q.device().is_cpu() && (q.scalar_type() == at::kFloat || q.scalar_type() == at::kBFloat16);
}

at::Tensor fused_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           const std::vector<int64_t>& starts, double scale, int64_t window) {
  return Attention::apply(q, k, v, starts, scale, window);
}

}  // namespace ds::nn
