// What each stage of a tokenizer makes of one text, with places in it: for people (ds-tokenize inspect) and
// for comparing tokenizers (compare.h).
//
// Places are bytes of the text, as the pipeline tracks them: unlike those of an Encoding no post-processor
// has trimmed them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ds::tokenizer {

class Tokenizer;

struct TracePiece {
  uint64_t begin = 0, end = 0;  // of the text
  std::string text;             // what the stage makes of it
  bool added = false;           // an added token
  std::vector<uint32_t> from;   // of normalized text: which byte each of its bytes comes from
};
struct TraceToken {
  uint32_t id = 0;
  uint64_t begin = 0, end = 0;
  uint32_t word = 0;  // of `words`
};

struct Trace {
  std::string text;                // itself, repaired if it was no UTF-8
  std::vector<TracePiece> added;   // added tokens and what is between them
  std::vector<TracePiece> normal;  // the same, normalized, and with the tokens sought there
  std::vector<TracePiece> words;   // what the pre-tokenizer leaves
  std::vector<TraceToken> tokens;
};
// Throws what encoding the text throws.
Trace trace(const Tokenizer& tokenizer, std::string_view text, bool specials_in_text = true);

}  // namespace ds::tokenizer
