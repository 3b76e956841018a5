// Keys and values of the tokens so far, in pages behind one block table, and the attention over them.
//
// Pages of kPage tokens, [pages, kPage, K, D] per layer and side. A sequence owns a list of pages; the table maps (sequence,
// page number) to a page, so sequences of any length share one pool and can be grown, copied and freed page by page.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "nn/ops.h"

namespace ds::infer {

inline constexpr int64_t kPage = 16;

class KvCache {
 public:
  // Room for `pages` pages in all; throws resource when the device has not the memory.
  KvCache(const arch::ModelConfig& config, int64_t pages, at::Device device, at::ScalarType dtype);

  int add_sequence();                                   // a free slot, its length 0
  void free_sequence(int sequence);                     // its pages go back to the pool
  void grow(int sequence, int64_t tokens);              // room for that many more; throws resource when the pool is empty
  int64_t length(int sequence) const;
  int64_t free_pages() const;

 private:
  friend class CachedAttention;
  at::ScalarType dtype_;
  std::vector<at::Tensor> keys_, values_;               // per layer
  std::vector<std::vector<int64_t>> pages_;             // per sequence
  std::vector<int64_t> lengths_;
  std::vector<int64_t> free_;
  std::vector<int> free_slots_;
};

// One forward call over the cache: for each of `sequences` the next counts[i] tokens, laid out one after the other in N. Room
// must have been grown. The lengths advance when the last layer has attended.
class CachedAttention : public nn::AttentionContext {
 public:
  CachedAttention(KvCache& cache, std::vector<int> sequences, std::vector<int64_t> counts);
  at::Tensor positions() const;  // [N] int64, on the cache's device
  at::Tensor attend(const at::Tensor& q_NAD, const at::Tensor& k_NKD, const at::Tensor& v_NKD, const nn::AttentionSpec& spec) override;

 private:
  KvCache& cache_;
  std::vector<int> sequences_;
  std::vector<int64_t> counts_;
};

}  // namespace ds::infer
