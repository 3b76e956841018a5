#include "serve/json_checks.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace ds::serve {

using nlohmann::json;

namespace {

// Deepest nesting of brackets outside strings; what is malformed is left to the parser.
int depth_of(std::string_view text) {
  int depth = 0, deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

json parse_body(std::string_view text) {
  if (text.empty()) throw bad_request("the body is empty: expected a JSON object");
  if (depth_of(text) > kMaxJsonDepth)
    throw bad_request(fmt::format("the body is nested deeper than {} levels", kMaxJsonDepth));
  json body;
  try {
    body = json::parse(text);
  } catch (const json::parse_error& e) {
    throw bad_request(fmt::format("the body is not JSON (at byte {} of {})", e.byte, text.size()));
  } catch (const json::exception&) {
    throw bad_request("the body has a number that is out of range");
  }
  if (!body.is_object()) throw bad_request("the body must be a JSON object, found " + kind_of(body));
  return body;
}

std::string kind_of(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
    case json::value_t::number_float:
      return value.dump();
    case json::value_t::string:
      return "a string";
    case json::value_t::array:
      return value.empty() ? "an empty array" : "an array";
    case json::value_t::object:
      return "an object";
    default:
      return "something else";
  }
}

ApiError expected(const std::string& name, const std::string& what, const json& found) {
  return bad_request(fmt::format("'{}': expected {}, found {}", name, what, kind_of(found)), name);
}

const json* find(const json& object, const char* name) {
  const auto it = object.find(name);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

std::optional<int64_t> integer(const json& object, const char* name, int64_t low, int64_t high) {
  const json* value = find(object, name);
  if (!value) return {};
  const std::string what = fmt::format("an integer from {} to {}", low, high);
  if (!value->is_number_integer()) throw expected(name, what, *value);
  const bool beyond =
      value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
  if (beyond || value->get<int64_t>() < low || value->get<int64_t>() > high)
    throw expected(name, what, *value);
  return value->get<int64_t>();
}

std::optional<double> number(const json& object, const char* name, double low, double high) {
  const json* value = find(object, name);
  if (!value) return {};
  const std::string what = fmt::format("a number from {} to {}", low, high);
  if (!value->is_number()) throw expected(name, what, *value);
  const double x = value->get<double>();
  if (!(x >= low && x <= high)) throw expected(name, what, *value);  // NaN is refused here too
  return x;
}

std::optional<bool> boolean(const json& object, const char* name) {
  const json* value = find(object, name);
  if (!value) return {};
  if (!value->is_boolean()) throw expected(name, "true or false", *value);
  return value->get<bool>();
}

std::optional<std::string> string(const json& object, const char* name) {
  const json* value = find(object, name);
  if (!value) return {};
  if (!value->is_string()) throw expected(name, "a string", *value);
  return value->get<std::string>();
}

}  // namespace ds::serve
