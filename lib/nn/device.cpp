#include "nn/device.h"

#include <ATen/Context.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <malloc.h>

#include <new>
#include <string_view>

#include "base/error.h"
#include "base/io.h"

namespace ds::nn {

namespace {

constexpr const char* kCudaHint =
    "use --device cpu, or install a CUDA build of LibTorch and a driver (README, GPU build)";

// Must come before anything asks torch about CUDA: it remembers the first answer.
void load_cuda() {
  static const bool loaded = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr;
  if (!loaded) {
    throw resource_error("libtorch_cuda.so: cannot be loaded: " + std::string(dlerror() ?: "not found"),
                         kCudaHint);
  }
}

// What has run out says so in words only: both CUDA's OutOfMemoryError and the CPU allocator's plain
// c10::Error.
bool is_memory(std::string_view what) {
  for (const std::string_view word : {"out of memory", "can't allocate memory", "not enough memory"}) {
    if (what.find(word) != std::string_view::npos) return true;
  }
  return false;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

at::Device open_device(const std::string& device) {
  if (device == "cpu") return at::kCPU;
  if (device == "auto") {
    if (!exists("/dev/nvidia0") || dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr)
      return at::kCPU;
    return at::hasCUDA() && at::getNumGPUs() > 0 ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  }
  const bool numbered =
      device.size() == 6 && device.starts_with("cuda:") && device[5] >= '0' && device[5] <= '9';
  if (device != "cuda" && !numbered) {
    throw usage_error("--device: `" + device + "` is not known", "use auto, cpu, cuda or cuda:N");
  }
  load_cuda();
  const int index = numbered ? device[5] - '0' : 0;
  const int count = at::hasCUDA() ? static_cast<int>(at::getNumGPUs()) : 0;
  if (index >= count) {
    throw resource_error(
        "--device " + device + ": this machine offers " + std::to_string(count) + " CUDA devices", kCudaHint);
  }
  return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
}

at::ScalarType open_precision(const std::string& precision, at::Device device) {
  if (precision == "fp32") return at::kFloat;
  if (precision == "bf16") return at::kBFloat16;
  if (precision == "auto") return device.is_cuda() ? at::kBFloat16 : at::kFloat;
  throw usage_error("--precision: `" + precision + "` is not known", "use auto, fp32 or bf16");
}

void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 64 << 20);
}

int guarded(const std::function<int()>& body) {
  try {
    return body();
  } catch (const c10::Error& e) {
    const std::string what = e.what_without_backtrace();
    if (is_memory(what))
      throw resource_error("out of memory: " + first_line(what), "use a smaller batch, sequence or model");
    throw internal_error("torch: " + first_line(what));
  } catch (const std::bad_alloc&) {
    throw resource_error("out of memory", "use a smaller batch, sequence or model");
  }
}

}  // namespace ds::nn
