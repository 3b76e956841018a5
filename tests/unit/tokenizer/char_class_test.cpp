#include "tokenizer/char_class.h"

#include "base/rng.h"
#include "base/utf8.h"
#include "catch.h"

using namespace ds;
using namespace ds::tokenizer;

TEST_CASE("every code point has one class, and the counts are those of Unicode 16") {
  size_t letters = 0, marks = 0, numbers = 0, puncts = 0, spaces = 0;
  for (uint32_t c = 0; c < 0x110000; ++c) {
    const uint8_t k = class_table()[c] & 0x7F;
    REQUIRE((k & (k - 1)) == 0);
    REQUIRE(k != 0);
    letters += k == kLetter;
    marks += k == kMark;
    numbers += k == kNumber;
    puncts += k == kPunct;
    spaces += k == kSpace || k == kNewline;
  }
  CHECK(letters == 141028);
  CHECK(marks == 2501);
  CHECK(numbers == 1911);
  CHECK(puncts == 855 + 8514);
  CHECK(spaces == 25);
}

TEST_CASE("CJK flag covers the ranges of the second DeepSeek split and nothing else") {
  size_t flagged = 0;
  for (uint32_t c = 0; c < 0x110000; ++c) flagged += (class_table()[c] & kCjk) != 0;
  CHECK(flagged == 0x9FA5 - 0x4E00 + 1 + 0x60 + 0x60);
  CHECK((class_table()[0x9FA5] & kCjk));
  CHECK(!(class_table()[0x9FA6] & kCjk));
}

TEST_CASE("word characters") {
  for (const char32_t c : {U'a', U'Z', U'_', U'7', U'é', U'中', U'\u0301', U'\u200d'})
    CHECK(is_word_character(c));
  for (const char32_t c : {U' ', U'.', U'-', U'\n', U'😀', U'\u3000', U'²'}) CHECK(!is_word_character(c));
}

TEST_CASE("UTF-8 of every code point survives, and is read forwards and backwards") {
  for (uint32_t c = 0; c < 0x110000; ++c) {
    std::string s;
    if (c >= 0xD800 && c < 0xE000) continue;
    append_utf8(s, c);
    const auto* p = reinterpret_cast<const uint8_t*>(s.data());
    if (valid_utf8_prefix(s) != s.size() || char_at(p).code != c || char_before(p + s.size()).code != c)
      FAIL("U+" << std::hex << c);
  }
}

TEST_CASE("invalid UTF-8 becomes one U+FFFD for each maximal part") {
  const auto repaired = [](std::string_view s) {
    std::string out;
    append_repaired(out, s);
    return out;
  };
  const std::string r = "\xEF\xBF\xBD";
  CHECK(repaired("ab") == "ab");
  CHECK(repaired("\x80") == r);
  CHECK(repaired("a\xE4\xB8") == "a" + r);  // cut off: one part
  CHECK(repaired("\xE4\xB8z") == r + "z");
  CHECK(repaired("\xED\xA0\x80") == r + r + r);  // a surrogate: no byte continues another
  CHECK(repaired("\xF4\x90\x80\x80") == r + r + r + r);
  CHECK(repaired("\xC0\xAF") == r + r);  // overlong
  CHECK(repaired("\xF0\x9F\x98") == r);
  CHECK(repaired("\xF0\x9F\x98\xF0\x9F\x98\x80") == r + "\xF0\x9F\x98\x80");
}

TEST_CASE("a cut-off character at the end is told from damage") {
  size_t tail = 9;
  CHECK(valid_utf8_prefix("ab\xE4\xB8", &tail) == 2);
  CHECK(tail == 2);
  CHECK(valid_utf8_prefix("ab\x80", &tail) == 2);
  CHECK(tail == 0);
  CHECK(valid_utf8_prefix("ab\xE4z", &tail) == 2);
  CHECK(tail == 0);
}

TEST_CASE("random bytes are repaired to valid UTF-8, valid text is not touched") {
  const ds::Rng rng(1, ds::RngStream::test);
  uint64_t k = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string s;
    for (uint64_t n = rng.below(k++, 30); n > 0; --n)
      s += static_cast<char>(rng.below(k++, 4) ? 0x80 | rng.below(k, 128) : rng.below(k, 128)), ++k;
    std::string once, twice;
    append_repaired(once, s);
    CHECK(valid_utf8_prefix(once) == once.size());
    append_repaired(twice, once);
    CHECK(once == twice);
  }
}
