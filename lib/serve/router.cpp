#include "serve/router.h"

#include <nlohmann/json.hpp>

#include "serve/api_chat.h"
#include "serve/api_common.h"
#include "serve/api_completions.h"
#include "serve/api_tokens.h"
#include "serve/json_checks.h"

namespace ds::serve {

namespace {

using nlohmann::ordered_json;

constexpr std::string_view kModels = "/v1/models/";

Response json_response(const ordered_json& object, int status = 200) {
  return {
      status, object.dump(-1, ' ', false, ordered_json::error_handler_t::replace), "application/json", {}};
}

Outcome health(App& app, const Request&) {
  return app.draining ? json_response({{"status", "draining"}}, 503) : json_response({{"status", "ok"}});
}

// Whether a request that came now would be taken.
Outcome ready(App& app, const Request& request) {
  if (!app.draining && app.host && app.host->numbers().waiting >= app.max_queue)
    return json_response({{"status", "busy"}}, 503);
  return health(app, request);
}

Outcome metrics(App& app, const Request&) {
  const EngineNumbers numbers = app.host ? app.host->numbers() : EngineNumbers{};
  return Response{200, app.metrics.text(numbers), "text/plain; version=0.0.4; charset=utf-8", {}};
}

ordered_json model_object(const ServedModel& model) {
  return {
      {"id", model.name},   {"object", "model"}, {"created", model.created},         {"owned_by", "ds-serve"},
      {"root", model.name}, {"parent", nullptr}, {"max_model_len", model.max_tokens}};
}

Outcome models(App& app, const Request&) {
  return json_response({{"object", "list"}, {"data", ordered_json::array({model_object(app.model)})}});
}

Outcome one_model(App& app, const Request& request) {
  const std::string name = request.path.substr(kModels.size());
  check_model({{"model", name}}, app.model);
  return json_response(model_object(app.model));
}

Outcome completions(App& app, const Request& request) {
  return read_completion(parse_body(request.body), app.model);
}
Outcome chat(App& app, const Request& request) { return read_chat(parse_body(request.body), app.model); }

Outcome tokens(App& app, const Request& request) {
  return Response{200, tokenize(parse_body(request.body), app.model), "application/json", {}};
}
Outcome text(App& app, const Request& request) {
  return Response{200, detokenize(parse_body(request.body), app.model), "application/json", {}};
}

bool matches(const Route& route, std::string_view path) {
  if (!route.path.ends_with('*')) return route.path == path;
  const std::string_view stem = route.path.substr(0, route.path.size() - 1);
  return path.size() > stem.size() && path.starts_with(stem);
}

const Route* find_route(std::string_view path) {
  for (const Route& route : routes())
    if (matches(route, path)) return &route;
  return nullptr;
}

std::string allowed(const Route& route) {
  return route.method == "GET" ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
}

bool is_json(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  static constexpr std::string_view kJson = "application/json";
  if (type.size() != kJson.size()) return false;
  for (size_t i = 0; i < type.size(); ++i) {
    const char c = type[i] >= 'A' && type[i] <= 'Z' ? static_cast<char>(type[i] + 32) : type[i];
    if (c != kJson[i]) return false;
  }
  return true;
}

}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> table = {
      {"/health", "GET", true, health},
      {"/ready", "GET", true, ready},
      {"/metrics", "GET", false, metrics},
      {"/v1/models", "GET", false, models},
      {"/v1/models/*", "GET", false, one_model},
      {"/v1/completions", "POST", false, completions},
      {"/v1/chat/completions", "POST", false, chat},
      {"/tokenize", "POST", false, tokens},
      {"/detokenize", "POST", false, text},
  };
  return table;
}

std::variant<const Route*, Response> admit(const App& app, const Request& request) {
  const Route* route = find_route(request.path);
  if (!(route && route->open) && !app.keys.accept(request.authorization))
    throw ApiError(401,
                   request.authorization.empty() ? "no API key: give one as 'Authorization: Bearer KEY'"
                                                 : "the API key is not valid",
                   {}, "invalid_api_key");
  if (!route) throw ApiError(404, "there is no '" + request.path.substr(0, 200) + "' here", {}, "not_found");
  if (request.method == "OPTIONS") return Response{204, "", "", {{"Allow", allowed(*route)}}};
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (route->method == "GET" ? !get : request.method != "POST") {
    ApiError error(405, "'" + std::string(route->path) + "' takes " + allowed(*route), {},
                   "method_not_allowed");
    error.allow = allowed(*route);
    throw error;
  }
  if (get) return route;
  if (!request.has_length) throw ApiError(411, "a body with Content-Length is needed");
  // A page in a browser can send other types to this address without asking; JSON it cannot.
  if (!request.content_type.empty() && !is_json(request.content_type))
    throw ApiError(415, "the body must be application/json");
  if (app.draining) {
    ApiError error(503, "the server is shutting down", {}, "draining");
    error.retry_after = 1;
    throw error;
  }
  return route;
}

Response error_response(const ApiError& error) {
  Response r{error.status, error.body(), "application/json", {}};
  if (error.retry_after > 0) r.headers.emplace_back("Retry-After", std::to_string(error.retry_after));
  if (error.status == 401) r.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (!error.allow.empty()) r.headers.emplace_back("Allow", error.allow);
  return r;
}

std::string handler_label(const std::string& path) {
  const Route* route = find_route(path);
  return route ? std::string(route->path) : "other";
}

std::string method_label(const std::string& method) {
  for (const char* known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
    if (method == known) return method;
  return "other";
}

}  // namespace ds::serve
