// Which instruction set the kernels run on: asked once, switchable for tests.
#include <atomic>

#include "kernels/types.h"

namespace ds::kernels {

namespace {

bool processor_has_avx512() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#else
  return false;
#endif
}

std::atomic<bool> g_allowed{true};

}  // namespace

bool use_avx512() {
  static const bool has = processor_has_avx512();
  return has && g_allowed.load(std::memory_order_relaxed);
}

void allow_avx512(bool allow) { g_allowed.store(allow, std::memory_order_relaxed); }

}  // namespace ds::kernels
