#include "tokenizer/trace.h"

#include "base/utf8.h"
#include "tokenizer/pipeline.h"
#include "tokenizer/tokenizer.h"

namespace ds::tokenizer {
namespace {

std::vector<TracePiece> pieces_of(const Pieces& p) {
  std::vector<TracePiece> out;
  out.reserve(p.list.size());
  for (const TextPiece& piece : p.list)
    out.push_back({piece.from,
                   piece.to,
                   std::string(p.text.substr(piece.begin, piece.end - piece.begin)),
                   piece.token != kNoToken,
                   {}});
  return out;
}

}  // namespace

Trace Pipeline::trace(std::string_view text, bool specials_in_text, PipelineScratch& s) const {
  Trace t;
  append_repaired(t.text, text);
  const std::string_view whole = t.text;
  added_.cut(
      whole, false, specials_in_text,
      [&](uint32_t begin, uint32_t end) {
        t.added.push_back({begin, end, std::string(whole.substr(begin, end - begin)), false, {}});
      },
      [&](uint32_t, uint32_t begin, uint32_t end) {
        t.added.push_back({begin, end, std::string(whole.substr(begin, end - begin)), true, {}});
      });
  normalize(whole, specials_in_text, true, s);
  t.normal = pieces_of(s.pieces);
  for (size_t i = 0; i < t.normal.size(); ++i) {
    for (uint32_t k = s.pieces.list[i].begin; k < s.pieces.list[i].end; ++k)
      t.normal[i].from.push_back(s.pieces.align[k].begin);
  }
  pre_tokenizer_.apply(s.pieces);
  t.words = pieces_of(s.pieces);
  const Pieces& p = s.pieces;
  for (uint32_t i = 0; i < p.list.size(); ++i) {
    const TextPiece& piece = p.list[i];
    if (piece.token != kNoToken) {
      t.tokens.push_back({piece.token, piece.from, piece.to, i});
      continue;
    }
    s.tokens.clear();
    model_->encode_word(p.text.substr(piece.begin, piece.end - piece.begin), s.tokens, s.model);
    for (const Piece& token : s.tokens) {
      // As Pipeline::encode places them.
      TraceToken at{token.id, uint64_t{piece.from} + token.begin, uint64_t{piece.from} + token.end, i};
      if (token.begin < token.end) {
        at.begin = p.align[piece.begin + token.begin].begin;
        at.end = p.align[piece.begin + token.end - 1].end;
      }
      t.tokens.push_back(at);
    }
  }
  return t;
}

Trace trace(const Tokenizer& tokenizer, std::string_view text, bool specials_in_text) {
  PipelineScratch scratch(0);
  return tokenizer.pipeline().trace(text, specials_in_text, scratch);
}

}  // namespace ds::tokenizer
