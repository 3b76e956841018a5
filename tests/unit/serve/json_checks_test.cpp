#include "serve/json_checks.h"

#include <nlohmann/json.hpp>

#include "catch.h"

namespace ds {

using nlohmann::json;
using serve::ApiError;

namespace {

std::string message_of(const std::string& body) {
  try {
    serve::parse_body(body);
  } catch (const ApiError& e) {
    CHECK(e.status == 400);
    return e.message;
  }
  return "";
}

}  // namespace

TEST_CASE("bodies that are no JSON object are refused, at any depth and length") {
  CHECK(message_of("{\"a\": [1, {\"b\": null}]}").empty());
  CHECK(message_of("{\"a\": 1, \"a\": 2}").empty());  // the last one counts
  for (const std::string& bad :
       {std::string(), std::string("nonsense"), std::string("{\"a\": 1"), std::string("{\"a\": NaN}"),
        std::string("{\"a\": Infinity}"), std::string("{\"a\": 1e999}"), std::string("[1]"),
        std::string("\"text\""), std::string("{\"a\": \"\xff\"}"), std::string("{\"a\": \"\xed\xa0\x80\"}"),
        std::string("{\"a\": \"\\ud800\"}"), std::string("{\"a\":1}{\"b\":2}"), std::string("{\"a\": 01}"),
        std::string("\0{}", 3)}) {
    INFO(bad);
    CHECK_FALSE(message_of(bad).empty());
  }
  for (const char* open : {"[", "{\"a\":"}) {
    std::string deep = "{\"a\":";
    for (int i = 0; i < 1000000; ++i) deep += open;
    CHECK(message_of(deep).find("deeper") != std::string::npos);
  }
  CHECK(message_of("{\"a\": \"" + std::string(200, '[') + "\\\"" + std::string(200, '{') + "\"}").empty());
}

TEST_CASE("typed members: absent, null, right, wrong, out of range") {
  const json o = {{"i", 3},   {"x", 0.5},  {"s", "t"}, {"b", true}, {"n", nullptr}, {"big", UINT64_MAX},
                  {"f", 3.0}, {"low", -5}, {"a", {1}}};
  CHECK(serve::integer(o, "i", 0, 9) == 3);
  CHECK_FALSE(serve::integer(o, "n", 0, 9));
  CHECK_FALSE(serve::integer(o, "none", 0, 9));
  CHECK(serve::number(o, "x", 0, 1) == 0.5);
  CHECK(serve::number(o, "i", 0, 3) == 3.0);
  CHECK(serve::string(o, "s") == "t");
  CHECK(serve::boolean(o, "b") == true);
  CHECK_THROWS_AS(serve::integer(o, "i", 4, 9), ApiError);
  CHECK_THROWS_AS(serve::integer(o, "big", 0, INT64_MAX), ApiError);
  CHECK_THROWS_AS(serve::integer(o, "f", 0, 9), ApiError);
  CHECK_THROWS_AS(serve::integer(o, "b", 0, 9), ApiError);
  CHECK_THROWS_AS(serve::integer(o, "low", 0, 9), ApiError);
  CHECK_THROWS_AS(serve::number(o, "s", 0, 9), ApiError);
  CHECK_THROWS_AS(serve::number(o, "low", 0, 9), ApiError);
  CHECK_THROWS_AS(serve::string(o, "i"), ApiError);
  CHECK_THROWS_AS(serve::boolean(o, "i"), ApiError);
  try {
    serve::integer(o, "a", 1, 5);
  } catch (const ApiError& e) {
    CHECK(e.param == "a");
    CHECK(e.message == "'a': expected an integer from 1 to 5, found an array");
  }
}

TEST_CASE("an error's body is OpenAI's, whatever bytes the message has") {
  const json o = json::parse(serve::bad_request("bad \xff byte", "prompt").body());
  CHECK(o["error"]["type"] == "invalid_request_error");
  CHECK(o["error"]["param"] == "prompt");
  CHECK(o["error"]["code"].is_null());
  CHECK(json::parse(ApiError(401, "no").body())["error"]["type"] == "authentication_error");
}

}  // namespace ds
