#include "base/utf8.h"

#include "base/rng.h"
#include "catch.h"

using namespace ds;

namespace {
std::string repaired(std::string s, uint64_t count) {
  CHECK(repair_utf8(s) == count);
  CHECK(is_valid_utf8(s));
  return s;
}
}  // namespace

TEST_CASE("utf8: the maximal invalid part becomes one U+FFFD") {
  const std::string r = "\xEF\xBF\xBD";
  CHECK(repaired("plain", 0) == "plain");
  CHECK(repaired("a\x80z", 1) == "a" + r + "z");
  CHECK(repaired("\xC0\xAF", 2) == r + r);                  // overlong
  CHECK(repaired("\xED\xA0\x80", 3) == r + r + r);          // a surrogate
  CHECK(repaired("\xF0\x9F\x98", 1) == r);                  // cut off at the end
  CHECK(repaired("\xE4\xBD x", 1) == r + " x");             // cut off by a space
  CHECK(repaired("\xF4\x90\x80\x80", 4) == r + r + r + r);  // over U+10FFFF
  CHECK(repaired("\xFF\xFE", 2) == r + r);
  // Unicode Standard, table 3-11
  CHECK(repaired("\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64", 6) ==
        r + r + r + "b" + r + "c" + r + r + "d");
}

TEST_CASE("utf8: every code point goes out and in again") {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string s;
    append_utf8(s, c);
    const char* p = s.data();
    if (next_char(p) != c || p != s.data() + s.size() || !is_valid_utf8(s) || count_chars(s) != 1)
      FAIL("U+" << uint32_t(c));
  }
}

TEST_CASE("utf8: random bytes are repaired to valid text that stays as it is") {
  const Rng rng(1, RngStream::test);
  for (uint64_t i = 0; i < 20000; ++i) {
    std::string s;
    for (uint64_t k = 0; k < rng.below(i * 64, 30); ++k) {
      const uint64_t kind = rng.below(i * 64 + k + 1, 4), byte = rng.below((i * 64 + k) * 2 + (1 << 30), 256);
      s += static_cast<char>(kind == 0   ? byte & 0x7F
                             : kind == 1 ? 0x80 | (byte & 0x3F)
                             : kind == 2 ? 0xE0 | (byte & 0x1F)
                                         : byte);
    }
    const bool valid = is_valid_utf8(s);
    std::string copy = s;
    const uint64_t repairs = repair_utf8(copy);
    if (valid != (repairs == 0) || (valid && copy != s) || !is_valid_utf8(copy)) FAIL("string " << i);
  }
}

TEST_CASE("utf8: ascii_prefix at all offsets") {
  for (size_t n = 0; n < 40; ++n) {
    for (size_t at = 0; at <= n; ++at) {
      std::string s(n, 'x');
      if (at < n) s[at] = '\xC3';
      CHECK(ascii_prefix(s) == at);
    }
  }
}
