// The one error type of ds-tools. The library throws it, `cli::tool_main` catches it, nobody else needs to.
//
// The kind decides the exit code (tests/README.md has the table), the message names file, place, what was
// expected and what was found, and the hint says what to do about it in one line.
#pragma once

#include <stdexcept>
#include <string>

namespace ds {

enum class ErrorKind {
  usage,     // 2: flags or configuration
  data,      // 3: input that is truncated, contradictory or impossible
  io,        // 4: missing file, permission, disk full
  resource,  // 5: no GPU, out of memory, port or output busy, optional library missing
  internal,  // 70: our bug
};

// Exit codes that are not errors of the library.
inline constexpr int kExitOk = 0;
inline constexpr int kExitNo = 1;        // ran, and the answer is no
inline constexpr int kExitStopped = 75;  // stopped early on purpose, state saved

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, std::string hint = {})
      : std::runtime_error(message), kind_(kind), hint_(std::move(hint)) {}

  ErrorKind kind() const { return kind_; }
  const std::string& hint() const { return hint_; }  // empty when there is nothing useful to add

 private:
  ErrorKind kind_;
  std::string hint_;
};

// Short forms, so that a throw reads as what it is: `throw data_error(path + ": empty", "…")`.
inline Error usage_error(const std::string& m, std::string hint = {}) {
  return {ErrorKind::usage, m, std::move(hint)};
}
inline Error data_error(const std::string& m, std::string hint = {}) {
  return {ErrorKind::data, m, std::move(hint)};
}
inline Error io_error(const std::string& m, std::string hint = {}) {
  return {ErrorKind::io, m, std::move(hint)};
}
inline Error resource_error(const std::string& m, std::string hint = {}) {
  return {ErrorKind::resource, m, std::move(hint)};
}
inline Error internal_error(const std::string& m, std::string hint = {}) {
  return {ErrorKind::internal, m, std::move(hint)};
}

// `path: what: strerror(errno_value)`, kind io; ENOMEM becomes kind resource.
Error errno_error(const std::string& path, const std::string& what, int errno_value);

int exit_code(ErrorKind kind);  // 2, 3, 4, 5 or 70

// Thrown by writes to a stdout or pipe whose reader has gone; tool_main ends quietly with 0.
struct BrokenPipe {};

}  // namespace ds
