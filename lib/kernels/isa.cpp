// Which instruction set the kernels run on: asked once, switchable for tests.
#include <atomic>

#include "kernels/types.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

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

// The processor's word (leaf 7: AMX-BF16, AMX-TILE, AMX-INT8, AVX512-VBMI; subleaf 1: AVX512-BF16), and the
// system's permission for the eight kilobytes of tile state, which Linux gives only to a process that asks.
bool system_grants_amx() {
#if defined(__x86_64__) && defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  if (!(d & 1u << 22) || !(d & 1u << 24) || !(d & 1u << 25) || !(c & 1u << 1)) return false;
  if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a & 1u << 5)) return false;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

std::atomic<bool> g_allowed{true}, g_amx_allowed{true};

}  // namespace

bool use_avx512() {
  static const bool has = processor_has_avx512();
  return has && g_allowed.load(std::memory_order_relaxed);
}

void allow_avx512(bool allow) { g_allowed.store(allow, std::memory_order_relaxed); }

bool use_amx() {
  static const bool has = processor_has_avx512() && system_grants_amx();
  return has && use_avx512() && g_amx_allowed.load(std::memory_order_relaxed);
}

void allow_amx(bool allow) { g_amx_allowed.store(allow, std::memory_order_relaxed); }

}  // namespace ds::kernels
