// The server's life: bound early, so that a busy port is known before a model is loaded; listening when
// there is something to serve; then until a signal comes and what was accepted is done.
#pragma once

#include <memory>

#include "base/run.h"
#include "serve/options.h"
#include "serve/router.h"

namespace ds::serve {

class Server {
 public:
  // Binds host and port. Throws usage (a host that is no address), resource (port busy), io.
  explicit Server(const ServeOptions& options);
  ~Server();

  // Listens, says `listening on http://HOST:PORT`, and serves until run.stop is requested; then refuses new
  // work, lets what was accepted finish (for options.drain_timeout, after which it is cut short) and returns.
  // Throws when the engine's thread failed.
  void serve(App& app, EngineHost& host, Run& run);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ds::serve
