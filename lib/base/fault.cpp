// Counting and failing of file operations, for tests.
#include "base/fault.h"

#include <atomic>

namespace ds::fault {

namespace {

enum Mode : int { off, counting, failing };
std::atomic<int> g_mode{off};
std::atomic<uint64_t> g_operations{0};
std::atomic<uint64_t> g_fail_from{0};
std::atomic<int> g_errno{0};
thread_local int t_paused = 0;

}  // namespace

void arm(uint64_t n, int errno_value) {
  g_operations = 0;
  g_fail_from = n;
  g_errno = errno_value;
  g_mode = failing;
}

void disarm() { g_mode = off; }

uint64_t operations() { return g_operations; }

void count() {
  g_operations = 0;
  g_mode = counting;
}

int next() {
  const int mode = g_mode.load(std::memory_order_relaxed);
  if (mode == off || t_paused > 0) return 0;
  const uint64_t number = ++g_operations;
  return mode == failing && number >= g_fail_from ? g_errno.load() : 0;
}

Pause::Pause() { ++t_paused; }
Pause::~Pause() { --t_paused; }

}  // namespace ds::fault
