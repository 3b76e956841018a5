// One answer as it grows: ids in, text out.
//
// Text comes in whole characters, without what follows a stop string and without anything that could still
// become one. A token's log probability goes out together with the beginning of its text, so the tokens of a
// stop string are never told of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infer/logprobs.h"
#include "serve/stop_strings.h"
#include "tokenizer/tokenizer.h"

namespace ds::serve {

using Token = infer::TokenChoice;

struct LoggedToken {
  std::string bytes;
  std::optional<double> logprob;                    // nothing for the first token of a prompt
  std::vector<std::pair<std::string, double>> top;  // bytes, the most likely first
  int64_t offset = 0;                               // characters of text before it
};

// What is new.
struct Piece {
  std::string text;
  std::vector<LoggedToken> tokens;
  int64_t generated = 0;  // tokens of the answer, those of a stop string too
  bool stopped = false;   // by a stop string: the answer ends here
};

class ChoiceStream {
 public:
  ChoiceStream(const tokenizer::Tokenizer& tokenizer, std::vector<std::string> stop, bool logprobs);

  // The prompt as the beginning of the text (echo); the first `hidden` tokens are no text. At most once,
  // first.
  Piece echo(const std::vector<Token>& prompt, size_t hidden);
  Piece token(const Token& token);
  Piece finish();  // the text ends here; empty after a stop string

 private:
  std::string decode(int64_t id, bool show_special);
  void log(const Token& token, int64_t offset);
  void give_tokens(Piece& piece, bool all);

  tokenizer::Tokenizer tokenizer_;
  tokenizer::StreamDecoder decoder_;
  StopStrings stop_;
  bool logprobs_;
  struct Waiting {
    size_t begin;  // bytes of the answer's text before the token
    LoggedToken token;
  };
  std::vector<Waiting> waiting_;
  size_t decoded_ = 0, given_ = 0;  // bytes of the answer's text
  int64_t characters_ = 0;          // of everything decoded, echo included
};

// The token's own bytes; empty for an id that the tokenizer does not have (a padded vocabulary).
std::string token_bytes(const tokenizer::Tokenizer& tokenizer, int64_t id);

}  // namespace ds::serve
