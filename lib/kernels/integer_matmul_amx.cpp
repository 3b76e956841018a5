// Integer products on AMX tiles (Intel's instruction set reference, TDPBUSD): C[16][16] += A[16][64] B, bytes
// without sign by bytes with one, exact in 32 bits.
//
// A is sixteen rows of W by 64 bytes: eight-bit weights straight from memory, four-bit ones as two tiles of
// nibbles from scratch. B is a chunk of a block of x. C begins as the block's additions, the same in every
// row (a tile load with stride 0), and after the two products of a run its sums join the totals, which stay
// in registers for all runs.
#include "kernels/amx_tiles.h"
#include "kernels/integer_layout.h"
#include "kernels/matmul_forms.h"
#include "kernels/scale.h"
#include "kernels/simd512.h"
#ifdef DS_HAVE_AVX512_CODE

namespace ds::kernels::amx {

using namespace simd;

#define DS_TILES __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,amx-tile,amx-int8")))
#define DS_TILES_INLINE DS_TILES __attribute__((always_inline)) static inline

namespace {

constexpr int64_t kHalf = 16;        // rows of W in a tile
constexpr int64_t kSlot = 2 * 1024;  // bytes of a run of sixteen rows, as bytes

// Tile 0: C. 1 and 2: rows of W. 3 and 4: chunks of x.
DS_TILES_INLINE void configure(int64_t columns) {
  TileConfig c;
  for (int t = 0; t < 5; ++t) {
    c.rows[t] = 16;
    c.row_bytes[t] = t == 1 || t == 2 ? 64 : static_cast<uint16_t>(columns * 4);
  }
  DS_TILE_CONFIGURE(c);
}
#define DS_DOT(c, a, b) DS_TILE_DOT("tdpbusd", c, a, b)

// Sixteen rows of W.
struct Rows {
  const uint8_t* bytes;
  int64_t stride, count;  // bytes from row to row; rows that there are
  int64_t row_bytes;      // that carry numbers
};

// A run of the rows into a slot: the chunks of four bits, or of rows that do not fill a tile.
template <int Bits>
DS_TILES_INLINE void expand(const Rows& w, int64_t run, uint8_t* slot) {
  constexpr int64_t kBytes = kIntegerRun / 8 * Bits;
  const int64_t left = w.row_bytes - run * kBytes;
  const auto mask = [](int64_t k) {
    return k >= 64 ? ~__mmask64{0} : k <= 0 ? __mmask64{0} : (__mmask64{1} << k) - 1;
  };
  const __mmask64 m0 = mask(left), m1 = mask(left - 64);
  const __m512i nibble = _mm512_set1_epi8(15);
#pragma GCC unroll 4
  for (int64_t r = 0; r < kHalf; ++r, slot += 64) {
    const uint8_t* from = w.bytes + r * w.stride + run * kBytes;
    __m512i a = _mm512_setzero_si512(), b = a;
    if (r < w.count) {
      a = _mm512_maskz_loadu_epi8(m0, from);
      if constexpr (Bits == 4) {
        b = _mm512_and_si512(_mm512_srli_epi16(a, 4), nibble);
        a = _mm512_and_si512(a, nibble);
      } else {
        b = _mm512_maskz_loadu_epi8(m1, from + 64);
      }
    }
    _mm512_store_si512(slot, a);
    _mm512_store_si512(slot + 1024, b);
  }
}

DS_TILES_INLINE void products(const uint8_t* a, const uint8_t* b, int64_t stride, const IntegerBlock& x,
                              int64_t run, int64_t columns, int32_t* sums) {
  const int8_t* chunk = x.chunks + run * 2 * 64 * columns;
  DS_TILE_LOAD(0, x.addition + run * columns, 0);
  DS_TILE_LOAD(1, a, stride);
  DS_TILE_LOAD(3, chunk, columns * 4);
  DS_DOT(0, 1, 3);
  DS_TILE_LOAD(2, b, stride);
  DS_TILE_LOAD(4, chunk + 64 * columns, columns * 4);
  DS_DOT(0, 2, 4);
  DS_TILE_STORE(0, sums, columns * 4);
}

// Scales of sixteen rows for each group, [groups][16], zeros beyond the last row.
DS_TILES_INLINE void read_scales(const PackedMatrix& w, int64_t first, int64_t count, int64_t groups,
                                 float* to) {
  for (int64_t g = 0; g < groups; ++g)
    for (int64_t r = 0; r < kHalf; ++r)
      to[g * kHalf + r] = r < count ? read_scale(w.scale_type, w.scale, (first + r) * groups + g) : 0.0f;
}

template <class T>
struct Results {
  int64_t rows, out;
  const T* bias;
  T* y;
};

// The slots of a run's rows: for many blocks of x all runs are kept, for one block a few go round.
template <int Bits>
struct Slots {
  uint8_t* memory;
  int64_t kept;
  uint8_t* at(int64_t run) const { return memory + run % kept * kSlot; }
};

template <int Bits, bool Grouped, class T>
DS_TILES void half_strip(const Rows& w, bool direct, const float* scales, int64_t runs_per_scale,
                         const IntegerBlocks& blocks, const void* prepared, const Slots<Bits>& slots,
                         int64_t first, const Results<T>& to, const uint8_t* ahead) {
  const int64_t runs = blocks.runs,
                whole = direct ? w.row_bytes / kIntegerRun : 0;  // runs read where they lie
  constexpr int64_t kRunBytes = kHalf * kIntegerRun / 8 * Bits;
  alignas(64) int32_t sums[2][256];
  const __mmask16 m = lanes(static_cast<uint64_t>(w.count));
  const v16 bias = to.bias ? load(to.bias + first, m) : _mm512_setzero_ps();
  for (int64_t b = 0; b < blocks.count(); ++b) {
    const IntegerBlock x = integer_block(blocks, prepared, b);
    const auto run_products = [&](int64_t run) DS_TILES {
      if (b == 0 && ahead)
        for (int64_t i = 0; i < kRunBytes; i += 64)
          _mm_prefetch(reinterpret_cast<const char*>(ahead + run * kRunBytes + i), _MM_HINT_T0);
      if (run < whole) {
        const uint8_t* from = w.bytes + run * kIntegerRun;
        products(from, from + 64, w.stride, x, run, blocks.columns, sums[run % 2]);
      } else {
        if (b == 0) expand<Bits>(w, run, slots.at(run));
        products(slots.at(run), slots.at(run) + 1024, 64, x, run, blocks.columns, sums[run % 2]);
      }
    };
    if (blocks.columns == 1) {
      v16 total = _mm512_setzero_ps();
      for (int64_t run = 0; run < runs; ++run) {
        run_products(run);
        const v16 v = _mm512_cvtepi32_ps(_mm512_load_si512(sums[run % 2]));
        v16 scale = set(x.scale[run]);
        if constexpr (Grouped)
          scale = _mm512_mul_ps(scale, _mm512_loadu_ps(scales + run / runs_per_scale * kHalf));
        total = _mm512_fmadd_ps(v, scale, total);
      }
      if constexpr (!Grouped) total = _mm512_mul_ps(total, _mm512_loadu_ps(scales));
      if (to.bias) total = _mm512_add_ps(total, bias);
      store(to.y + b * to.out + first, m, total);
      continue;
    }
    v16 total[16];
    for (auto& t : total) t = _mm512_setzero_ps();
    for (int64_t run = 0; run < runs; ++run) {
      run_products(run);
      const v16 scale = _mm512_loadu_ps(x.scale + run * 16);
      const float* row_scales = scales + run / runs_per_scale * kHalf;
#pragma GCC unroll 16
      for (int r = 0; r < 16; ++r) {
        const v16 v = _mm512_cvtepi32_ps(_mm512_load_si512(sums[run % 2] + r * 16));
        total[r] = _mm512_fmadd_ps(v, Grouped ? _mm512_mul_ps(scale, set(row_scales[r])) : scale, total[r]);
      }
    }
    __m512i t[16];
    for (int r = 0; r < 16; ++r)
      t[r] = _mm512_castps_si512(Grouped ? total[r] : _mm512_mul_ps(total[r], set(scales[r])));
    transpose16(t);
    for (int64_t c = 0; c < std::min<int64_t>(16, to.rows - b * 16); ++c) {
      const v16 v = _mm512_castsi512_ps(t[c]);
      store(to.y + (b * 16 + c) * to.out + first, m, to.bias ? _mm512_add_ps(v, bias) : v);
    }
  }
}

template <int Bits, bool Grouped, class T>
DS_TILES void strips(const void* prepared, const PackedMatrix& w, int64_t in, const Results<T>& to,
                     int64_t begin, int64_t end) {
  const IntegerBlocks blocks(to.rows, in);
  const int64_t groups = scales_per_row(w, in),
                runs_per_scale = Grouped ? w.group / kIntegerRun : blocks.runs;
  const int64_t kept = blocks.count() > 1 ? blocks.runs : 4;
  uint8_t* memory = matmul_scratch<uint8_t>(static_cast<size_t>(kept * kSlot + groups * kHalf * 4));
  const Slots<Bits> slots{memory, kept};
  float* scales = reinterpret_cast<float*>(memory + kept * kSlot);
  const auto* bytes = reinterpret_cast<const uint8_t*>(w.packed);
  const int64_t stride = w.words * 4, last = std::min(to.out, end * kMatmulStrip);
  for (int64_t first = begin * kMatmulStrip; first < last; first += kHalf) {
    const Rows rows{bytes + first * stride, stride, std::min(kHalf, to.out - first), (in * Bits + 7) / 8};
    read_scales(w, first, rows.count, groups, scales);
    // Rows follow each other in memory: the next sixteen are asked for while these are multiplied.
    const uint8_t* ahead = first + 2 * kHalf <= last ? rows.bytes + kHalf * stride : nullptr;
    half_strip<Bits, Grouped>(rows, Bits == 8 && rows.count == kHalf, scales, runs_per_scale, blocks,
                              prepared, slots, first, to, ahead);
  }
}

template <class T>
DS_TILES void multiply(const void* prepared, const PackedMatrix& w, int64_t in, const Results<T>& to,
                       int64_t begin, int64_t end) {
  configure(IntegerBlocks(to.rows, in).columns);
  const bool grouped = w.group > 0;
  if (w.bits == 4)
    grouped ? strips<4, true>(prepared, w, in, to, begin, end)
            : strips<4, false>(prepared, w, in, to, begin, end);
  else
    grouped ? strips<8, true>(prepared, w, in, to, begin, end)
            : strips<8, false>(prepared, w, in, to, begin, end);
  asm volatile("tilerelease" ::);
}

}  // namespace

template <class T>
void integer_matmul(const void* prepared, int64_t rows, const PackedMatrix& w, int64_t out, int64_t in,
                    const T* bias, T* y, int64_t begin, int64_t end) {
  multiply(prepared, w, in, Results<T>{rows, out, bias, y}, begin, end);
}

template void integer_matmul(const void*, int64_t, const PackedMatrix&, int64_t, int64_t, const float*,
                             float*, int64_t, int64_t);
template void integer_matmul(const void*, int64_t, const PackedMatrix&, int64_t, int64_t, const bf16*, bf16*,
                             int64_t, int64_t);

}  // namespace ds::kernels::amx
#endif
