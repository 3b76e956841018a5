// tokenizer.json of the Hugging Face `tokenizers` library: the part that byte-level BPE needs, reader and
// writer.
//
// Layout: version "1.0", truncation, padding, added_tokens, normalizer, pre_tokenizer, post_processor,
// decoder, model. Supported: model BPE; normalizer null, an empty Sequence or NFC; pre_tokenizer ByteLevel,
// or a Sequence of Isolated Splits by regex that ends in ByteLevel; decoder ByteLevel; post_processor null,
// ByteLevel or a TemplateProcessing that puts fixed tokens round the text. Everything else is a data error
// that names the field. Vocabulary strings are stored in the GPT-2 byte alphabet; here they are plain bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ds::formats {

struct AddedToken {
  uint32_t id = 0;
  std::string content;
  bool single_word = false, lstrip = false, rstrip = false, normalized = false, special = true;
  bool in_model = true;  // the model's vocabulary has it too
};

struct TokenizerJson {
  std::vector<AddedToken> added;                      // ascending id
  bool nfc = false;                                   // normalizer NFC
  std::vector<std::string> splits;                    // regexes of the Splits, in order
  bool byte_level_regex = false;                      // ByteLevel's own GPT-2 regex, after the splits
  std::vector<std::string> tokens;                    // by id: bytes; "" where no token has the id
  std::vector<std::pair<uint32_t, uint32_t>> merges;  // ids of the two parts, best rank first
  std::vector<uint32_t> merged;                       // id of the token that merge i makes
  bool ignore_merges = false;            // a word that is a token is that token, whatever the merges say
  std::vector<uint32_t> prefix, suffix;  // tokens of a TemplateProcessing before and after the text
};

// `name` is used in messages. Throws data.
TokenizerJson parse_tokenizer_json(std::string_view text, const std::string& name);
TokenizerJson read_tokenizer_json(const std::string& path);  // throws io, data
std::string tokenizer_json_text(const TokenizerJson& t);  // what the reference library's `save` would write

// GPT-2's byte alphabet: a printable character for each byte, as UTF-8, and back.
std::string to_byte_alphabet(std::string_view bytes);
// The bytes; a string with a character outside the alphabet stands for itself (as in the reference's
// decoder).
std::string from_byte_alphabet(std::string_view text);

}  // namespace ds::formats
