// matmul() of bf16 on AMX tiles (Intel's instruction set reference, TDPBF16PS): C[16][16] += A[16][32] B,
// fp32 sums of pairs of bf16 products, one pair after the other.
//
// A is sixteen rows of W by 32 numbers, straight from memory where W is dense, or from a block of scratch
// that packed weights are expanded into, 256 numbers of 32 rows at a time, so that it stays in the first
// cache. B is a block of at most sixteen rows of x, transposed once into pairs. Tiles 0 to 3 are C, two by
// two; 4 and 5 the rows of W; 6 and 7 the blocks of x. The instructions that make a number of y are the same
// for any number of rows. Rows and numbers that do not fill a tile are zeros in scratch.
#include "kernels/matmul_forms.h"
#include "kernels/unpack512.h"
#ifdef DS_HAVE_AVX512_CODE

#include <algorithm>
#include <cmath>

#define DS_AMX \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,avx512vbmi,avx512bf16,amx-tile,amx-bf16")))
#define DS_AMX_INLINE DS_AMX __attribute__((always_inline)) static inline

namespace ds::kernels::amx {

using namespace simd;

namespace {

constexpr int64_t kColumns = 16;     // rows of x in a tile
constexpr int64_t kStep = 32;        // numbers of `in` that a tile holds
constexpr int64_t kBlock = 256;      // numbers of `in` expanded at a time while all of C fits the tiles
constexpr int64_t kPrefetch = 1024;  // bytes

int64_t padded(int64_t in) { return (in + kStep - 1) / kStep * kStep; }
int64_t columns(int64_t rows) { return std::min(rows, kColumns); }
int64_t block_bytes(int64_t rows, int64_t in) { return padded(in) * columns(rows) * 2; }

struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};

// The clobbers order the tile instructions with the scratch that they read and write.
DS_AMX_INLINE void configure(int64_t columns) {
  TileConfig c;
  for (int t = 0; t < 8; ++t) {
    c.rows[t] = 16;
    c.row_bytes[t] = t == 4 || t == 5 ? 64 : static_cast<uint16_t>(columns * 4);
  }
  asm volatile("ldtilecfg %0" ::"m"(c) : "memory");
}
#define DS_TILE_LOAD(tile, from, stride) \
  asm volatile("tileloadd (%0,%1,1), %%tmm" #tile ::"r"(from), "r"(stride) : "memory")
#define DS_TILE_STORE(tile, to, stride) \
  asm volatile("tilestored %%tmm" #tile ", (%0,%1,1)" ::"r"(to), "r"(stride) : "memory")
#define DS_TILE_ZERO(tile) asm volatile("tilezero %%tmm" #tile ::)
#define DS_TILE_DOT(c, a, b) asm volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #c ::)

DS_AMX_INLINE void transpose16(__m512i (&r)[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 2; ++j) {
      r[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + j + 2]);
      r[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + j + 2]);
    }
  for (int j = 0; j < 4; ++j) {  // r[4 i + j] holds column j of each of its four quarters for rows 4 i ..
    const __m512i a = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88);
    const __m512i b = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xdd);
    const __m512i c = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88);
    const __m512i d = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xdd);
    t[j] = _mm512_shuffle_i32x4(a, c, 0x88);
    t[8 + j] = _mm512_shuffle_i32x4(a, c, 0xdd);
    t[4 + j] = _mm512_shuffle_i32x4(b, d, 0x88);
    t[12 + j] = _mm512_shuffle_i32x4(b, d, 0xdd);
  }
  for (int i = 0; i < 16; ++i) r[i] = t[i];
}

// Numbers [begin, begin + n) of a packed row as bf16; n a multiple of 32 but for what is left at the end of
// the row.
template <ScaleType S>
DS_AMX_INLINE void expand_packed(const PackedMatrix& w, int64_t row, int64_t in, int64_t begin, int64_t n,
                                 bf16* out) {
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(w.packed + row * w.words);
  const int64_t whole = begin + (n & ~int64_t{31}), scales = row * scales_per_row(w, in);
  int64_t i = begin;
  while (i < whole && w.group % 32 == 0) {
    const int64_t g = w.group > 0 ? i / w.group : 0;
    const int64_t stop = w.group > 0 ? std::min((g + 1) * w.group, whole) : whole;
    const float scale = read_scale(S, w.scale, scales + g);
    if (w.bits == 4) {
      const __m512i values = _mm512_srli_epi32(bf16_bits(nibble_values<S>(scale)), 16);
      const __m512i table = _mm512_broadcast_i64x4(_mm512_cvtepi32_epi16(values));
      for (; i < stop; i += 32) {
        // vpermw looks at five bits of a word: the fourth of the next nibble chooses between equal halves.
        const __m512i pairs =
            _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i / 2)));
        const __m512i index = _mm512_or_si512(pairs, _mm512_slli_epi32(pairs, 12));
        _mm512_storeu_si512(out + (i - begin), _mm512_permutexvar_epi16(index, table));
      }
    } else if (std::isnormal(scale)) {  // so no product is subnormal, which this rounding would flush
      const v16 s = set(scale);
      for (; i < stop; i += 32) {
        v16 low = _mm512_mul_ps(centred(bytes + i), s), high = _mm512_mul_ps(centred(bytes + i + 16), s);
        if constexpr (S == ScaleType::f16) low = round_product<S>(low), high = round_product<S>(high);
        _mm512_storeu_si512(out + (i - begin), (__m512i)_mm512_cvtne2ps_pbh(high, low));
      }
    } else {
      break;
    }
  }
  dequantize_part(w, row, in, i, begin + n, out + (i - begin));
}

DS_AMX_INLINE void expand_row(const MatmulWeight<bf16>& w, int64_t row, int64_t begin, int64_t n, bf16* out) {
  if (w.dense) {
    std::memcpy(out, w.dense + row * w.in + begin, static_cast<size_t>(n) * sizeof(bf16));
    return;
  }
  switch (w.packed.scale_type) {
    case ScaleType::f32:
      return expand_packed<ScaleType::f32>(w.packed, row, w.in, begin, n, out);
    case ScaleType::bf16:
      return expand_packed<ScaleType::bf16>(w.packed, row, w.in, begin, n, out);
    case ScaleType::f16:
      return expand_packed<ScaleType::f16>(w.packed, row, w.in, begin, n, out);
  }
}

// Numbers [begin, end) of the rows of a strip, `end` on a multiple of 32, into out[kMatmulStrip][end -
// begin]; the same place in the next strip is asked for ahead.
DS_AMX void expand(const MatmulWeight<bf16>& w, int64_t n0, int64_t begin, int64_t end, bf16* out) {
  const int64_t width = end - begin, n = std::min(end, w.in) - begin;
  const int64_t count = std::min(kMatmulStrip, w.out - n0);
  const int64_t bytes = w.packed.words * 4, part = width * w.packed.bits / 8;
  const char* packed = reinterpret_cast<const char*>(w.packed.packed);
  for (int64_t r = 0; r < count; ++r) {
    if (!w.dense) {
      int64_t ahead = begin * w.packed.bits / 8 + part;
      if (end >= w.in) ahead = kMatmulStrip * bytes;
      const char* next = packed + (n0 + r) * bytes + ahead;
      for (int64_t i = 0; i < part; i += 64) _mm_prefetch(next + i, _MM_HINT_T0);
    }
    expand_row(w, n0 + r, begin, n, out + r * width);
    std::memset(out + r * width + n, 0, static_cast<size_t>(width - n) * sizeof(bf16));
  }
  std::memset(out + count * width, 0, static_cast<size_t>((kMatmulStrip - count) * width) * sizeof(bf16));
}

// C += 32 rows of W, `stride` bytes apart, with one or two blocks of x over `steps` tiles of `in`. `ahead`
// tells where the bytes lie that will be wanted kPrefetch bytes later; 0 when they come by themselves.
template <int Blocks>
DS_AMX_INLINE void accumulate(const char* w, int64_t stride, const char* x, int64_t x_block, int64_t x_row,
                              int64_t steps, const char* next) {
  for (int64_t s = 0; s < steps; ++s) {
    if (next) {
      const int64_t at = s * 64 + kPrefetch;
      const char* from = at < stride ? w + at : next + (at - stride);
      for (int64_t r = 0; r < kMatmulStrip; ++r) _mm_prefetch(from + r * stride, _MM_HINT_T0);
    }
    DS_TILE_LOAD(4, w + s * 64, stride);
    DS_TILE_LOAD(6, x + s * 16 * x_row, x_row);
    DS_TILE_DOT(0, 4, 6);
    DS_TILE_LOAD(5, w + 16 * stride + s * 64, stride);
    DS_TILE_DOT(1, 5, 6);
    if constexpr (Blocks == 2) {
      DS_TILE_LOAD(7, x + x_block + s * 16 * x_row, x_row);
      DS_TILE_DOT(2, 4, 7);
      DS_TILE_DOT(3, 5, 7);
    }
  }
}

// c[32][columns] of one block -> y, rounded.
DS_AMX_INLINE void write(const float* c, int64_t columns, int64_t rows, int64_t count, int64_t out,
                         const bf16* bias, bf16* y) {
  for (int64_t n = 0; n < count; n += 16, c += 16 * columns) {
    const __mmask16 m = lanes(static_cast<uint64_t>(count - n));
    const v16 b = bias ? load(bias + n, m) : _mm512_setzero_ps();
    if (columns == kColumns) {
      __m512i t[16];
      for (int i = 0; i < 16; ++i) t[i] = _mm512_loadu_si512(c + i * 16);
      transpose16(t);
      for (int64_t r = 0; r < 16; ++r)
        if (r < rows) store(y + r * out + n, m, _mm512_add_ps(_mm512_castsi512_ps(t[r]), b));
    } else {
      const __m512i index =
          _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                             _mm512_set1_epi32(static_cast<int>(columns)));
      for (int64_t r = 0; r < rows; ++r)
        store(y + r * out + n, m, _mm512_add_ps(_mm512_i32gather_ps(index, c + r, 4), b));
    }
  }
}

}  // namespace

size_t prepared_bytes(int64_t rows, int64_t in) {
  return static_cast<size_t>(matmul_blocks(rows) * block_bytes(rows, in));
}

// Block b: [padded(in) / 2][columns] pairs.
DS_AMX void prepare(const bf16* x, int64_t rows, int64_t in, void* prepared, int64_t begin, int64_t end) {
  const int64_t cols = columns(rows);
  const __mmask16 used = lanes(static_cast<uint64_t>(cols));
  for (int64_t block = begin; block < end; ++block) {
    uint32_t* to = reinterpret_cast<uint32_t*>(static_cast<char*>(prepared) + block * block_bytes(rows, in));
    const bf16* from = x + block * kColumns * in;
    const int64_t count = std::min(kColumns, rows - block * kColumns);
    for (int64_t i = 0; i < in; i += kStep, to += 16 * cols) {
      const int64_t left = in - i;
      const __mmask32 m = left >= 32 ? 0xffffffffu : (1u << left) - 1u;
      __m512i t[16];
      for (int64_t r = 0; r < 16; ++r)
        t[r] = r < count ? _mm512_maskz_loadu_epi16(m, from + r * in + i) : _mm512_setzero_si512();
      if (cols == 1) {
        _mm512_storeu_si512(to, t[0]);
        continue;
      }
      transpose16(t);
      for (int64_t p = 0; p < 16; ++p) _mm512_mask_storeu_epi32(to + p * cols, used, t[p]);
    }
  }
}

DS_AMX void matmul(const void* x, int64_t rows, const MatmulWeight<bf16>& w, const bf16* bias, bf16* y,
                   int64_t begin, int64_t end) {
  const int64_t cols = columns(rows), blocks = matmul_blocks(rows), x_block = block_bytes(rows, w.in);
  const int64_t width = padded(w.in);
  const bool few = blocks <= 2;  // all of C stays in tiles, so W need not be held whole
  const int64_t piece = few ? kBlock : width;
  bf16* scratch = matmul_scratch<bf16>(static_cast<size_t>(kMatmulStrip * std::min(piece, width)));
  alignas(64) float c[2 * kMatmulStrip * kColumns];
  configure(cols);
  for (int64_t strip = begin; strip < end; ++strip) {
    const int64_t n0 = strip * kMatmulStrip, count = std::min(kMatmulStrip, w.out - n0);
    const bool direct = w.dense && count == kMatmulStrip && width == w.in;
    for (int64_t block = 0; block < blocks; block += 2) {
      const bool two = blocks - block > 1;
      const char* xb = static_cast<const char*>(x) + block * x_block;
      DS_TILE_ZERO(0);
      DS_TILE_ZERO(1);
      DS_TILE_ZERO(2);
      DS_TILE_ZERO(3);
      for (int64_t k = 0, end_k; k < width; k = end_k) {
        end_k = direct ? width : std::min(k + piece, width);
        const char* a = reinterpret_cast<const char*>(direct ? w.dense + n0 * w.in : scratch);
        const char* next = direct && block == 0 ? a + kMatmulStrip * w.in * 2 : nullptr;
        if (!direct && (few || block == 0)) expand(w, n0, k, end_k, scratch);
        const char* xk = xb + k * cols * 2;
        if (two)
          accumulate<2>(a, (end_k - k) * 2, xk, x_block, cols * 4, (end_k - k) / kStep, next);
        else
          accumulate<1>(a, (end_k - k) * 2, xk, x_block, cols * 4, (end_k - k) / kStep, next);
      }
      DS_TILE_STORE(0, c, cols * 4);
      DS_TILE_STORE(1, c + 16 * cols, cols * 4);
      DS_TILE_STORE(2, c + 32 * cols, cols * 4);
      DS_TILE_STORE(3, c + 48 * cols, cols * 4);
      for (int64_t i = 0; i < (two ? 2 : 1); ++i)
        write(c + i * 32 * cols, cols, std::min(kColumns, rows - (block + i) * kColumns), count, w.out,
              bias ? bias + n0 : nullptr, y + (block + i) * kColumns * w.out + n0);
    }
  }
  asm volatile("tilerelease" ::);
}

}  // namespace ds::kernels::amx
#endif
