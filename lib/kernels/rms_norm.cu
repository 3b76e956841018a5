// RMSNorm on a GPU: a block per row. The weight's gradient is summed in two steps of fixed order: each block
// adds up kCudaNormRows rows of a stripe of columns, then one thread per column adds the partial sums.
#include "kernels/cuda_common.cuh"
#include "kernels/cuda_ops.h"

namespace ds::kernels::gpu {

namespace {

template <class T>
__global__ void forward_kernel(const T* x, const T* delta, const T* w, float eps, uint64_t width, T* sum,
                               T* y, float* rstd) {
  const uint64_t row = static_cast<uint64_t>(blockIdx.x) * width;
  const T* in = x + row;
  float squares = 0;
  for (uint64_t i = threadIdx.x; i < width; i += blockDim.x) {
    float v = get(in[i]);
    if (delta) {
      v = round_as<T>(v + get(delta[row + i]));
      put(sum + row + i, v);
    }
    squares += v * v;
  }
  const float scale = rsqrtf(block_sum(squares) / static_cast<float>(width) + eps);
  if (threadIdx.x == 0) rstd[blockIdx.x] = scale;
  if (delta) in = sum + row;  // each thread reads back what it wrote itself
  for (uint64_t i = threadIdx.x; i < width; i += blockDim.x) {
    put(y + row + i, get(w[i]) * round_as<T>(get(in[i]) * scale));
  }
}

template <class T>
__global__ void input_gradient_kernel(const T* dy, const T* dsum, const T* x, const T* w, const float* rstd,
                                      uint64_t width, T* dx) {
  const uint64_t row = static_cast<uint64_t>(blockIdx.x) * width;
  const float scale = rstd[blockIdx.x];
  float dot = 0;
  for (uint64_t i = threadIdx.x; i < width; i += blockDim.x)
    dot += get(dy[row + i]) * get(w[i]) * get(x[row + i]) * scale;
  const float mean = block_sum(dot) / static_cast<float>(width);
  for (uint64_t i = threadIdx.x; i < width; i += blockDim.x) {
    float d = scale * (get(dy[row + i]) * get(w[i]) - get(x[row + i]) * scale * mean);
    if (dsum) d += get(dsum[row + i]);
    put(dx + row + i, d);
  }
}

template <class T>
__global__ void weight_gradient_kernel(const T* dy, const T* x, const float* rstd, uint64_t rows,
                                       uint64_t width, float* partials) {
  const uint64_t column = static_cast<uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= width) return;
  const uint64_t begin = static_cast<uint64_t>(blockIdx.y) * kCudaNormRows;
  const uint64_t end = begin + kCudaNormRows < rows ? begin + kCudaNormRows : rows;
  float total = 0;
  for (uint64_t r = begin; r < end; ++r)
    total += get(dy[r * width + column]) * get(x[r * width + column]) * rstd[r];
  partials[blockIdx.y * width + column] = total;
}

__global__ void add_partials_kernel(const float* partials, uint64_t chunks, uint64_t width, float* dw) {
  const uint64_t column = static_cast<uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= width) return;
  float total = 0;
  for (uint64_t c = 0; c < chunks; ++c) total += partials[c * width + column];
  dw[column] = total;
}

}  // namespace

int rms_norm_forward(Number number, const void* x, const void* delta, const void* w, float eps, uint64_t rows,
                     uint64_t width, void* sum, void* y, float* rstd, void* stream) {
  if (rows == 0) return 0;
  return with_number(number, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    forward_kernel<T><<<static_cast<unsigned>(rows), row_threads(width, 512), 0, stream_of(stream)>>>(
        static_cast<const T*>(x), static_cast<const T*>(delta), static_cast<const T*>(w), eps, width,
        static_cast<T*>(sum), static_cast<T*>(y), rstd);
  });
}

int rms_norm_backward(Number number, const void* dy, const void* dsum, const void* x, const void* w,
                      const float* rstd, uint64_t rows, uint64_t width, void* dx, float* partials, float* dw,
                      void* stream) {
  if (rows == 0) return static_cast<int>(cudaMemsetAsync(dw, 0, width * sizeof(float), stream_of(stream)));
  const uint64_t chunks = (rows + kCudaNormRows - 1) / kCudaNormRows;
  return with_number(number, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const auto s = stream_of(stream);
    const T *dy_t = static_cast<const T*>(dy), *x_t = static_cast<const T*>(x);
    input_gradient_kernel<T><<<static_cast<unsigned>(rows), row_threads(width, 512), 0, s>>>(
        dy_t, static_cast<const T*>(dsum), x_t, static_cast<const T*>(w), rstd, width, static_cast<T*>(dx));
    const dim3 grid(blocks_for(width, 128), static_cast<unsigned>(chunks));
    weight_gradient_kernel<T><<<grid, 128, 0, s>>>(dy_t, x_t, rstd, rows, width, partials);
    add_partials_kernel<<<blocks_for(width, 128), 128, 0, s>>>(partials, chunks, width, dw);
  });
}

}  // namespace ds::kernels::gpu
