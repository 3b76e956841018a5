// Chat messages as the text a model was trained on. Three forms are built in; which of them a model uses is
// read off its chat template (the Jinja text in chat_template.jinja or tokenizer_config.json) by its markers.
//
//   chatml    <|im_start|>ROLE\nCONTENT<|im_end|>\n …                                (Qwen, SmolLM2)
//   llama3    BOS <|start_header_id|>ROLE<|end_header_id|>\n\nCONTENT<|eot_id|> …    (content trimmed)
//   deepseek  BOS SYSTEM <｜User｜>CONTENT<｜Assistant｜>CONTENT<｜end▁of▁sentence｜> …   (V2.5, V3, R1)
//
// They render what the original templates do for plain conversations, and add nothing: no default system
// prompt (Qwen2.5, SmolLM2), no date (Llama 3.1), no opening <think> (later templates of R1). In chatml what
// tools answered is a <tool_response> in a user turn, as Qwen2.5 has it; the other two know no such role.
//
// Rendered text comes in pieces: a piece of markup is one control token, the others are plain text and never
// become one, so that a user cannot write the markers of another role.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace ds::tokenizer {

enum class ChatForm { chatml, llama3, deepseek };
std::string_view chat_form_name(ChatForm form);  // "chatml"
std::optional<ChatForm> chat_form_from_name(std::string_view name);
std::optional<ChatForm> recognise_chat_template(
    std::string_view jinja);                    // nothing when it is none of the three
std::string chat_template_text(ChatForm form);  // Jinja that renders the same, for other programs

struct ChatMessage {
  std::string role;  // system, user, assistant, tool
  std::string content;
};

struct ChatPiece {
  std::string text;
  bool markup = false;  // a control token of the form; else text: content and what lies round it
};
// `generate` adds the beginning of the assistant's answer. Throws usage for a role the form does not have and
// for no messages at all.
std::vector<ChatPiece> render_chat(ChatForm form, const std::vector<ChatMessage>& messages, bool generate);
// The ids: markup is control tokens, plain text is not, also where a tokenizer.json calls its markers not
// special; BOS by the form. Throws data when the tokenizer lacks a marker among its added tokens.
std::vector<uint32_t> encode_chat(const Tokenizer& tokenizer, ChatForm form,
                                  const std::vector<ChatMessage>& messages, bool generate);
// Tokens that end an answer besides the model's own end tokens: <|im_end|>, <|eot_id|>,
// <｜end▁of▁sentence｜>.
std::vector<uint32_t> chat_end_ids(const Tokenizer& tokenizer, ChatForm form);

}  // namespace ds::tokenizer
