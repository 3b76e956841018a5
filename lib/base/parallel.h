// Ordered parallelism: items are produced in order on one thread, worked on by many, consumed in order on the
// caller's. So output does not depend on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace ds {

namespace detail {
// Type-erased core of ordered_map (parallel.cpp): at most `window` items are in flight, and no more than one
// beyond a sum of `limit` of their weights.
void ordered_run(int threads, size_t window, const std::function<std::shared_ptr<void>()>& produce,
                 const std::function<void(void*)>& work, const std::function<void(void*)>& consume,
                 const std::function<uint64_t(const void*)>& weight = nullptr, uint64_t limit = 0);
}  // namespace detail

// `produce()` returns the next item or nullopt at the end; `work(item)` changes it in place, on any thread;
// `consume(item)` sees the items in order, on the calling thread. The first exception of any of the three is
// rethrown after the threads have ended. threads == 1 runs everything on the calling thread. With `weight`
// (bytes, say), asked for when an item has been produced, nothing more is produced while those in flight
// weigh `limit` or more.
template <class Item>
void ordered_map(int threads, const std::function<std::optional<Item>()>& produce,
                 const std::function<void(Item&)>& work, const std::function<void(Item&)>& consume,
                 const std::function<uint64_t(const Item&)>& weight = nullptr, uint64_t limit = 0) {
  detail::ordered_run(
      threads, static_cast<size_t>(threads) * 4,
      [&]() -> std::shared_ptr<void> {
        std::optional<Item> item = produce();
        return item ? std::make_shared<Item>(std::move(*item)) : nullptr;
      },
      [&](void* p) { work(*static_cast<Item*>(p)); }, [&](void* p) { consume(*static_cast<Item*>(p)); },
      weight ? std::function<uint64_t(const void*)>(
                   [&](const void* p) { return weight(*static_cast<const Item*>(p)); })
             : nullptr,
      limit);
}

// body(begin, end) over [0, n) cut into at most `threads` contiguous ranges; returns when all are done.
void parallel_for(int threads, uint64_t n, const std::function<void(uint64_t, uint64_t)>& body);

// Processors this process may use (affinity and cgroup limit), at least 1.
int available_cpus();

}  // namespace ds
