#include "tokenizer/pipeline.h"

#include "base/error.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "catch.h"
#include "tokenizer/cases.h"
#include "tokenizer/tokenizer.h"

using namespace ds;
using namespace ds::tokenizer;
using nlohmann::json;

TEST_CASE("what the reference said of random tokenizers of every type") {
  for (const json& line : stored_cases("pipeline.jsonl.gz")) {
    const std::string file = line["tokenizer"];
    const Tokenizer t(formats::parse_tokenizer_json(file, "tokenizer"));
    PipelineScratch scratch(1 << 20);
    for (const json& c : line["texts"]) {
      EncodeOptions o;
      o.add_special_tokens = c["special"];
      const std::string text = c["text"];
      const Encoding e = t.encode_full(text, nullptr, o, scratch);
      json at = json::array(), words = json::array();
      for (const Offsets& x : e.offsets) at.push_back({x.begin, x.end});
      for (const uint32_t w : e.word_ids) words.push_back(w == Encoding::kNoWord ? json() : json(w));
      INFO(c.dump() << "\n" << file.substr(0, 2000));
      CHECK(e.ids == c["ids"].get<std::vector<uint32_t>>());
      CHECK(e.type_ids == c["types"].get<std::vector<uint32_t>>());
      CHECK(at == c["at"]);
      CHECK(words == c["words"]);
    }
    for (const json& c : line["decoded"]) {
      const std::vector<uint32_t> ids = c["ids"];
      INFO(c.dump() << "\n" << file.substr(0, 2000));
      CHECK(t.decode(ids, true) == c["text"].get<std::string>());
      CHECK(t.decode(ids, false) == c["all"].get<std::string>());
    }
  }
}

TEST_CASE("ids alone are those of the encoding, byte offsets are the same places, streams give the whole") {
  uint64_t drawn = 0;
  const Rng rng(11, RngStream::test);
  for (const json& line : stored_cases("pipeline.jsonl.gz")) {
    formats::TokenizerJson file =
        formats::parse_tokenizer_json(line["tokenizer"].get<std::string>(), "tokenizer");
    file.truncation.reset();
    file.padding.reset();
    const Tokenizer t(file);
    Encoder encoder(t, 1 << 16);
    PipelineScratch scratch(1 << 16);
    for (const json& c : line["texts"]) {
      std::string text = c["text"];
      text.resize(rng.below(drawn++, text.size() + 1));  // cut anywhere, also within a character
      EncodeOptions o;
      o.add_special_tokens = false;
      const Encoding characters = t.encode_full(text, nullptr, o, scratch);
      o.offsets = OffsetUnit::bytes;
      const Encoding bytes = t.encode_full(text, nullptr, o, scratch);
      std::vector<uint32_t> ids;
      encoder.encode(text, ids);
      CHECK(ids == characters.ids);
      CHECK(ids == bytes.ids);
      std::string repaired;
      append_repaired(repaired, text);
      for (size_t i = 0; i < bytes.size(); ++i) {
        CHECK(bytes.offsets[i].begin <= bytes.offsets[i].end);
        CHECK(bytes.offsets[i].end <= repaired.size());
      }
      if (!t.pipeline().decoder().is_byte_level()) continue;
      StreamDecoder stream(t, true);
      std::string joined;
      for (const uint32_t id : ids) joined += stream.push(id);
      joined += stream.finish();
      CHECK(joined == t.decode(ids, true));
    }
  }
}

TEST_CASE("truncation, stride and padding") {
  Encoding e;
  for (uint32_t i = 0; i < 10; ++i) e.push(i, 0, {i, i + 1}, i, false);
  Encoding right = e;
  truncate(right, 4, 1, false);
  CHECK(right.ids == std::vector<uint32_t>{0, 1, 2, 3});
  REQUIRE(right.overflowing.size() == 2);
  CHECK(right.overflowing[0].ids == std::vector<uint32_t>{3, 4, 5, 6});
  CHECK(right.overflowing[1].ids == std::vector<uint32_t>{6, 7, 8, 9});
  Encoding left = e;
  truncate(left, 4, 0, true);
  CHECK(left.ids == std::vector<uint32_t>{6, 7, 8, 9});
  CHECK(left.overflowing[1].ids == std::vector<uint32_t>{0, 1});
  CHECK_THROWS_AS(truncate(e, 2, 2, false), Error);
  formats::Padding p;
  p.left = true;
  p.pad_id = 99;
  pad(left, 6, p);
  CHECK(left.ids == std::vector<uint32_t>{99, 99, 6, 7, 8, 9});
  CHECK(left.attention_mask == std::vector<uint8_t>{0, 0, 1, 1, 1, 1});
}

namespace {

// A word-level tokenizer, x is 0 and all else 1, with this normalizer and these added tokens.
std::vector<uint32_t> ids_of(const char* normalizer, const char* added, const std::string& text) {
  const std::string file =
      std::string(R"({"version": "1.0", "truncation": null, "padding": null, "normalizer": )") + normalizer +
      R"(, "added_tokens": [)" + added +
      R"(], "pre_tokenizer": null, "post_processor": null, "decoder": null,
                           "model": {"type": "WordLevel", "vocab": {"x": 0, "<unk>": 1}, "unk_token": "<unk>"}})";
  PipelineScratch scratch(1 << 16);
  return Tokenizer(formats::parse_tokenizer_json(file, "tokenizer"))
      .encode_full(text, nullptr, {}, scratch)
      .ids;
}

}  // namespace

TEST_CASE("a pattern that matches nothing replaces nothing in an empty text") {
  const char* const normalizer = R"({"type": "Sequence", "normalizers": [
    {"type": "Strip", "strip_left": true, "strip_right": true},
    {"type": "Replace", "pattern": {"Regex": ""}, "content": "x"}]})";
  CHECK(ids_of(normalizer, "", " ").empty());
  CHECK(ids_of(normalizer, "", "").empty());
  CHECK(ids_of(normalizer, "", "b") == std::vector<uint32_t>{1});
}

TEST_CASE("an added token that normalizes to nothing takes the white space at the end along") {
  const char* const normalizer = R"({"type": "Strip", "strip_left": true, "strip_right": false})";
  const char* const added =
      R"({"id": 2, "content": "  ", "single_word": false, "lstrip": true, "rstrip": false,
                               "normalized": true, "special": false})";
  CHECK(ids_of(normalizer, added, "b\r") == std::vector<uint32_t>{1, 2});
  CHECK(ids_of(normalizer, added, "x") == std::vector<uint32_t>{0});
  CHECK(ids_of(normalizer, added, " ").empty());
}

// The reference finds now one, now the other; here it is always the special one, then the first.
TEST_CASE("of added tokens that normalize to the same one is found") {
  const char* const added = R"(
    {"id": 2, "content": "A", "single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": false},
    {"id": 3, "content": "a", "single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": true})";
  CHECK(ids_of(R"({"type": "Lowercase"})", added, "a") == std::vector<uint32_t>{3});
}
