// Rotary embedding on a GPU: a thread per pair.
#include "kernels/cuda_common.cuh"
#include "kernels/cuda_ops.h"

namespace ds::kernels::gpu {

namespace {

template <class T>
__global__ void rope_kernel(const T* x, const int64_t* positions, const float* cos, const float* sin,
                            uint64_t pairs, uint64_t heads, uint64_t half, bool interleaved, float sign,
                            T* y) {
  const uint64_t pair = static_cast<uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (pair >= pairs) return;
  const uint64_t i = pair % half, head = pair / half, row = head / heads;
  const uint64_t angle = static_cast<uint64_t>(positions[row]) * half + i;
  const float c = round_as<T>(cos[angle]), s = sign * round_as<T>(sin[angle]);
  const uint64_t first = head * 2 * half + (interleaved ? 2 * i : i),
                 second = first + (interleaved ? 1 : half);
  const float a = get(x[first]), b = get(x[second]);
  put(y + first, round_as<T>(a * c) - round_as<T>(b * s));
  put(y + second, round_as<T>(b * c) + round_as<T>(a * s));
}

}  // namespace

int rope(Number number, const void* x, const int64_t* positions, const float* cos, const float* sin,
         uint64_t rows, uint64_t heads, uint64_t width, bool interleaved, bool inverse, void* y,
         void* stream) {
  const uint64_t pairs = rows * heads * (width / 2);
  if (pairs == 0) return 0;
  return with_number(number, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    rope_kernel<T><<<blocks_for(pairs, 256), 256, 0, stream_of(stream)>>>(
        static_cast<const T*>(x), positions, cos, sin, pairs, heads, width / 2, interleaved,
        inverse ? -1.0f : 1.0f, static_cast<T*>(y));
  });
}

}  // namespace ds::kernels::gpu
