// SwiGLU on a GPU: a thread per element.
#include "kernels/cuda_common.cuh"
#include "kernels/cuda_ops.h"

namespace ds::kernels::gpu {

namespace {

__device__ inline float sigmoid(float g) { return 1.0f / (1.0f + expf(-g)); }

template <class T>
__global__ void forward_kernel(const T* gate, const T* up, uint64_t n, T* y) {
  const uint64_t i = static_cast<uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const float g = get(gate[i]);
  put(y + i, round_as<T>(g * sigmoid(g)) * get(up[i]));
}

template <class T>
__global__ void backward_kernel(const T* dy, const T* gate, const T* up, uint64_t n, T* dgate, T* dup) {
  const uint64_t i = static_cast<uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const float g = get(gate[i]), d = get(dy[i]), s = sigmoid(g), u = get(up[i]);
  put(dup + i, d * round_as<T>(g * s));
  put(dgate + i, d * u * s * (1.0f + g * (1.0f - s)));
}

}  // namespace

int swiglu_forward(Number number, const void* gate, const void* up, uint64_t n, void* y, void* stream) {
  if (n == 0) return 0;
  return with_number(number, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    forward_kernel<T><<<blocks_for(n, 256), 256, 0, stream_of(stream)>>>(
        static_cast<const T*>(gate), static_cast<const T*>(up), n, static_cast<T*>(y));
  });
}

int swiglu_backward(Number number, const void* dy, const void* gate, const void* up, uint64_t n, void* dgate,
                    void* dup, void* stream) {
  if (n == 0) return 0;
  return with_number(number, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    backward_kernel<T><<<blocks_for(n, 256), 256, 0, stream_of(stream)>>>(
        static_cast<const T*>(dy), static_cast<const T*>(gate), static_cast<const T*>(up), n,
        static_cast<T*>(dgate), static_cast<T*>(dup));
  });
}

}  // namespace ds::kernels::gpu
