#include "text/normalize.h"

#include "base/rng.h"
#include "base/utf8.h"
#include "catch.h"

using namespace ds;
using namespace ds::text;

TEST_CASE("normalize: rules") {
  struct Case {
    const char *in, *out;
  };
  const Case cases[] = {
      {"", ""},
      {" \n\t\n ", ""},
      {"a\r\nb\rc\xC2\x85"
       "d\xE2\x80\xA8"
       "e\fg\vh",
       "a\nb\nc\nd\ne\ng\nh"},
      {"a  \t\nb\xE3\x80\x80 \nc \n", "a\nb\nc"},
      {"\n\n\na\n\n\n\n\nb\n\n\n", "a\n\nb"},
      {"a\n \n\t\n \nb", "a\n\nb"},
      {"  keep\tinner  space", "  keep\tinner  space"},
      {"no\xC2\xA0"
       "break\xE2\x80\x83space",
       "no break space"},
      {"\xEF\xBB\xBFx\xE2\x80\x8By\xC2\xADz\x01\x7F", "xyz"},
      {"\xE3\x80\x80\xE6\xAE\xB5\xE8\x90\xBD", "\xE3\x80\x80\xE6\xAE\xB5\xE8\x90\xBD"},
      {"e\xCC\x81", "\xC3\xA9"},
      {"e\xE2\x80\x8B\xCC\x81", "\xC3\xA9"},  // removal comes before NFC
      {"\xE2\x84\xAB", "\xC3\x85"},           // a singleton
      {"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC",
       "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC"},  // ZWJ stays
      {"\xEF\xBF\xBF|\xEF\xB7\x90|", "||"},              // noncharacters
  };
  for (const Case& c : cases) {
    CAPTURE(c.in);
    CHECK(normalize(c.in) == c.out);
  }
}

TEST_CASE("normalize: counts") {
  NormalizeCounts counts;
  normalize("a\x01\x02 e\xCC\x81", &counts);
  normalize("plain", &counts);
  CHECK(counts.removed_characters == 2);
  CHECK(counts.changed_by_nfc == 1);
}

TEST_CASE("normalize: idempotent, valid, NFC, without what the rules remove") {
  const Rng rng(2, RngStream::test);
  const char32_t pool[] = {' ',    ' ',    '\n',   '\n',   '\r',    '\t',   0x85,   0xA0,
                           0xAD,   0x200B, 0x2003, 0x3000, 0x2028,  0xFEFF, 0x0301, 0x0323,
                           'a',    'e',    'Z',    '.',    0xE9,    0x1E69, 0x212B, 0x4E2D,
                           0x1100, 0x1161, 0x11A8, 0xAC00, 0x1F600, 0x0B47, 0x0B3E, 0x2000};
  for (uint64_t i = 0; i < 20000; ++i) {
    std::string s;
    const uint64_t size = rng.below(i * 64, 40);
    for (uint64_t k = 0; k < size; ++k) append_utf8(s, pool[rng.below(i * 64 + k + 1, std::size(pool))]);
    const std::string once = normalize(s);
    const bool good = is_valid_utf8(once) && normalize(once) == once && nfc(once) == once &&
                      once.find("\n\n\n") == std::string::npos && once.find(" \n") == std::string::npos &&
                      once.find('\r') == std::string::npos && !once.ends_with('\n') && !once.ends_with(' ');
    if (!good) FAIL("string " << i);
  }
}
