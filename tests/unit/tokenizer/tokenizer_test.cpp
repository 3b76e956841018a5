#include "tokenizer/tokenizer.h"

#include "base/error.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "cases.h"
#include "catch.h"
#include "tokenizer/char_class.h"

using namespace ds;
using namespace ds::tokenizer;
using Ids = std::vector<uint32_t>;

namespace {

std::string random_text(const ds::Rng& rng, uint64_t& k, bool bytes) {
  std::string s;
  for (uint64_t n = rng.below(k++, 60); n > 0; --n) {
    const uint64_t pick = rng.below(k++, 8);
    if (bytes) {
      s += static_cast<char>(rng.below(k++, 256));
    } else if (pick < 5) {
      s += static_cast<char>(32 + rng.below(k++, 95));
    } else {
      uint32_t c = static_cast<uint32_t>(rng.below(k++, pick < 7 ? 0x10000 : 0x110000));
      if (c >= 0xD800 && c < 0xE000) c = 0x4E2D;
      append_utf8(s, c);
    }
  }
  return s;
}

std::string repaired(const std::string& s) {
  std::string out;
  append_repaired(out, s);
  return out;
}

}  // namespace

TEST_CASE("ids equal the reference's on stored texts") {
  const Tokenizer t = Tokenizer::load(tokenizer_data("bpe.tokenizer.json"));
  Encoder cached(t), tiny_cache(t, 4096);
  size_t bad = 0;
  for (const auto& item : stored_cases("bpe.ids.jsonl")) {
    const std::string text = item["text"];
    const Ids expected = item["ids"];
    Ids a, b;
    cached.encode(text, a);
    tiny_cache.encode(text, b);
    if (t.encode(text) == expected && a == expected && b == expected) continue;
    if (++bad < 4) UNSCOPED_INFO(item.dump());
  }
  CHECK(bad == 0);
  CHECK(t.vocab_size() == 711);  // the corpus has no more pairs
  CHECK(t.eos_id() == 0);
  CHECK(t.is_special(0));
  CHECK(!t.is_special(1));
  CHECK(t.id_of("<|endoftext|>") == 0);
  CHECK(t.id_of(" ").has_value());
  CHECK(t.bytes_of(*t.id_of(" ")) == " ");
  CHECK(!t.id_of("no such token"));
  CHECK(t.prefix().empty());
}

TEST_CASE("added tokens, NFC and decoding equal the reference's") {
  const Tokenizer t = Tokenizer::load(tokenizer_data("added.tokenizer.json"));
  size_t bad = 0;
  for (const auto& item : stored_cases("added.ids.jsonl")) {
    const bool encodes = item.contains("text");
    const Ids ids = encodes ? item["ids"] : item["of"];
    bool fine = t.decode(ids) == item["decoded"].get<std::string>() &&
                t.decode(ids, true) == item["skipped"].get<std::string>();
    if (encodes) {
      const std::string text = item["text"];
      fine = fine && t.encode(text) == ids && t.encode(text, false) == item["as_text"].get<Ids>();
    }
    if (!fine && ++bad < 6) UNSCOPED_INFO(item.dump());
  }
  CHECK(bad == 0);
  CHECK(t.prefix() == Ids{*t.id_of("<|bos|>")});
  CHECK(t.suffix() == Ids{*t.id_of("<mask>")});
  CHECK(t.eos_id() == t.id_of("<|endoftext|>"));
  CHECK(t.bos_id() == t.id_of("<|bos|>"));
}

TEST_CASE("encode then decode gives the text back; other bytes come back repaired") {
  const Tokenizer t = Tokenizer::load(tokenizer_data("bpe.tokenizer.json"));
  const ds::Rng rng(5, ds::RngStream::test);
  uint64_t k = 0;
  Encoder encoder(t);
  for (int i = 0; i < 3000; ++i) {
    const std::string text = random_text(rng, k, i % 2);
    Ids ids;
    encoder.encode(text, ids);
    REQUIRE(t.decode(ids) == repaired(text));
    REQUIRE(t.encode(text) == ids);
  }
}

TEST_CASE("the stream decoder gives whole characters and the same text") {
  const Tokenizer t = Tokenizer::load(tokenizer_data("added.tokenizer.json"));
  const ds::Rng rng(6, ds::RngStream::test);
  uint64_t k = 0;
  for (int i = 0; i < 2000; ++i) {
    Ids ids;
    if (i % 2) {
      ids = t.encode(random_text(rng, k, false));
    } else {
      for (uint64_t n = rng.below(k++, 20); n > 0; --n)
        ids.push_back(static_cast<uint32_t>(rng.below(k++, t.vocab_size())));
    }
    for (const bool skip : {false, true}) {
      StreamDecoder decoder(t, skip);
      std::string text;
      for (const uint32_t id : ids) {
        const std::string piece = decoder.push(id);
        REQUIRE(valid_utf8_prefix(piece) == piece.size());
        text += piece;
      }
      text += decoder.finish();
      REQUIRE(text == t.decode(ids, skip));
    }
  }
}

TEST_CASE("worst cases take linear time and memory") {
  const Tokenizer t = Tokenizer::load(tokenizer_data("bpe.tokenizer.json"));
  for (const char* unit : {" ", "^", "a", "中", "the", "\n", "<"}) {
    std::string text;
    while (text.size() < 900000) text += unit;
    CHECK(t.decode(t.encode(text)) == text);
  }
}

TEST_CASE("ids beyond the vocabulary are data errors") {
  const Tokenizer t = Tokenizer::load(tokenizer_data("bpe.tokenizer.json"));
  const Ids ids = {1, 900};
  CHECK_THROWS_WITH(t.decode(ids), Catch::Matchers::Contains("900"));
  StreamDecoder d(t);
  CHECK_THROWS_AS(d.push(1u << 31), ds::Error);
}
