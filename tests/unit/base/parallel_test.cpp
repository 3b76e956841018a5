#include "base/parallel.h"

#include <unistd.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;

TEST_CASE("ordered_map: heavy items wait for room") {
  for (const int threads : {1, 2, 5}) {
    std::atomic<uint64_t> in_flight{0}, most{0};
    uint64_t next = 0, consumed = 0;
    ordered_map<uint64_t>(
        threads,
        [&]() -> std::optional<uint64_t> {
          if (next == 200) return std::nullopt;
          const uint64_t weight = next % 7 == 0 ? 50 : 1;
          in_flight += weight;
          if (in_flight > most) most = in_flight.load();
          ++next;
          return weight;
        },
        [](uint64_t&) {},
        [&](uint64_t& weight) {
          in_flight -= weight;
          ++consumed;
        },
        [](const uint64_t& weight) { return weight; }, 20);
    CHECK(consumed == 200);
    CHECK(most < 20 + 50 + 50);  // and one more that is being consumed
  }
}

namespace {

struct Outcome {
  std::vector<int> consumed;
  std::string error;
  bool operator==(const Outcome&) const = default;
};

enum class Fail { never, produce, work, consume };

// Items 0…n-1, squared by the workers after a random pause; the chosen stage fails at item `at`.
Outcome run(int threads, int n, Fail fail, int at) {
  Outcome outcome;
  int next = 0;
  const auto maybe = [&](Fail stage, int i) {
    if (fail == stage && i == at) throw std::runtime_error("item " + std::to_string(i));
  };
  try {
    ordered_map<std::pair<int, int>>(
        threads,
        [&]() -> std::optional<std::pair<int, int>> {
          maybe(Fail::produce, next);
          if (next == n) return std::nullopt;
          return std::pair{next++, 0};
        },
        [&](std::pair<int, int>& item) {
          if (threads > 1) usleep(static_cast<useconds_t>(Rng(1, RngStream::test).below(item.first, 200)));
          maybe(Fail::work, item.first);
          item.second = item.first * item.first;
        },
        [&](std::pair<int, int>& item) {
          maybe(Fail::consume, item.first);
          outcome.consumed.push_back(item.second);
        });
  } catch (const std::runtime_error& e) {
    outcome.error = e.what();
  }
  return outcome;
}

}  // namespace

TEST_CASE("order and errors are the same for every number of threads") {
  for (const int n : {0, 1, 2, 7, 100})
    for (const Fail fail : {Fail::never, Fail::produce, Fail::work, Fail::consume}) {
      const Outcome one = run(1, n, fail, n / 2);
      if (fail == Fail::never) CHECK(one.consumed.size() == static_cast<size_t>(n));
      for (const int threads : {2, 3, 8}) CHECK(run(threads, n, fail, n / 2) == one);
    }
}

TEST_CASE("at most the window is in flight") {
  std::atomic<int> alive{0}, most{0};
  int next = 0;
  ordered_map<int>(
      3,
      [&]() -> std::optional<int> {
        if (next == 200) return std::nullopt;
        const int now = ++alive;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        return next++;
      },
      [](int&) {},
      [&](int&) {
        usleep(20);
        --alive;
      });
  CHECK(most <= 12 + 1);
}

TEST_CASE("one thread means the calling thread") {
  const auto self = std::this_thread::get_id();
  int n = 3;
  ordered_map<int>(
      1, [&]() -> std::optional<int> { return n-- > 0 ? std::optional<int>(n) : std::nullopt; },
      [&](int&) { CHECK(std::this_thread::get_id() == self); }, [&](int&) {});
}

TEST_CASE("parallel_for covers the range once, in contiguous parts") {
  for (const int threads : {1, 2, 3, 7})
    for (const uint64_t n : {0, 1, 2, 6, 7, 8, 1000}) {
      std::vector<std::atomic<int>> hits(n);
      std::atomic<int> calls{0};
      parallel_for(threads, n, [&](uint64_t begin, uint64_t end) {
        ++calls;
        for (uint64_t i = begin; i < end; ++i) ++hits[i];
      });
      for (auto& h : hits) CHECK(h == 1);
      CHECK(calls <= threads);
    }
  CHECK_THROWS_AS(parallel_for(4, 100,
                               [](uint64_t begin, uint64_t) {
                                 if (begin > 0) throw data_error("x");
                               }),
                  Error);
}

TEST_CASE("there is at least one processor and no more than the machine has") {
  CHECK(available_cpus() >= 1);
  CHECK(available_cpus() <= sysconf(_SC_NPROCESSORS_CONF));
}
