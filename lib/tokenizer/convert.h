// Tokenizers of other formats as a tokenizer.json that gives the same ids: SentencePiece `.model`, tiktoken
// ranks, Mistral's tekken.json, the tokenizer inside a GGUF. What the file is shows in its content, not in
// its name.
//
// The shapes are the field's (transformers' converters): SentencePiece BPE becomes BPE over characters with
// byte fallback and merges derived from the scores; SentencePiece Unigram becomes Unigram; ranks become
// merges of every two tokens that make a third. Of several merges to one token the one with the longest left
// part goes first, which is what "leftmost first" among equals comes to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/sentencepiece_model.h"
#include "formats/tekken_json.h"
#include "formats/tiktoken_ranks.h"
#include "formats/tokenizer_json.h"
#include "tokenizer/tokenizer.h"

namespace ds::tokenizer {

struct ConvertOptions {
  std::string pattern;               // of ranks, which do not say: a name of splitter.h; "": by their number
  std::vector<std::string> special;  // special tokens that ranks get behind all others
};

struct Converted {
  formats::TokenizerJson json;
  std::string kind;                // "SentencePiece BPE", for people
  std::string chat_template;       // of a GGUF; or empty
  std::vector<std::string> notes;  // what the result does not say or does otherwise
};

// The file that `path` names: itself, or in a folder tokenizer.json, tekken.json or tokenizer.model, the
// first that is there. Throws io.
std::string tokenizer_file(const std::string& path);
std::string tokenizer_file_in(const std::string& folder);  // the same; "" when the folder holds none
// Throws io; data for damage and for kinds that are not known; usage when ranks need a pattern.
Converted convert_tokenizer(const std::string& path, const ConvertOptions& options = {});
formats::TokenizerJson tokenizer_from_file(const std::string& path);  // the same without the rest

// A tokenizer ready for use, whatever its format: what every --tokenizer takes.
struct OpenedTokenizer {
  Tokenizer tokenizer;
  std::string path;  // the file, also where a folder was named
  // Of other formats: the tokenizer.json that they become. Nothing when the file is one.
  std::optional<std::string> converted;
  std::vector<std::string> notes;
};
OpenedTokenizer open_tokenizer(const std::string& path);  // throws as Tokenizer::load and convert_tokenizer

// The parts; `name` is used in messages.
formats::TokenizerJson from_sentencepiece(const formats::SentencePieceModel& m, const std::string& name);
formats::TokenizerJson from_tiktoken(const formats::TiktokenRanks& ranks, const ConvertOptions& options,
                                     const std::string& name);
formats::TokenizerJson from_tekken(const formats::TekkenJson& t, const std::string& name);
Converted from_gguf(const std::string& path);

}  // namespace ds::tokenizer
