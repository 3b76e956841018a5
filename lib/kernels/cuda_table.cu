// The one symbol that libds_cuda.so offers.
#include "kernels/cuda_ops.h"

extern "C" const ds::kernels::CudaKernels* ds_cuda_kernels() {
  namespace gpu = ds::kernels::gpu;
  static const ds::kernels::CudaKernels table = {
      ds::kernels::kCudaTableVersion,
      gpu::rms_norm_forward,
      gpu::rms_norm_backward,
      gpu::rope,
      gpu::swiglu_forward,
      gpu::swiglu_backward,
      gpu::cross_entropy,
      gpu::adamw,
      gpu::squared_norm_partials,
  };
  return &table;
}
