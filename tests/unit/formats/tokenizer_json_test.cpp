#include "formats/tokenizer_json.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io.h"
#include "base/rng.h"
#include "catch.h"

using namespace ds::formats;
using nlohmann::json;

namespace {

std::string stored(const std::string& name) {
  return ds::read_file(std::string(DS_TESTDATA "/tokenizer/") + name);
}

// The message of the data error that reading `text` gives; "" when it is read.
std::string refusal(const std::string& text) {
  try {
    parse_tokenizer_json(text, "tok.json");
    return "";
  } catch (const ds::Error& e) {
    REQUIRE(e.kind() == ds::ErrorKind::data);
    return e.what();
  }
}

}  // namespace

TEST_CASE("reading and writing a trained tokenizer.json gives the same bytes") {
  const std::string text = stored("bpe.tokenizer.json");
  CHECK(tokenizer_json_text(parse_tokenizer_json(text, "tok.json")) == text);
}

TEST_CASE("the byte alphabet") {
  for (int b = 0; b < 256; ++b) {
    const std::string byte(1, static_cast<char>(b));
    CHECK(from_byte_alphabet(to_byte_alphabet(byte)) == byte);
  }
  CHECK(to_byte_alphabet(" \n\tA\xAD") == "ĠĊĉAŃ");
  CHECK(from_byte_alphabet("中") == "中");  // no letter of the alphabet: stands for itself
  CHECK(from_byte_alphabet("a b") == "a b");
}

TEST_CASE("added.tokenizer.json: template, NFC, flags") {
  const TokenizerJson t = parse_tokenizer_json(stored("added.tokenizer.json"), "tok.json");
  CHECK(t.nfc);
  CHECK(t.prefix.size() == 1);
  CHECK(t.suffix.size() == 1);
  size_t in_model = 0, stripping = 0;
  for (const AddedToken& a : t.added) {
    in_model += a.in_model;
    stripping += a.lstrip + a.rstrip + a.single_word;
  }
  CHECK(in_model == 2);
  CHECK(stripping == 3);
}

TEST_CASE("merges as strings with a space are read too") {
  json j = json::parse(stored("bpe.tokenizer.json"));
  for (json& m : j["model"]["merges"]) m = m[0].get<std::string>() + " " + m[1].get<std::string>();
  j["model"].erase("type");
  CHECK(parse_tokenizer_json(j.dump(), "t").merges ==
        parse_tokenizer_json(stored("bpe.tokenizer.json"), "t").merges);
}

TEST_CASE("what is not supported or contradictory is refused, with the field named") {
  const json good = json::parse(stored("bpe.tokenizer.json"));
  const struct {
    std::function<void(json&)> change;
    const char* named;
  } cases[] = {
      {[](json& j) { j["version"] = "2.0"; }, "version"},
      {[](json& j) { j["truncation"] = {{"max_length", 5}}; }, "truncation"},
      {[](json& j) { j["padding"] = {{"pad_id", 0}}; }, "padding"},
      {[](json& j) { j["normalizer"] = {{"type", "Lowercase"}}; }, "normalizer"},
      {[](json& j) { j["normalizer"] = 7; }, "normalizer"},
      {[](json& j) { j["pre_tokenizer"] = nullptr; }, "pre_tokenizer"},
      {[](json& j) { j["pre_tokenizer"] = {{"type", "Metaspace"}}; }, "pre_tokenizer"},
      {[](json& j) { j["pre_tokenizer"]["pretokenizers"][1]["type"] = "Digits"; }, "pretokenizers[1]"},
      {[](json& j) { j["pre_tokenizer"]["pretokenizers"][0]["behavior"] = "Removed"; }, "behavior"},
      {[](json& j) { j["pre_tokenizer"]["pretokenizers"][0]["invert"] = true; }, "invert"},
      {[](json& j) { j["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {{"String", "x"}}; }, "pattern"},
      {[](json& j) { j["pre_tokenizer"]["pretokenizers"].back()["add_prefix_space"] = true; },
       "add_prefix_space"},
      {[](json& j) { j["pre_tokenizer"]["pretokenizers"] = json::array(); }, "pretokenizers"},
      {[](json& j) { j["post_processor"] = {{"type", "BertProcessing"}}; }, "post_processor"},
      {[](json& j) { j["decoder"] = {{"type", "WordPiece"}}; }, "decoder"},
      {[](json& j) { j["decoder"] = nullptr; }, "decoder"},
      {[](json& j) { j.erase("model"); }, "model"},
      {[](json& j) { j["model"]["type"] = "Unigram"; }, "model.type"},
      {[](json& j) { j["model"]["dropout"] = 0.1; }, "dropout"},
      {[](json& j) { j["model"]["byte_fallback"] = true; }, "byte_fallback"},
      {[](json& j) { j["model"]["end_of_word_suffix"] = "</w>"; }, "end_of_word_suffix"},
      {[](json& j) { j["model"]["vocab"].erase("Ġ"); }, "0x20"},
      {[](json& j) { j["model"]["vocab"]["Ġ"] = -1; }, "model.vocab"},
      {[](json& j) { j["model"]["vocab"]["Ġ"] = 1.5; }, "model.vocab"},
      {[](json& j) { j["model"]["vocab"]["Ġ"] = uint64_t{1} << 60; }, "model.vocab"},
      {[](json& j) { j["model"]["vocab"]["Ġ"] = 16000000; }, "gaps"},
      {[](json& j) { j["model"]["vocab"]["new"] = 5; }, "two tokens"},
      {[](json& j) { j["model"]["merges"][3] = {"a", "no such"}; }, "merges[3]"},
      {[](json& j) { j["model"]["merges"][3] = {"a"}; }, "merges[3]"},
      {[](json& j) { j["model"]["merges"][3] = "a b c"; }, "merges[3]"},
      {[](json& j) { j["model"]["merges"] = 3; }, "merges"},
      {[](json& j) { j["added_tokens"][0]["id"] = 7; }, "added_tokens[0]"},
      {[](json& j) { j["added_tokens"][0].erase("content"); }, "added_tokens[0]"},
      {[](json& j) { j["added_tokens"] = "x"; }, "added_tokens"},
      {[](json& j) { j["added_tokens"].push_back({{"id", 16000000}, {"content", "<x>"}}); }, "gaps"},
  };
  for (const auto& c : cases) {
    json j = good;
    c.change(j);
    const std::string message = refusal(j.dump());
    INFO(c.named << ": " << message);
    CHECK(message.find("tok.json: ") == 0);
    CHECK(message.find(c.named) != std::string::npos);
  }
}

TEST_CASE("text that is no tokenizer.json is refused") {
  for (const char* text : {"", "{", "[]", "null", "7", "{}", "\"x\"", "{\"version\":\"1.0\"}"})
    CHECK(refusal(text) != "");
  CHECK(refusal(std::string(100000, '[')) != "");
}

TEST_CASE("damaged files never crash the reader") {
  const std::string good = stored("added.tokenizer.json");
  const ds::Rng rng(9, ds::RngStream::test);
  uint64_t k = 0;
  for (int i = 0; i < 150; ++i) {
    std::string text = good;
    for (uint64_t n = 1 + rng.below(k++, 3); n > 0; --n) {
      const size_t at = rng.below(k++, text.size());
      if (rng.below(k++, 2)) {
        text[at] = "{}[]\",:0a\xFF"[rng.below(k, 10)], ++k;
      } else {
        text.erase(at, rng.below(k++, 40));
      }
    }
    refusal(text);
  }
}
