#include "tokenizer/survey.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/utf8.h"
#include "formats/tokenizer_json_parts.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/decode.h"
#include "tokenizer/lossless.h"
#include "tokenizer/model.h"

namespace ds::tokenizer {
namespace {

using formats::TokenizerModel;

constexpr size_t kLongest = 10;

// The word that the model would make this token of, as the model sees it. Absent where that cannot be said: a
// piece that continues a word, what stands for a byte or for what is not known.
std::optional<std::string> own_word(const TokenizerModel& m, uint32_t id) {
  std::string word = m.tokens[id];
  if (word.empty() || m.unk_id == id || (m.unk_token && word == *m.unk_token)) return std::nullopt;
  if (m.byte_fallback && fallback_byte(word) >= 0) return std::nullopt;
  if (m.continuing_subword_prefix && !m.continuing_subword_prefix->empty() &&
      word.starts_with(*m.continuing_subword_prefix))
    return std::nullopt;
  if (m.end_of_word_suffix && !m.end_of_word_suffix->empty()) {
    if (!word.ends_with(*m.end_of_word_suffix)) return std::nullopt;
    word.resize(word.size() - m.end_of_word_suffix->size());
  }
  return word.empty() ? std::nullopt : std::optional(std::move(word));
}

std::vector<uint32_t> unreachable_tokens(const formats::TokenizerJson& json) {
  TokenizerModel plain = json.model;
  plain.dropout.reset();
  const auto model = make_model(plain);
  Scratch scratch;
  std::vector<Piece> pieces;
  std::vector<uint32_t> out;
  for (uint32_t id = 0; id < plain.tokens.size(); ++id) {
    if (!plain.known[id] || json.added_at(id)) continue;
    const auto word = own_word(plain, id);
    if (!word) continue;
    pieces.clear();
    bool made = false;
    try {
      model->encode_word(*word, pieces, scratch);
      made = pieces.size() == 1 && pieces[0].id == id;
    } catch (const Error&) {  // needs an unknown token and has none
    }
    if (!made) out.push_back(id);
  }
  return out;
}

std::string pattern_name(const formats::TokenizerJson& json) {
  const KnownPattern* known = nullptr;
  if (const auto splits = byte_level_splits(json)) known = splits->known();
  if (!known && json.pre_tokenizer) {
    known = match_pattern({}, false, false,
                          formats::kPreTokenizerTypes[static_cast<size_t>(json.pre_tokenizer->type)]);
  }
  return known ? known->name : "";
}

std::optional<uint32_t> bytes_covered(const Tokenizer& t, bool byte_level) {
  const TokenizerModel& m = t.model().model;
  if (!byte_level && !m.byte_fallback) return std::nullopt;
  std::set<int> bytes;
  for (uint32_t id = 0; id < m.tokens.size(); ++id) {
    if (!m.known[id]) continue;
    if (!byte_level) {
      if (const int byte = fallback_byte(m.tokens[id]); byte >= 0) bytes.insert(byte);
    } else if (const auto of = t.bytes_of(id); of.size() == 1) {
      bytes.insert(static_cast<unsigned char>(of[0]));
    }
  }
  return static_cast<uint32_t>(bytes.size());
}

}  // namespace

Survey survey(const Tokenizer& t) {
  const formats::TokenizerJson& json = t.model();
  Survey s;
  s.pattern = pattern_name(json);
  if (!t.fast()) {
    byte_level_view(json, &s.why_general);
    if (s.why_general.empty()) s.why_general = "model: its merges do not make its tokens, or it has too many";
  }
  s.why_not_lossless = why_not_lossless(json);
  s.unreachable = unreachable_tokens(json);

  std::map<std::string_view, std::vector<uint32_t>> by_bytes;
  std::vector<uint32_t> of_model;
  for (uint32_t id = 0; id < t.vocab_size(); ++id) {
    if (t.spelling(id).empty()) ++s.holes;
    if (const std::string_view bytes = t.bytes_of(id); !bytes.empty()) by_bytes[bytes].push_back(id);
    if (id < json.model.tokens.size() && json.model.known[id] && !json.added_at(id)) of_model.push_back(id);
  }
  for (auto& [bytes, ids] : by_bytes) {
    if (ids.size() > 1) s.duplicates.push_back(std::move(ids));
  }
  std::sort(s.duplicates.begin(), s.duplicates.end());
  if (!s.why_not_lossless) {
    Encoder encoder(t, 0);
    std::vector<uint32_t> ids;
    for (const uint32_t id : of_model) {
      const std::string_view bytes = t.bytes_of(id);
      if (std::binary_search(s.unreachable.begin(), s.unreachable.end(), id) || !is_valid_utf8(bytes))
        continue;
      ids.clear();
      encoder.encode(bytes, ids);
      if (ids.size() != 1 || ids[0] != id) s.glitch_candidates.push_back(id);
    }
  }
  s.bytes_covered =
      bytes_covered(t, json.decoder && json.decoder->type == formats::Decoder::Type::byte_level);
  const size_t most = std::min(kLongest, of_model.size());
  std::partial_sort(of_model.begin(), of_model.begin() + static_cast<ptrdiff_t>(most), of_model.end(),
                    [&](uint32_t a, uint32_t b) {
                      const size_t x = t.bytes_of(a).size(), y = t.bytes_of(b).size();
                      return x != y ? x > y : a < b;
                    });
  of_model.resize(most);
  s.longest = std::move(of_model);
  return s;
}

}  // namespace ds::tokenizer
