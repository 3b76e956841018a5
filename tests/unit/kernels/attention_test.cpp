// Attention against the textbook loop in double precision: odd widths, grouped heads, windows, documents,
// strided inputs, both instruction sets, any split of the tasks.
#include "kernels/attention.h"

#include <cmath>
#include <random>
#include <vector>

#include "catch.h"

using namespace ds::kernels;

namespace {

struct Case {
  int64_t heads, kv_heads, width;
  std::vector<int64_t> starts;
  int64_t window;
};

const std::vector<Case> kCases = {
    {4, 4, 64, {0, 50, 51, 128}, 0}, {4, 2, 16, {0, 48}, 0},          {3, 1, 24, {0, 37, 74, 111}, 0},
    {2, 1, 128, {0, 97}, 0},         {2, 2, 20, {0, 5, 6, 70}, 16},   {1, 1, 7, {0, 1, 2, 3, 4}, 0},
    {4, 1, 32, {0, 150}, 33},        {2, 2, 96, {0, 49, 97, 200}, 0},
};

struct Result {
  std::vector<double> out, dq, dk, dv;
};

// Everything in double, one query at a time.
Result reference(const Case& c, double scale, const std::vector<float>& q, const std::vector<float>& k,
                 const std::vector<float>& v, const std::vector<float>& dout) {
  const int64_t a = c.heads, kv = c.kv_heads, d = c.width;
  Result r{std::vector<double>(q.size()), std::vector<double>(q.size()), std::vector<double>(k.size()),
           std::vector<double>(v.size())};
  for (size_t s = 0; s + 1 < c.starts.size(); ++s)
    for (int64_t i = c.starts[s]; i < c.starts[s + 1]; ++i)
      for (int64_t h = 0; h < a; ++h) {
        const int64_t g = h / (a / kv), lo = c.window ? std::max(c.starts[s], i - c.window + 1) : c.starts[s];
        std::vector<double> p(i - lo + 1), dp(i - lo + 1);
        double top = -1e300, sum = 0, delta = 0;
        for (int64_t j = lo; j <= i; ++j) {
          double dot = 0;
          for (int64_t e = 0; e < d; ++e) dot += double{q[(i * a + h) * d + e]} * k[(j * kv + g) * d + e];
          p[j - lo] = dot * scale;
          top = std::max(top, p[j - lo]);
        }
        for (double& x : p) sum += x = std::exp(x - top);
        for (int64_t j = lo; j <= i; ++j) {
          p[j - lo] /= sum;
          for (int64_t e = 0; e < d; ++e) {
            r.out[(i * a + h) * d + e] += p[j - lo] * v[(j * kv + g) * d + e];
            dp[j - lo] += double{dout[(i * a + h) * d + e]} * v[(j * kv + g) * d + e];
          }
          delta += p[j - lo] * dp[j - lo];
        }
        for (int64_t j = lo; j <= i; ++j)
          for (int64_t e = 0; e < d; ++e) {
            const double ds = p[j - lo] * (dp[j - lo] - delta) * scale;
            r.dq[(i * a + h) * d + e] += ds * k[(j * kv + g) * d + e];
            r.dk[(j * kv + g) * d + e] += ds * q[(i * a + h) * d + e];
            r.dv[(j * kv + g) * d + e] += p[j - lo] * dout[(i * a + h) * d + e];
          }
      }
  return r;
}

template <class T>
double relative_error(const std::vector<T>& x, const std::vector<double>& y) {
  double diff = 0, norm = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    diff += std::pow(to_float(x[i]) - y[i], 2);
    norm += y[i] * y[i];
  }
  return std::sqrt(diff / (norm + 0.1));  // a document of one token has gradients that are exactly zero
}

template <class T>
void check(const Case& c, double tolerance) {
  std::mt19937 rng(7);
  std::normal_distribution<float> normal;
  const int64_t n = c.starts.back(), a = c.heads, kv = c.kv_heads, d = c.width;
  const int64_t pad = 5;  // strided inputs, as slices of a fused projection are
  auto make = [&](int64_t heads, int64_t stride, std::vector<T>& stored, std::vector<float>& plain) {
    stored.assign(n * stride, T{});
    plain.resize(n * heads * d);
    for (int64_t t = 0; t < n; ++t)
      for (int64_t e = 0; e < heads * d; ++e) {
        assign(stored[t * stride + e], normal(rng));
        plain[t * heads * d + e] = to_float(stored[t * stride + e]);
      }
  };
  std::vector<T> q, k, v, dout;
  std::vector<float> qf, kf, vf, doutf;
  make(a, a * d + pad, q, qf);
  make(kv, kv * d + pad, k, kf);
  make(kv, kv * d, v, vf);
  make(a, a * d, dout, doutf);
  const double scale = 1.0 / std::sqrt(double(d));
  const Result expected = reference(c, scale, qf, kf, vf, doutf);
  AttentionShape s;
  s.heads = a, s.kv_heads = kv, s.width = d, s.starts = c.starts.data(), s.segments = c.starts.size() - 1;
  s.scale = scale, s.window = c.window, s.q_stride = a * d + pad, s.k_stride = kv * d + pad,
  s.v_stride = kv * d;
  T poison;
  assign(poison, NAN);
  std::vector<T> out(n * a * d, poison), dq = out, dk(n * kv * d, poison), dv = dk;
  std::vector<float> lse(n * a, NAN);
  const int64_t tasks = attention_tasks(s);
  for (int64_t t = tasks; t-- > 0;)
    attention_forward<T>(s, q.data(), k.data(), v.data(), out.data(), lse.data(), t, t + 1);
  CHECK(relative_error(out, expected.out) < tolerance);
  attention_backward<T>(s, q.data(), k.data(), v.data(), out.data(), dout.data(), lse.data(), dq.data(),
                        dk.data(), dv.data(), 0, tasks);
  CHECK(relative_error(dq, expected.dq) < tolerance);
  CHECK(relative_error(dk, expected.dk) < tolerance);
  CHECK(relative_error(dv, expected.dv) < tolerance);
  std::vector<T> again(n * a * d);  // one range of tasks gives the bytes that single tasks gave
  attention_forward<T>(s, q.data(), k.data(), v.data(), again.data(), lse.data(), 0, tasks);
  CHECK(std::memcmp(again.data(), out.data(), out.size() * sizeof(T)) == 0);
}

}  // namespace

TEST_CASE("attention equals the textbook loop, forward and backward", "[kernels]") {
  for (const bool wide : {false, true}) {
    allow_avx512(wide);
    for (const Case& c : kCases) {
      CAPTURE(wide, c.heads, c.kv_heads, c.width, c.starts, c.window);
      check<float>(c, 2e-6);
      check<bf16>(c, 8e-3);
    }
  }
  allow_avx512(true);
}
