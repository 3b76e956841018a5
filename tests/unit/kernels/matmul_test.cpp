// y = x W^T against a loop in double precision, for every representation of W and on every form of the
// kernel; and the promises that serving rests on, byte for byte: a row does not change with its company, the
// cut of the work changes nothing, packed equals dense.
#include "kernels/matmul.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "catch.h"
#include "kernels/packed_matrix.h"

using namespace ds::kernels;

namespace {

// Tiles, vectors, plain loops.
template <class Body>
void on_every_form(Body body) {
  for (const int form : {2, 1, 0}) {
    allow_avx512(form > 0);
    allow_amx(form > 1);
    CAPTURE(form, use_amx(), use_avx512());
    body();
  }
  allow_avx512(true);
  allow_amx(true);
}

template <class T>
std::vector<T> product(const T* x, int64_t rows, const MatmulWeight<T>& w, const T* bias, int64_t cut = 0) {
  std::vector<T> y(static_cast<size_t>(rows * w.out));
  std::memset(y.data(), 0xff, y.size() * sizeof(T));
  std::vector<char> prepared(matmul_prepared_bytes<T>(rows, w.in));
  for (int64_t b = matmul_blocks(rows); b-- > 0;) matmul_prepare(x, rows, w.in, prepared.data(), b, b + 1);
  const int64_t strips = matmul_strips(w.out);
  if (cut == 0) cut = strips;
  for (int64_t s = (strips - 1) / cut * cut; s >= 0; s -= cut)
    matmul(x, prepared.data(), rows, w, bias, y.data(), s, std::min(s + cut, strips));
  return y;
}

template <class T>
MatmulWeight<T> dense_weight(const std::vector<T>& w, int64_t out, int64_t in) {
  return {w.data(), {}, out, in};
}

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class T>
void check_against_loop(int64_t rows, int64_t out, int64_t in, bool with_bias) {
  const auto x = numbers<T>(rows * in, 1), w = numbers<T>(out * in, 2), bias = numbers<T>(out, 3);
  const auto y = product<T>(x.data(), rows, dense_weight(w, out, in), with_bias ? bias.data() : nullptr);
  // Rounding of the result, and of the sums on their way: each step at most half a unit of what is added.
  const double unit = sizeof(T) == 2 ? 1.0 / 256 : 0.0;
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t n = 0; n < out; ++n) {
      double expected = with_bias ? to_float(bias[n]) : 0.0, size = std::fabs(expected);
      for (int64_t k = 0; k < in; ++k) {
        const double p = static_cast<double>(to_float(x[m * in + k])) * to_float(w[n * in + k]);
        expected += p;
        size += std::fabs(p);
      }
      const double got = to_float(y[m * out + n]);
      if (!(std::fabs(got - expected) <= unit * std::fabs(expected) + 1e-5 * size + 1e-30)) {
        CAPTURE(rows, out, in, m, n);
        REQUIRE(got == expected);
      }
    }
}

const std::vector<Packing> kPackings = {
    {8, 0, ScaleType::f32},    {8, 0, ScaleType::bf16},  {8, 0, ScaleType::f16},  {8, 32, ScaleType::f16},
    {8, 64, ScaleType::bf16},  {4, 0, ScaleType::f32},   {4, 32, ScaleType::f32}, {4, 32, ScaleType::bf16},
    {4, 128, ScaleType::bf16}, {4, 128, ScaleType::f16}, {4, 20, ScaleType::f32}, {8, 6, ScaleType::bf16},
};

template <class T>
void check_packed(const Packing& p, int64_t rows, int64_t out, int64_t in) {
  if (p.group) in = std::max<int64_t>(1, in / p.group) * p.group;
  const Packed w(out, in, p, 5);
  const auto x = numbers<T>(rows * in, 6);
  const auto dense = w.dense<T>(out, in);
  CAPTURE(p.bits, p.group, int(p.type), rows, out, in, sizeof(T));
  CHECK(same(product<T>(x.data(), rows, {nullptr, w.matrix, out, in}, nullptr),
             product<T>(x.data(), rows, dense_weight(dense, out, in), nullptr)));
}

template <class T>
void check_rows(const MatmulWeight<T>& w) {
  const auto x = numbers<T>(100 * w.in, 8), bias = numbers<T>(w.out, 9);
  std::vector<std::vector<T>> alone;
  for (int64_t r = 0; r < 100; ++r) alone.push_back(product<T>(x.data() + r * w.in, 1, w, bias.data()));
  for (const int64_t batch : {2, 3, 7, 15, 16, 17, 32, 33, 100})
    for (int64_t first = 0; first + batch <= 100; first += batch) {
      const auto y = product<T>(x.data() + first * w.in, batch, w, bias.data(), batch % 3);
      for (int64_t r = 0; r < batch; ++r) {
        if (std::memcmp(y.data() + r * w.out, alone[first + r].data(), w.out * sizeof(T)) == 0) continue;
        CAPTURE(batch, first, r, sizeof(T));
        REQUIRE(false);
      }
    }
}

}  // namespace

TEST_CASE("products equal the plain loop for any shape", "[kernels]") {
  on_every_form([] {
    std::mt19937 rng(11);
    for (int i = 0; i < 40; ++i) {
      const auto pick = [&](int most) { return static_cast<int64_t>(1 + rng() % most); };
      const int64_t rows = pick(70), out = pick(100), in = i % 4 ? pick(400) : 32 * pick(20);
      check_against_loop<float>(rows, out, in, i % 2);
      check_against_loop<bf16>(rows, out, in, i % 2);
    }
    check_against_loop<bf16>(1, 64, 2048, true);
    check_against_loop<float>(70, 33, 1, false);
    check_against_loop<bf16>(35, 32, 1056, false);
  });
}

TEST_CASE("packed weights give the bytes of the dense matrix", "[kernels]") {
  on_every_form([] {
    for (const Packing& p : kPackings)
      for (const int64_t rows : {1, 5, 20, 40})
        for (const auto& [out, in] : {std::pair<int64_t, int64_t>{64, 512}, {37, 300}, {5, 1000}, {32, 33}}) {
          check_packed<float>(p, rows, out, in);
          check_packed<bf16>(p, rows, out, in);
        }
  });
}

TEST_CASE("every form expands packed weights to the same numbers", "[kernels]") {
  // A row of x with a single 1 reads a column of W, exactly.
  on_every_form([] {
    for (const Packing& p : kPackings) {
      const int64_t out = 40, in = p.group ? 3 * p.group : 97;
      Packed w(out, in, p, 12);
      if (p.type == ScaleType::f32)  // a subnormal scale, one that is not finite, a huge and a negative one
        for (const auto& [row, scale] :
             {std::pair<int, float>{1, 1e-39f}, {3, INFINITY}, {4, 3e38f}, {5, -2.0f}})
          std::memcpy(w.scales.data() + row * (p.group ? 3 : 1) * 4, &scale, 4);
      std::vector<float> x(static_cast<size_t>(in * in));
      std::vector<bf16> x16(x.size());
      for (int64_t i = 0; i < in; ++i) assign(x[i * in + i], 1.0f), assign(x16[i * in + i], 1.0f);
      const auto y = product<float>(x.data(), in, {nullptr, w.matrix, out, in}, nullptr);
      const auto y16 = product<bf16>(x16.data(), in, {nullptr, w.matrix, out, in}, nullptr);
      const auto d = w.dense<float>(out, in);
      const auto d16 = w.dense<bf16>(out, in);
      for (int64_t r = 0; r < out; ++r) {
        if (p.type == ScaleType::f32 && (r == 1 || r == 3 || r == 4)) continue;
        for (int64_t i = 0; i < in; ++i) {
          if (y[i * out + r] == d[r * in + i] && to_float(y16[i * out + r]) == to_float(d16[r * in + i]))
            continue;
          CAPTURE(p.bits, p.group, int(p.type), r, i);
          REQUIRE(y[i * out + r] == d[r * in + i]);
          REQUIRE(to_float(y16[i * out + r]) == to_float(d16[r * in + i]));
        }
      }
    }
  });
}

TEST_CASE("strange scales: packed still equals dense", "[kernels]") {
  on_every_form([] {
    for (const int bits : {4, 8}) {
      const int64_t out = 40, in = 256;
      Packed w(out, in, {bits, 32, ScaleType::f32}, 13);
      const float scales[] = {1e-39f, INFINITY, 3e38f, -2.0f, NAN, 0.0f, 1e-37f, 2.4e36f};
      for (int i = 0; i < out * 8; ++i) std::memcpy(w.scales.data() + i * 4, &scales[i / 8 % 8], 4);
      const auto x = numbers<bf16>(3 * in, 14);
      const auto dense = w.dense<bf16>(out, in);
      const auto a = product<bf16>(x.data(), 3, {nullptr, w.matrix, out, in}, nullptr);
      const auto b = product<bf16>(x.data(), 3, dense_weight(dense, out, in), nullptr);
      for (size_t i = 0; i < a.size(); ++i) {
        CAPTURE(bits, i, to_float(a[i]), to_float(b[i]));
        REQUIRE((a[i].bits == b[i].bits || (std::isnan(to_float(a[i])) && std::isnan(to_float(b[i])))));
      }
    }
  });
}

TEST_CASE("a row is the same alone and in any company", "[kernels]") {
  on_every_form([] {
    for (const auto& [out, in] : {std::pair<int64_t, int64_t>{70, 320}, {32, 97}, {3, 2048}}) {
      const auto w = numbers<float>(out * in, 21);
      const auto w16 = numbers<bf16>(out * in, 22);
      check_rows<float>(dense_weight(w, out, in));
      check_rows<bf16>(dense_weight(w16, out, in));
    }
    const Packed four(70, 384, {4, 128, ScaleType::bf16}, 23), eight(45, 330, {8, 0, ScaleType::f32}, 24);
    check_rows<float>({nullptr, four.matrix, 70, 384});
    check_rows<bf16>({nullptr, four.matrix, 70, 384});
    check_rows<bf16>({nullptr, eight.matrix, 45, 330});
  });
}
