// A request to stop, from SIGINT, SIGTERM or SIGUSR1, that long loops poll.
//
// The first signal sets the token: finish the step, save, return. The second ends the process at once.
#pragma once

#include <atomic>

namespace ds {

class StopToken {
 public:
  StopToken() = default;  // never stops
  explicit StopToken(const std::atomic<int>* signal) : signal_(signal) {}

  bool requested() const { return signal() != 0; }
  int signal() const { return signal_ ? signal_->load(std::memory_order_relaxed) : 0; }  // 0 when none came

 private:
  const std::atomic<int>* signal_ = nullptr;
};

// Installs the handlers (once per process; also ignores SIGPIPE) and returns the token that they set.
StopToken install_stop_signals();

}  // namespace ds
