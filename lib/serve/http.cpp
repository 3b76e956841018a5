#include "serve/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <random>

#include "base/build_info.h"

namespace ds::serve {

namespace {

const char* status_text(int status) {
  static constexpr std::pair<int, const char*> kTexts[] = {
      {200, "OK"},
      {204, "No Content"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {411, "Length Required"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  for (const auto& [known, text] : kTexts)
    if (known == status) return text;
  return "Unknown";
}

std::string date_text() {
  const std::time_t now = std::time(nullptr);
  std::tm tm{};
  gmtime_r(&now, &tm);
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[tm.tm_wday], tm.tm_mday,
                     kMonths[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string head_text(const Request& request, const Response& response, std::optional<uint64_t> length,
                      bool keep_alive) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nServer: ds-serve/{}\r\n", response.status,
                                status_text(response.status), date_text(), build_info().version);
  if (response.status != 204) out += "Content-Type: " + response.type + "\r\n";
  if (length && response.status != 204)
    out += fmt::format("Content-Length: {}\r\n", *length);
  else if (!length && request.version >= 11)
    out += "Transfer-Encoding: chunked\r\n";
  if (!request.id.empty()) out += "X-Request-Id: " + request.id + "\r\n";
  for (const auto& [name, value] : response.headers) out += name + ": " + value + "\r\n";
  if (!keep_alive)
    out += "Connection: close\r\n";
  else if (request.version < 11)
    out += "Connection: keep-alive\r\n";
  return out + "\r\n";
}

std::string chunk_text(const Request& request, std::string_view bytes) {
  if (request.version < 11) return std::string(bytes);
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string last_chunk_text(const Request& request) { return request.version < 11 ? "" : "0\r\n\r\n"; }

std::optional<std::string> decoded_path(std::string_view target) {
  if (const size_t scheme = target.find("://"); scheme != target.npos && target[0] != '/') {
    const size_t slash = target.find('/', scheme + 3);  // a proxy's absolute form
    target = slash == target.npos ? "/" : target.substr(slash);
  }
  target = target.substr(0, target.find_first_of("?#"));
  std::string out;
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i] != '%') {
      out += target[i];
      continue;
    }
    const int high = i + 2 < target.size() ? hex_digit(target[i + 1]) : -1;
    const int low = i + 2 < target.size() ? hex_digit(target[i + 2]) : -1;
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string random_id() {
  static thread_local std::mt19937_64 generator{[] {
    std::random_device device;
    return static_cast<uint64_t>(device()) << 32 | device();
  }()};
  return fmt::format("{:016x}{:016x}", generator(), generator());
}

std::string request_id(std::string_view given) {
  const bool fine = !given.empty() && given.size() <= 128 &&
                    std::all_of(given.begin(), given.end(), [](char c) { return c > ' ' && c <= '~'; });
  return fine ? std::string(given) : random_id();
}

}  // namespace ds::serve
