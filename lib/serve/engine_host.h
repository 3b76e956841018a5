// The engine on a thread of its own, and the way between it and the io thread.
//
// Requests go in by submit(). Events come out through one outbox: the engine's thread fills it and rings
// once, the io thread empties it into the mailboxes with deliver(). Decoding and stop strings are done on the
// engine's thread, so that a stop string ends its request before the next token. All but the callback given
// to start() is called on the io thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "serve/mailbox.h"
#include "serve/metrics.h"
#include "serve/plan.h"

namespace ds::infer {
class Engine;
}

namespace ds::serve {

class EngineHost {
 public:
  EngineHost(infer::Engine& engine, const tokenizer::Tokenizer& tokenizer, Metrics& metrics);
  ~EngineHost();  // cancels what is left

  void start(std::function<void()> ring);  // `ring`: deliver() should be called; from the engine's thread
  // All choices of a plan, or none of them: throws ApiError 429 when the queue is full. The tickets are for
  // cancel().
  std::vector<uint64_t> submit(const Plan& plan, const std::shared_ptr<Mailbox>& to);
  void cancel(const std::vector<uint64_t>& tickets);
  void deliver();
  EngineNumbers numbers() const;
  bool failed() const;  // the engine's thread ended by an error, which stop() throws
  // Ends the thread when what it was given is done; with `drain` false that is cancelled.
  void stop(bool drain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ds::serve
