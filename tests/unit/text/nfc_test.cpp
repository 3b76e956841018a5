// NFC and NFD against testdata/unicode/normal_forms.txt (written by scripts/gen_unicode_tables.py from
// unicodedata2).
#include "base/hash.h"
#include "base/io.h"
#include "base/utf8.h"
#include "catch.h"
#include "text/normalize.h"

using namespace ds;
using namespace ds::text;

namespace {
std::vector<std::vector<std::string>> rows() {
  const std::string file = read_file(DS_TESTDATA "/unicode/normal_forms.txt");
  std::vector<std::vector<std::string>> rows(1, {""});
  for (const char c : file) {
    if (c == '\n') {
      rows.push_back({""});
    } else if (c == '\t') {
      rows.back().emplace_back();
    } else {
      rows.back().back() += c;
    }
  }
  rows.pop_back();
  return rows;
}
}  // namespace

TEST_CASE("nfc: every code point alone") {
  Sha256 composed, decomposed;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string s;
    append_utf8(s, c);
    const std::string form = nfc(s);
    if (!maybe_not_nfc(s) && form != s) FAIL("quick check of U+" << uint32_t(c));
    composed.update(form + "\n");
    decomposed.update(nfd(s) + "\n");
  }
  const auto expected = rows();
  CHECK(composed.hex() == expected[0][1]);
  CHECK(decomposed.hex() == expected[1][1]);
}

TEST_CASE("nfc: random sequences") {
  const auto expected = rows();
  REQUIRE(expected.size() > 1000);
  for (size_t i = 2; i < expected.size(); ++i) {
    const auto& row = expected[i];
    if (nfc(row[0]) != row[1] || nfd(row[0]) != row[2] || nfc(row[2]) != row[1]) FAIL("line " << i + 1);
    if (!maybe_not_nfc(row[0]) && row[0] != row[1]) FAIL("quick check, line " << i + 1);
  }
}
