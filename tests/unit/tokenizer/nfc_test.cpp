#include "tokenizer/nfc.h"

#include "base/utf8.h"
#include "cases.h"
#include "catch.h"

using ds::tokenizer::to_nfc;

TEST_CASE("NFC equals the reference's on stored strings") {
  size_t bad = 0;
  for (const auto& item : stored_cases("nfc.jsonl.gz")) {
    if (to_nfc(item["text"].get<std::string>()) == item["nfc"].get<std::string>()) continue;
    if (++bad < 5) UNSCOPED_INFO(item.dump(-1, ' ', true));
  }
  CHECK(bad == 0);
}

TEST_CASE("composed text stays, and NFC is idempotent") {
  for (const std::string s : {"plain", "Größe", "가각", "中文", "a\u0301\u0327", "\u1100\u1161\u11a8"})
    CHECK(to_nfc(to_nfc(s)) == to_nfc(s));
  CHECK(to_nfc("e\u0301") == "é");
  CHECK(to_nfc("\u1100\u1161\u11a8") == "각");
}

TEST_CASE("every character is seen in a long text as in a short one") {
  const std::string before(40, 'x'), behind(40, 'y');
  size_t bad = 0;
  for (uint32_t c = 0x80; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string little = "a";
    ds::append_utf8(little, c);
    for (const bool compatible : {false, true}) {
      std::string small, large;
      if (!ds::tokenizer::compose_text(little, compatible, small)) small = little;
      const std::string text = before + little + behind;
      if (!ds::tokenizer::compose_text(text, compatible, large)) large = text;
      bad += large != before + small + behind;
    }
  }
  CHECK(bad == 0);
}
