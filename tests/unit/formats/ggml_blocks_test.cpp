// Number types of GGUF: known answers of the `gguf` package, and every conversion against an obvious one.
#include "formats/ggml_blocks.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/rng.h"
#include "catch.h"
#include "formats/safetensors.h"

using namespace ds;
using namespace ds::formats;

namespace {

using Bytes = std::vector<int>;

Bytes converted(GgmlType type, const std::vector<float>& in) {
  std::string out(*ggml_bytes(ggml_type_info(type), in.size()), '?');
  to_ggml(type, in, out.data());
  Bytes bytes;
  for (const char c : out) bytes.push_back(static_cast<unsigned char>(c));
  return bytes;
}

std::vector<float> repeated(const std::vector<float>& pattern) {
  std::vector<float> row(32);
  for (size_t i = 0; i < row.size(); ++i) row[i] = pattern[i % pattern.size()];
  return row;
}

Bytes with_scale(int low, int high, const std::vector<int>& pattern, size_t count) {
  Bytes b = {low, high};
  for (size_t i = 0; i < count; ++i) b.push_back(pattern[i % pattern.size()]);
  return b;
}

// One block by the definition, one element at a time. Each line is one rounding to fp32.
Bytes obvious(GgmlType type, const float* x) {
  float most = 0, first = 0;
  for (int i = 31; i >= 0; --i) {
    if (std::fabs(x[i]) >= std::fabs(most)) first = x[i];
    most = std::max(std::fabs(x[i]), most);
  }
  if (most == 0) first = x[0];
  const volatile float d = type == GgmlType::q8_0 ? most / 127.0f : first / -8.0f;
  const volatile float id = d == 0.0f ? 0.0f : 1.0f / d;
  const uint16_t scale = float_to_f16(d);
  Bytes out = {scale & 255, scale >> 8};
  std::vector<int> q;
  for (int i = 0; i < 32; ++i) {
    const volatile float scaled = x[i] * id;
    if (!std::isfinite(scaled) || std::isinf(id)) {
      q.push_back(0);
    } else if (type == GgmlType::q8_0) {
      q.push_back(static_cast<int>(std::round(scaled)) & 255);
    } else {
      const volatile float moved = scaled + 8.5f;
      q.push_back(std::min(15, static_cast<int>(std::trunc(moved))));
    }
  }
  if (type == GgmlType::q8_0) {
    out.insert(out.end(), q.begin(), q.end());
  } else {
    for (size_t i = 0; i < 16; ++i) out.push_back(q[i] | q[i + 16] << 4);
  }
  return out;
}

}  // namespace

TEST_CASE("ggml blocks: what the gguf package makes of awkward blocks") {
  // gguf.quants.quantize(numpy.array([row], float32), type), version 0.19
  const std::vector<float> tiny = repeated({1e-38f, -3e-39f}), zero(32, 0.0f), minus = [] {
    std::vector<float> v(32, 0.0f);
    v[0] = -0.0f;
    return v;
  }();
  CHECK(converted(GgmlType::q4_0, tiny) == with_scale(0, 128, {0}, 16));
  CHECK(converted(GgmlType::q4_0, zero) == with_scale(0, 128, {136}, 16));
  CHECK(converted(GgmlType::q4_0, minus) == with_scale(0, 0, {136}, 16));
  CHECK(converted(GgmlType::q4_0, repeated({3e38f, -1e38f})) == with_scale(0, 252, {0, 187}, 16));
  CHECK(converted(GgmlType::q4_0, repeated({1e6f, -3.0f})) == with_scale(0, 252, {0, 136}, 16));
  CHECK(converted(GgmlType::q4_0, repeated({0.5f, -0.5f})) == with_scale(0, 172, {0, 255}, 16));
  CHECK(converted(GgmlType::q8_0, zero) == with_scale(0, 0, {0}, 32));
  CHECK(converted(GgmlType::q8_0, tiny) == with_scale(0, 0, {0}, 32));
  CHECK(converted(GgmlType::q8_0, repeated({3e38f, -1e38f})) == with_scale(0, 124, {127, 214}, 32));
  CHECK(converted(GgmlType::q8_0, repeated({1e6f, -3.0f})) == with_scale(177, 111, {127, 0}, 32));
  CHECK(converted(GgmlType::q8_0, repeated({0.5f, -0.5f})) == with_scale(8, 28, {127, 129}, 32));
}

TEST_CASE("ggml blocks: quantised blocks equal the definition, for all sizes of numbers and for ties") {
  const Rng rng(11, RngStream::test);
  uint64_t at = 0;
  for (const GgmlType type : {GgmlType::q8_0, GgmlType::q4_0}) {
    for (int block = 0; block < 20000; ++block) {
      std::vector<float> x(32);
      const int kind = block % 4, exponent = static_cast<int>(rng.below(at++, 240)) - 149;
      for (float& v : x) {
        const uint64_t bits = rng.bits(at++);
        if (kind == 0) v = static_cast<float>(rng.normal(at++));
        if (kind == 1)
          v = std::ldexp(static_cast<float>(static_cast<int>(bits % 509) - 254) / 2,
                         exponent);                                            // halves: ties
        if (kind == 2) v = std::bit_cast<float>(static_cast<uint32_t>(bits));  // any bits
        if (kind == 3)
          v = bits % 3 ? 0.0f : std::bit_cast<float>(static_cast<uint32_t>(bits >> 32) & 0x807fffffu);
        if (!std::isfinite(v)) v = 1.0f;
      }
      const Bytes expected = obvious(type, x.data());
      if (converted(type, x) != expected) {
        INFO("type " << static_cast<int>(type) << " block " << block << " kind " << kind);
        REQUIRE(converted(type, x) == expected);
      }
      // And back.
      std::string bytes;
      for (const int b : expected) bytes += static_cast<char>(b);
      std::vector<float> back(32);
      from_ggml(type, bytes, back);
      const float d = f16_to_float(static_cast<uint16_t>(expected[0] | expected[1] << 8));
      for (size_t i = 0; i < 32; ++i) {
        const int q = type == GgmlType::q8_0 ? static_cast<int8_t>(expected[2 + i])
                      : i < 16               ? (expected[2 + i] & 15) - 8
                                             : (expected[2 + i - 16] >> 4) - 8;
        const float due = static_cast<float>(q) * d;
        if (std::bit_cast<uint32_t>(back[i]) != std::bit_cast<uint32_t>(due) && !std::isnan(due))
          REQUIRE(back[i] == due);
      }
    }
  }
}

TEST_CASE("ggml blocks: F16 and BF16 there and back") {
  std::vector<float> in(1 << 16), back(in.size());
  for (const GgmlType type : {GgmlType::f16, GgmlType::bf16}) {
    for (uint32_t i = 0; i < in.size(); ++i) {
      const auto bits = static_cast<uint16_t>(i);
      in[i] = type == GgmlType::f16 ? f16_to_float(bits) : bf16_to_float(bits);
      if (!std::isfinite(in[i])) in[i] = 0;
    }
    std::string bytes(in.size() * 2, '\0');
    CHECK(to_ggml(type, in, bytes.data()) == GgmlProblem::none);
    from_ggml(type, bytes, back);
    CHECK(std::memcmp(in.data(), back.data(), in.size() * 4) == 0);
  }
}

TEST_CASE("ggml blocks: numbers that a type cannot hold are told apart") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  std::string out(256, '\0');
  const auto problem = [&](GgmlType type, float special) {
    std::vector<float> x(64, 0.25f);
    x[40] = special;
    return to_ggml(type, x, out.data());
  };
  for (const GgmlType type : {GgmlType::f16, GgmlType::q8_0, GgmlType::q4_0}) {
    CHECK(problem(type, inf) == GgmlProblem::not_finite);
    CHECK(problem(type, nan) == GgmlProblem::not_finite);
    CHECK(problem(type, 3e38f) == GgmlProblem::too_large);
    CHECK(problem(type, -60000.0f) == GgmlProblem::none);
  }
  CHECK(problem(GgmlType::f16, 65519.0f) == GgmlProblem::none);
  CHECK(problem(GgmlType::f16, 65520.0f) == GgmlProblem::too_large);
  for (const GgmlType type : {GgmlType::f32, GgmlType::bf16}) CHECK(problem(type, nan) == GgmlProblem::none);
}

TEST_CASE("ggml blocks: names and sizes") {
  CHECK(ggml_type_from_name("q8_0") == GgmlType::q8_0);
  CHECK(ggml_type_from_name("BF16") == GgmlType::bf16);
  CHECK_FALSE(ggml_type_from_name("q4_k"));
  CHECK_FALSE(ggml_type_from_name("auto"));
  CHECK(find_ggml_type(4) == nullptr);
  CHECK(find_ggml_type(14)->name == "Q6_K");
  CHECK(ggml_bytes(*find_ggml_type(2), 64) == 36);
  CHECK_FALSE(ggml_bytes(*find_ggml_type(2), 33));
  CHECK_FALSE(ggml_bytes(*find_ggml_type(0), uint64_t{1} << 62));
}

TEST_CASE("ggml blocks: speed", "[.bench]") {
  const Rng rng(1, RngStream::test);
  std::vector<float> x(size_t{1} << 22);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(rng.uniform(i)) - 0.5f;
  std::string out(x.size() * 4, '\0');
  for (const GgmlType type : {GgmlType::f16, GgmlType::bf16, GgmlType::q8_0, GgmlType::q4_0}) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 5; ++i) to_ggml(type, x, out.data());
    const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / 5;
    WARN(ggml_type_info(type).name << ": " << static_cast<double>(x.size()) * 4 / s / 1e6
                                   << " MB/s of fp32 on one core");
  }
}
