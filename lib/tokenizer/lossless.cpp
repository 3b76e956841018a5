#include "tokenizer/lossless.h"

#include <algorithm>
#include <vector>

#include "tokenizer/normalizer.h"
#include "tokenizer/trace.h"

namespace ds::tokenizer {
namespace {

using formats::PreTokenizer;

// What a pre-tokenizer loses, or puts in.
std::optional<std::string> lossy(const PreTokenizer& p) {
  switch (p.type) {
    case PreTokenizer::Type::sequence:
      for (const PreTokenizer& part : p.parts) {
        if (auto why = lossy(part)) return why;
      }
      return std::nullopt;
    case PreTokenizer::Type::split:
    case PreTokenizer::Type::punctuation:
      if (p.behavior == formats::SplitBehavior::removed) return "pre_tokenizer: a Split that removes text";
      return std::nullopt;
    case PreTokenizer::Type::byte_level:
      if (p.add_prefix_space) return "pre_tokenizer: ByteLevel puts a space in front";
      return std::nullopt;
    case PreTokenizer::Type::digits:
    case PreTokenizer::Type::unicode_scripts:
    case PreTokenizer::Type::fixed_length:
      return std::nullopt;
    default:
      return "pre_tokenizer: white space is not kept as it is";
  }
}

bool spells_bytes(const formats::Normalizer& n) {
  return n.type == formats::Normalizer::Type::byte_level ||
         std::any_of(n.parts.begin(), n.parts.end(), spells_bytes);
}

bool has_byte_level(const PreTokenizer& p) {
  return p.type == PreTokenizer::Type::byte_level ||
         std::any_of(p.parts.begin(), p.parts.end(), has_byte_level);
}

}  // namespace

std::optional<std::string> why_not_lossless(const formats::TokenizerJson& t) {
  if (!t.decoder || t.decoder->type != formats::Decoder::Type::byte_level) return "decoder: not ByteLevel";
  if (!t.pre_tokenizer || !has_byte_level(*t.pre_tokenizer)) return "pre_tokenizer: no ByteLevel";
  if (t.normalizer && spells_bytes(*t.normalizer)) return "normalizer: ByteLevel";
  if (auto why = lossy(*t.pre_tokenizer)) return why;
  if (t.model.type != formats::TokenizerModel::Type::bpe) return "model: not BPE";
  std::vector<std::string> letters;
  for (const std::string& s : t.model.tokens) {
    if (s.size() <= 2) letters.push_back(s);
  }
  std::sort(letters.begin(), letters.end());
  for (int c = 0; c < 256; ++c) {
    const std::string letter = formats::to_byte_alphabet(std::string(1, static_cast<char>(c)));
    if (!std::binary_search(letters.begin(), letters.end(), letter))
      return "model: not all bytes have a token";
  }
  const NormalizerSteps normalizer = t.normalizer ? NormalizerSteps(*t.normalizer) : NormalizerSteps();
  for (const formats::AddedToken& a : t.added) {
    if (a.lstrip || a.rstrip || (a.normalized && normalizer.text_of(a.content) != a.content))
      return "added_tokens: " + a.content + " takes text along or changes it";
  }
  return std::nullopt;
}

std::string normalized_text(const Tokenizer& tokenizer, std::string_view text, bool specials_in_text) {
  std::string out;
  for (const TracePiece& p : trace(tokenizer, text, specials_in_text).normal) out += p.text;
  return out;
}

}  // namespace ds::tokenizer
