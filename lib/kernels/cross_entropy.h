// Softmax cross-entropy of rows of logits, gradient written in place: the fused head keeps one chunk of
// logits, never all.
//
//   loss = log(sum e^z) - z[target] (nats, fp32)      dz = scale * (softmax(z) - onehot(target)), rounded to
//   T over z
//
// Three passes over a row that stays in cache: maximum, sum, gradient (Milakov & Gimelshein 2018 explain the
// trade).
#pragma once

#include "kernels/types.h"

namespace ds::kernels {

inline constexpr int64_t kIgnoredTarget = -100;

// logits [rows, vocab]; targets [rows] in [0, vocab) or kIgnoredTarget (loss 0, gradient 0); losses [rows].
// `gradient` false leaves the logits as they are.
template <class T>
void cross_entropy(T* logits, const int64_t* targets, uint64_t rows, uint64_t vocab, float scale,
                   bool gradient, float* losses);

}  // namespace ds::kernels
