#include "nn/linear_cpu.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "kernels/integer_matmul.h"
#include "nn/torch_pch.h"

namespace ds::nn {
namespace {

constexpr int64_t kFewest = 4;  // strips that a thread takes: fewer, and reading memory begins anew too often
constexpr int64_t kGrain = 1 << 17;  // products of two numbers worth a thread

kernels::ScaleType scale_type(const at::Tensor& scale) {
  switch (scale.scalar_type()) {
    case at::kFloat:
      return kernels::ScaleType::f32;
    case at::kBFloat16:
      return kernels::ScaleType::bf16;
    case at::kHalf:
      return kernels::ScaleType::f16;
    default:
      throw internal_error("linear: a scale that is not F32, BF16 or F16");
  }
}

bool fits(const at::Tensor& x, const LinearCpu& l) {
  const bool bias = !l.bias.defined() || (l.bias.numel() == l.out &&
                                          l.bias.scalar_type() == x.scalar_type() && l.bias.is_contiguous());
  if (x.dim() != 2 || !bias) return false;
  if (l.packed) {
    return l.packed->in == x.size(1) && l.packed->words.size(0) == l.out && l.packed->words.is_contiguous() &&
           l.packed->scale.is_contiguous();
  }
  return l.dense.dim() == 2 && l.dense.size(0) == l.out && l.dense.size(1) == x.size(1) &&
         l.dense.scalar_type() == x.scalar_type() && l.dense.is_contiguous();
}

template <class T>
struct Task {
  kernels::MatmulWeight<T> w;
  bool integers = false;  // x as integers too
  const T* bias = nullptr;
  T* y = nullptr;
  const void* prepared = nullptr;
  int64_t strips = 0;
};

template <class T>
Task<T> open_task(const LinearCpu& l, int64_t in, const at::Tensor& y) {
  Task<T> t;
  t.w.out = l.out, t.w.in = in;
  if (l.packed) {
    t.w.packed = {static_cast<const uint32_t*>(l.packed->words.const_data_ptr()),
                  l.packed->scale.const_data_ptr(),
                  scale_type(l.packed->scale),
                  l.packed->bits,
                  l.packed->group,
                  l.packed->words.size(1)};
    t.integers = kernels::integer_matmul_supported(t.w.packed);
  } else {
    t.w.dense = static_cast<const T*>(l.dense.const_data_ptr());
  }
  if (l.bias.defined()) t.bias = static_cast<const T*>(l.bias.const_data_ptr());
  t.y = static_cast<T*>(y.mutable_data_ptr());
  t.strips = kernels::matmul_strips(l.out);
  return t;
}

// What the rows of x look like to the kernels; each kind is made when the first weight asks for it.
template <class T>
class PreparedRows {
 public:
  explicit PreparedRows(const at::Tensor& x) : x_(x), rows_(x.size(0)), in_(x.size(1)) {}

  const void* integers(int bits) {
    at::Tensor& made = integers_[bits == 4];
    if (!made.defined()) {
      made = bytes(kernels::integer_prepared_bytes(rows_, in_));
      cut(kernels::integer_blocks(rows_), [&](int64_t b, int64_t e) {
        kernels::integer_prepare(data(), rows_, in_, bits, made.mutable_data_ptr(), b, e);
      });
    }
    return made.const_data_ptr();
  }
  const void* numbers() {
    if (!numbers_.defined()) {
      numbers_ = bytes(kernels::matmul_prepared_bytes<T>(rows_, in_));
      if (numbers_.numel() > 0)
        cut(kernels::matmul_blocks(rows_), [&](int64_t b, int64_t e) {
          kernels::matmul_prepare(data(), rows_, in_, numbers_.mutable_data_ptr(), b, e);
        });
    }
    return numbers_.const_data_ptr();
  }
  const T* data() const { return static_cast<const T*>(x_.const_data_ptr()); }

 private:
  at::Tensor bytes(size_t n) const {
    return at::empty({static_cast<int64_t>(n)}, x_.options().dtype(at::kByte));
  }
  template <class Body>
  void cut(int64_t blocks, const Body& body) const {
    at::parallel_for(0, blocks, std::max<int64_t>(1, kGrain / (16 * std::max<int64_t>(1, in_))), body);
  }
  at::Tensor x_, numbers_, integers_[2];
  int64_t rows_, in_;
};

template <class T>
void run(const at::Tensor& x, const std::vector<LinearCpu>& weights, const std::vector<at::Tensor>& results) {
  const int64_t rows = x.size(0), in = x.size(1);
  PreparedRows<T> prepared(x);
  std::vector<Task<T>> tasks;
  int64_t strips = 0, work = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    Task<T> t = open_task<T>(weights[i], in, results[i]);
    t.prepared = t.integers ? prepared.integers(t.w.packed.bits) : prepared.numbers();
    strips += t.strips, work += t.w.out * in * rows;
    tasks.push_back(t);
  }
  // Threads take the next strips when they have done theirs, ever fewer towards the end: one that the system
  // holds up holds nobody else up.
  const int64_t threads = std::clamp<int64_t>(work / kGrain, 1, at::get_num_threads());
  std::atomic<int64_t> next{0};
  const auto worker = [&] {
    for (int64_t begin = next.load(); begin < strips; begin = next.load()) {
      int64_t left = threads == 1 ? strips : std::max<int64_t>(kFewest, (strips - begin) / (2 * threads));
      if (!next.compare_exchange_weak(begin, begin + left)) continue;
      int64_t first = begin;
      for (const Task<T>& t : tasks) {
        if (first >= t.strips) {
          first -= t.strips;
          continue;
        }
        const int64_t end = std::min(t.strips, first + left);
        if (t.integers)
          kernels::integer_matmul(t.prepared, rows, t.w.packed, t.w.out, in, t.bias, t.y, first, end);
        else
          kernels::matmul(prepared.data(), t.prepared, rows, t.w, t.bias, t.y, first, end);
        left -= end - first, first = 0;
        if (left == 0) break;
      }
    }
  };
  if (threads == 1) return worker();
  at::parallel_for(0, threads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) worker();
  });
}

}  // namespace

bool linear_cpu_supported(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) &&
         !(x.requires_grad() && c10::GradMode::is_enabled());
}

std::vector<at::Tensor> linear_cpu(const at::Tensor& x_NK, const std::vector<LinearCpu>& weights) {
  const at::Tensor x = x_NK.contiguous();
  std::vector<at::Tensor> results;
  for (const LinearCpu& l : weights) {
    if (!fits(x, l))
      throw internal_error("linear: shapes or types of x, weight and bias do not fit each other");
    results.push_back(at::empty({x.size(0), l.out}, x.options()));
  }
  if (x.size(0) == 0) return results;
  if (x.scalar_type() == at::kFloat)
    run<float>(x, weights, results);
  else
    run<kernels::bf16>(x, weights, results);
  return results;
}

}  // namespace ds::nn
