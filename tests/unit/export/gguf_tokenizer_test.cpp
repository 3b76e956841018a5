// Tokenizers inside GGUF files.
#include "export/gguf_tokenizer.h"

#include "base/error.h"
#include "base/io.h"
#include "catch.h"
#include "folders.h"

using namespace ds;
using namespace ds::exporting;
using Catch::Matchers::Contains;

namespace {

const std::string kData = DS_TESTDATA;

formats::GgufFile with_tokenizer(const test::Scratch& scratch, int64_t entries,
                                 const nlohmann::json& config = test::tiny_config()) {
  formats::ModelFolder model;
  model.path = model.folder = scratch.path();
  formats::GgufMetadata metadata;
  nlohmann::json c = config;
  c["vocab_size"] = entries;
  add_tokenizer(metadata, model, arch::parse_config(c, "config.json"), entries, Log::null());
  formats::GgufWriter writer(scratch.file("t.gguf"), metadata, {});
  writer.commit();
  return formats::GgufFile(scratch.file("t.gguf"));
}

std::vector<std::string> texts(const formats::GgufFile& file, const char* key) {
  std::vector<std::string> out;
  file.find(key)->for_each_text([&](std::string_view s) {
    out.emplace_back(s);
    return true;
  });
  return out;
}

}  // namespace

TEST_CASE("gguf tokenizer: tokens, types, merges, ids") {
  const test::Scratch scratch;
  write_file(scratch.file("tokenizer.json"), read_file(kData + "/toy/model/tokenizer.json"));
  const auto t = formats::read_tokenizer_json(scratch.file("tokenizer.json"));
  const auto file = with_tokenizer(scratch, 293);
  CHECK(file.find("tokenizer.ggml.model")->text() == "gpt2");
  CHECK(file.find("tokenizer.ggml.pre")->text() == "deepseek-v3");
  const auto tokens = texts(file, "tokenizer.ggml.tokens");
  REQUIRE(tokens.size() == 293);
  CHECK(tokens[0] == "<|endoftext|>");
  CHECK(tokens[292] == "[PAD292]");
  const auto* types = file.find("tokenizer.ggml.token_type");
  CHECK(types->integer(0) == 3);
  CHECK(types->integer(1) == 1);
  CHECK(types->integer(292) == 5);
  for (size_t i = 1; i < 290; ++i) CHECK(tokens[i] == t.model.tokens[i]);
  const auto merges = texts(file, "tokenizer.ggml.merges");
  REQUIRE(merges.size() == t.model.merges.size());
  const auto [left, right] = t.model.merges[0];
  CHECK(merges[0] == t.model.tokens[left] + " " + t.model.tokens[right]);
  CHECK(file.find("tokenizer.ggml.eos_token_id")->integer() == 0);
  CHECK(file.find("tokenizer.ggml.add_bos_token")->integer() == 0);
  CHECK(file.find("tokenizer.chat_template") == nullptr);
  CHECK_THAT(test::thrown_by<Error>([&] { with_tokenizer(scratch, 289); }).what(), Contains("290 tokens"));
}

TEST_CASE("gguf tokenizer: chat templates and end tokens") {
  const test::Scratch scratch;
  write_file(scratch.file("tokenizer.json"), read_file(kData + "/toy/model/tokenizer.json"));
  write_file(
      scratch.file("tokenizer_config.json"),
      R"({"eos_token": "A", "chat_template": [{"name": "default", "template": "D"}, {"name": "tool_use", "template": "T"}]})");
  nlohmann::json config = test::tiny_config();
  const auto t = formats::read_tokenizer_json(scratch.file("tokenizer.json"));
  const auto a = static_cast<int64_t>(std::find(t.model.tokens.begin(), t.model.tokens.end(), "A") -
                                      t.model.tokens.begin());
  config["eos_token_id"] = {0, a, 5};
  const auto file = with_tokenizer(scratch, 290, config);
  CHECK(file.find("tokenizer.chat_template")->text() == "D");
  CHECK(file.find("tokenizer.chat_template.tool_use")->text() == "T");
  CHECK(texts(file, "tokenizer.chat_templates") == std::vector<std::string>{"tool_use"});
  CHECK(file.find("tokenizer.ggml.eos_token_id")->integer() == a);
  CHECK(file.find("tokenizer.ggml.eot_token_id")->integer() == 0);
  CHECK(file.find("tokenizer.ggml.eom_token_id")->integer() == 5);
  write_file(scratch.file("chat_template.jinja"), "J");
  CHECK(with_tokenizer(scratch, 290).find("tokenizer.chat_template")->text() == "J");
}

TEST_CASE("gguf tokenizer: other ways to cut words are refused, the nearest one named") {
  auto t = formats::read_tokenizer_json(kData + "/toy/model/tokenizer.json");
  CHECK(gguf_pre(t, "t") == "deepseek-v3");
  t.pre_tokenizer->parts[0].pattern.text = "\\p{N}{1,2}";
  CHECK_THAT(test::thrown_by<Error>([&] { gguf_pre(t, "t"); }).what(),
             Contains("the nearest is deepseek-v3"));
  t.pre_tokenizer->parts.erase(t.pre_tokenizer->parts.begin(), t.pre_tokenizer->parts.end() - 2);
  std::string& regex = t.pre_tokenizer->parts[0].pattern.text;
  regex =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  CHECK(gguf_pre(t, "t") == "llama-bpe");
  regex += "|x";
  CHECK_THAT(test::thrown_by<Error>([&] { gguf_pre(t, "t"); }).what(), Contains("the nearest is llama-bpe"));
  t.pre_tokenizer->parts.erase(t.pre_tokenizer->parts.begin());
  CHECK_THROWS_AS(gguf_pre(t, "t"), Error);
  t.pre_tokenizer->parts[0].use_regex = true;
  CHECK(gguf_pre(t, "t") == "gpt-2");
}

TEST_CASE("gguf tokenizer: none") {
  const test::Scratch scratch;
  const Error e = test::thrown_by<Error>([&] { with_tokenizer(scratch, 290); });
  CHECK(e.kind() == ErrorKind::io);
  CHECK_THAT(e.what(), Contains("no tokenizer.json, tekken.json or tokenizer.model"));
}
