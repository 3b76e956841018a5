// The AVX-512 forms, as the dispatching kernels see them. Same contracts as the functions of the same name
// one namespace up.
#pragma once

#include "kernels/types.h"

namespace ds::kernels {
struct AdamwStep;
}

#if defined(__x86_64__)
#define DS_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma")))

namespace ds::kernels::avx512 {

template <class T>
DS_AVX512 void add_rms_norm_forward(const T* x, const T* delta, const T* w, float eps, uint64_t rows,
                                    uint64_t width, T* sum, T* y,
                                    float* rstd);  // delta and sum may be null together
template <class T>
DS_AVX512 void rms_norm_backward(const T* dy, const T* dsum, const T* x, const T* w, const float* rstd,
                                 uint64_t rows, uint64_t width, T* dx, float* dw);
template <class T>
DS_AVX512 void rope_half_split(const T* x, const float* cos, const float* sin, uint64_t heads, uint64_t half,
                               float sign, T* y);
template <class T>
DS_AVX512 void swiglu_forward(const T* gate, const T* up, uint64_t n, T* y);
template <class T>
DS_AVX512 void swiglu_backward(const T* dy, const T* gate, const T* up, uint64_t n, T* dgate, T* dup);
template <class T>
DS_AVX512 float cross_entropy_row(T* logits, uint64_t vocab, int64_t target, float scale, bool gradient);
template <class G>
DS_AVX512 void adamw(float* master, const G* gradient, float* moment1, float* moment2, bf16* compute,
                     uint64_t n, float weight_decay, const AdamwStep& step);
DS_AVX512 double squared_norm(const float* x, uint64_t n);

}  // namespace ds::kernels::avx512
#endif
