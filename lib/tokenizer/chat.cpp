#include "tokenizer/chat.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io.h"
#include "base/utf8.h"
#include "formats/gguf.h"
#include "formats/json_file.h"
#include "tokenizer/chat_template.h"
#include "tokenizer/jinja_text.h"

namespace ds::tokenizer {

using jinja::Dict;
using jinja::Kind;
using jinja::Value;
using nlohmann::json;

Conversation read_conversation(std::string_view text) {
  Value line;
  try {
    line = jinja::from_json(text, true, nullptr);
  } catch (const jinja::Failure& f) {
    throw data_error(f.message);
  }
  if (line.is(Kind::list)) {  // the messages alone
    const auto whole = std::make_shared<Dict>(nullptr);
    whole->set(Value::text(nullptr, "messages"), line);
    line = Value::object(Kind::dict, whole);
  }
  if (!line.is(Kind::dict)) throw data_error("expected an object with \"messages\"");
  const Dict& d = line.dict();
  const auto list = [&](const char* name, bool needed) {
    const Value* v = d.find(name);
    if (!v || v->is(Kind::none)) {
      if (needed) throw data_error("no \"messages\"");
      return Value::none();
    }
    if (!v->is(Kind::list)) throw data_error(fmt::format("\"{}\" must be a list", name));
    for (const Value& one : v->items())
      if (!one.is(Kind::dict)) throw data_error(fmt::format("\"{}\" must be a list of objects", name));
    return *v;
  };
  Conversation c;
  c.messages = list("messages", true);
  if (const Value* id = d.find("id")) c.id = *id;
  c.tools = list("tools", false);
  c.documents = list("documents", false);
  if (const Value* more = d.find("chat_template_kwargs"); more && more->is(Kind::dict))
    for (const auto& [key, value] : more->dict().entries) c.variables.emplace_back(key.chars().bytes, value);
  return c;
}

const std::vector<std::string>& ChatTemplate::forms() {
  static const std::vector<std::string> all = {"deepseek-v3.2", "deepseek-v4", "chatml", "llama3",
                                               "deepseek"};
  return all;
}

ChatTemplate ChatTemplate::from_form(std::string_view form) {
  ChatTemplate t;
  t.name_ = form;
  if (form == "deepseek-v3.2" || form == "deepseek-v4") {
    t.native_ = form == "deepseek-v4" ? render_deepseek_v4 : render_deepseek_v32;
    t.marks_ = true;
    return t;
  }
  const auto known = chat_form_from_name(form);
  if (!known)
    throw usage_error(fmt::format("no chat form named \"{}\"", form),
                      fmt::format("known: {}", fmt::join(forms(), ", ")));
  return from_jinja(chat_template_text(*known), std::string(form));
}

namespace {

// {% generation %}, as transformers looks for it.
bool has_generation(std::string_view source) {
  for (size_t at = 0; (at = source.find("generation", at)) != std::string_view::npos; ++at) {
    size_t b = at;
    while (b > 0 && jinja::is_space(static_cast<unsigned char>(source[b - 1]))) --b;
    if (b > 0 && source[b - 1] == '-') --b;
    if (b >= 2 && source.substr(b - 2, 2) == "{%") return true;
  }
  return false;
}

}  // namespace

ChatTemplate ChatTemplate::from_jinja(std::string_view source, std::string name, Variables variables) {
  ChatTemplate t;
  t.name_ = name;
  t.marks_ = has_generation(source);
  t.source_ = source;
  t.templates_.emplace_back("default", JinjaTemplate(source, std::move(name)));
  t.variables_ = std::move(variables);
  return t;
}

namespace {

constexpr const char* kTokenNames[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                       "pad_token", "cls_token", "mask_token"};

// Special tokens are strings or {"content": …}.
void take_tokens(const json& config, ChatTemplate::Variables& out) {
  for (const char* name : kTokenNames) {
    if (std::any_of(out.begin(), out.end(), [&](const auto& v) { return v.first == name; })) continue;
    const auto at = config.find(name);
    if (at == config.end()) continue;
    const json& token = at->is_object() && at->contains("content") ? (*at)["content"] : *at;
    if (token.is_string()) out.emplace_back(name, token.get<std::string>());
  }
}

std::optional<ChatTemplate> from_gguf(const std::string& path) {
  const formats::GgufFile file(path);
  const auto text = [&](std::string_view key) -> std::optional<std::string> {
    const formats::GgufValue* v = file.find(key);
    const auto s = v ? v->text() : std::nullopt;
    return s ? std::optional<std::string>(*s) : std::nullopt;
  };
  const auto source = text("tokenizer.chat_template");
  if (!source) return std::nullopt;
  ChatTemplate::Variables variables;
  const formats::GgufValue* tokens = file.find("tokenizer.ggml.tokens");
  constexpr std::pair<const char*, const char*> names[] = {{"bos_token", "tokenizer.ggml.bos_token_id"},
                                                           {"eos_token", "tokenizer.ggml.eos_token_id"},
                                                           {"unk_token", "tokenizer.ggml.unknown_token_id"},
                                                           {"pad_token", "tokenizer.ggml.padding_token_id"}};
  std::vector<std::pair<uint64_t, const char*>> wanted;
  for (const auto& [name, key] : names)
    if (const formats::GgufValue* id = file.find(key))
      if (const auto number = id->integer()) wanted.emplace_back(static_cast<uint64_t>(*number), name);
  if (tokens) {
    uint64_t i = 0;
    tokens->for_each_text([&](std::string_view token) {
      for (const auto& [id, name] : wanted)
        if (id == i) variables.emplace_back(name, std::string(token));
      return ++i, true;
    });
  }
  return ChatTemplate::from_jinja(*source, path, std::move(variables));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> special_tokens(const std::string& folder) {
  ChatTemplate::Variables variables;
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
    const std::string path = join_path(folder, name);
    if (!exists(path)) continue;
    const json config = formats::read_json(path);
    if (config.is_object()) take_tokens(config, variables);
  }
  return variables;
}

std::optional<ChatTemplate> ChatTemplate::from_model(const std::string& path) {
  if (extension_of(path) == ".gguf") return from_gguf(path);
  const std::string folder = is_folder(path) ? path : folder_of(path);
  Variables variables = special_tokens(folder);
  json config;
  const std::string config_path = join_path(folder, "tokenizer_config.json");
  if (exists(config_path)) config = formats::read_json(config_path);
  std::vector<std::pair<std::string, std::string>> sources;  // name, Jinja
  std::string place = config_path;
  if (const std::string file = join_path(folder, "chat_template.jinja"); exists(file)) {
    place = file;
    sources.emplace_back("default", read_file(file, size_t{4} << 20));
    if (const std::string tools = join_path(folder, "additional_chat_templates/tool_use.jinja");
        exists(tools))
      sources.emplace_back("tool_use", read_file(tools, size_t{4} << 20));
  } else if (config.is_object() && config.contains("chat_template")) {
    const json& given = config["chat_template"];
    if (given.is_string()) sources.emplace_back("default", given.get<std::string>());
    if (given.is_array())
      for (const json& one : given)
        if (one.is_object() && one.contains("name") && one["name"].is_string() && one.contains("template") &&
            one["template"].is_string())
          sources.emplace_back(one["name"].get<std::string>(), one["template"].get<std::string>());
  }
  if (!sources.empty()) {
    ChatTemplate t;
    t.name_ = place;
    t.variables_ = std::move(variables);
    for (const auto& [name, source] : sources) {
      if (name != "default" && name != "tool_use") continue;
      t.marks_ |= has_generation(source);
      t.source_ += source;
      t.templates_.emplace_back(name,
                                JinjaTemplate(source, name == "default" ? place : place + " (" + name + ")"));
    }
    if (t.templates_.empty()) throw data_error(place + ": no chat template named \"default\"");
    std::stable_sort(t.templates_.begin(), t.templates_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    return t;
  }
  // DeepSeek V3.2 and V4 bring no template.
  const std::string model = join_path(folder, "config.json");
  if (!exists(model)) return std::nullopt;
  const json model_config = formats::read_json(model);
  const std::string type = model_config.is_object() && model_config.contains("model_type") &&
                                   model_config["model_type"].is_string()
                               ? model_config["model_type"].get<std::string>()
                               : "";
  if (type == "deepseek_v32") return from_form("deepseek-v3.2");
  if (type == "deepseek_v4") return from_form("deepseek-v4");
  return std::nullopt;
}

std::vector<uint32_t> ChatTemplate::end_ids(const Tokenizer& tokenizer) const {
  std::vector<uint32_t> ids;
  for (const std::string_view name :
       {"<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<｜end▁of▁sentence｜>", "<end_of_turn>", "<turn|>",
        "<|end|>", "<|eot|>", "<|return|>", "<|call|>", "</s>"}) {
    const bool writes =
        source_.find(name) != std::string::npos || (native_ && name == "<｜end▁of▁sentence｜>") ||
        std::any_of(variables_.begin(), variables_.end(),
                    [&](const auto& v) { return v.first == "eos_token" && v.second == name; });
    if (!writes) continue;
    for (const auto& token : tokenizer.model().added)
      if (token.content == name) ids.push_back(token.id);
  }
  return ids;
}

const JinjaTemplate& ChatTemplate::choose(const Conversation& conversation) const {
  if (!conversation.tools.is(Kind::none))
    for (const auto& [name, t] : templates_)
      if (name == "tool_use") return t;
  return templates_.front().second;
}

Rendered ChatTemplate::render(const Conversation& conversation, const RenderOptions& options) const {
  if (native_) {
    try {
      return native_(conversation);
    } catch (const jinja::Failure& f) {
      throw data_error(name_ + ": " + f.message);
    }
  }
  Dict context(nullptr);
  const auto set = [&](std::string_view name, const Value& value) {
    context.set(Value::text(nullptr, name), value);
  };
  for (const auto& [name, token] : variables_) set(name, Value::text(nullptr, token));
  for (const auto& [name, value] : conversation.variables) set(name, value);
  set("messages", conversation.messages);
  set("tools", conversation.tools);
  set("documents", conversation.documents);
  set("add_generation_prompt", Value::boolean(conversation.generate));
  return choose(conversation).render(context, options);
}

Rendered ChatTemplate::render_learned(const Conversation& conversation, const RenderOptions& options) const {
  Rendered whole = render(conversation, options);
  if (marks_) return whole;
  const std::vector<Value>& messages = conversation.messages.items();
  size_t bytes = 0, chars = 0;
  const auto place = [&](size_t byte) {
    chars += count_chars(std::string_view(whole.text).substr(bytes, byte - bytes));
    bytes = byte;
    return chars;
  };
  for (size_t i = 0; i < messages.size(); ++i) {
    const Value* role = messages[i].is(Kind::dict) ? messages[i].dict().find("role") : nullptr;
    if (!role || !role->is_text() || role->chars().bytes != "assistant") continue;
    Conversation part = conversation;
    const auto first = [&](size_t n) {
      return Value::sequence(nullptr, Kind::list,
                             {messages.begin(), messages.begin() + static_cast<ptrdiff_t>(n)});
    };
    part.messages = first(i);
    part.generate = true;
    const std::string before = i == 0 ? "" : render(part, options).text;
    part.messages = first(i + 1);
    part.generate = false;
    const std::string after = render(part, options).text;
    if (!whole.text.starts_with(after) || !after.starts_with(before) || before.size() < bytes)
      throw data_error(
          fmt::format("{}: message {}: the template tells this answer in another way once the conversation "
                      "goes on, or than it opens one",
                      name_, i + 1),
          "a template with {% generation %} blocks marks what is to be learned");
    const size_t begin = place(before.size());
    whole.generated.push_back({begin, place(after.size())});
  }
  return whole;
}

namespace {

// Places where text that is in part foreign and spells an added token is cut apart.
std::vector<size_t> cuts(const Tokenizer& tokenizer, const Rendered& r) {
  std::vector<size_t> result;
  const auto control = [](std::string_view word) {
    return (word.starts_with("<|") && word.ends_with("|>")) ||
           (word.starts_with("<｜") && word.ends_with("｜>"));
  };
  size_t longest = 0;
  std::vector<std::vector<std::string_view>> by_first(256);
  for (const auto& token : tokenizer.model().added) {
    if (token.content.empty() || (!token.special && !control(token.content))) continue;
    by_first[static_cast<unsigned char>(token.content[0])].push_back(token.content);
    longest = std::max(longest, token.content.size());
  }
  if (longest == 0) return result;
  const std::string_view text = r.text;
  size_t done = 0;  // places before were looked at
  for (const IndexRange& f : r.foreign) {
    size_t at = std::max(done, f.begin > longest ? f.begin - longest : 0);
    for (; at < f.end; ++at) {
      for (const std::string_view token : by_first[static_cast<unsigned char>(text[at])]) {
        if (!text.substr(at).starts_with(token) || at + token.size() <= f.begin) continue;
        const size_t second = at + jinja::char_size(text[at]);
        result.push_back(f.begin > at ? f.begin : std::min(second, text.size()));
      }
    }
    done = at;
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

}  // namespace

std::vector<uint32_t> encode_rendered(const Tokenizer& tokenizer, const Rendered& r) {
  std::vector<size_t> ends = cuts(tokenizer, r);
  if (ends.empty()) return tokenizer.encode(r.text);
  ends.push_back(r.text.size());
  std::vector<uint32_t> ids;
  size_t begin = 0;
  for (const size_t end : ends) {
    const auto part = tokenizer.encode(std::string_view(r.text).substr(begin, end - begin));
    ids.insert(ids.end(), part.begin(), part.end());
    begin = end;
  }
  return ids;
}

std::vector<IndexRange> generated_tokens(const Tokenizer& tokenizer, const Rendered& r,
                                         const std::vector<uint32_t>& ids) {
  std::vector<size_t> ends;  // of each token, in bytes
  size_t at = 0;
  for (const uint32_t id : ids) {
    const std::string_view bytes = tokenizer.bytes_of(id);
    if (std::string_view(r.text).substr(std::min(at, r.text.size()), bytes.size()) != bytes) {
      at = SIZE_MAX;
      break;
    }
    ends.push_back(at += bytes.size());
  }
  if (at != r.text.size())
    throw data_error("the tokenizer changes the text, so its tokens have no places in it",
                     "masks of tokens need a byte-level tokenizer without normalization");
  std::vector<IndexRange> ranges;
  size_t byte = 0, chars = 0;
  const auto token_of = [&](size_t character) {
    if (character < chars) byte = chars = 0;  // blocks inside each other come inner first
    for (; chars < character && byte < r.text.size(); ++chars) byte += jinja::char_size(r.text[byte]);
    return static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), byte) - ends.begin());
  };
  for (const IndexRange& g : r.generated) {
    if (g.begin == g.end) continue;
    const size_t first = token_of(g.begin);
    ranges.push_back({first, std::min(token_of(g.end - 1) + 1, ids.size())});
  }
  return ranges;
}

}  // namespace ds::tokenizer
