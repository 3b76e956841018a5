#include "serve/answer.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "serve/model.h"

namespace ds {

using nlohmann::json;
using serve::Answer;
using serve::Piece;
using serve::Plan;

namespace {

Plan plan(bool chat, bool stream, int top, size_t prompts = 1) {
  Plan p;
  p.chat = chat;
  p.stream = stream;
  p.top_logprobs = top;
  p.prompts.resize(prompts, {{1, 2, 3}, 0, 16});
  return p;
}

Piece piece(const std::string& text, bool logged = false) {
  Piece p{text, {}, 1, false};
  if (logged) p.tokens.push_back({text, -0.25, {{text, -0.25}, {"\xF0\x9F", -2.0}}, 4});
  return p;
}

// The objects of the events, "[DONE]" as a string.
std::vector<json> events(const std::string& stream) {
  std::vector<json> all;
  for (size_t at = 0; at < stream.size();) {
    REQUIRE(stream.compare(at, 6, "data: ") == 0);
    const size_t end = stream.find("\n\n", at);
    REQUIRE(end != stream.npos);
    const std::string text = stream.substr(at + 6, end - at - 6);
    all.push_back(text == "[DONE]" ? json(text) : json::parse(text));
    at = end + 2;
  }
  return all;
}

}  // namespace

TEST_CASE("answer: a text completion of two prompts") {
  Answer a(plan(false, false, -1, 2), "toy", "7", 99);
  CHECK(a.add(1, piece("B")).empty());
  a.add(0, piece("A"));
  a.add(1, piece("b"));
  a.finish(1, "stop");
  CHECK_FALSE(a.complete());
  a.finish(0, "length");
  CHECK(a.complete());
  const json o = json::parse(a.body());
  CHECK(o["id"] == "cmpl-7");
  CHECK(o["object"] == "text_completion");
  CHECK(o["created"] == 99);
  CHECK(o["model"] == "toy");
  CHECK(o["choices"][0] ==
        json::parse(R"({"index": 0, "text": "A", "logprobs": null, "finish_reason": "length"})"));
  CHECK(o["choices"][1]["text"] == "Bb");
  CHECK(o["usage"] == json::parse(R"({"prompt_tokens": 6, "completion_tokens": 3, "total_tokens": 9})"));
}

TEST_CASE("answer: log probabilities in both forms") {
  Answer text(plan(false, false, 1), "toy", "7", 0);
  Piece echo;
  echo.tokens.push_back({"\xE6", {}, {}, 0});
  text.add(0, std::move(echo));
  text.add(0, piece("x", true));
  text.finish(0, "stop");
  const json l = json::parse(text.body())["choices"][0]["logprobs"];
  CHECK(l["tokens"] == json::parse(R"(["bytes:\\xe6", "x"])"));
  CHECK(l["token_logprobs"] == json::parse("[null, -0.25]"));
  CHECK(l["text_offset"] == json::parse("[0, 4]"));
  CHECK(l["top_logprobs"] == json::parse(R"([null, {"x": -0.25, "bytes:\\xf0\\x9f": -2.0}])"));

  Answer chat(plan(true, false, 2), "toy", "7", 0);
  chat.add(0, piece("x", true));
  chat.finish(0, "stop");
  const json o = json::parse(chat.body());
  CHECK(o["object"] == "chat.completion");
  CHECK(o["choices"][0]["message"]["role"] == "assistant");
  CHECK(o["choices"][0]["message"]["content"] == "x");
  const json c = o["choices"][0]["logprobs"]["content"];
  CHECK(c[0]["token"] == "x");
  CHECK(c[0]["bytes"] == json::parse("[120]"));
  CHECK(c[0]["top_logprobs"][1]["token"] == "\\xf0\\x9f");
  CHECK(c[0]["top_logprobs"][1]["bytes"] == json::parse("[240, 159]"));
}

TEST_CASE("answer: impossible tokens have a number, the chosen one is among the top") {
  Answer a(plan(false, false, 1), "toy", "7", 0);
  Piece p;
  p.tokens.push_back({"z", -std::numeric_limits<double>::infinity(), {{"y", -0.1}}, 0});
  a.add(0, std::move(p));
  a.finish(0, "length");
  const json l = json::parse(a.body())["choices"][0]["logprobs"];
  CHECK(l["token_logprobs"][0] == -9999.0);
  CHECK(l["top_logprobs"][0] == json::parse(R"({"y": -0.1, "z": -9999.0})"));
}

TEST_CASE("answer: a stream of chat chunks begins with the role and ends with the reason") {
  Plan p = plan(true, true, -1);
  p.include_usage = true;
  Answer a(p, "toy", "7", 0);
  std::string all = a.add(0, piece(""));
  all += a.add(0, piece("Hel"));
  all += a.add(0, piece("lo\n"));
  all += a.finish(0, "stop");
  all += a.ending();
  const auto e = events(all);
  REQUIRE(e.size() == 6);
  CHECK(e[0]["choices"][0]["delta"] == json::parse(R"({"role": "assistant", "content": ""})"));
  CHECK(e[0]["object"] == "chat.completion.chunk");
  CHECK(e[1]["choices"][0]["delta"] == json::parse(R"({"content": "Hel"})"));
  CHECK(e[1]["usage"].is_null());
  CHECK(e[1]["choices"][0]["finish_reason"].is_null());
  CHECK(e[3]["choices"][0]["delta"].empty());
  CHECK(e[3]["choices"][0]["finish_reason"] == "stop");
  CHECK(e[4]["choices"].empty());
  CHECK(e[4]["usage"]["completion_tokens"] == 3);
  CHECK(e[5] == "[DONE]");
}

TEST_CASE("answer: a stream without any token is still whole") {
  Answer chat(plan(true, true, -1), "toy", "7", 0);
  const auto e = events(chat.finish(0, "stop") + chat.ending());
  REQUIRE(e.size() == 3);
  CHECK(e[0]["choices"][0]["delta"]["role"] == "assistant");
  CHECK(e[1]["choices"][0]["finish_reason"] == "stop");
  Answer text(plan(false, true, -1), "toy", "7", 0);
  const auto t = events(text.add(0, piece("ab")) + text.finish(0, "length") + text.ending());
  REQUIRE(t.size() == 3);
  CHECK(t[0]["choices"][0]["text"] == "ab");
  CHECK_FALSE(t[0].contains("usage"));
}

}  // namespace ds
