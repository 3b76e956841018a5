#include "serve/choice_stream.h"

#include "base/utf8.h"

namespace ds::serve {

std::string token_bytes(const tokenizer::Tokenizer& tokenizer, int64_t id) {
  if (id < 0 || id >= static_cast<int64_t>(tokenizer.vocab_size())) return {};
  return std::string(tokenizer.bytes_of(static_cast<uint32_t>(id)));
}

ChoiceStream::ChoiceStream(const tokenizer::Tokenizer& tokenizer, std::vector<std::string> stop,
                           bool logprobs)
    : tokenizer_(tokenizer), decoder_(tokenizer), stop_(std::move(stop)), logprobs_(logprobs) {}

std::string ChoiceStream::decode(int64_t id, bool show_special) {
  if (id < 0 || id >= static_cast<int64_t>(tokenizer_.vocab_size())) return {};
  const auto known = static_cast<uint32_t>(id);
  return tokenizer_.is_special(known) && !show_special ? std::string() : decoder_.push(known);
}

void ChoiceStream::log(const Token& token, int64_t offset) {
  LoggedToken out{token_bytes(tokenizer_, token.id), token.logprob, {}, offset};
  for (const auto& [id, logprob] : token.top) out.top.emplace_back(token_bytes(tokenizer_, id), logprob);
  waiting_.push_back({decoded_, std::move(out)});
}

void ChoiceStream::give_tokens(Piece& piece, bool all) {
  size_t n = 0;
  while (n < waiting_.size() && (all || waiting_[n].begin < given_))
    piece.tokens.push_back(std::move(waiting_[n++].token));
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(n));
}

Piece ChoiceStream::echo(const std::vector<Token>& prompt, size_t hidden) {
  Piece piece;
  for (size_t i = 0; i < prompt.size(); ++i) {
    if (logprobs_) log(prompt[i], characters_);
    if (i < hidden) continue;
    const std::string text = decode(prompt[i].id, true);
    characters_ += static_cast<int64_t>(count_chars(text));
    piece.text += text;
  }
  give_tokens(piece, true);
  return piece;
}

Piece ChoiceStream::token(const Token& token) {
  Piece piece;
  piece.generated = 1;
  if (logprobs_) log(token, characters_);
  const std::string text = decode(token.id, false);
  characters_ += static_cast<int64_t>(count_chars(text));
  decoded_ += text.size();
  piece.text = stop_.push(text);
  given_ += piece.text.size();
  piece.stopped = stop_.matched();
  give_tokens(piece, false);
  if (piece.stopped) waiting_.clear();
  return piece;
}

Piece ChoiceStream::finish() {
  Piece piece;
  if (stop_.matched()) return piece;
  piece.text = stop_.push(decoder_.finish());
  if (!stop_.matched()) piece.text += stop_.finish();
  given_ += piece.text.size();
  give_tokens(piece, !stop_.matched());
  return piece;
}

}  // namespace ds::serve
