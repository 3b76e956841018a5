// Integer products on any processor, and the choice of the form.
#include <cmath>
#include <limits>

#include "kernels/integer_layout.h"
#include "kernels/scale.h"

namespace ds::kernels {

int64_t integer_blocks(int64_t rows) { return IntegerBlocks(rows, 1).count(); }
size_t integer_prepared_bytes(int64_t rows, int64_t in) {
  const IntegerBlocks b(rows, in);
  return static_cast<size_t>(b.count() * b.bytes());
}

template <class T>
void integer_prepare(const T* x, int64_t rows, int64_t in, int bits, void* prepared, int64_t begin,
                     int64_t end) {
#if defined(__x86_64__)
  if (use_avx512()) return avx512::integer_prepare(x, rows, in, bits, prepared, begin, end);
#endif
  const IntegerBlocks blocks(rows, in);
  for (int64_t b = begin; b < end; ++b) {
    const IntegerBlock block = integer_block(blocks, prepared, b);
    for (int64_t c = 0; c < blocks.columns; ++c) {
      const int64_t row = b * blocks.columns + c;
      for (int64_t run = 0; run < blocks.runs; ++run) {
        const int64_t n = row < rows ? std::min(kIntegerRun, in - run * kIntegerRun) : 0;
        const T* from = x + row * in + run * kIntegerRun;
        float amax = 0.0f;
        bool finite = true;
        for (int64_t i = 0; i < n; ++i) {
          const float a = std::fabs(to_float(from[i]));
          finite = finite && a <= std::numeric_limits<float>::max();
          amax = std::max(amax, a);
        }
        const float factor = finite && amax >= kIntegerSmallest ? 127.0f / amax : 0.0f;
        int8_t* chunks = block.chunks + run * 2 * blocks.chunk_bytes();
        int32_t sum = 0;
        for (int64_t i = 0; i < kIntegerRun; ++i) {
          const int q =
              i < n && factor > 0.0f ? static_cast<int>(std::nearbyint(to_float(from[i]) * factor)) : 0;
          chunks[integer_place(bits, blocks.columns, c, i)] = static_cast<int8_t>(q);
          sum += q;
        }
        block.scale[run * blocks.columns + c] = !finite         ? std::numeric_limits<float>::quiet_NaN()
                                                : factor > 0.0f ? amax / 127.0f
                                                                : 0.0f;
        block.addition[run * blocks.columns + c] = -sum * (1 << (bits - 1));
      }
    }
  }
}

template <class T>
void integer_matmul(const void* prepared, int64_t rows, const PackedMatrix& w, int64_t out, int64_t in,
                    const T* bias, T* y, int64_t begin, int64_t end) {
#if defined(__x86_64__)
  if (rows > kIntegerFew && use_amx())
    return amx::integer_matmul(prepared, rows, w, out, in, bias, y, begin, end);
  if (avx512::integer_available())
    return avx512::integer_matmul(prepared, rows, w, out, in, bias, y, begin, end);
#endif
  const IntegerBlocks blocks(rows, in);
  const int64_t scales = scales_per_row(w, in),
                runs_per_scale = w.group > 0 ? w.group / kIntegerRun : blocks.runs;
  for (int64_t n = begin * kMatmulStrip; n < std::min(out, end * kMatmulStrip); ++n) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(w.packed + n * w.words);
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t column = row % blocks.columns;
      const IntegerBlock block = integer_block(blocks, prepared, row / blocks.columns);
      float total = 0.0f;
      for (int64_t run = 0; run < blocks.runs; ++run) {
        const int8_t* chunks = block.chunks + run * 2 * blocks.chunk_bytes();
        const int64_t first = run * kIntegerRun, count = std::min(kIntegerRun, in - first);
        int32_t sum = block.addition[run * blocks.columns + column];
        for (int64_t i = 0; i < count; ++i) {
          const int u = w.bits == 4 ? bytes[(first + i) / 2] >> (i % 2 * 4) & 15 : bytes[first + i];
          sum += u * chunks[integer_place(w.bits, blocks.columns, column, i)];
        }
        const float scale = block.scale[run * blocks.columns + column];
        total = std::fma(static_cast<float>(sum),
                         w.group > 0
                             ? scale * read_scale(w.scale_type, w.scale, n * scales + run / runs_per_scale)
                             : scale,
                         total);
      }
      if (w.group == 0) total *= read_scale(w.scale_type, w.scale, n);
      assign(y[row * out + n], bias ? total + to_float(bias[n]) : total);
    }
  }
}

#define DS_INSTANTIATE(T)                                                                                 \
  template void integer_prepare(const T*, int64_t, int64_t, int, void*, int64_t, int64_t);                \
  template void integer_matmul(const void*, int64_t, const PackedMatrix&, int64_t, int64_t, const T*, T*, \
                               int64_t, int64_t);
DS_INSTANTIATE(float)
DS_INSTANTIATE(bf16)
#undef DS_INSTANTIATE

}  // namespace ds::kernels
