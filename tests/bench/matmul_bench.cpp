// How close the products of inference come to the machine: bytes of weights per second while decoding, over
// weights that no cache holds, and operations per second on prompts. Prints one JSON object; the limit it
// is measured against is what the same threads reach reading the same memory in the same run.
//
//   matmul_bench [threads] [seconds per measurement]
#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "kernels/integer_matmul.h"

using namespace ds::kernels;

namespace {

struct Shape {
  int64_t out, in;
};
// Twice the layers of a 334M model's kinds, and its head.
const std::vector<Shape> kShapes = {{1024, 1024}, {256, 1024},  {256, 1024}, {1024, 1024},
                                    {2816, 1024}, {2816, 1024}, {1024, 2816}};
constexpr int kLayers = 12;

// Aligned as tensors are.
template <class T>
struct Aligned {
  using value_type = T;
  Aligned() = default;
  template <class U>
  Aligned(const Aligned<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T* p, size_t) { ::operator delete(p, std::align_val_t{64}); }
  friend bool operator==(const Aligned&, const Aligned&) { return true; }
};
template <class T>
using Array = std::vector<T, Aligned<T>>;

struct Matrix {
  Shape shape;
  Array<uint32_t> memory;
  Array<bf16> scales;
  MatmulWeight<bf16> weight;
};

std::vector<Matrix> model(int bits, int64_t group) {
  std::vector<Matrix> all;
  auto add = [&](Shape s) {
    Matrix m{s, {}, {}, {}};
    m.memory.resize(static_cast<size_t>(s.out * s.in * bits / 32));
    uint32_t state = 1;
    for (uint32_t& w : m.memory) {
      state = state * 1664525u + 1013904223u;
      w = bits == 16 ? (state & 0x807f807fu) | 0x3c003c00u : state;
    }
    m.scales.assign(static_cast<size_t>(s.out * (group ? s.in / group : 1)), bf16{0x3c01});
    all.push_back(std::move(m));
  };
  for (int l = 0; l < kLayers; ++l)
    for (Shape s : kShapes) add(s);
  add({32000, 1024});
  for (Matrix& m : all) {
    m.weight.out = m.shape.out, m.weight.in = m.shape.in;
    if (bits == 16)
      m.weight.dense = reinterpret_cast<const bf16*>(m.memory.data());
    else
      m.weight.packed = {m.memory.data(), m.scales.data(),       ScaleType::bf16, bits,
                         group,           m.shape.in * bits / 32};
  }
  return all;
}

struct Rate {
  double per_second = 0;  // passes over the model
  double bytes = 0, operations = 0;
};

// Processor time of this thread: what others do on the machine meanwhile is not counted.
double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Calls `pass(thread)` on every thread for about `seconds`; passes per second, all threads together making
// one.
double repeat(int threads, double seconds, const std::function<void(int)>& pass) {
  std::vector<std::thread> pool;
  std::vector<double> rates(static_cast<size_t>(threads));
  for (int thread = 0; thread < threads; ++thread)
    pool.emplace_back([&, thread] {
      pass(thread);
      const double start = thread_seconds();
      double now = start;
      int64_t passes = 0;
      for (; now - start < seconds; now = thread_seconds(), ++passes) pass(thread);
      rates[static_cast<size_t>(thread)] = static_cast<double>(passes) / (now - start);
    });
  for (auto& t : pool) t.join();
  return *std::min_element(rates.begin(), rates.end());
}

// Every thread takes its part of the strips of every matrix, as in a forward pass.
Rate measure(const std::vector<Matrix>& matrices, int64_t rows, int threads, double seconds) {
  int64_t widest_in = 0, widest_out = 0;
  Rate r;
  for (const Matrix& m : matrices) {
    widest_in = std::max(widest_in, m.shape.in), widest_out = std::max(widest_out, m.shape.out);
    r.bytes += static_cast<double>(m.memory.size() * 4 + (m.weight.dense ? 0 : m.scales.size() * 2));
    r.operations += 2.0 * static_cast<double>(m.shape.out * m.shape.in * rows);
  }
  Array<bf16> x(static_cast<size_t>(rows * widest_in), bf16{0x3f81}),
      y(static_cast<size_t>(rows * widest_out));
  Array<char> prepared(
      std::max(matmul_prepared_bytes<bf16>(rows, widest_in), integer_prepared_bytes(rows, widest_in)));
  r.per_second = repeat(threads, seconds, [&](int thread) {
    for (const Matrix& m : matrices) {
      const int64_t strips = matmul_strips(m.shape.out), blocks = matmul_blocks(rows);
      if (!m.weight.dense) {  // every thread prepares all, as the first of a call would wait for the others
        integer_prepare(x.data(), rows, m.shape.in, m.weight.packed.bits, prepared.data(), 0,
                        integer_blocks(rows));
        integer_matmul(prepared.data(), rows, m.weight.packed, m.shape.out, m.shape.in,
                       static_cast<const bf16*>(nullptr), y.data(), strips * thread / threads,
                       strips * (thread + 1) / threads);
        continue;
      }
      matmul_prepare(x.data(), rows, m.shape.in, prepared.data(), blocks * thread / threads,
                     blocks * (thread + 1) / threads);
      matmul(x.data(), prepared.data(), rows, m.weight, static_cast<const bf16*>(nullptr), y.data(),
             strips * thread / threads, strips * (thread + 1) / threads);
    }
  });
  return r;
}

// Bytes per second of plain reading, all threads.
double read_rate(const std::vector<Matrix>& matrices, int threads, double seconds) {
  std::atomic<uint64_t> sink{0};
  double bytes = 0;
  for (const Matrix& m : matrices) bytes += static_cast<double>(m.memory.size() * 4);
  return bytes * repeat(threads, seconds, [&](int thread) {
           uint64_t sum = 0;
           for (const Matrix& m : matrices) {
             const size_t n = m.memory.size(), parts = static_cast<size_t>(threads),
                          t = static_cast<size_t>(thread);
             for (size_t i = n * t / parts; i + 16 <= n * (t + 1) / parts; i += 16) {
               _mm_prefetch(reinterpret_cast<const char*>(m.memory.data() + i) + 2048, _MM_HINT_T0);
               sum += m.memory[i];
             }
           }
           sink += sum;
         });
}

double rounded(double x) { return std::round(x * 1000) / 1000; }

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 1.0;
  nlohmann::ordered_json report{{"benchmark", "matmul"}, {"threads", threads}, {"amx", use_amx()}};
  double limit = 0, dense = 0;
  for (const auto& [name, bits, group] :
       {std::tuple<const char*, int, int64_t>{"bf16", 16, 0}, {"int8", 8, 0}, {"int4", 4, 128}}) {
    const auto matrices = model(bits, group);
    if (bits == 16) {
      limit = read_rate(matrices, threads, seconds);
      report["read_gb_per_second"] = rounded(limit / 1e9);
    }
    for (const int64_t rows : {1L, 16L, 512L}) {
      const Rate r = measure(matrices, rows, threads, seconds);
      if (bits == 16 && rows == 1) dense = r.per_second;
      auto& line = report[name]["rows_" + std::to_string(rows)];
      line["ms"] = rounded(1e3 / r.per_second);
      line["gb_per_second"] = rounded(r.bytes * r.per_second / 1e9);
      line["of_read_rate"] = rounded(r.bytes * r.per_second / limit);
      line["tflops"] = rounded(r.operations * r.per_second / 1e12);
      if (rows == 1) line["speed_over_bf16"] = rounded(r.per_second / dense);
    }
  }
  std::printf("%s\n", report.dump(2).c_str());
}
