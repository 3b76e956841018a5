// Which path is answered by whom, and what is checked before: one table of routes, closed by default.
//
// Everything here runs on the io thread and touches no socket.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "serve/api_error.h"
#include "serve/auth.h"
#include "serve/engine_host.h"
#include "serve/http.h"
#include "serve/metrics.h"
#include "serve/plan.h"

namespace ds::serve {

// What the handlers know.
struct App {
  const ServedModel& model;
  const ApiKeys& keys;
  Metrics& metrics;
  EngineHost* host = nullptr;  // nothing in tests of routes that need no engine
  int64_t max_queue = 0;
  bool draining = false;
};

using Outcome = std::variant<Response, Plan>;  // a response, or what the engine has to do for one

struct Route {
  std::string_view path;    // a final * stands for the rest
  std::string_view method;  // GET (and HEAD) or POST
  bool open;                // needs no key
  Outcome (*handle)(App&, const Request&);
};
const std::vector<Route>& routes();

// What can be said before the body is read: the route, when the request may go on; a response for OPTIONS;
// else throws ApiError (404, 405, 401, 411, 415, 503).
std::variant<const Route*, Response> admit(const App& app, const Request& request);

Response error_response(const ApiError& error);
// The label of /metrics: the route's path, "other" when there is none. Bounded, whatever clients ask for.
std::string handler_label(const std::string& path);
std::string method_label(const std::string& method);

}  // namespace ds::serve
