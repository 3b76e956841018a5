// HTTP as the handlers see it, without sockets: a request that has been read, a response to be written, and
// the bytes of a response's head.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ds::serve {

struct Request {
  std::string method, path;  // the path decoded, without the query
  std::string authorization, content_type;
  std::string id;  // X-Request-Id, the client's or ours
  std::string body;
  bool has_length = false;  // Content-Length or chunked
  bool keep_alive = true;   // as the client wants it
  int version = 11;         // 10 or 11
};

struct Response {
  int status = 200;
  std::string body, type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};

// Head of a response whose body has `length` bytes, or of a stream: chunked, or for HTTP/1.0 until the
// connection ends.
std::string head_text(const Request& request, const Response& response, std::optional<uint64_t> length,
                      bool keep_alive);
std::string chunk_text(const Request& request, std::string_view bytes);  // a piece of a stream
std::string last_chunk_text(const Request& request);

// "/v1/models/a%2Fb?x" -> "/v1/models/a/b"; nothing when the escapes are broken.
std::optional<std::string> decoded_path(std::string_view target);
// The client's identifier when it is short and printable, else a new one.
std::string request_id(std::string_view given);
std::string random_id();  // 32 hex digits

}  // namespace ds::serve
