// What can be said of a tokenizer by looking at all of its tokens: which can never come out of a text, which
// only look as if they could, which say the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace ds::tokenizer {

struct Survey {
  std::string pattern;      // the published way of cutting words, by name; "" when it is none
  std::string why_general;  // why it has not the fast way; "" when it has
  std::optional<std::string> why_not_lossless;

  std::vector<uint32_t> longest;  // tokens of the model by their bytes, longest first; at most 10
  // Tokens that the model never makes, whatever the word: their own spelling becomes other tokens, and what
  // becomes of a stretch of a word is decided inside of it. (Not looked for: pieces that only continue a
  // word.)
  std::vector<uint32_t> unreachable;
  // Others whose text becomes other ids: the words are cut so, or the normalizer changes it. Seldom or never
  // seen in training, so models behave oddly on them. Only looked for where text is kept as it is.
  std::vector<uint32_t> glitch_candidates;
  std::vector<std::vector<uint32_t>> duplicates;  // ids that stand for the same bytes
  std::optional<uint32_t> bytes_covered;          // of 256, of models that spell bytes
  uint32_t holes = 0;                             // ids without a token
};

Survey survey(const Tokenizer& tokenizer);

}  // namespace ds::tokenizer
