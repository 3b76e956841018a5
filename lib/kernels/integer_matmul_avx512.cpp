// Integer products with AVX-512: the rows of x to integers, and the form for processors that have VNNI but no
// AMX.
#include <limits>

#include "kernels/integer_layout.h"
#include "kernels/matmul_forms.h"
#include "kernels/scale.h"
#include "kernels/simd512.h"
#ifdef DS_HAVE_AVX512_CODE

namespace ds::kernels::avx512 {

using namespace simd;

#define DS_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,avx512vnni")))

bool integer_available() {
  static const bool has = __builtin_cpu_supports("avx512vnni");
  return has && use_avx512();
}

namespace {

// A run of one row as 128 bytes in order, its scale and the sum of its numbers.
template <class T>
DS_AVX512 void one_run(const T* from, int64_t n, int8_t* q, float& scale, int32_t& sum) {
  v16 x[8], amax = _mm512_setzero_ps();
  __mmask16 odd = 0;  // lanes with NaN or infinity
  for (int i = 0; i < 8; ++i) {
    const int64_t left = n - i * 16;
    const __mmask16 m = left <= 0 ? __mmask16{0} : lanes(static_cast<uint64_t>(left));
    x[i] = load(from + i * 16, m);
    const v16 a = _mm512_abs_ps(x[i]);
    odd |= _mm512_cmp_ps_mask(a, set(std::numeric_limits<float>::max()), _CMP_NLE_UQ);
    amax = _mm512_max_ps(amax, a);
  }
  const float largest = _mm512_reduce_max_ps(amax);
  if (odd || !(largest >= kIntegerSmallest)) {
    std::memset(q, 0, kIntegerRun);
    scale = odd ? std::numeric_limits<float>::quiet_NaN() : 0.0f;
    sum = 0;
    return;
  }
  const v16 factor = set(127.0f / largest);
  __m512i total = _mm512_setzero_si512();
  for (int i = 0; i < 8; ++i) {
    const __m512i v =
        _mm512_cvt_roundps_epi32(_mm512_mul_ps(x[i], factor), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    total = _mm512_add_epi32(total, v);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(q + i * 16), _mm512_cvtepi32_epi8(v));
  }
  scale = largest / 127.0f;
  sum = _mm512_reduce_add_epi32(total);
}

// The lower bytes of the words of a and of b, side by side.
DS_AVX512_INLINE __m512i lower_bytes(__m512i a, __m512i b) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi16_epi8(a)), _mm512_cvtepi16_epi8(b), 1);
}

// Even numbers first, then odd ones.
DS_AVX512 void part_nibbles(int8_t* q) {
  const __m512i a = _mm512_loadu_si512(q), b = _mm512_loadu_si512(q + 64);
  const __m512i even = lower_bytes(a, b), odd = lower_bytes(_mm512_srli_epi16(a, 8), _mm512_srli_epi16(b, 8));
  _mm512_storeu_si512(q, even);
  _mm512_storeu_si512(q + 64, odd);
}

// Bytes [first, left) of a row, at most 64.
DS_AVX512_INLINE __m512i bytes_of(const uint8_t* from, int64_t first, int64_t left) {
  const int64_t k = left - first;
  const __mmask64 m = k >= 64 ? ~__mmask64{0} : k <= 0 ? __mmask64{0} : (__mmask64{1} << k) - 1;
  return _mm512_maskz_loadu_epi8(m, from + first);
}

template <class T>
DS_AVX512 void prepare(const T* x, int64_t rows, int64_t in, int bits, void* prepared, int64_t begin,
                       int64_t end) {
  const IntegerBlocks blocks(rows, in);
  alignas(64) int8_t q[16][kIntegerRun];
  for (int64_t b = begin; b < end; ++b) {
    const IntegerBlock block = integer_block(blocks, prepared, b);
    for (int64_t run = 0; run < blocks.runs; ++run) {
      const int64_t n = std::min(kIntegerRun, in - run * kIntegerRun);
      for (int64_t c = 0; c < blocks.columns; ++c) {
        const int64_t row = b * blocks.columns + c, at = run * blocks.columns + c;
        int32_t sum = 0;
        one_run(x + std::min(row, rows - 1) * in + run * kIntegerRun, row < rows ? n : 0, q[c],
                block.scale[at], sum);
        block.addition[at] = -sum * (1 << (bits - 1));
        if (bits == 4) part_nibbles(q[c]);
      }
      int8_t* to = block.chunks + run * 2 * blocks.chunk_bytes();
      if (blocks.columns == 1) {
        std::memcpy(to, q[0], kIntegerRun);
        continue;
      }
      for (int64_t chunk = 0; chunk < 2; ++chunk, to += blocks.chunk_bytes()) {
        __m512i t[16];
        for (int r = 0; r < 16; ++r) t[r] = _mm512_load_si512(q[r] + chunk * 64);
        transpose16(t);
        for (int r = 0; r < 16; ++r) _mm512_storeu_si512(to + r * 64, t[r]);
      }
    }
  }
}

// Lane r: the sum of all lanes of a[r].
DS_AVX512_INLINE __m512i sums_of(__m512i (&a)[16]) {
  for (int i = 0; i < 8; ++i)
    a[i] = _mm512_add_epi32(_mm512_unpacklo_epi32(a[2 * i], a[2 * i + 1]),
                            _mm512_unpackhi_epi32(a[2 * i], a[2 * i + 1]));
  for (int i = 0; i < 4; ++i)
    a[i] = _mm512_add_epi32(_mm512_unpacklo_epi64(a[2 * i], a[2 * i + 1]),
                            _mm512_unpackhi_epi64(a[2 * i], a[2 * i + 1]));
  for (int i = 0; i < 2; ++i)
    a[i] = _mm512_add_epi32(_mm512_shuffle_i32x4(a[2 * i], a[2 * i + 1], 0x88),
                            _mm512_shuffle_i32x4(a[2 * i], a[2 * i + 1], 0xdd));
  return _mm512_add_epi32(_mm512_shuffle_i32x4(a[0], a[1], 0x88), _mm512_shuffle_i32x4(a[0], a[1], 0xdd));
}

// A run of `count` rows of W, the first at `from`, `left` bytes to the end of a row, times the chunks q0 and
// q1.
template <int Bits>
__attribute__((always_inline)) DS_VNNI static inline __m512i one_run_of_rows(const uint8_t* from,
                                                                             int64_t stride, int64_t count,
                                                                             int64_t left, __m512i q0,
                                                                             __m512i q1) {
  const __m512i nibble = _mm512_set1_epi8(15);
  __m512i sum[16];
#pragma GCC unroll 16
  for (int64_t r = 0; r < 16; ++r, from += stride) {
    sum[r] = _mm512_setzero_si512();
    if (r >= count) continue;
    const __m512i v = bytes_of(from, 0, left);
    if constexpr (Bits == 4) {
      sum[r] = _mm512_dpbusd_epi32(sum[r], _mm512_and_si512(v, nibble), q0);
      sum[r] = _mm512_dpbusd_epi32(sum[r], _mm512_and_si512(_mm512_srli_epi16(v, 4), nibble), q1);
    } else {
      sum[r] = _mm512_dpbusd_epi32(sum[r], v, q0);
      sum[r] = _mm512_dpbusd_epi32(sum[r], bytes_of(from, 64, left), q1);
    }
  }
  return sums_of(sum);
}

// Sixteen scales as floats.
DS_AVX512_INLINE v16 sixteen_scales(ScaleType type, const void* scales, int64_t i) {
  if (type == ScaleType::f32) return _mm512_loadu_ps(static_cast<const float*>(scales) + i);
  const __m256i half =
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(static_cast<const uint16_t*>(scales) + i));
  if (type == ScaleType::f16) return _mm512_cvtph_ps(half);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

// What one row of x brings to sixteen rows of W whose runs follow each other in memory: its additions and
// scales, once for each row of W, and room for the exact sums and their scales.
struct Pattern {
  int64_t runs;
  int32_t* addition;
  float *scale, *exact, *product;  // [16][runs] each
};

DS_AVX512_INLINE Pattern pattern_of(const IntegerBlock& x, int64_t runs, float* memory) {
  const Pattern p{runs, reinterpret_cast<int32_t*>(memory), memory + 16 * runs, memory + 32 * runs,
                  memory + 48 * runs};
  for (int64_t r = 0; r < 16; ++r) {
    std::memcpy(p.addition + r * runs, x.addition, static_cast<size_t>(runs) * 4);
    std::memcpy(p.scale + r * runs, x.scale, static_cast<size_t>(runs) * 4);
  }
  return p;
}

constexpr int64_t kAhead =
    2048;  // bytes that are asked for ahead: the reader of memory alone stops at a page's end

// Sixteen rows of W, read from end to end: sixteen runs at a time, whichever row they are of.
template <int Bits, bool Grouped>
DS_VNNI v16 sixteen_rows(const uint8_t* bytes, const PackedMatrix& w, int64_t first_scale,
                         const IntegerBlock& x, const Pattern& p) {
  constexpr int64_t kRunBytes = kIntegerRun / 8 * Bits;
  const __m512i nibble = _mm512_set1_epi8(15);
  const int8_t *q = x.chunks, *last = x.chunks + p.runs * kIntegerRun;
  for (int64_t i = 0; i < 16 * p.runs; i += 16) {
    __m512i sum[16];
#pragma GCC unroll 16
    for (int j = 0; j < 16; ++j, bytes += kRunBytes) {
      for (int64_t line = 0; line < kRunBytes; line += 64)
        _mm_prefetch(reinterpret_cast<const char*>(bytes + kAhead + line), _MM_HINT_T0);
      const __m512i v = _mm512_loadu_si512(bytes), zero = _mm512_setzero_si512();
      if constexpr (Bits == 4) {
        sum[j] = _mm512_dpbusd_epi32(zero, _mm512_and_si512(v, nibble), _mm512_loadu_si512(q));
        sum[j] = _mm512_dpbusd_epi32(sum[j], _mm512_and_si512(_mm512_srli_epi16(v, 4), nibble),
                                     _mm512_loadu_si512(q + 64));
      } else {
        sum[j] = _mm512_dpbusd_epi32(zero, v, _mm512_loadu_si512(q));
        sum[j] = _mm512_dpbusd_epi32(sum[j], _mm512_loadu_si512(bytes + 64), _mm512_loadu_si512(q + 64));
      }
      q += kIntegerRun;
      q = q == last ? x.chunks : q;
    }
    const __m512i all = _mm512_add_epi32(sums_of(sum), _mm512_loadu_si512(p.addition + i));
    _mm512_storeu_ps(p.exact + i, _mm512_cvtepi32_ps(all));
    if constexpr (Grouped)
      _mm512_storeu_ps(p.product + i, _mm512_mul_ps(_mm512_loadu_ps(p.scale + i),
                                                    sixteen_scales(w.scale_type, w.scale, first_scale + i)));
  }
  const __m512i rows =
      _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                         _mm512_set1_epi32(static_cast<int>(p.runs)));
  v16 total = _mm512_setzero_ps();
  for (int64_t run = 0; run < p.runs; ++run) {
    const v16 scale = Grouped ? _mm512_i32gather_ps(rows, p.product + run, 4) : set(x.scale[run]);
    total = _mm512_fmadd_ps(_mm512_i32gather_ps(rows, p.exact + run, 4), scale, total);
  }
  return total;
}

// Every row of x is a block of its own here: its chunks are two registers.
template <int Bits, bool Grouped, class T>
DS_VNNI void strips(const void* prepared, int64_t rows, const PackedMatrix& w, int64_t out, int64_t in,
                    const T* bias, T* y, int64_t begin, int64_t end) {
  const IntegerBlocks blocks(rows, in);
  constexpr int64_t kRunBytes = kIntegerRun / 8 * Bits;
  const int64_t runs = blocks.runs, groups = scales_per_row(w, in);
  const int64_t runs_per_scale = Grouped ? w.group / kIntegerRun : runs;
  const int64_t stride = w.words * 4, row_bytes = (in * Bits + 7) / 8,
                last = std::min(out, end * kMatmulStrip);
  const bool linear = in % kIntegerRun == 0 && (!Grouped || runs_per_scale == 1);
  float* scales = matmul_scratch<float>(static_cast<size_t>(groups * 16 + 64 * runs));
  float* memory = scales + groups * 16;
  for (int64_t row = 0; row < rows; ++row) {
    const IntegerBlock x = integer_block(blocks, prepared, row);
    const Pattern pattern = pattern_of(x, runs, memory);
    for (int64_t first = begin * kMatmulStrip; first < last; first += 16) {
      const auto* bytes = reinterpret_cast<const uint8_t*>(w.packed) + first * stride;
      const int64_t count = std::min<int64_t>(16, out - first);
      const __mmask16 m = lanes(static_cast<uint64_t>(count));
      if (!linear || count < 16 || !Grouped)
        for (int64_t r = 0; r < 16; ++r)
          for (int64_t g = 0; g < groups; ++g)
            scales[g * 16 + r] =
                r < count ? read_scale(w.scale_type, w.scale, (first + r) * groups + g) : 0.0f;
      v16 total = _mm512_setzero_ps();
      if (linear && count == 16) {
        total = sixteen_rows<Bits, Grouped>(bytes, w, first * groups, x, pattern);
      } else {
        for (int64_t run = 0; run < runs; ++run) {
          const int8_t* q = x.chunks + run * kIntegerRun;
          const __m512i sums =
              one_run_of_rows<Bits>(bytes + run * kRunBytes, stride, count, row_bytes - run * kRunBytes,
                                    _mm512_loadu_si512(q), _mm512_loadu_si512(q + 64));
          const v16 exact = _mm512_cvtepi32_ps(_mm512_add_epi32(sums, _mm512_set1_epi32(x.addition[run])));
          v16 scale = set(x.scale[run]);
          if constexpr (Grouped)
            scale = _mm512_mul_ps(scale, _mm512_loadu_ps(scales + run / runs_per_scale * 16));
          total = _mm512_fmadd_ps(exact, scale, total);
        }
      }
      if constexpr (!Grouped) total = _mm512_mul_ps(total, _mm512_loadu_ps(scales));
      if (bias) total = _mm512_add_ps(total, load(bias + first, m));
      store(y + row * out + first, m, total);
    }
  }
}

template <class T>
DS_VNNI void multiply(const void* prepared, int64_t rows, const PackedMatrix& w, int64_t out, int64_t in,
                      const T* bias, T* y, int64_t begin, int64_t end) {
  if (w.bits == 4)
    w.group > 0 ? strips<4, true>(prepared, rows, w, out, in, bias, y, begin, end)
                : strips<4, false>(prepared, rows, w, out, in, bias, y, begin, end);
  else
    w.group > 0 ? strips<8, true>(prepared, rows, w, out, in, bias, y, begin, end)
                : strips<8, false>(prepared, rows, w, out, in, bias, y, begin, end);
}

}  // namespace

template <class T>
void integer_prepare(const T* x, int64_t rows, int64_t in, int bits, void* prepared, int64_t begin,
                     int64_t end) {
  prepare(x, rows, in, bits, prepared, begin, end);
}

template <class T>
void integer_matmul(const void* prepared, int64_t rows, const PackedMatrix& w, int64_t out, int64_t in,
                    const T* bias, T* y, int64_t begin, int64_t end) {
  multiply(prepared, rows, w, out, in, bias, y, begin, end);
}

#define DS_INSTANTIATE(T)                                                                                 \
  template void integer_prepare(const T*, int64_t, int64_t, int, void*, int64_t, int64_t);                \
  template void integer_matmul(const void*, int64_t, const PackedMatrix&, int64_t, int64_t, const T*, T*, \
                               int64_t, int64_t);
DS_INSTANTIATE(float)
DS_INSTANTIATE(bf16)
#undef DS_INSTANTIATE

}  // namespace ds::kernels::avx512
#endif
