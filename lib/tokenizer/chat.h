// Conversations as the text a model was trained on, by the template of the model itself: its Jinja text
// (chat_template.jinja, tokenizer_config.json, a GGUF's tokenizer.chat_template) rendered as transformers'
// apply_chat_template does, or, for the DeepSeek releases that bring no template, an encoder of our own.
//
// Whatever comes from a conversation is foreign text: encode_rendered() lets no marker that is written in it
// become a token, only those that the template itself writes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/jinja_template.h"
#include "tokenizer/tokenizer.h"

namespace ds::tokenizer {

// What is said, as JSON values. All but `messages` may be missing (none).
struct Conversation {
  jinja::Value messages;  // a list of dicts: role, content, tool_calls, …
  jinja::Value id = jinja::Value::none();
  jinja::Value tools = jinja::Value::none();
  jinja::Value documents = jinja::Value::none();
  std::vector<std::pair<std::string, jinja::Value>> variables;  // what else a template may ask for
  bool generate = false;                                        // open the assistant's next answer
};
// A conversation from one line of JSON: {"messages": […], "tools": […], "documents": […],
// "chat_template_kwargs": {…}, "id": …}, or the messages alone; other members are passed over. Throws data
// without a place.
Conversation read_conversation(std::string_view json);

// The special tokens that a model folder's tokenizer_config.json and special_tokens_map.json name, by their
// names there: bos_token, eos_token, … Throws data.
std::vector<std::pair<std::string, std::string>> special_tokens(const std::string& folder);

class ChatTemplate {
 public:
  // Variables that a template knows by name besides the conversation: bos_token, eos_token, …
  using Variables = std::vector<std::pair<std::string, std::string>>;

  // Throws data when the template is not one that is supported, with its line.
  static ChatTemplate from_jinja(std::string_view source, std::string name, Variables variables = {});
  // "deepseek-v3.2", "deepseek-v4", and the forms of chat_template.h: chatml, llama3, deepseek. Throws usage.
  static ChatTemplate from_form(std::string_view form);
  static const std::vector<std::string>& forms();
  // What a model folder, or the folder of a tokenizer.json, says; a GGUF file too. Nothing when it has no
  // template. Throws io, data.
  static std::optional<ChatTemplate> from_model(const std::string& path);

  // What a conversation becomes. Throws data.
  Rendered render(const Conversation& conversation, const RenderOptions& options = {}) const;
  // The same, with `generated` set for templates without {% generation %} too: to what each assistant message
  // adds to the conversation before it (with an opened answer). Throws data when the template tells earlier
  // answers in another way than new ones, so that there is no such text.
  Rendered render_learned(const Conversation& conversation, const RenderOptions& options = {}) const;
  bool marks_generation() const { return marks_; }
  // Tokens that end an answer besides the model's own end tokens: those of the usual names (<|im_end|>,
  // <|eot_id|>, <end_of_turn>, …) that the template writes and the tokenizer has.
  std::vector<uint32_t> end_ids(const Tokenizer& tokenizer) const;
  const std::string& name() const { return name_; }  // for messages

 private:
  using Native = Rendered (*)(const Conversation&);
  ChatTemplate() = default;
  const JinjaTemplate& choose(const Conversation& conversation) const;
  std::string name_;
  Native native_ = nullptr;
  std::vector<std::pair<std::string, JinjaTemplate>> templates_;  // "default" first, "tool_use"
  Variables variables_;
  std::string source_;  // of all templates
  bool marks_ = false;
};

// Ids of rendered text. Added tokens match as in any text, but none whose text is in part foreign, if it is
// special or looks like a control token (<|…|>, <｜…｜>). Nothing is added in front or behind.
std::vector<uint32_t> encode_rendered(const Tokenizer& tokenizer, const Rendered& rendered);
// The tokens [begin, end) of `ids`, which encode_rendered() gave, that hold the generated characters, as
// transformers' assistant mask. Throws data when the tokenizer's tokens do not spell the text.
std::vector<IndexRange> generated_tokens(const Tokenizer& tokenizer, const Rendered& rendered,
                                         const std::vector<uint32_t>& ids);

// The encoders of DeepSeek V3.2 and V4, which come as programs and not as templates. Variables: thinking or
// enable_thinking (false), drop_thinking (true), and for V4 reasoning_effort (low, high, max). An answer is
// opened after a user's or tool's last message whether asked for or not, as those programs do.
Rendered render_deepseek_v32(const Conversation& conversation);
Rendered render_deepseek_v4(const Conversation& conversation);

}  // namespace ds::tokenizer
