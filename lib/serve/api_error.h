// What a client is told when its request is refused or fails: a status and OpenAI's error object.
// Thrown by everything that looks at a request, caught where the response is written.
#pragma once

#include <exception>
#include <string>

namespace ds::serve {

struct ApiError : std::exception {
  int status = 400;
  std::string message, type, param, code;  // param and code may be empty: null in the answer
  int retry_after = 0;                     // seconds; 0: no such header
  std::string allow;                       // the methods of a 405

  ApiError(int status_, std::string message_, std::string param_ = {}, std::string code_ = {});
  const char* what() const noexcept override { return message.c_str(); }
  std::string body() const;  // {"error":{"message","type","param","code"}}
};

// 400, about one parameter of the body ("messages[2].content").
inline ApiError bad_request(std::string message, std::string param = {}, std::string code = {}) {
  return {400, std::move(message), std::move(param), std::move(code)};
}

}  // namespace ds::serve
