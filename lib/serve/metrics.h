// What /metrics tells, in Prometheus' text form. Names are vLLM's where they mean the same, so that existing
// dashboards and autoscalers work; the server's own begin with ds_serve.
//
// The observing functions may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace ds::serve {

// The engine's counts (infer::EngineStats, which includes torch).
struct EngineNumbers {
  int64_t waiting = 0, running = 0;
  int64_t used_pages = 0, total_pages = 0;
  int64_t prompt_tokens = 0, generated_tokens = 0;
  int64_t stopped = 0, length = 0, aborted = 0, failed = 0;  // requests that ended
};

class Metrics {
 public:
  Metrics(const std::string& model_name, int64_t max_tokens);
  ~Metrics();

  void http_request(const std::string& handler, const std::string& method, int status, double seconds);
  void request_begins(int64_t prompt_tokens, int64_t max_tokens);  // one choice
  void first_token(double seconds);                                // since its request came
  void next_token(double seconds);                                 // since the one before
  // A choice that ended with `tokens` tokens: seconds since its request came and since its first token.
  void request_ends(int64_t tokens, double seconds, double decode_seconds);
  void disconnect();  // a client went while its answer was being made
  void connections(int64_t now);

  std::string text(const EngineNumbers& engine);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ds::serve
