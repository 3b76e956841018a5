// Reading a request's JSON: bounded before it is parsed, typed when it is taken apart. Everything wrong is an
// ApiError 400 that names the parameter, what was expected and what was found. A parameter that is null
// counts as absent, as in OpenAI's API.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "serve/api_error.h"

namespace ds::serve {

inline constexpr int kMaxJsonDepth = 64;

// The object that a body holds. Nesting is measured in one pass over the bytes before the parser sees them.
nlohmann::json parse_body(std::string_view text);

// "a string", "an integer", "NaN"…: what a value is, for messages.
std::string kind_of(const nlohmann::json& value);
// The error "NAME: expected EXPECTED, found KIND".
ApiError expected(const std::string& name, const std::string& what, const nlohmann::json& found);

std::optional<int64_t> integer(const nlohmann::json& object, const char* name, int64_t low, int64_t high);
std::optional<double> number(const nlohmann::json& object, const char* name, double low, double high);
std::optional<bool> boolean(const nlohmann::json& object, const char* name);
std::optional<std::string> string(const nlohmann::json& object, const char* name);
// nullptr when the key is absent or null.
const nlohmann::json* find(const nlohmann::json& object, const char* name);

}  // namespace ds::serve
