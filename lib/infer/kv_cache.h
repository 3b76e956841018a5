// Keys and values of the tokens so far, in pages behind one block table, and the attention over them.
//
// The block table says where a sequence's tokens lie: it owns a list of pages of kPage tokens, and the table
// maps (sequence, page number) to a page of the pool, so sequences of any length share one pool and can be
// grown, copied and freed page by page. One table serves every layer; what a layer keeps for a token behind
// it is the layer's own affair (LayerCache), read only by the attention of that kind of layer.
//
// On the CPU attention reads the pages where they lie (kernels/paged_attention.h): a sequence's numbers
// depend on itself alone. The composite form of ATen calls serves other devices and nn::set_fused(false): it
// reads a sequence whose pages follow each other (the usual case when its room is grown at once) in place and
// gathers others.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "nn/ops.h"

namespace ds::infer {

inline constexpr int64_t kPage = 16;

inline int64_t pages_for(int64_t tokens) { return (tokens + kPage - 1) / kPage; }

// Full or sliding-window attention: both sides of every key/value head. A window limits what is read, not
// what is kept.
struct LayerCache {
  at::Tensor keys, values;  // [pages * kPage, K, D]
};

class KvCache {
 public:
  // Room for `pages` pages in all; throws resource when the device has not the memory.
  KvCache(const arch::ModelConfig& config, int64_t pages, at::Device device, at::ScalarType dtype);
  static int64_t bytes_per_token(const arch::ModelConfig& config, at::ScalarType dtype);

  int add_sequence();                       // a free slot, its length 0
  void free_sequence(int sequence);         // its pages go back to the pool
  void grow(int sequence, int64_t tokens);  // room for that many more; throws resource when the pool is empty
  int64_t length(int sequence) const { return sequences_[static_cast<size_t>(sequence)].length; }
  int64_t free_pages() const { return static_cast<int64_t>(free_.size()); }

 private:
  friend class CachedAttention;
  struct Sequence {
    std::vector<int64_t> pages;
    int64_t length = 0;
    bool used = false;
    bool in_a_row = true;  // page i is pages[0] + i
  };
  int64_t slot(const Sequence& s, int64_t token) const {
    return s.pages[static_cast<size_t>(token / kPage)] * kPage + token % kPage;
  }
  at::Device device_;
  std::vector<LayerCache> layers_;
  std::vector<Sequence> sequences_;
  std::vector<int64_t> free_;  // the lowest page last
};

// One forward call over the cache: for each of `sequences` the next counts[i] tokens, laid out one after the
// other in N. Room must have been grown. The lengths advance when the last layer has attended.
class CachedAttention : public nn::AttentionContext {
 public:
  CachedAttention(KvCache& cache, std::vector<int> sequences, std::vector<int64_t> counts);
  at::Tensor positions() const;  // [N] int64, on the cache's device
  at::Tensor attend(const at::Tensor& q_NAD, const at::Tensor& k_NKD, const at::Tensor& v_NKD,
                    const nn::AttentionSpec& spec) override;

 private:
  at::Tensor attend_paged(const at::Tensor& q_NAD, const at::Tensor& k_NKD, const at::Tensor& v_NKD,
                          const nn::AttentionSpec& spec);
  at::Tensor attend_one(const at::Tensor& q_CAD, const at::Tensor& k_CKD, const at::Tensor& v_CKD,
                        size_t index, const nn::AttentionSpec& spec);
  at::Tensor slots(const KvCache::Sequence& s, int64_t begin, int64_t end) const;

  KvCache& cache_;
  std::vector<int> sequences_;
  std::vector<int64_t> counts_;
};

}  // namespace ds::infer
