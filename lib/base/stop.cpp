// Signal handlers that only touch lock-free atomics and async-signal-safe calls.
#include "base/stop.h"

#include <signal.h>
#include <time.h>

#include <cstdint>
#include <initializer_list>

namespace ds {

namespace {

std::atomic<int> g_signal{0};
std::atomic<int64_t> g_first_ms{0};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<int64_t>::is_always_lock_free);

// `timeout` signals its child and then the whole group, so one request can arrive twice: a repeat this soon
// is the same.
constexpr int64_t kSameRequestMs = 300;

int64_t now_ms() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1000000;
}

void on_signal(int signal_number) {
  int none = 0;
  if (g_signal.compare_exchange_strong(none, signal_number)) {
    g_first_ms.store(now_ms());
    return;
  }
  if (now_ms() - g_first_ms.load() < kSameRequestMs) return;
  signal(signal_number, SIG_DFL);
  raise(signal_number);  // delivered when the handler returns
}

}  // namespace

StopToken install_stop_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int s : {SIGINT, SIGTERM, SIGUSR1}) sigaction(s, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return StopToken(&g_signal);
}

}  // namespace ds
