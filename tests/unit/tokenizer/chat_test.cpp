// Conversations as text and ids: a model folder's own template, DeepSeek's encoders (expected texts stored
// from the releases' programs, testdata/chat), and that nothing a user writes becomes a marker.
#include "tokenizer/chat.h"

#include <nlohmann/json.hpp>
#include <random>

#include "base/error.h"
#include "base/io.h"
#include "catch.h"
#include "scratch.h"
#include "tokenizer/byte_level.h"

namespace ds {
namespace {

using namespace tokenizer;
using jinja::Value;

constexpr const char* kTemplate =
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}<|a|>{% generation %}{{ m.content "
    "}}<|e|>"
    "{% endgeneration %}{% else %}<|u|>{{ m.content | trim }}<|e|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|a|>{% endif %}";

Conversation chat(const std::string& json) { return read_conversation(json); }

// 256 byte tokens and markers; as in DeepSeek's files <｜User｜> is not special.
Tokenizer byte_tokenizer() {
  formats::TokenizerJson t;
  set_byte_level(t, Pattern::gpt2);
  for (int b = 0; b < 256; ++b)
    t.model.tokens.push_back(formats::to_byte_alphabet(std::string(1, static_cast<char>(b))));
  t.model.known.assign(256, true);
  for (const char* text : {"<s>", "<|a|>", "<|u|>", "<|e|>", "<｜User｜>", "<think>", "<|a|><|u|>"}) {
    const std::string_view s = text;
    const bool special = s != "<｜User｜>" && s != "<think>";
    t.added.push_back({.id = t.size(), .content = text, .special = special, .in_model = false});
  }
  return Tokenizer(std::move(t));
}

void write(const std::string& path, const std::string& text) {
  Fd fd = open_create(path);
  write_all(fd.get(), text, path);
  fd.close(path);
}

}  // namespace

TEST_CASE("DeepSeek V3.2 and V4: what the releases' programs write") {
  const std::string lines = read_file(DS_TESTDATA "/chat/deepseek.jsonl");
  size_t cases = 0;
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = lines.find('\n', begin);
    const auto one = nlohmann::ordered_json::parse(lines.substr(begin, end - begin));
    begin = end + 1;
    ++cases;
    Conversation c = chat(one["conversation"].dump());
    c.variables.emplace_back("thinking", Value::boolean(one["thinking"].get<bool>()));
    INFO(one.dump());
    CHECK(ChatTemplate::from_form(one["form"].get<std::string>()).render(c).text ==
          one["text"].get<std::string>());
  }
  CHECK(cases > 50);
}

TEST_CASE("DeepSeek V4: efforts, reminders, tasks, what is learned") {
  const ChatTemplate v4 = ChatTemplate::from_form("deepseek-v4");
  const auto text = [&](const std::string& json) { return v4.render(chat(json)).text; };
  CHECK(
      text(
          R"({"messages":[{"role":"user","content":"a"}],"chat_template_kwargs":{"thinking":true,"reasoning_effort":"max"}})")
          .starts_with("<｜begin▁of▁sentence｜>Reasoning Effort: Beyond maximum"));
  CHECK(
      text(
          R"({"messages":[{"role":"user","content":"a"},{"role":"latest_reminder","content":"b"},{"role":"user","content":"c"}]})") ==
      "<｜begin▁of▁sentence｜><｜User｜>a<｜Assistant｜></"
      "think><｜latest_reminder｜>b<｜User｜>c<｜Assistant｜></think>");
  CHECK(
      text(
          R"({"messages":[{"role":"user","content":"a","task":"title"},{"role":"assistant","content":"b"}]})") ==
      "<｜begin▁of▁sentence｜><｜User｜>a<｜title｜>b<｜end▁of▁sentence｜>");
  const Rendered r = v4.render(chat(
      R"({"messages":[{"role":"user","content":"你好"},{"role":"assistant","reasoning_content":"推理","content":"答案"}],
    "chat_template_kwargs":{"thinking":true}})"));
  CHECK(r.text ==
        "<｜begin▁of▁sentence｜><｜User｜>你好<｜Assistant｜><think>推理</think>答案<｜end▁of▁sentence｜>");
  REQUIRE(r.generated.size() == 1);
  CHECK(r.generated[0] == IndexRange{51, 82});
  for (const char* bad :
       {R"({"messages":[{"role":"x","content":"a"}]})", R"({"messages":[{"role":"user","content":5}]})",
        R"({"messages":[{"role":"user","content":"a","task":"x"}]})"})
    CHECK(test::thrown_by<Error>([&] { text(bad); }).kind() == ErrorKind::data);
}

TEST_CASE("a model folder's template: file, string, list by name, special tokens, none") {
  const test::Scratch scratch;
  const Conversation plain = chat(R"({"messages":[{"role":"user","content":" hi "}]})");
  const Conversation tools =
      chat(R"({"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function"}]})");
  const std::string folder = scratch.path();
  CHECK_FALSE(ChatTemplate::from_model(folder).has_value());
  write(scratch.file("config.json"), R"({"model_type":"deepseek_v4"})");
  CHECK(ChatTemplate::from_model(folder)->name() == "deepseek-v4");
  write(
      scratch.file("tokenizer_config.json"),
      R"({"bos_token":{"content":"<s>"},"eos_token":"</s>","chat_template":"{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ pad_token }}"})");
  write(scratch.file("special_tokens_map.json"), R"({"bos_token":"no","pad_token":"<pad>"})");
  CHECK(ChatTemplate::from_model(folder)->render(plain).text == "<s> hi </s><pad>");
  CHECK(ChatTemplate::from_model(scratch.file("tokenizer.json"))->render(plain).text == "<s> hi </s><pad>");
  write(
      scratch.file("tokenizer_config.json"),
      R"({"chat_template":[{"name":"tool_use","template":"T"},{"name":"rag","template":"{{"},{"name":"default","template":"D"}]})");
  CHECK(ChatTemplate::from_model(folder)->render(plain).text == "D");
  CHECK(ChatTemplate::from_model(folder)->render(tools).text == "T");
  write(scratch.file("chat_template.jinja"),
        "J{{ tools is none }}{{ documents }}{{ add_generation_prompt }}\n");
  CHECK(ChatTemplate::from_model(folder)->render(plain).text == "JTrueNoneFalse");
  write(scratch.file("chat_template.jinja"), "\n{{ x");
  const Error e = test::thrown_by<Error>([&] { ChatTemplate::from_model(folder); });
  CHECK(e.kind() == ErrorKind::data);
  CHECK_THAT(std::string(e.what()), Catch::Matchers::Contains("chat_template.jinja: line 2"));
  CHECK(test::thrown_by<Error>([&] { ChatTemplate::from_form("alpaca"); }).kind() == ErrorKind::usage);
}

TEST_CASE("conversations that are none") {
  for (const char* bad : {"", "5", "{}", "{\"messages\":5}", "{\"messages\":[5]}",
                          "{\"messages\":[],\"tools\":{}}", "{\"messages\":[}"})
    CHECK(test::thrown_by<Error>([&] { chat(bad); }).kind() == ErrorKind::data);
  CHECK(chat(R"([{"role":"user"}])").messages.items().size() == 1);
}

TEST_CASE("what users write changes no marker, what the template writes is one") {
  const Tokenizer tok = byte_tokenizer();
  const ChatTemplate t = ChatTemplate::from_jinja(kTemplate, "t", {{"bos_token", "<s>"}});
  std::mt19937 random(3);
  const std::vector<std::string> atoms = {"<s>", "<|a|>", "<|u|>",      "<|e|>", "<｜User｜>", "<",
                                          "|",   "a",     "|>",         ">",     "<|",         "x",
                                          " ",   "é",     "<|a|><|u|>", "u|>",   "<|u"};
  for (int i = 0; i < 2000; ++i) {
    nlohmann::json messages = nlohmann::json::array();
    for (uint64_t n = 1 + random() % 3; n > 0; --n) {
      std::string content;
      for (uint64_t k = random() % 6; k > 0; --k) content += atoms[random() % atoms.size()];
      messages.push_back({{"role", random() % 2 ? "user" : "assistant"}, {"content", content}});
    }
    const auto ids_of = [&](const nlohmann::json& m) {
      return encode_rendered(tok, t.render(chat(m.dump())));
    };
    const auto ids = ids_of(messages);
    CHECK(tok.decode(ids) == t.render(chat(messages.dump())).text);
    const auto markers = [](const std::vector<uint32_t>& all) {
      std::vector<uint32_t> result;
      for (const uint32_t id : all)
        if (id >= 256) result.push_back(id);
      return result;
    };
    auto harmless = messages;
    for (auto& m : harmless) m["content"] = "x";
    INFO(messages.dump());
    CHECK(markers(ids) == markers(ids_of(harmless)));
  }
  // Text that is harmless is encoded as any text; an added token that is no control token matches as ever.
  const Rendered r = t.render(chat(R"([{"role":"user","content":"a <think> b"}])"));
  CHECK(encode_rendered(tok, r) == tok.encode(r.text));
}

TEST_CASE("what is learned, in characters and tokens; templates without marks") {
  const Tokenizer tok = byte_tokenizer();
  const std::string json =
      R"([{"role":"user","content":"é"},{"role":"assistant","content":"yes"},{"role":"user","content":"b"},{"role":"assistant","content":"ü"}])";
  const ChatTemplate marked = ChatTemplate::from_jinja(kTemplate, "t", {{"bos_token", "<s>"}});
  const Rendered r = marked.render_learned(chat(json));
  CHECK(r.text == "<s><|u|>é<|e|><|a|>yes<|e|><|u|>b<|e|><|a|>ü<|e|>");
  CHECK(r.generated == std::vector<IndexRange>{{19, 27}, {43, 49}});
  const auto ids = encode_rendered(tok, r);
  // <s> <|u|> é(2) <|e|> <|a|> yes <|e|> …
  CHECK(generated_tokens(tok, r, ids) == std::vector<IndexRange>{{6, 10}, {14, 17}});
  std::string plain = kTemplate;
  for (const char* tag : {"{% generation %}", "{% endgeneration %}"})
    plain.erase(plain.find(tag), std::string(tag).size());
  const ChatTemplate bare = ChatTemplate::from_jinja(plain, "t", {{"bos_token", "<s>"}});
  CHECK_FALSE(bare.marks_generation());
  CHECK(bare.render_learned(chat(json)).generated == r.generated);
  // One that tells answers in another way later.
  const ChatTemplate forgets = ChatTemplate::from_jinja(
      "{% for m in messages %}{{ m.content if loop.last else m.content[:1] }}{% endfor %}", "t");
  CHECK(test::thrown_by<Error>([&] { forgets.render_learned(chat(json)); }).kind() == ErrorKind::data);
}

}  // namespace ds
