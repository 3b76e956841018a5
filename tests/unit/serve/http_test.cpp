#include "serve/http.h"

#include "catch.h"

namespace ds {

using serve::decoded_path;
using serve::Request;
using serve::Response;

TEST_CASE("paths are decoded and queries left out") {
  CHECK(decoded_path("/v1/models/a%2Fb%20c?x=%zz") == "/v1/models/a/b c");
  CHECK(decoded_path("http://host:80/health") == "/health");
  CHECK(decoded_path("http://host") == "/");
  CHECK(decoded_path("*") == "*");
  CHECK(decoded_path("") == "");
  for (const char* broken : {"/%", "/%1", "/%g0", "/%0g"}) CHECK_FALSE(decoded_path(broken));
}

TEST_CASE("heads say how long the body is and whether the connection stays") {
  Request request;
  request.id = "abc";
  const Response response{200, "hi", "text/plain", {{"Retry-After", "1"}}};
  const std::string whole = serve::head_text(request, response, 2, true);
  CHECK(whole.find("HTTP/1.1 200 OK\r\n") == 0);
  for (const char* part : {"\r\nContent-Length: 2\r\n", "\r\nX-Request-Id: abc\r\n", "\r\nRetry-After: 1\r\n",
                           "\r\nContent-Type: text/plain\r\n", "\r\nDate: "}) {
    INFO(part);
    CHECK(whole.find(part) != std::string::npos);
  }
  CHECK(whole.find("Connection") == std::string::npos);
  CHECK(whole.substr(whole.size() - 4) == "\r\n\r\n");
  const std::string stream = serve::head_text(request, response, {}, false);
  CHECK(stream.find("Transfer-Encoding: chunked") != std::string::npos);
  CHECK(stream.find("Connection: close") != std::string::npos);
  CHECK(serve::chunk_text(request, "hello") == "5\r\nhello\r\n");
  CHECK(serve::last_chunk_text(request) == "0\r\n\r\n");
  request.version = 10;
  CHECK(serve::head_text(request, response, {}, false).find("chunked") == std::string::npos);
  CHECK(serve::head_text(request, response, 2, true).find("keep-alive") != std::string::npos);
  CHECK(serve::chunk_text(request, "hello") == "hello");
  CHECK(serve::head_text(request, {204, "", "", {}}, 0, true).find("Content-") == std::string::npos);
}

TEST_CASE("request ids: the client's when it is harmless") {
  CHECK(serve::request_id("abc-1") == "abc-1");
  for (const std::string& bad : {std::string(), std::string("a b"), std::string("a\r\nSet-Cookie: x"),
                                 std::string(129, 'a'), std::string("\xC3\xA9")}) {
    CHECK(serve::request_id(bad) != bad);
    CHECK(serve::request_id(bad).size() == 32);
  }
  CHECK(serve::random_id() != serve::random_id());
}

}  // namespace ds
