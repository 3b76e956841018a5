// matmul() of bf16 on AMX tiles (Intel's instruction set reference, TDPBF16PS): C[16][16] += A[16][32] B,
// fp32 sums of pairs of bf16 products, one pair after the other.
//
// A is sixteen rows of W by 32 numbers, straight from memory where W is dense and x has few rows, else from
// scratch in the first cache. B is a block of at most sixteen rows of x, transposed once into pairs. Tiles 0
// to 3 are C, two by two; 4 and 5 the rows of W; 6 and 7 the blocks of x. A number of y is made by the same
// operations in the same order for any number of rows. Rows and numbers that do not fill a tile are zeros.
#include "kernels/amx_tiles.h"
#include "kernels/matmul_amx_strip.h"
#include "kernels/matmul_forms.h"
#ifdef DS_HAVE_AVX512_CODE

#include <algorithm>
#include <type_traits>

namespace ds::kernels::amx {

using namespace simd;

namespace {

constexpr int64_t kColumns = 16;       // rows of x in a tile
constexpr int64_t kPartSteps = 16;     // of a strip, 32 KB, multiplied with many rows of x
constexpr int64_t kDenseAhead = 1024;  // bytes of a row that are asked for ahead

int64_t padded(int64_t in) { return (in + kStep - 1) / kStep * kStep; }
int64_t columns(int64_t rows) { return std::min(rows, kColumns); }
int64_t block_bytes(int64_t rows, int64_t in) { return padded(in) * columns(rows) * 2; }

DS_AMX_INLINE void configure(int64_t columns) {
  TileConfig c;
  for (int t = 0; t < 8; ++t) {
    c.rows[t] = 16;
    c.row_bytes[t] = t == 4 || t == 5 ? 64 : static_cast<uint16_t>(columns * 4);
  }
  DS_TILE_CONFIGURE(c);
}
#define DS_DOT(c, a, b) DS_TILE_DOT("tdpbf16ps", c, a, b)

// How a strip comes: as it is stored (dense), or by one of these, steps in ascending order: begin(), then the
// two halves of the rows.
#define DS_AMX_MEMBER DS_AMX __attribute__((always_inline)) static
struct Slow {
  DS_AMX_MEMBER void begin(Strip& s, int64_t step, Tile& out) { slow_step(s, step, out); }
  DS_AMX_MEMBER void rows(const Strip&, int64_t, int64_t, Tile&) {}
};
template <int Bits, ScaleType S>
struct Quick {
  DS_AMX_MEMBER void begin(Strip& s, int64_t step, Tile& out) {
    if ((step + 1) * kStep <= s.w->in)
      begin_quick_step<Bits, S>(s, step);
    else
      slow_step(s, step, out);
  }
  DS_AMX_MEMBER void rows(const Strip& s, int64_t step, int64_t half, Tile& out) {
    if ((step + 1) * kStep <= s.w->in) quick_rows<Bits, S>(s, step, half * 16, half * 16 + 16, out);
  }
};
template <class Source>
DS_AMX_INLINE void whole_step(Strip& s, int64_t step, Tile& out) {
  Source::begin(s, step, out);
  Source::rows(s, step, 0, out);
  Source::rows(s, step, 1, out);
}

// C += a step of 32 rows of W with one or two blocks of x.
template <int Blocks>
DS_AMX_INLINE void accumulate(const char* w, int64_t stride, const char* x, int64_t x_block, int64_t x_row) {
  DS_TILE_LOAD(4, w, stride);
  DS_TILE_LOAD(6, x, x_row);
  DS_DOT(0, 4, 6);
  DS_TILE_LOAD(5, w + 16 * stride, stride);
  DS_DOT(1, 5, 6);
  if constexpr (Blocks == 2) {
    DS_TILE_LOAD(7, x + x_block, x_row);
    DS_DOT(2, 4, 7);
    DS_DOT(3, 5, 7);
  }
}

DS_AMX_INLINE void clear() {
  DS_TILE_ZERO(0);
  DS_TILE_ZERO(1);
  DS_TILE_ZERO(2);
  DS_TILE_ZERO(3);
}
DS_AMX_INLINE void save(float* c, int64_t cols) {
  DS_TILE_STORE(0, c, cols * 4);
  DS_TILE_STORE(1, c + 16 * cols, cols * 4);
  DS_TILE_STORE(2, c + 32 * cols, cols * 4);
  DS_TILE_STORE(3, c + 48 * cols, cols * 4);
}
DS_AMX_INLINE void restore(const float* c, int64_t cols) {
  DS_TILE_LOAD(0, c, cols * 4);
  DS_TILE_LOAD(1, c + 16 * cols, cols * 4);
  DS_TILE_LOAD(2, c + 32 * cols, cols * 4);
  DS_TILE_LOAD(3, c + 48 * cols, cols * 4);
}

// Few rows of x: C of a strip stays in tiles. Weights straight from memory.
template <int Blocks>
DS_AMX_INLINE void few_direct(const Strip& s, const char* x, int64_t x_block, int64_t x_row) {
  const int64_t stride = s.w->in * 2;
  const char* w = reinterpret_cast<const char*>(s.w->dense) + s.first * stride;
  for (int64_t step = 0; step < s.w->in / kStep; ++step, x += 16 * x_row) {
    const int64_t at = step * 64 + kDenseAhead;
    const char* next = w + (at < stride ? at : at + (kMatmulStrip - 1) * stride);
    for (int64_t r = 0; r < kMatmulStrip; ++r) _mm_prefetch(next + r * stride, _MM_HINT_T0);
    accumulate<Blocks>(w + step * 64, stride, x, x_block, x_row);
  }
}

// Through two tiles of scratch in turn: while one is multiplied the next is being filled.
template <class Source, int Blocks>
DS_AMX_INLINE void few_expanded(Strip& s, const char* x, int64_t x_block, int64_t x_row) {
  alignas(64) Tile tiles[2];
  const int64_t steps = padded(s.w->in) / kStep;
  whole_step<Source>(s, 0, tiles[0]);
  for (int64_t step = 0; step < steps; ++step, x += 16 * x_row) {
    const char* w = reinterpret_cast<const char*>(tiles[step % 2]);
    Tile& next = tiles[(step + 1) % 2];
    const bool more = step + 1 < steps;
    if (more) Source::begin(s, step + 1, next);
    DS_TILE_LOAD(4, w, int64_t{64});
    DS_TILE_LOAD(6, x, x_row);
    DS_DOT(0, 4, 6);
    if (more) Source::rows(s, step + 1, 0, next);
    DS_TILE_LOAD(5, w + 1024, int64_t{64});
    DS_DOT(1, 5, 6);
    if constexpr (Blocks == 2) {
      DS_TILE_LOAD(7, x + x_block, x_row);
      DS_DOT(2, 4, 7);
      DS_DOT(3, 5, 7);
    }
    if (more) Source::rows(s, step + 1, 1, next);
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

namespace {

// Where the results of a call go.
struct Results {
  int64_t rows, out;
  const bf16* bias;
  bf16* y;
};

DS_AMX_INLINE void write_blocks(const float* c, int64_t cols, int64_t block, int64_t blocks, const Strip& s,
                                const Results& to) {
  for (int64_t i = 0; i < blocks; ++i) {
    const int64_t row = (block + i) * kColumns;
    write(c + i * kMatmulStrip * cols, cols, std::min(kColumns, to.rows - row), s.count, to.out,
          to.bias ? to.bias + s.first : nullptr, to.y + row * to.out + s.first);
  }
}

template <class Source, int Blocks>
DS_AMX void few_rows(Strip& s, const char* x, int64_t x_block, int64_t cols, const Results& to) {
  alignas(64) float c[2 * kMatmulStrip * kColumns];
  clear();
  if constexpr (std::is_void_v<Source>)
    few_direct<Blocks>(s, x, x_block, cols * 4);
  else
    few_expanded<Source, Blocks>(s, x, x_block, cols * 4);
  save(c, cols);
  write_blocks(c, cols, 0, Blocks, s, to);
}

// Many rows of x: a part of the strip that the first cache holds is multiplied with all of them in turn; C
// waits in memory between the parts.
template <class Source>
DS_AMX void many_rows(Strip& s, const char* x, int64_t x_block, const Results& to) {
  const int64_t blocks = matmul_blocks(to.rows), steps = padded(s.w->in) / kStep;
  constexpr int64_t kC = 2 * kMatmulStrip * kColumns;
  char* memory =
      matmul_scratch<char>(kPartSteps * sizeof(Tile) + static_cast<size_t>((blocks + 1) / 2 * kC) * 4);
  Tile* tiles = reinterpret_cast<Tile*>(memory);
  float* sums = reinterpret_cast<float*>(memory + kPartSteps * sizeof(Tile));
  for (int64_t first = 0; first < steps; first += kPartSteps) {
    const int64_t n = std::min(kPartSteps, steps - first);
    for (int64_t i = 0; i < n; ++i) whole_step<Source>(s, first + i, tiles[i]);
    for (int64_t block = 0; block < blocks; block += 2) {
      const int64_t pair = std::min<int64_t>(2, blocks - block);
      const char* from = x + block * x_block + first * 16 * 64;
      float* c = sums + block / 2 * kC;
      if (first == 0)
        clear();
      else
        restore(c, kColumns);
      if (pair == 2)
        for (int64_t i = 0; i < n; ++i)
          accumulate<2>(reinterpret_cast<const char*>(tiles[i]), 64, from + i * 1024, x_block, 64);
      else
        for (int64_t i = 0; i < n; ++i)
          accumulate<1>(reinterpret_cast<const char*>(tiles[i]), 64, from + i * 1024, x_block, 64);
      save(c, kColumns);
      if (first + n == steps) write_blocks(c, kColumns, block, pair, s, to);
    }
  }
}

template <class Source>
DS_AMX void any_rows(Strip& s, const char* x, const Results& to) {
  const int64_t cols = columns(to.rows), x_block = block_bytes(to.rows, s.w->in);
  if (to.rows <= kColumns)
    few_rows<Source, 1>(s, x, x_block, cols, to);
  else if (to.rows <= 2 * kColumns)
    few_rows<Source, 2>(s, x, x_block, cols, to);
  else if constexpr (std::is_void_v<Source>)
    many_rows<Slow>(s, x, x_block, to);
  else
    many_rows<Source>(s, x, x_block, to);
}

}  // namespace

DS_AMX void matmul(const void* x, int64_t rows, const MatmulWeight<bf16>& w, const bf16* bias, bf16* y,
                   int64_t begin, int64_t end) {
  const Results to{rows, w.out, bias, y};
  const char* from = static_cast<const char*>(x);
  configure(columns(rows));
  Strip s;
  for (int64_t strip = begin; strip < end; ++strip) {
    open_strip(s, w, strip);
    const bool four = w.packed.bits == 4;
    const ScaleType type = w.packed.scale_type;
    if (w.dense && s.count == kMatmulStrip && w.in % kStep == 0)
      any_rows<void>(s, from, to);
    else if (!s.quick)
      any_rows<Slow>(s, from, to);
    else if (type == ScaleType::f32)
      four ? any_rows<Quick<4, ScaleType::f32>>(s, from, to)
           : any_rows<Quick<8, ScaleType::f32>>(s, from, to);
    else if (type == ScaleType::bf16)
      four ? any_rows<Quick<4, ScaleType::bf16>>(s, from, to)
           : any_rows<Quick<8, ScaleType::bf16>>(s, from, to);
    else
      four ? any_rows<Quick<4, ScaleType::f16>>(s, from, to)
           : any_rows<Quick<8, ScaleType::f16>>(s, from, to);
  }
  asm volatile("tilerelease" ::);
}

}  // namespace ds::kernels::amx
#endif
