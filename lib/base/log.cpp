// Log lines: built whole, then one write. A log that cannot be written never fails the work.
#include "base/log.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

namespace ds {

namespace {

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warn:
      return "warning";
    case LogLevel::info:
      return "info";
    case LogLevel::verbose:
      return "verbose";
    case LogLevel::debug:
      return "debug";
  }
  return "";
}

void write_ignoring_errors(int fd, std::string_view s) {
  while (!s.empty()) {
    const ssize_t n = ::write(fd, s.data(), s.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    s.remove_prefix(static_cast<size_t>(n));
  }
}

// File names and input come from outside: control characters must not reach a terminal.
void append_printable(std::string& out, std::string_view s) {
  static const char* hex = "0123456789abcdef";
  for (const char c : s) {
    const auto u = static_cast<unsigned char>(c);
    if ((u < 0x20 && c != '\n' && c != '\t') || u == 0x7f)
      out.append("\\x").append(1, hex[u >> 4]).append(1, hex[u & 15]);
    else
      out += c;
  }
}

// Columns up to the last that is not blank; escape sequences ("ESC[…m") take none.
size_t visible_columns(std::string_view s) {
  size_t column = 0, last = 0;
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '\x1b') {
      while (i < s.size() && s[i] != 'm') ++i;
    } else if (s[i] != '\r') {
      ++column;
      if (s[i] != ' ') last = column;
    }
  }
  return last;
}

std::string utc_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = ms / 1000;
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  char text[32];
  const size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
  char tail[8];
  std::snprintf(tail, sizeof tail, ".%03dZ", static_cast<int>(ms % 1000));
  return std::string(text, n) + tail;
}

}  // namespace

Log::Log(std::string tool, int fd, LogLevel level, LogFormat format)
    : tool_(std::move(tool)), fd_(fd), level_(level), format_(format) {}

void Log::error(std::string_view message, std::string_view hint) { line(LogLevel::error, message, hint); }
void Log::warn(std::string_view message, std::string_view hint) { line(LogLevel::warn, message, hint); }
void Log::info(std::string_view message) { line(LogLevel::info, message, {}); }
void Log::verbose(std::string_view message) { line(LogLevel::verbose, message, {}); }
void Log::debug(std::string_view message) { line(LogLevel::debug, message, {}); }

void Log::raw(std::string_view bytes) {
  if (fd_ < 0 || format_ == LogFormat::json) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string wiped;
  if (!bytes.ends_with('\r')) {
    wiped = wipe_bar();
    if (!wiped.empty()) bytes = wiped.append(bytes);
  } else {
    bar_columns_ = visible_columns(bytes);
  }
  write_ignoring_errors(fd_, bytes);
}

std::string Log::wipe_bar() {
  std::string out;
  if (bar_columns_ > 0) out = std::string(bar_columns_, ' ') + "\r";
  bar_columns_ = 0;
  return out;
}

void Log::line(LogLevel level, std::string_view message, std::string_view hint) {
  if (!enabled(level)) return;
  std::string text;
  if (format_ == LogFormat::json) {
    nlohmann::ordered_json object = {{"time", utc_now()},
                                     {"level", level_name(level)},
                                     {"tool", tool_},
                                     {"message", std::string(message)}};
    if (!hint.empty()) object["hint"] = std::string(hint);
    text = object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  } else {
    text = tool_ + ": ";
    if (level == LogLevel::error || level == LogLevel::warn) text.append(level_name(level)).append(": ");
    append_printable(text, message);
    text += '\n';
    if (!hint.empty()) {
      text += "hint: ";
      append_printable(text, hint);
      text += '\n';
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  write_ignoring_errors(fd_, wipe_bar() + text);
}

Log& Log::null() {
  static Log log("", -1, LogLevel::error, LogFormat::text);
  return log;
}

}  // namespace ds
