#include "serve/api_error.h"

#include <nlohmann/json.hpp>

namespace ds::serve {

namespace {

const char* type_of(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 429:
      return "rate_limit_error";
    case 500:
      return "server_error";
    case 503:
      return "service_unavailable_error";
    case 504:
      return "timeout_error";
    default:
      return "invalid_request_error";
  }
}

}  // namespace

ApiError::ApiError(int status_, std::string message_, std::string param_, std::string code_)
    : status(status_),
      message(std::move(message_)),
      type(type_of(status_)),
      param(std::move(param_)),
      code(std::move(code_)) {}

std::string ApiError::body() const {
  using nlohmann::ordered_json;
  const auto or_null = [](const std::string& s) { return s.empty() ? ordered_json() : ordered_json(s); };
  const ordered_json object = {
      {"error", {{"message", message}, {"type", type}, {"param", or_null(param)}, {"code", or_null(code)}}}};
  return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace ds::serve
