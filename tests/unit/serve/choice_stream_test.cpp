#include "serve/choice_stream.h"

#include "base/rng.h"
#include "base/utf8.h"
#include "catch.h"
#include "serve/model.h"

namespace ds {

using serve::ChoiceStream;
using serve::LoggedToken;
using serve::Piece;
using serve::Token;

namespace {

std::vector<int64_t> encode(const std::string& text) {
  const auto ids = test::toy_tokenizer().encode(text);
  return {ids.begin(), ids.end()};
}

struct Whole {
  std::string text;
  std::vector<LoggedToken> tokens;
  bool stopped = false;
};

// Everything that a stream gives for `ids`, as the engine's thread would ask it.
Whole run(ChoiceStream& stream, const std::vector<int64_t>& ids) {
  Whole all;
  const auto take = [&](Piece piece) {
    all.text += piece.text;
    CHECK(is_valid_utf8(piece.text));
    for (LoggedToken& t : piece.tokens) all.tokens.push_back(std::move(t));
    all.stopped = piece.stopped;
  };
  for (size_t i = 0; i < ids.size() && !all.stopped; ++i)
    take(stream.token({ids[i], -0.5 * static_cast<double>(i), {{ids[i], -0.5}}}));
  const bool stopped = all.stopped;
  take(stream.finish());
  all.stopped = stopped;
  return all;
}

}  // namespace

TEST_CASE("choice: text is the decoded ids in whole characters, tokens have their offsets") {
  const std::string text = "Once h\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80 upon";
  const auto ids = encode(text);
  ChoiceStream stream(test::toy_tokenizer(), {}, true);
  const Whole all = run(stream, ids);
  CHECK(all.text == text);
  REQUIRE(all.tokens.size() == ids.size());
  std::string bytes;
  for (const LoggedToken& t : all.tokens) {
    // The characters that are whole before the token's own bytes.
    CHECK(t.offset == static_cast<int64_t>(count_chars(bytes.substr(0, valid_utf8_prefix(bytes)))));
    bytes += t.bytes;
  }
  CHECK(bytes == text);
}

TEST_CASE("choice: random bytes as ids never give half a character, with and without stop strings") {
  const Rng rng(3, RngStream::test);
  uint64_t k = 0;
  const auto& tokenizer = test::toy_tokenizer();
  for (int round = 0; round < 500; ++round) {
    std::vector<int64_t> ids;
    std::vector<uint32_t> plain;
    for (uint64_t n = rng.below(k++, 30); n > 0; --n) {
      ids.push_back(static_cast<int64_t>(rng.below(k++, tokenizer.vocab_size())));
      plain.push_back(static_cast<uint32_t>(ids.back()));
    }
    std::vector<std::string> stop;
    if (round % 2) stop = {"\xEF\xBF\xBD\xEF\xBF\xBD", "e", " t"};
    ChoiceStream stream(tokenizer, stop, true);
    const Whole all = run(stream, ids);
    const std::string decoded = tokenizer.decode(plain, true);
    if (!all.stopped) {
      // finish() itself may complete a stop string: then the text is shorter.
      CHECK(decoded.compare(0, all.text.size(), all.text) == 0);
      if (stop.empty()) {
        CHECK(all.text == decoded);
        CHECK(all.tokens.size() == ids.size());
      }
    } else {
      CHECK(decoded.compare(0, all.text.size(), all.text) == 0);
      CHECK(all.text.size() < decoded.size());
      for (const std::string& s : stop) CHECK(all.text.find(s) == std::string::npos);
    }
  }
}

TEST_CASE("choice: a stop string ends the text and its tokens are not told of") {
  const auto ids = encode("Once upon a time");
  ChoiceStream stream(test::toy_tokenizer(), {"on a"}, true);
  const Whole all = run(stream, ids);
  CHECK(all.stopped);
  CHECK(all.text == "Once up");
  std::string bytes;
  for (const LoggedToken& t : all.tokens) bytes += t.bytes;
  CHECK(bytes.compare(0, 7, "Once up") == 0);
  for (const LoggedToken& t : all.tokens) CHECK(t.offset < 7);
}

TEST_CASE("choice: the echo of a prompt, with what the server put before it left out") {
  const auto ids = encode("Once upon");
  std::vector<Token> prompt = {{0, {}, {}}};  // an end-of-text token as BOS
  for (const int64_t id : ids) prompt.push_back({id, -1.0, {}});
  ChoiceStream stream(test::toy_tokenizer(), {"upon"}, true);
  const Piece echo = stream.echo(prompt, 1);
  CHECK(echo.text == "Once upon");  // stop strings are not looked for in the prompt
  CHECK(echo.generated == 0);
  REQUIRE(echo.tokens.size() == prompt.size());
  CHECK_FALSE(echo.tokens[0].logprob);
  CHECK(echo.tokens[0].offset == 0);
  CHECK(echo.tokens[1].offset == 0);
  CHECK(echo.tokens[1].logprob == -1.0);
  const Piece next = stream.token({encode(" a")[0], -2.0, {}});
  CHECK(next.generated == 1);
  REQUIRE(next.tokens.size() == 1);
  CHECK(next.tokens[0].offset == 9);
}

TEST_CASE("choice: ids that the tokenizer does not have, and special ones, are no text") {
  ChoiceStream stream(test::toy_tokenizer(), {}, false);
  CHECK(stream.token({100000, {}, {}}).text.empty());
  CHECK(stream.token({0, {}, {}}).text.empty());
  CHECK(stream.token({-1, {}, {}}).text.empty());
  CHECK(stream.finish().text.empty());
}

}  // namespace ds
