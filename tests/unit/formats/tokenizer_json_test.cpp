#include "formats/tokenizer_json.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io.h"
#include "base/rng.h"
#include "catch.h"

using namespace ds::formats;
using Catch::Matchers::Contains;
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
  REQUIRE(t.normalizer);
  CHECK(t.normalizer->type == Normalizer::Type::nfc);
  REQUIRE(t.post_processor);
  CHECK(t.post_processor->specials.size() == 2);
  size_t in_model = 0, stripping = 0;
  for (const AddedToken& a : t.added) {
    in_model += a.in_model;
    stripping += a.lstrip + a.rstrip + a.single_word;
    CHECK(t.added_at(a.id) == &a);
  }
  CHECK(in_model == 2);
  CHECK(stripping == 3);
  CHECK(t.size() == t.added.back().id + 1);
  CHECK(t.added_at(t.size()) == nullptr);
}

TEST_CASE("every type of every part is written as the reference writes it") {
  for (const char* name : {"all_parts.tokenizer.json", "unigram.tokenizer.json", "wordpiece.tokenizer.json",
                           "wordlevel.tokenizer.json", "empty.tokenizer.json"}) {
    INFO(name);
    const std::string text = stored(std::string("schema/") + name);
    CHECK(tokenizer_json_text(parse_tokenizer_json(text, name)) == text);
  }
}

TEST_CASE("members may come in any order") {
  const json j = json::parse(stored("schema/all_parts.tokenizer.json"));
  std::string text = "{";  // sorted backwards: the merges before the vocabulary, the type near the end
  for (auto it = j.rbegin(); it != j.rend(); ++it) {
    std::string value = it->dump();
    if (it.key() == "model") {
      value = "{";
      for (auto m = it->rbegin(); m != it->rend(); ++m)
        value.append(value.size() > 1 ? "," : "").append(json(m.key()).dump()).append(":").append(m->dump());
      value += "}";
    }
    text.append(text.size() > 1 ? "," : "").append(json(it.key()).dump()).append(" : ").append(value);
  }
  text += "}\n";
  CHECK(tokenizer_json_text(parse_tokenizer_json(text, "t")) == stored("schema/all_parts.tokenizer.json"));
}

TEST_CASE("old forms: merges as strings with a space, no type, metaspace without a scheme") {
  json j = json::parse(stored("bpe.tokenizer.json"));
  for (json& m : j["model"]["merges"]) m = m[0].get<std::string>() + " " + m[1].get<std::string>();
  j["model"]["merges"].insert(j["model"]["merges"].begin(), "#version: 0.2");
  j["model"].erase("type");
  j.erase("version");
  const auto now = parse_tokenizer_json(stored("bpe.tokenizer.json"), "t");
  CHECK(parse_tokenizer_json(j.dump(), "t").model.merges == now.model.merges);
  CHECK(parse_tokenizer_json(j.dump(), "t").model.merged == now.model.merged);

  const auto type_of = [](const char* model) {
    return parse_tokenizer_json(std::string(R"({"model":)") + model + "}", "t").model.type;
  };
  CHECK(type_of(R"({"vocab":{"a":0},"merges":[]})") == TokenizerModel::Type::bpe);
  CHECK(type_of(R"({"vocab":[["a",-1]],"unk_id":null})") == TokenizerModel::Type::unigram);
  CHECK(type_of(R"({"vocab":{"a":0},"unk_token":"a"})") == TokenizerModel::Type::wordlevel);
  CHECK(type_of(R"({"vocab":{"a":0},"unk_token":"a","max_input_chars_per_word":100})") ==
        TokenizerModel::Type::wordpiece);

  j["pre_tokenizer"] = {
      {"type", "Metaspace"}, {"replacement", "_"}, {"str_rep", "_"}, {"add_prefix_space", false}};
  CHECK(parse_tokenizer_json(j.dump(), "t").pre_tokenizer->prepend_scheme == PrependScheme::never);
  j["pre_tokenizer"]["add_prefix_space"] = true;
  CHECK(parse_tokenizer_json(j.dump(), "t").pre_tokenizer->prepend_scheme == PrependScheme::always);
}

TEST_CASE("ids without a token: among the reserved ones at the end only") {
  const auto read = [](const std::string& vocab, const std::string& added = "") {
    return refusal(R"({"version":"1.0","added_tokens":[)" + added + R"(],"model":{"type":"BPE","vocab":{)" +
                   vocab + R"(},"merges":[]}})");
  };
  CHECK(read(R"("b":1,"a":0)") == "");
  CHECK(read("") == "");
  CHECK_THAT(read(R"("a":0,"b":2)"), Contains("no token of id 1"));
  CHECK_THAT(read(R"("a":1)"), Contains("no token of id 0"));
  const std::string end = R"({"id":3,"content":"<e>"},{"id":9,"content":"<f>"})";
  CHECK(read(R"("a":0,"b":1,"<e>":3,"<f>":9)", end) == "");
  CHECK_THAT(read(R"("a":0,"b":1,"<e>":3,"<f>":9,"z":10)", end), Contains("no token of id 2"));
  CHECK_THAT(read(R"("a":0,"b":1)", R"({"id":3,"content":"<e>"})"),
             Contains("added_tokens[0].id: found 3, expected 2"));
  CHECK_THAT(read(R"("a":0,"b":1)", R"({"id":2,"content":"<e>"},{"id":2,"content":"<f>"})"),
             Contains("added_tokens[1].id: found 2"));
  CHECK_THAT(read(R"("a":0,"b":1)", R"({"id":2,"content":"<e>"},{"id":3,"content":"<e>"})"),
             Contains("\"<e>\" again"));
}

TEST_CASE("what is unknown or contradictory is refused, with the field named") {
  const json good = json::parse(stored("schema/all_parts.tokenizer.json"));
  const struct {
    std::function<void(json&)> change;
    const char* named;
  } cases[] = {
      {[](json& j) { j["version"] = "2.0"; }, "version: found \"2.0\", expected \"1.0\""},
      {[](json& j) { j["truncation"].erase("max_length"); }, "truncation.max_length: found nothing"},
      {[](json& j) { j["truncation"]["strategy"] = "x"; }, "truncation.strategy"},
      {[](json& j) { j["padding"]["strategy"] = {{"Fixed", -1}}; }, "padding.strategy"},
      {[](json& j) { j["padding"]["pad_id"] = 1.5; }, "padding.pad_id"},
      {[](json& j) { j["normalizer"] = 7; }, "normalizer: found 7"},
      {[](json& j) { j["normalizer"] = {{"type", "Upper"}}; },
       "normalizer.type: found \"Upper\", expected one of"},
      {[](json& j) { j["normalizer"]["normalizers"][5].erase("strip_left"); },
       "normalizer.normalizers[5].strip_left"},
      {[](json& j) { j["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", "ab="}}; },
       "base64"},
      {[](json& j) { j["normalizer"] = {{"type", "Replace"}, {"pattern", "x"}, {"content", ""}}; },
       "normalizer.pattern"},
      {[](json& j) { j["pre_tokenizer"]["pretokenizers"][1]["behavior"] = "x"; },
       "pretokenizers[1].behavior"},
      {[](json& j) { j["pre_tokenizer"]["pretokenizers"][0]["invert"] = 0; },
       "pretokenizers[0].invert: found 0"},
      {[](json& j) { j["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "ab"}}; }, "one character"},
      {[](json& j) { j["pre_tokenizer"] = {{"type", "FixedLength"}, {"length", 0}}; },
       "pre_tokenizer.length"},
      {[](json& j) {
         j["pre_tokenizer"] = {{"type", "Metaspace"},
                               {"replacement", "_"},
                               {"add_prefix_space", false},
                               {"prepend_scheme", "first"}};
       },
       "add_prefix_space"},
      {[](json& j) { j["post_processor"] = {{"type", "BertProcessing"}, {"sep", {"a"}}}; },
       "post_processor.sep"},
      {[](json& j) { j["post_processor"]["processors"][2]["special_tokens"].erase("<s>"); },
       "single[0].SpecialToken.id"},
      {[](json& j) { j["post_processor"]["processors"][2]["special_tokens"]["<s>"]["ids"] = {999}; },
       "id 999"},
      {[](json& j) { j["decoder"] = {{"type", "WordPiece"}, {"prefix", "##"}}; },
       "decoder.cleanup: found nothing"},
      {[](json& j) { j["decoder"] = {{"type", "Strip"}, {"content", "ab"}}; }, "decoder.content"},
      {[](json& j) { j.erase("model"); }, "model: found nothing"},
      {[](json& j) { j["model"]["type"] = "Bigram"; }, "model.type: found \"Bigram\""},
      {[](json& j) { j["model"]["type"] = "Unigram"; }, "model.vocab: found an object"},
      {[](json& j) { j["model"]["dropout"] = 1.1; }, "model.dropout: found 1.1"},
      {[](json& j) { j["model"]["byte_fallback"] = 1; }, "model.byte_fallback: found 1"},
      {[](json& j) { j["model"].erase("merges"); }, "model.merges: found nothing"},
      {[](json& j) { j["model"]["vocab"]["a"] = -1; }, "model.vocab[\"a\"]: found -1"},
      {[](json& j) { j["model"]["vocab"]["a"] = 1.5; }, "model.vocab[\"a\"]: found 1.5"},
      {[](json& j) { j["model"]["vocab"]["a"] = uint64_t{1} << 60; }, "model.vocab[\"a\"]"},
      {[](json& j) { j["model"]["vocab"]["a"] = 16000000; }, "ids without great gaps"},
      {[](json& j) { j["model"]["vocab"]["new"] = 1; }, "expected an id of its own"},
      {[](json& j) { j["model"]["vocab"] = 5; }, "model.vocab: found 5"},
      {[](json& j) { j["model"]["merges"][0] = {"a", "no such"}; }, "model.merges[0]: found \"no such\""},
      {[](json& j) { j["model"]["merges"][0] = {"b", "b"}; }, "a merge to \"bb\""},
      {[](json& j) { j["model"]["merges"][0] = {"a"}; }, "model.merges[0]: found [\"a\"]"},
      {[](json& j) { j["model"]["merges"][0] = {"a", "b", "c"}; }, "model.merges[0]"},
      {[](json& j) { j["model"]["merges"][0] = "a b c"; }, "model.merges[0]"},
      {[](json& j) { j["model"]["merges"] = 3; }, "model.merges: found 3"},
      {[](json& j) { j["added_tokens"][0]["id"] = 7; }, "added_tokens[0].id: found 7"},
      {[](json& j) { j["added_tokens"][0].erase("content"); }, "added_tokens[0]"},
      {[](json& j) { j["added_tokens"][0] = "<s>"; }, "added_tokens[0]: found \"<s>\""},
      {[](json& j) { j["added_tokens"] = "x"; }, "added_tokens: found \"x\""},
      {[](json& j) { j["added_tokens"].push_back({{"id", 16000000}, {"content", "<x>"}}); }, "holes"},
  };
  for (const auto& c : cases) {
    json j = good;
    c.change(j);
    const std::string message = refusal(j.dump());
    INFO(c.named << ": " << message);
    CHECK(message.find("tok.json: ") == 0);
    CHECK(message.find(c.named) != std::string::npos);
  }
  CHECK_THAT(refusal(R"({"model":{"type":"Unigram","unk_id":1,"vocab":[["a",0]]}})"),
             Contains("model.unk_id: found 1"));
  CHECK_THAT(refusal(R"({"model":{"type":"Unigram","vocab":[["a"]]}})"),
             Contains("model.vocab[0]: found [\"a\"]"));
  CHECK_THAT(refusal(R"({"model":{"type":"Unigram","vocab":[["a",1],["a",1,2]]}})"),
             Contains("model.vocab[1]"));
  CHECK_THAT(refusal(R"({"model":{"type":"WordLevel","vocab":{"a":0}}})"), Contains("model.unk_token"));
}

TEST_CASE("keys that come twice are refused") {
  const auto twice = [](const std::string& s) { CHECK_THAT(refusal(s), Contains("twice")); };
  twice(R"({"version":"1.0","version":"1.0"})");
  twice(R"({"model":{"type":"BPE","vocab":{"a":0},"vocab":{"a":0},"merges":[]}})");
  twice(R"({"model":{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}})");
  twice(R"({"normalizer":{"type":"NFC","type":"NFD"}})");
  twice(R"({"added_tokens":[{"id":0,"id":1,"content":"a"}]})");
}

TEST_CASE("of a Unigram token that comes twice the last id counts") {
  const auto with_id = [](int id) {
    return R"({"added_tokens":[{"id":)" + std::to_string(id) +
           R"(,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],)"
           R"("model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["<s>",0],["a",-1],["<s>",-2]]}})";
  };
  CHECK(parse_tokenizer_json(with_id(3), "tok.json").added[0].in_model);
  CHECK_THAT(refusal(with_id(1)), Contains("added_tokens[0].id: found 1, expected 3"));
}

TEST_CASE("limits: depth, added tokens") {
  std::string deep = R"({"type":"Sequence","pretokenizers":[)", text = R"({"pre_tokenizer":)";
  for (int i = 0; i < 5000; ++i) text += deep;
  CHECK_THAT(refusal(text), Contains("nested deeper"));
  CHECK_THAT(refusal(R"({"x":)" + std::string(200000, '[')), Contains("nested deeper"));
  text = R"({"added_tokens":[)";
  for (int i = 0; i < 1000001; ++i) text += R"({"id":1,"content":"a"},)";
  CHECK_THAT(refusal(text), Contains("at most 1000000 tokens"));
}

TEST_CASE("a file that is cut off anywhere is refused; the byte is named") {
  const std::string good = stored("schema/all_parts.tokenizer.json");
  for (size_t n = 0; n < good.size(); ++n) {
    const std::string message = refusal(good.substr(0, n));
    REQUIRE(message.find("tok.json: not ") == 0);
    REQUIRE(message.find(" at byte ") != std::string::npos);
  }
  CHECK_THAT(refusal(good + " x"), Contains("expected the end of the file"));
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
