#include "infer/kv_cache.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <limits>

#include "base/error.h"
#include "kernels/paged_attention.h"
#include "nn/torch_pch.h"

namespace ds::infer {

namespace {
constexpr int64_t kGrain = 1 << 16;  // products of two numbers worth a thread
}

KvCache::KvCache(const arch::ModelConfig& config, int64_t pages, at::Device device, at::ScalarType dtype)
    : device_(device) {
  const auto options = at::TensorOptions().device(device).dtype(dtype);
  try {
    for (int64_t layer = 0; layer < config.layers; ++layer) {
      const at::Tensor side = at::empty({pages * kPage, config.kv_heads, config.head_dim}, options);
      layers_.push_back({side, at::empty_like(side)});
    }
  } catch (const c10::Error&) {
    throw resource_error(fmt::format("out of memory for a cache of {} tokens", pages * kPage),
                         "generate fewer tokens or sequences at once");
  }
  for (int64_t page = pages; page-- > 0;) free_.push_back(page);
}

int64_t KvCache::bytes_per_token(const arch::ModelConfig& config, at::ScalarType dtype) {
  return 2 * config.layers * config.kv_heads * config.head_dim *
         static_cast<int64_t>(c10::elementSize(dtype));
}

int KvCache::add_sequence() {
  for (size_t i = 0; i < sequences_.size(); ++i) {
    if (sequences_[i].used) continue;
    sequences_[i] = {.used = true};
    return static_cast<int>(i);
  }
  sequences_.push_back({.used = true});
  return static_cast<int>(sequences_.size()) - 1;
}

void KvCache::free_sequence(int sequence) {
  Sequence& s = sequences_.at(static_cast<size_t>(sequence));
  free_.insert(free_.end(), s.pages.rbegin(), s.pages.rend());
  s = {};
}

void KvCache::grow(int sequence, int64_t tokens) {
  Sequence& s = sequences_.at(static_cast<size_t>(sequence));
  while (static_cast<int64_t>(s.pages.size()) < pages_for(s.length + tokens)) {
    if (free_.empty())
      throw resource_error("the key/value cache is full", "generate fewer tokens or sequences at once");
    const int64_t page = free_.back();
    free_.pop_back();
    s.in_a_row = s.in_a_row && (s.pages.empty() || page == s.pages.back() + 1);
    s.pages.push_back(page);
  }
}

CachedAttention::CachedAttention(KvCache& cache, std::vector<int> sequences, std::vector<int64_t> counts)
    : cache_(cache), sequences_(std::move(sequences)), counts_(std::move(counts)) {}

at::Tensor CachedAttention::positions() const {
  std::vector<int64_t> result;
  for (size_t i = 0; i < sequences_.size(); ++i) {
    for (int64_t t = 0; t < counts_[i]; ++t) result.push_back(cache_.length(sequences_[i]) + t);
  }
  return at::tensor(result, at::kLong).to(cache_.device_);
}

at::Tensor CachedAttention::slots(const KvCache::Sequence& s, int64_t begin, int64_t end) const {
  std::vector<int64_t> result;
  for (int64_t t = begin; t < end; ++t) result.push_back(cache_.slot(s, t));
  return at::tensor(result, at::kLong).to(cache_.device_);
}

at::Tensor CachedAttention::attend_one(const at::Tensor& q_CAD, const at::Tensor& k_CKD,
                                       const at::Tensor& v_CKD, size_t index, const nn::AttentionSpec& spec) {
  const KvCache::Sequence& s = cache_.sequences_[static_cast<size_t>(sequences_[index])];
  const int64_t past = s.length, count = counts_[index], total = past + count;
  const int64_t heads = q_CAD.size(1), kv_heads = k_CKD.size(1), width = q_CAD.size(2);
  auto& [all_keys, all_values] = cache_.layers_[static_cast<size_t>(spec.layer)];

  at::Tensor keys, values;  // [T,K,D], of this sequence
  if (s.in_a_row) {
    keys = all_keys.narrow(0, s.pages[0] * kPage, total);
    values = all_values.narrow(0, s.pages[0] * kPage, total);
    keys.narrow(0, past, count).copy_(k_CKD);
    values.narrow(0, past, count).copy_(v_CKD);
  } else {
    const at::Tensor fresh = slots(s, past, total), every = slots(s, 0, total);
    all_keys.index_copy_(0, fresh, k_CKD);
    all_values.index_copy_(0, fresh, v_CKD);
    keys = all_keys.index_select(0, every);
    values = all_values.index_select(0, every);
  }

  if (count == 1) {
    // One query per head: the heads that share a key head become the rows of one small product, and nothing
    // is masked. Written out, because fused attention on a GPU may plan anew for every length, which costs 60
    // ms a token.
    const int64_t first = spec.window > 0 ? std::max<int64_t>(0, total - spec.window) : 0;
    const auto by_head = [&](const at::Tensor& x) {
      return x.narrow(0, first, total - first).transpose(0, 1);
    };
    const at::Tensor scores =
        at::bmm(q_CAD.reshape({kv_heads, heads / kv_heads, width}), by_head(keys).transpose(1, 2)) *
        spec.scale;
    return at::bmm(at::softmax(scores, -1, at::kFloat).to(q_CAD.scalar_type()), by_head(values))
        .reshape({1, heads, width});
  }
  const auto by_head = [](const at::Tensor& x) { return x.transpose(0, 1).unsqueeze(0); };
  std::optional<at::Tensor> mask;
  if (past > 0 || (spec.window > 0 && spec.window < total)) {
    const auto place = at::TensorOptions().device(cache_.device_).dtype(at::kLong);
    const at::Tensor ahead =
        at::arange(past, total, place).unsqueeze(1) - at::arange(total, place).unsqueeze(0);
    at::Tensor hidden = ahead.lt(0);
    if (spec.window > 0) hidden = hidden.logical_or(ahead.ge(spec.window));
    mask = at::zeros({count, total}, q_CAD.options())
               .masked_fill_(hidden, -std::numeric_limits<double>::infinity());
  }
  return at::scaled_dot_product_attention(by_head(q_CAD), by_head(keys), by_head(values), mask, 0.0,
                                          /*is_causal=*/!mask, spec.scale, /*enable_gqa=*/heads != kv_heads)
      .squeeze(0)
      .transpose(0, 1);
}

// Tasks are (sequence, key/value head) pairs; what a sequence is longer than others, its tasks are longer
// too.
at::Tensor CachedAttention::attend_paged(const at::Tensor& q_in, const at::Tensor& k_in,
                                         const at::Tensor& v_in, const nn::AttentionSpec& spec) {
  const auto dense_heads = [](const at::Tensor& x) {
    return x.stride(2) == 1 && x.stride(1) == x.size(2) ? x : x.contiguous();
  };
  const at::Tensor q = dense_heads(q_in), k = dense_heads(k_in), v = dense_heads(v_in);
  const LayerCache& layer = cache_.layers_[static_cast<size_t>(spec.layer)];
  const kernels::PagedCache cache{layer.keys.data_ptr(), layer.values.data_ptr(), kPage, k.size(1),
                                  k.size(2)};
  const kernels::PagedShape shape{q.size(1), spec.scale, spec.window, q.stride(0), k.stride(0), v.stride(0)};
  std::vector<kernels::PagedSequence> sequences;
  int64_t begin = 0;
  for (size_t i = 0; i < sequences_.size(); ++i) {
    const KvCache::Sequence& s = cache_.sequences_[static_cast<size_t>(sequences_[i])];
    sequences.push_back({s.pages.data(), s.length, counts_[i], begin});
    begin += counts_[i];
  }
  at::Tensor out = at::empty({q.size(0), q.size(1), q.size(2)}, q.options());
  const auto work = [&]<class T>(T) {
    const auto data = [](const at::Tensor& x) { return static_cast<T*>(x.data_ptr()); };
    const int64_t count = static_cast<int64_t>(sequences.size()), heads = cache.kv_heads;
    at::parallel_for(0, count, 1, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i)
        kernels::paged_store<T>(cache, shape, sequences[static_cast<size_t>(i)], data(k), data(v));
    });
    // A short text's attention is over before another thread has woken up.
    int64_t products = 1;
    for (const auto& s : sequences) {
      products = std::max(products, (s.past + s.count) * s.count * cache.width * shape.heads / heads);
    }
    at::parallel_for(
        0, count * heads, std::max<int64_t>(1, kGrain / products), [&](int64_t first, int64_t last) {
          for (int64_t task = first; task < last; ++task) {
            kernels::paged_attention<T>(cache, shape, sequences[static_cast<size_t>(task / heads)],
                                        task % heads, data(q), data(out));
          }
        });
  };
  if (q.scalar_type() == at::kFloat)
    work(float{});
  else
    work(kernels::bf16{});
  return out;
}

at::Tensor CachedAttention::attend(const at::Tensor& q_NAD, const at::Tensor& k_NKD, const at::Tensor& v_NKD,
                                   const nn::AttentionSpec& spec) {
  at::NoGradGuard no_grad;
  const at::ScalarType type = q_NAD.scalar_type();
  at::Tensor out;
  if (nn::fused() && cache_.device_.is_cpu() && (type == at::kFloat || type == at::kBFloat16) &&
      cache_.layers_[0].keys.scalar_type() == type) {
    out = attend_paged(q_NAD, k_NKD, v_NKD, spec);
  } else {
    std::vector<at::Tensor> parts;
    int64_t begin = 0;
    for (size_t i = 0; i < sequences_.size(); ++i) {
      const auto part = [&](const at::Tensor& x) { return x.narrow(0, begin, counts_[i]); };
      parts.push_back(attend_one(part(q_NAD), part(k_NKD), part(v_NKD), i, spec));
      begin += counts_[i];
    }
    out = parts.size() == 1 ? parts[0].contiguous() : at::cat(parts);
  }
  if (spec.layer + 1 == static_cast<int>(cache_.layers_.size())) {
    for (size_t i = 0; i < sequences_.size(); ++i) {
      cache_.sequences_[static_cast<size_t>(sequences_[i])].length += counts_[i];
    }
  }
  return out;
}

}  // namespace ds::infer
