// The engine: many requests over one model, advanced together one step at a time.
//
// A step takes waiting requests into the batch (their prompts run through the model in a pass of their own,
// which gives the first token), then gives every other running request one token. Pages for prompt +
// max_tokens are reserved when a request is taken in, so a running one never fails for lack of memory; who
// does not fit waits, in order. Each number depends on its own request alone (kernels/matmul.h,
// kernels/paged_attention.h): an answer is the same whoever else is being served.
//
// submit() and cancel() may be called from any thread; step() from one. Callbacks run inside step(), so they
// must be quick; they see a request's events in order and nothing after on_finish.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "infer/logprobs.h"
#include "infer/sampler.h"
#include "models/model.h"

namespace ds::infer {

enum class Finish { stop, length, cancelled, error };
// stop: an end token, or on_token said so; length: max_tokens; error: see the message (other requests go on).

struct EngineRequest {
  std::vector<int64_t> prompt;  // not empty, ids inside the vocabulary
  int64_t max_tokens = 16;      // 0: the prompt alone is scored
  SamplerOptions sampling;
  uint32_t sequence = 0;  // with the seed: which stream of random numbers (several answers to one prompt)
  std::vector<int64_t> stop_ids;  // end the request; not handed to on_token
  int top_logprobs = -1;          // -1: no log probabilities; n: of the chosen token and the n most likely
  bool prompt_logprobs = false;   // also of the prompt's tokens, through on_prompt

  std::function<void(const std::vector<TokenChoice>&)> on_prompt;  // once, before the first token
  std::function<bool(const TokenChoice&)> on_token;                // false: end here, as `stop`
  std::function<void(std::exception_ptr)> on_error;                // what was thrown, before on_finish(error)
  std::function<void(Finish, const std::string& message)> on_finish;  // exactly once
};

struct EngineOptions {
  int64_t max_batch = 32;   // requests that run together
  int64_t max_queue = 256;  // requests that wait
  int64_t cache_tokens =
      0;  // room of the key/value cache; 0: max_batch * the model's positions, at most 2 GB
  int64_t prefill_tokens = 2048;  // prompt tokens of one step; a longer prompt takes several steps
  int64_t positions = 0;          // what the model was made with; 0: its config's max_positions
};

struct EngineStats {  // since the start, and now
  int64_t waiting = 0, running = 0;
  int64_t used_pages = 0, total_pages = 0;
  int64_t prompt_tokens = 0, generated_tokens = 0, steps = 0;
  int64_t decode_tokens =
      0;  // that went through the model one by one: generated ones but each request's last
  double prefill_seconds = 0, decode_seconds = 0;
  int64_t finished[4] = {0, 0, 0, 0};  // by Finish
};

class Engine {
 public:
  using Ticket = uint64_t;

  Engine(models::Model& model, const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;

  int64_t max_tokens() const;  // prompt + continuation that one request may have

  // Throws usage (empty prompt, ids beyond the vocabulary, more than max_tokens()) and resource (the queue is
  // full). on_finish is called for a request that was taken, never for one that was refused here.
  Ticket submit(EngineRequest request);
  void cancel(Ticket ticket);  // takes effect before the next token; nothing when it has finished

  bool step();  // true when there was work to do
  // Steps until `stop` says so and nothing is left to do; sleeps while idle, so whoever makes `stop` or
  // `drain` answer differently calls wake(). `drain` false: what is left is cancelled at once.
  void run(const std::function<bool()>& stop, const std::function<bool()>& drain);
  void wake();  // run() looks at `stop` again

  EngineStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ds::infer
