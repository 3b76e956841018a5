// One producer thread, `threads` workers, and the caller as consumer, around one queue of at most `window`
// items.
//
// A failure travels through the queue in its item's place, so the error that is reported, and what was
// consumed before it, are the same for every number of threads.
#include "base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/fault.h"
#include "base/io.h"

namespace ds {

namespace {

// Starts a thread; what the system refuses is a resource error.
template <class Body>
void start_thread(std::vector<std::thread>& threads, Body body) {
  try {
    threads.emplace_back(std::move(body));
  } catch (const std::system_error& e) {
    throw resource_error(std::string("cannot start a thread: ") + e.what(), "use fewer threads (-t)");
  }
}

struct Slot {
  std::shared_ptr<void> item;  // null: the end, or the producer failed
  std::exception_ptr error;
  uint64_t weight = 0;
  bool done = false;
};

struct Queue {
  std::mutex mutex;
  std::condition_variable room, work_ready, front_ready;
  std::deque<std::shared_ptr<Slot>> in_order;  // produced and not yet consumed
  std::deque<std::shared_ptr<Slot>> todo;      // the part of it that no worker has taken
  size_t being_consumed = 0;
  uint64_t weight = 0, weight_consumed = 0;  // of all in flight; of the one being consumed
  bool ended = false, cancelled = false;
};

void produce_all(Queue& q, size_t window, const std::function<std::shared_ptr<void>()>& produce,
                 const std::function<uint64_t(const void*)>& weight, uint64_t limit) {
  for (bool more = true; more;) {
    {
      std::unique_lock<std::mutex> lock(q.mutex);
      q.room.wait(lock, [&] {
        return q.cancelled ||
               (q.in_order.size() + q.being_consumed < window && (!weight || q.weight < limit));
      });
      if (q.cancelled) return;
    }
    auto slot = std::make_shared<Slot>();
    try {
      slot->item = produce();
      if (weight && slot->item) slot->weight = weight(slot->item.get());
    } catch (...) {
      slot->error = std::current_exception();
    }
    more = slot->item != nullptr;
    const std::lock_guard<std::mutex> lock(q.mutex);
    q.weight += slot->weight;
    q.in_order.push_back(slot);
    if (more) {
      q.todo.push_back(slot);
      q.work_ready.notify_one();
    } else {
      slot->done = q.ended = true;
      q.work_ready.notify_all();
      q.front_ready.notify_one();
    }
  }
}

void work_all(Queue& q, const std::function<void(void*)>& work) {
  for (;;) {
    std::shared_ptr<Slot> slot;
    {
      std::unique_lock<std::mutex> lock(q.mutex);
      q.work_ready.wait(lock, [&] { return q.cancelled || q.ended || !q.todo.empty(); });
      if (q.cancelled || q.todo.empty()) return;
      slot = std::move(q.todo.front());
      q.todo.pop_front();
    }
    try {
      work(slot->item.get());
    } catch (...) {
      slot->error = std::current_exception();
    }
    const std::lock_guard<std::mutex> lock(q.mutex);
    slot->done = true;
    if (q.in_order.front() == slot) q.front_ready.notify_one();
  }
}

void consume_all(Queue& q, const std::function<void(void*)>& consume) {
  for (;;) {
    std::shared_ptr<Slot> slot;
    {
      std::unique_lock<std::mutex> lock(q.mutex);
      q.being_consumed = 0;
      q.weight -= q.weight_consumed;
      q.weight_consumed = 0;
      q.room.notify_one();
      q.front_ready.wait(lock, [&] { return !q.in_order.empty() && q.in_order.front()->done; });
      slot = std::move(q.in_order.front());
      q.in_order.pop_front();
      q.being_consumed = 1;
      q.weight_consumed = slot->weight;
    }
    if (slot->error) std::rethrow_exception(slot->error);
    if (!slot->item) return;
    consume(slot->item.get());
  }
}

// "max 100000" or "150000 100000": processors, rounded up; 0 when there is no limit.
int cpus_of_quota(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return 0;
  return std::max(1, static_cast<int>(quota / period + 0.999));
}

std::string text_of(const std::string& path) {
  try {
    return read_file(path, 1 << 16);
  } catch (const Error&) {
    return {};
  }
}

// The tightest limit of the group that /proc/self/cgroup names and of the groups above it, as far as they can
// be seen.
int cgroup_cpus() {
  int best = 0;
  const auto take = [&](int n) {
    if (n > 0 && (best == 0 || n < best)) best = n;
  };
  const std::string groups = text_of("/proc/self/cgroup");
  for (size_t begin = 0; begin < groups.size();) {
    size_t end = groups.find('\n', begin);
    if (end == std::string::npos) end = groups.size();
    const std::string line = groups.substr(begin, end - begin);  // "4:cpu,cpuacct:/path" or "0::/path"
    begin = end + 1;
    const size_t colon1 = line.find(':'), colon2 = line.find(':', colon1 + 1);
    if (colon1 == std::string::npos || colon2 == std::string::npos) continue;
    const std::string controllers = "," + line.substr(colon1 + 1, colon2 - colon1 - 1) + ",";
    const bool v2 = controllers == ",,";
    if (!v2 && controllers.find(",cpu,") == std::string::npos) continue;
    const std::string root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    for (std::string group = line.substr(colon2 + 1);; group = folder_of(group)) {
      if (group == ".") group = "/";
      const std::string folder = root + (group == "/" ? "" : group);
      if (v2) {
        const std::string text = text_of(folder + "/cpu.max");
        const size_t space = text.find(' ');
        if (space != std::string::npos) take(cpus_of_quota(atof(text.c_str()), atof(text.c_str() + space)));
      } else {
        take(cpus_of_quota(atof(text_of(folder + "/cpu.cfs_quota_us").c_str()),
                           atof(text_of(folder + "/cpu.cfs_period_us").c_str())));
      }
      if (group == "/" || group.empty()) break;
    }
  }
  return best;
}

int affinity_cpus() {
  for (int capacity = 1024; capacity <= 1 << 18; capacity *= 4) {
    cpu_set_t* set = CPU_ALLOC(capacity);
    if (!set) break;
    const size_t size = CPU_ALLOC_SIZE(capacity);
    const bool fits = sched_getaffinity(0, size, set) == 0;
    const int n = fits ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (fits) return std::max(1, n);
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

void detail::ordered_run(int threads, size_t window, const std::function<std::shared_ptr<void>()>& produce,
                         const std::function<void(void*)>& work, const std::function<void(void*)>& consume,
                         const std::function<uint64_t(const void*)>& weight, uint64_t limit) {
  if (threads <= 1) {
    while (const std::shared_ptr<void> item = produce()) {
      work(item.get());
      consume(item.get());
    }
    return;
  }
  Queue q;
  std::vector<std::thread> running;
  std::exception_ptr error;
  try {
    start_thread(running, [&] { produce_all(q, std::max<size_t>(window, 1), produce, weight, limit); });
    for (int i = 0; i < threads; ++i) start_thread(running, [&] { work_all(q, work); });
    consume_all(q, consume);
  } catch (...) {
    error = std::current_exception();
  }
  {
    const std::lock_guard<std::mutex> lock(q.mutex);
    q.cancelled = true;
  }
  q.room.notify_all();
  q.work_ready.notify_all();
  for (std::thread& t : running) t.join();
  if (error) std::rethrow_exception(error);
}

void parallel_for(int threads, uint64_t n, const std::function<void(uint64_t, uint64_t)>& body) {
  const uint64_t parts = std::min<uint64_t>(static_cast<uint64_t>(std::max(threads, 1)), n);
  if (parts <= 1) {
    if (n > 0) body(0, n);
    return;
  }
  const auto bound = [&](uint64_t part) { return n / parts * part + std::min(part, n % parts); };
  std::vector<std::exception_ptr> errors(parts + 1);
  const auto run = [&](uint64_t part) {
    try {
      body(bound(part), bound(part + 1));
    } catch (...) {
      errors[part] = std::current_exception();
    }
  };
  std::vector<std::thread> running;
  try {
    for (uint64_t part = 1; part < parts; ++part) start_thread(running, [&run, part] { run(part); });
    run(0);
  } catch (...) {
    errors[parts] = std::current_exception();
  }
  for (std::thread& t : running) t.join();
  for (const std::exception_ptr& e : errors)
    if (e) std::rethrow_exception(e);
}

int available_cpus() {
  const fault::Pause pause;  // reading /proc is no operation of the caller's
  const int allowed = affinity_cpus(), quota = cgroup_cpus();
  return quota > 0 ? std::min(allowed, quota) : allowed;
}

}  // namespace ds
