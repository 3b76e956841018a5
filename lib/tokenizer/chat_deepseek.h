// What the encoders of DeepSeek V3.2 and V4 share: a conversation's messages, tools and calls written in
// DSML, and which reasoning is left out. Facts: the releases' encoding_dsv32.py and encoding_dsv4.py, which
// are the definition of the form; there is no Jinja file.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/utf8.h"
#include "tokenizer/chat.h"
#include "tokenizer/jinja_text.h"

namespace ds::tokenizer::deepseek {

using jinja::Chars;
using jinja::Dict;
using jinja::Kind;
using jinja::Value;

inline constexpr std::string_view kBos = "<｜begin▁of▁sentence｜>", kEos = "<｜end▁of▁sentence｜>";
inline constexpr std::string_view kUser = "<｜User｜>", kAssistant = "<｜Assistant｜>";
inline constexpr std::string_view kReminder = "<｜latest_reminder｜>", kThink = "<think>",
                                  kThought = "</think>";
inline constexpr std::string_view kResponseFormat =
    "## Response Format:\n\nYou MUST strictly adhere to the following schema to reply:\n";

inline Error wrong(size_t index, const std::string& what) {
  return data_error(fmt::format("message {}: {}", index + 1, what));
}

// One message, its members by name.
struct Message {
  const Dict* dict = nullptr;
  std::string_view as;  // the role of a message that has no dict of its own
  size_t index = 0;     // in the conversation, for errors
  bool drop_reasoning = false;
  std::vector<Value> blocks;  // V4: parts of a user's turn
  bool has_blocks = false;
  Value tools, response_format;

  const Value* find(std::string_view name) const {
    const Value* v = dict ? dict->find(name) : nullptr;
    return v && !v->is(Kind::none) ? v : nullptr;
  }
  std::string role() const {
    if (!as.empty()) return std::string(as);
    const Value* v = find("role");
    return v && v->is_text() ? v->chars().bytes : "";
  }
  // Text of a member, or nothing.
  Chars text(std::string_view name) const {
    const Value* v = find(name);
    if (!v) return {};
    if (!v->is_text()) throw wrong(index, fmt::format("\"{}\" must be text", name));
    return v->chars();
  }
  std::vector<Value> calls() const {
    const Value* v = find("tool_calls");
    if (!v) return {};
    if (!v->is(Kind::list)) throw wrong(index, "\"tool_calls\" must be a list");
    return v->items();
  }
};

inline const Value* variable(const Conversation& c, std::string_view name) {
  for (const auto& [key, value] : c.variables)
    if (key == name && !value.is(Kind::none)) return &value;
  return nullptr;
}
inline bool flag(const Conversation& c, std::string_view name, bool otherwise) {
  const Value* v = variable(c, name);
  return v ? jinja::truth(*v) : otherwise;
}
inline bool thinks(const Conversation& c) { return flag(c, "thinking", flag(c, "enable_thinking", false)); }

// The messages; tools of the conversation belong to the system message, which is made when there is none.
inline std::vector<Message> messages_of(const Conversation& c) {
  if (!c.messages.is(Kind::list)) throw data_error("\"messages\" must be a list");
  std::vector<Message> all;
  for (const Value& v : c.messages.items()) {
    Message m;
    m.index = all.size();
    if (!v.is(Kind::dict)) throw wrong(m.index, "expected an object with \"role\" and \"content\"");
    m.dict = &v.dict();
    if (const Value* tools = m.find("tools")) m.tools = *tools;
    if (const Value* format = m.find("response_format")) m.response_format = *format;
    all.push_back(std::move(m));
  }
  if (jinja::truth(c.tools)) {
    if (all.empty() || all[0].role() != "system") {
      Message system;
      system.as = "system";
      all.insert(all.begin(), system);
    }
    all[0].tools = c.tools;
  }
  return all;
}
inline bool asks(const Message& m) {
  const std::string role = m.role();
  return role == "user" || role == "developer";
}
inline size_t last_question(const std::vector<Message>& all) {  // index + 1; 0: none
  size_t last = 0;
  for (size_t i = 0; i < all.size(); ++i)
    if (asks(all[i])) last = i + 1;
  return last;
}

struct Writer {
  jinja::Meter meter{jinja::Limits{}};
  Chars out;
  std::vector<IndexRange> generated;  // in bytes; finish() makes them code points

  Writer& add(std::string_view s) { return out.add(s), *this; }
  Writer& add(const Chars& c) { return out.add(c), *this; }
  void json(const Value& v) { out.add(jinja::to_json(v, {}, meter)); }

  void tools(const Value& list, size_t index, std::string_view begin, std::string_view end) {
    add(begin);
    bool first = true;
    for (const Value& tool : elements(list, meter)) {
      const Value* function = tool.is(Kind::dict) ? tool.dict().find("function") : nullptr;
      if (!function) throw wrong(index, "a tool must be {\"type\": \"function\", \"function\": {…}}");
      if (!first) add("\n");
      first = false;
      json(*function);
    }
    add(end);
  }
  void response_format(const Message& m) {
    if (!jinja::truth(m.response_format)) return;
    add("\n\n").add(kResponseFormat);
    json(m.response_format);
  }

  // A block of calls. `forgiving`: V4 keeps arguments that are not an object under the name "arguments".
  void calls(const Message& m, std::string_view block, bool forgiving) {
    const std::vector<Value> calls = m.calls();
    if (calls.empty()) return;
    add("\n\n<｜DSML｜").add(block).add(">\n");
    for (size_t i = 0; i < calls.size(); ++i) {
      const Value* function = calls[i].is(Kind::dict) ? calls[i].dict().find("function") : nullptr;
      const Value* name = function && function->is(Kind::dict) ? function->dict().find("name") : nullptr;
      const Value* given =
          function && function->is(Kind::dict) ? function->dict().find("arguments") : nullptr;
      if (!name || !name->is_text() || !given)
        throw wrong(m.index, "a tool call needs function.name and function.arguments");
      if (i > 0) add("\n");
      add("<｜DSML｜invoke name=\"").add(name->chars()).add("\">\n");
      arguments(m, *given, forgiving);
      add("\n</｜DSML｜invoke>");
    }
    add("\n</｜DSML｜").add(block).add(">");
  }
  void arguments(const Message& m, const Value& given, bool forgiving) {
    Value arguments = given;
    if (given.is_text()) {
      try {
        arguments = jinja::from_json(given.chars().bytes, given.chars().has_foreign(), nullptr);
      } catch (const jinja::Failure& f) {
        if (!forgiving) throw wrong(m.index, "arguments of a tool call: " + f.message);
      }
    }
    bool first = true;
    const auto parameter = [&](const Chars& key, const Value& value) {
      if (!first) add("\n");
      first = false;
      add("<｜DSML｜parameter name=\"")
          .add(key)
          .add(value.is_text() ? "\" string=\"true\">" : "\" string=\"false\">");
      if (value.is_text())
        add(value.chars());
      else
        json(value);
      add("</｜DSML｜parameter>");
    };
    if (arguments.is(Kind::dict)) {
      for (const auto& [key, value] : arguments.dict().entries) parameter(printed(key, meter), value);
    } else if (forgiving) {
      parameter(jinja::plain("arguments"), given);
    } else {
      throw wrong(m.index, "arguments of a tool call must be a JSON object");
    }
  }

  Rendered finish() {
    Rendered r;
    // Ranges in code points, found in one pass.
    size_t at = 0, chars = 0;
    const auto place = [&](size_t byte) {
      chars += count_chars(std::string_view(out.bytes).substr(at, byte - at));
      at = byte;
      return chars;
    };
    for (const IndexRange& g : generated) {
      const size_t begin = place(g.begin);
      r.generated.push_back({begin, place(g.end)});
    }
    for (const jinja::Span& s : out.foreign) r.foreign.push_back({s.begin, s.end});
    r.text = std::move(out.bytes);
    return r;
  }
};

// Leaves out what came before the last question: reasoning, and messages whose role is not in `kept`.
inline std::vector<Message> without_reasoning(std::vector<Message> all,
                                              std::initializer_list<std::string_view> kept) {
  const size_t last = last_question(all);
  std::vector<Message> result;
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string role = all[i].role();
    const bool keep = i + 1 >= last || std::find(kept.begin(), kept.end(), role) != kept.end();
    if (!keep && role != "assistant") continue;
    if (!keep) all[i].drop_reasoning = true;
    result.push_back(std::move(all[i]));
  }
  return result;
}

}  // namespace ds::tokenizer::deepseek
