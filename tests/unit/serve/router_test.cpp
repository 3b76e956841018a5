#include "serve/router.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "scratch.h"
#include "serve/model.h"

namespace ds {
namespace {

using nlohmann::json;
using namespace serve;

struct Fixture {
  ServedModel model = test::toy_model();
  ApiKeys keys;
  Metrics metrics{"toy", 256};
  App app{model, keys, metrics};
};

Request ask(const std::string& method, const std::string& path) {
  Request r;
  r.method = method;
  r.path = path;
  r.has_length = method == "POST";
  return r;
}

int status(const App& app, const Request& request) {
  try {
    const auto admitted = admit(app, request);
    const auto* response = std::get_if<Response>(&admitted);
    return response ? response->status : 200;
  } catch (const ApiError& e) {
    CHECK(json::parse(error_response(e).body).contains("error"));
    return e.status;
  }
}

// A path that the route answers.
std::string path_of(const Route& route) {
  std::string path(route.path);
  if (path.back() == '*') path.replace(path.size() - 1, 1, "toy");
  return path;
}

}  // namespace

TEST_CASE("routes: every one needs a key but /health and /ready, and so does what is not there") {
  const test::Scratch scratch;
  {
    const Fd fd = open_create(scratch.file("keys"));
    write_all(fd.get(), "secret\n", "keys");
  }
  Fixture f;
  f.keys = ApiKeys::read(scratch.file("keys"));
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
    for (const Route& route : routes()) {
      CAPTURE(method, route.path);
      const bool open = route.path == "/health" || route.path == "/ready";
      CHECK(route.open == open);
      Request r = ask(method, path_of(route));
      CHECK((status(f.app, r) == 401) == !open);
      r.authorization = "Bearer wrong";
      CHECK((status(f.app, r) == 401) == !open);
      r.authorization = "Bearer secret";
      CHECK(status(f.app, r) != 401);
    }
    for (const char* path :
         {"/", "/nothing", "/v1", "/v1/models/", "/metrics/", "//metrics", "/health/x", "*"}) {
      CAPTURE(path);
      CHECK(status(f.app, ask(method, path)) == 401);
    }
  }
}

TEST_CASE("routes: methods, lengths and types are checked before a body is read") {
  Fixture f;
  for (const Route& route : routes()) {
    CAPTURE(route.path);
    const std::string path = path_of(route), method(route.method);
    CHECK(status(f.app, ask(method, path)) == 200);
    CHECK(status(f.app, ask(method == "GET" ? "POST" : "GET", path)) == 405);
    CHECK(status(f.app, ask("DELETE", path)) == 405);
    CHECK(status(f.app, ask("OPTIONS", path)) == 204);
    if (method != "POST") continue;
    Request r = ask("POST", path);
    r.has_length = false;
    CHECK(status(f.app, r) == 411);
    r.has_length = true;
    for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "application/jsonx"}) {
      r.content_type = type;
      CHECK(status(f.app, r) == 415);
    }
    for (const char* type : {"application/json", "Application/JSON; charset=utf-8", ""}) {
      r.content_type = type;
      CHECK(status(f.app, r) == 200);
    }
    f.app.draining = true;
    CHECK(status(f.app, r) == 503);
    f.app.draining = false;
  }
  CHECK(status(f.app, ask("GET", "/nothing")) == 404);
  CHECK(status(f.app, ask("POST", "/v1/models/")) == 404);
}

TEST_CASE("routes: health, models, tokens") {
  Fixture f;
  const auto get = [&](const std::string& path, const std::string& body = "") {
    Request r = ask(body.empty() ? "GET" : "POST", path);
    r.body = body;
    const auto admitted = admit(f.app, r);
    return std::get<Response>(std::get<const Route*>(admitted)->handle(f.app, r));
  };
  CHECK(get("/health").body == R"({"status":"ok"})");
  CHECK(json::parse(get("/v1/models").body)["data"][0]["id"] == "toy");
  CHECK(json::parse(get("/v1/models/toy").body)["max_model_len"] == 256);
  CHECK_THROWS_AS(get("/v1/models/other"), ApiError);
  const json tokens = json::parse(get("/tokenize", R"({"prompt": "Once upon a time"})").body);
  CHECK(tokens["count"] == tokens["tokens"].size());
  const json text = json::parse(get("/detokenize", json({{"tokens", tokens["tokens"]}}).dump()).body);
  CHECK(text["prompt"] == "Once upon a time");
  CHECK_THROWS_AS(get("/detokenize", R"({"tokens": [99999]})"), ApiError);
  CHECK_THROWS_AS(get("/detokenize", R"({"tokens": [-1]})"), ApiError);
  CHECK_THROWS_AS(get("/tokenize", R"({"prompt": 5})"), ApiError);
  CHECK_THROWS_AS(get("/tokenize", "{\"prompt\": \"" + std::string(2000000, 'a') + "\"}"), ApiError);
  f.app.draining = true;
  CHECK(get("/health").status == 503);
  CHECK(get("/ready").status == 503);
  CHECK(get("/metrics").status == 200);
}

}  // namespace ds
