#include "text/words.h"

#include "base/utf8.h"
#include "catch.h"

using namespace ds;
using namespace ds::text;

namespace {
// Tokens in brackets; punctuation in angle ones.
std::string cut(std::string_view text) {
  std::string out;
  TokenScanner scanner(text);
  Token t;
  size_t last = 0;
  while (scanner.next(t)) {
    const std::string_view s = text.substr(t.begin, t.size);
    CHECK(t.begin >= last);
    CHECK(t.chars == count_chars(s));
    last = t.begin + t.size;
    out += (t.word ? '[' : '<') + std::string(s) + (t.word ? ']' : '>');
  }
  return out;
}
}  // namespace

TEST_CASE("words: the rule") {
  CHECK(cut("") == "");
  CHECK(cut(" \n\t ") == "");
  CHECK(cut("Hello, world!") == "[Hello]<,>[world]<!>");
  CHECK(cut("don't 'quote' rock’n’roll") == "[don't]<'>[quote]<'>[rock’n’roll]");
  CHECK(cut("3.5 1,200.75 v1.2 end. 5,") == "[3.5][1,200.75][v1.2][end]<.>[5]<,>");
  CHECK(cut("snake_case -- x----y ...") == "[snake_case]<-->[x]<---->[y]<...>");
  CHECK(cut("今天很好。ok") == "[今][天][很][好]<。>[ok]");
  CHECK(cut("カタカナ") == "[カ][タ][カ][ナ]");
  CHECK(cut("한국어 문장") == "[한국어][문장]");
  CHECK(cut("abc中def") == "[abc][中][def]");
  CHECK(cut("e\xCC\x81t\xC3\xA9") == "[e\xCC\x81t\xC3\xA9]");
  CHECK(cut("ที่") == "[ที่]");  // a consonant with its two marks
  CHECK(cut("a.b") == "[a]<.>[b]");
  CHECK(cut("😀😀 ok") == "<😀😀>[ok]");
}
