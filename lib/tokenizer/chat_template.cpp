#include "tokenizer/chat_template.h"

#include <algorithm>

#include "base/error.h"

namespace ds::tokenizer {

namespace {

struct Form {
  ChatForm form;
  std::string_view name;
  std::string_view bos;     // in front of everything; empty: none
  std::string_view answer;  // the markup that opens the assistant's answer
  std::string_view end;     // the token that closes it
  bool tool;                // whether there is a role of that name
};

constexpr Form kForms[] = {
    {ChatForm::chatml, "chatml", "", "<|im_start|>", "<|im_end|>", true},
    {ChatForm::llama3, "llama3", "<|begin_of_text|>", "<|start_header_id|>", "<|eot_id|>", false},
    {ChatForm::deepseek, "deepseek", "<｜begin▁of▁sentence｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>",
     false},
};

const Form& facts(ChatForm form) {
  for (const Form& f : kForms)
    if (f.form == form) return f;
  throw internal_error("a chat form that no table knows");
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Python's str.strip(), which Jinja's `trim` is: Unicode white space on both sides.
constexpr std::string_view kWide[] = {
    "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
    "\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000",
};
bool narrow(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f'); }

std::string_view trim(std::string_view text) {
  const auto cut = [&](bool front) {
    if (text.empty()) return false;
    if (narrow(front ? text.front() : text.back())) {
      front ? text.remove_prefix(1) : text.remove_suffix(1);
      return true;
    }
    for (const std::string_view wide : kWide) {
      if (!(front ? text.starts_with(wide) : text.ends_with(wide))) continue;
      front ? text.remove_prefix(wide.size()) : text.remove_suffix(wide.size());
      return true;
    }
    return false;
  };
  while (cut(true)) {
  }
  while (cut(false)) {
  }
  return text;
}

// Pieces under construction. Plain text joins what is plain before it, because the models saw it so: "user\n"
// and the message are one stretch of text between two special tokens.
struct Pieces {
  std::vector<ChatPiece> list;
  Pieces& token(std::string_view text) {
    list.push_back({std::string(text), true});
    return *this;
  }
  Pieces& text(std::string_view more) {
    if (more.empty()) return *this;
    if (list.empty() || list.back().markup) list.push_back({});
    list.back().text += more;
    return *this;
  }
};

void render_chatml(Pieces& out, const std::vector<ChatMessage>& messages) {
  for (size_t i = 0; i < messages.size(); ++i) {
    const ChatMessage& m = messages[i];
    if (m.role != "tool") {
      out.token("<|im_start|>").text(m.role).text("\n").text(m.content).token("<|im_end|>").text("\n");
      continue;
    }
    // What tools answered is told by the user, all that follows each other in one turn.
    if (i == 0 || messages[i - 1].role != "tool") out.token("<|im_start|>").text("user");
    out.text("\n<tool_response>\n").text(m.content).text("\n</tool_response>");
    if (i + 1 == messages.size() || messages[i + 1].role != "tool") out.token("<|im_end|>").text("\n");
  }
}

Pieces& llama3_header(Pieces& out, std::string_view role) {
  return out.token("<|start_header_id|>").text(role).token("<|end_header_id|>").text("\n\n");
}

void render_llama3(Pieces& out, const std::vector<ChatMessage>& messages) {
  for (const ChatMessage& m : messages) llama3_header(out, m.role).text(trim(m.content)).token("<|eot_id|>");
}

void render_deepseek(Pieces& out, const std::vector<ChatMessage>& messages) {
  bool first = true;
  for (const ChatMessage& m : messages) {
    if (m.role != "system") continue;
    out.text(first ? "" : "\n\n").text(m.content);
    first = false;
  }
  for (const ChatMessage& m : messages) {
    if (m.role == "user") out.token("<｜User｜>").text(m.content);
    if (m.role == "assistant") out.token("<｜Assistant｜>").text(m.content).token("<｜end▁of▁sentence｜>");
  }
}

// Only an added token will do: one that merges can spell would also come out of a user's text.
uint32_t marker_id(const Tokenizer& tokenizer, const std::string& marker, const Form& form) {
  for (const auto& token : tokenizer.model().added)
    if (token.content == marker) return token.id;
  throw data_error("the tokenizer has no added token " + marker,
                   "the chat template has the form " + std::string(form.name) + ", which needs it");
}

// Places where text that only looks like a control token is cut apart, so that no token can match across:
// added tokens which their tokenizer.json does not call special (DeepSeek's <｜User｜>) match in any text.
std::vector<size_t> cuts(const Tokenizer& tokenizer, std::string_view text) {
  const auto control = [](std::string_view word) {
    return (word.starts_with("<|") && word.ends_with("|>")) ||
           (word.starts_with("<｜") && word.ends_with("｜>"));
  };
  std::vector<size_t> result;
  if (!has(text, "<|") && !has(text, "<｜")) return result;
  for (const auto& token : tokenizer.model().added) {
    if (token.special || !control(token.content)) continue;
    for (size_t at = text.find(token.content); at != std::string_view::npos;
         at = text.find(token.content, at + 1))
      result.push_back(at + 1);
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

std::string_view chat_form_name(ChatForm form) { return facts(form).name; }

std::optional<ChatForm> chat_form_from_name(std::string_view name) {
  for (const Form& f : kForms)
    if (f.name == name) return f.form;
  return std::nullopt;
}

std::optional<ChatForm> recognise_chat_template(std::string_view jinja) {
  if (has(jinja, "<｜User｜>") && has(jinja, "<｜Assistant｜>")) {
    // From V3.1 on an answer opens with <think> or </think>.
    if (has(jinja, "thinking is defined") || has(jinja, "{{'</think>'}}")) return std::nullopt;
    return ChatForm::deepseek;
  }
  if (has(jinja, "<|start_header_id|>") && has(jinja, "<|end_header_id|>") && has(jinja, "<|eot_id|>"))
    return ChatForm::llama3;
  // Phi-4 has its own separator, InternLM and LFM put a BOS in front.
  if (has(jinja, "<|im_start|>") && has(jinja, "<|im_end|>") && !has(jinja, "<|im_sep|>") &&
      !has(jinja, "bos_token"))
    return ChatForm::chatml;
  return std::nullopt;
}

std::vector<ChatPiece> render_chat(ChatForm form, const std::vector<ChatMessage>& messages, bool generate) {
  const Form& f = facts(form);
  if (messages.empty()) throw usage_error("a chat without messages", "give at least one");
  for (const ChatMessage& m : messages) {
    const bool known =
        m.role == "system" || m.role == "user" || m.role == "assistant" || (f.tool && m.role == "tool");
    if (!known) {
      throw usage_error(
          "role \"" + m.role + "\": the chat form " + std::string(f.name) + " has none of that name",
          f.tool ? "system, user, assistant and tool are known" : "system, user and assistant are known");
    }
  }
  Pieces out;
  if (!f.bos.empty()) out.token(f.bos);
  switch (form) {
    case ChatForm::chatml:
      render_chatml(out, messages);
      if (generate) out.token(f.answer).text("assistant\n");
      break;
    case ChatForm::llama3:
      render_llama3(out, messages);
      if (generate) llama3_header(out, "assistant");
      break;
    case ChatForm::deepseek:
      render_deepseek(out, messages);
      if (generate) out.token(f.answer);
      break;
  }
  return std::move(out.list);
}

std::vector<uint32_t> encode_chat(const Tokenizer& tokenizer, ChatForm form,
                                  const std::vector<ChatMessage>& messages, bool generate) {
  const Form& f = facts(form);
  std::vector<uint32_t> ids;
  for (const ChatPiece& piece : render_chat(form, messages, generate)) {
    if (piece.markup) {
      ids.push_back(marker_id(tokenizer, piece.text, f));
      continue;
    }
    std::vector<size_t> ends = cuts(tokenizer, piece.text);
    ends.push_back(piece.text.size());
    size_t begin = 0;
    for (const size_t end : ends) {
      const auto part = tokenizer.encode(std::string_view(piece.text).substr(begin, end - begin),
                                         /*specials_in_text=*/false);
      ids.insert(ids.end(), part.begin(), part.end());
      begin = end;
    }
  }
  return ids;
}

std::vector<uint32_t> chat_end_ids(const Tokenizer& tokenizer, ChatForm form) {
  for (const auto& token : tokenizer.model().added)
    if (token.content == facts(form).end) return {token.id};
  return {};
}

std::string chat_template_text(ChatForm form) {
  switch (form) {
    case ChatForm::chatml:
      return R"({%- for message in messages %}
    {%- if message['role'] in ['system', 'user', 'assistant'] %}
        {{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}
    {%- elif message['role'] == 'tool' %}
        {%- if loop.first or messages[loop.index0 - 1]['role'] != 'tool' %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\n<tool_response>\n' + message['content'] + '\n</tool_response>' }}
        {%- if loop.last or messages[loop.index0 + 1]['role'] != 'tool' %}
            {{- '<|im_end|>\n' }}
        {%- endif %}
    {%- else %}
        {{- raise_exception('Roles are system, user, assistant and tool') }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
)";
    case ChatForm::llama3:
      return R"({{- '<|begin_of_text|>' }}
{%- for message in messages %}
    {%- if message['role'] not in ['system', 'user', 'assistant'] %}
        {{- raise_exception('Roles are system, user and assistant') }}
    {%- endif %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
)";
    case ChatForm::deepseek:
      return R"({%- set ns = namespace(system='', first=true) %}
{%- for message in messages %}
    {%- if message['role'] == 'system' %}
        {%- set ns.system = ns.system + ('' if ns.first else '\n\n') + message['content'] %}
        {%- set ns.first = false %}
    {%- elif message['role'] not in ['user', 'assistant'] %}
        {{- raise_exception('Roles are system, user and assistant') }}
    {%- endif %}
{%- endfor %}
{{- '<｜begin▁of▁sentence｜>' + ns.system }}
{%- for message in messages %}
    {%- if message['role'] == 'user' %}
        {{- '<｜User｜>' + message['content'] }}
    {%- elif message['role'] == 'assistant' %}
        {{- '<｜Assistant｜>' + message['content'] + '<｜end▁of▁sentence｜>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<｜Assistant｜>' }}
{%- endif %}
)";
  }
  throw internal_error("a chat form that no table knows");
}

}  // namespace ds::tokenizer
