// AMX tiles as both products use them (Intel's instruction set reference): the configuration, and the
// instructions that do not depend on the type of the numbers. GCC's own intrinsics tell the compiler too
// little of the memory they read and write, so these are written out, with clobbers that order them with the
// scratch.
#pragma once

#include "kernels/simd512.h"
#ifdef DS_HAVE_AVX512_CODE

namespace ds::kernels::amx {

struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};

}  // namespace ds::kernels::amx

#define DS_TILE_CONFIGURE(config) asm volatile("ldtilecfg %0" ::"m"(config) : "memory")
#define DS_TILE_LOAD(tile, from, stride) \
  asm volatile("tileloadd (%0,%1,1), %%tmm" #tile ::"r"(from), "r"(static_cast<int64_t>(stride)) : "memory")
#define DS_TILE_STORE(tile, to, stride)                                                            \
  asm volatile("tilestored %%tmm" #tile ", (%0,%1,1)" ::"r"(to), "r"(static_cast<int64_t>(stride)) \
               : "memor"                                                                           \
                 "y")
#define DS_TILE_ZERO(tile) asm volatile("tilezero %%tmm" #tile ::)
#define DS_TILE_DOT(instruction, c, a, b) asm volatile(instruction " %%tmm" #b ", %%tmm" #a ", %%tmm" #c ::)

#endif
