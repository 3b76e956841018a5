#include "tokenizer/pipeline.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace ds::tokenizer {
namespace {

constexpr size_t kLongest = size_t{1}
                            << 31;  // bytes of text: what normalizers make of it has to stay under 4 GiB

std::string_view repaired(std::string_view text, std::string& buffer) {
  if (text.size() > kLongest) throw data_error("a text of more than 2 GiB", "cut it into documents");
  if (is_valid_utf8(text)) return text;
  buffer.clear();
  append_repaired(buffer, text);
  return buffer;
}

// From byte to character offsets, as the reference converts them: an offset inside of a character is that
// character's, one behind the text counts from the last one; what begins behind the text stays in bytes.
class CharacterOffsets {
 public:
  explicit CharacterOffsets(std::string_view text) : size_(text.size()) {
    if (ascii_prefix(text) == text.size()) return;
    index_.resize(text.size());
    uint32_t n = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      n += (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
      index_[i] = n - 1;
    }
  }
  Offsets convert(Offsets o) const {
    if (index_.empty() || o.begin >= size_) return o;
    const uint64_t begin = index_[o.begin];
    if (o.end < size_) return {begin, index_[o.end]};
    return {begin, (o.end > 0 && o.end - 1 < size_ ? index_[o.end - 1] : begin) + 1};
  }

 private:
  size_t size_;
  std::vector<uint32_t> index_;  // empty: all ASCII
};

Offsets place(const Pieces& p, const TextPiece& piece, uint32_t begin, uint32_t end) {
  if (begin >= end) return {uint64_t{piece.from} + begin, uint64_t{piece.from} + end};
  return {p.align[piece.begin + begin].begin, p.align[piece.begin + end - 1].end};
}

}  // namespace

Pipeline::Pipeline(const formats::TokenizerJson& json) : json_(json) {
  if (json.normalizer) normalizer_ = NormalizerSteps(*json.normalizer);
  added_ = AddedTokens(json.added, normalizer_);
  if (json.pre_tokenizer) pre_tokenizer_ = PreTokenizerSteps(*json.pre_tokenizer);
  model_ = make_model(json.model);
  if (json.decoder) decoder_ = DecoderSteps(*json.decoder);
  needs_places_ = normalizer_.needs_places() || pre_tokenizer_.needs_places(!normalizer_.none());
}

// Fills s.pieces with the added tokens of `text` and what is between them, normalized; cut() then with the
// pieces that the model is to see.
void Pipeline::normalize(std::string_view text, bool specials, bool with_places, PipelineScratch& s) const {
  Pieces& p = s.pieces;
  p.with_places = with_places;
  p.list.clear();
  p.align.clear();
  std::string& own = p.buffers[0];
  own.clear();
  p.text = text;
  // Without places and with nothing to normalize, pieces are ranges of the text itself. Otherwise the text is
  // written anew, gap by gap.
  const bool in_place = !with_places && normalizer_.none();
  const auto put = [&](std::string_view of, const Align* align, uint32_t begin, uint32_t end,
                       TextPiece piece) {
    if (begin == end) return;
    piece.begin = static_cast<uint32_t>(own.size());
    own.append(of.substr(begin, end - begin));
    if (own.size() >= UINT32_MAX) throw data_error("a text of 4 GiB or more once it is normalized");
    piece.end = static_cast<uint32_t>(own.size());
    if (align) {
      p.align.insert(p.align.end(), align + begin, align + end);
      piece.from = align[begin].begin;
      piece.to = align[end - 1].end;
    }
    p.list.push_back(piece);
  };
  added_.cut(
      text, false, specials,
      [&](uint32_t gap_begin, uint32_t gap_end) {
        const std::string_view gap = text.substr(gap_begin, gap_end - gap_begin);
        AlignedText placed;
        std::string_view normal = gap;
        if (with_places) {
          placed = aligned(gap, gap_begin);
          normalizer_.apply(placed);
          normal = placed.text;
        } else if (!in_place) {
          normal = normalizer_.apply(gap, s.normal[0], s.normal[1]);
        }
        const Align* align = with_places ? placed.align.data() : nullptr;
        const auto piece = [&](uint32_t token) {
          return [&, token](uint32_t begin, uint32_t end) {
            if (in_place) {
              p.list.push_back(
                  {gap_begin + begin, gap_begin + end, gap_begin + begin, gap_begin + end, token});
            } else {
              put(normal, align, begin, end, {0, 0, gap_begin + begin, gap_begin + end, token});
            }
          };
        };
        added_.cut(normal, true, specials, piece(kNoToken),
                   [&](uint32_t id, uint32_t begin, uint32_t end) { piece(id)(begin, end); });
      },
      [&](uint32_t id, uint32_t begin, uint32_t end) {
        if (in_place) {
          p.list.push_back({begin, end, begin, end, id});
        } else if (with_places) {
          const AlignedText placed = aligned(text.substr(begin, end - begin), begin);
          put(placed.text, placed.align.data(), 0, end - begin, {0, 0, begin, end, id});
        } else {
          put(text, nullptr, begin, end, {0, 0, begin, end, id});
        }
      });
  if (!in_place) p.text = own;
}

void Pipeline::encode_ids(std::string_view text, std::vector<uint32_t>& out, bool specials_in_text,
                          PipelineScratch& s) const {
  text = repaired(text, s.repaired);
  cut(text, specials_in_text, needs_places_, s);
  const std::string_view all = s.pieces.text;
  for (const TextPiece& piece : s.pieces.list) {
    if (piece.token != kNoToken) {
      out.push_back(piece.token);
    } else {
      model_->encode_ids(all.substr(piece.begin, piece.end - piece.begin), out, s.model,
                         all.size() - piece.begin);
    }
  }
}

Encoding Pipeline::encode_one(std::string_view text, uint32_t type_id, const EncodeOptions& o, bool tokens,
                              PipelineScratch& s) const {
  text = repaired(text, s.repaired);
  cut(text, o.specials_in_text, true, s);
  const Pieces& p = s.pieces;
  const std::optional<CharacterOffsets> characters =
      o.offsets == OffsetUnit::characters ? std::optional<CharacterOffsets>(text) : std::nullopt;
  const bool unigram = json_.model.type == formats::TokenizerModel::Type::unigram;

  Encoding e;
  const auto push = [&](uint32_t id, Offsets at, size_t word) {
    if (characters) at = characters->convert(at);
    e.push(id, type_id, at, static_cast<uint32_t>(word), false);
  };
  for (size_t i = 0; i < p.list.size(); ++i) {
    const TextPiece& piece = p.list[i];
    const std::string_view word = p.text.substr(piece.begin, piece.end - piece.begin);
    if (piece.token != kNoToken) {
      push(piece.token, {piece.from, piece.to}, i);
      if (tokens) e.tokens.emplace_back(word);
      continue;
    }
    s.tokens.clear();
    model_->encode_word(word, s.tokens, s.model);
    for (const Piece& t : s.tokens) {
      push(t.id, place(p, piece, t.begin, t.end), i);
      if (!tokens) continue;
      if (unigram && json_.model.unk_id == t.id) {
        e.tokens.emplace_back(word.substr(t.begin, t.end - t.begin));  // Unigram spells what it does not know
      } else {
        e.tokens.push_back(t.id < json_.model.tokens.size() ? json_.model.tokens[t.id] : std::string());
      }
    }
  }
  return e;
}

namespace {

void drop_tokens(Encoding& e) {
  e.tokens.clear();
  for (Encoding& o : e.overflowing) drop_tokens(o);
}

}  // namespace

Encoding Pipeline::encode(std::string_view text, const std::string_view* pair, const EncodeOptions& o,
                          PipelineScratch& s) const {
  const formats::PostProcessor* const post = json_.post_processor ? &*json_.post_processor : nullptr;
  const formats::Truncation* truncation = o.truncation;
  if (!truncation && o.file_truncation && json_.truncation) truncation = &*json_.truncation;
  const formats::Padding* padding = o.padding;
  if (!padding && o.file_padding && json_.padding) padding = &*json_.padding;

  const bool tokens = o.tokens || (post && reads_tokens(*post));
  Encoding first = encode_one(text, 0, o, tokens, s);
  std::optional<Encoding> second;
  if (pair) second = encode_one(*pair, 1, o, tokens, s);
  if (truncation) {
    formats::Truncation t = *truncation;
    const uint64_t added = post && o.add_special_tokens ? added_tokens(*post, pair != nullptr) : 0;
    if (added > t.max_length) {
      throw usage_error("truncation: a text of " + std::to_string(t.max_length) + " tokens, " +
                        std::to_string(added) + " of which are special tokens");
    }
    t.max_length -= added;
    truncate_pair(first, second ? &*second : nullptr, t);
  }
  Encoding out = post_process(post, std::move(first), std::move(second), o.add_special_tokens);
  if (padding) {
    std::vector<Encoding> one(1);
    one[0] = std::move(out);
    pad_all(one, *padding);
    out = std::move(one[0]);
  }
  if (!o.tokens) drop_tokens(out);
  return out;
}

const std::string* Pipeline::spelling(uint32_t id) const {
  if (const std::string* s = added_.spelling(id)) return s;
  const formats::TokenizerModel& m = json_.model;
  return id < m.tokens.size() && m.known[id] ? &m.tokens[id] : nullptr;
}

bool Pipeline::is_special(uint32_t id) const {
  if (!added_.any_special()) return false;
  const std::string* s = spelling(id);
  return s && added_.is_special(*s);
}

std::string Pipeline::decode(std::span<const uint32_t> ids, bool skip_special) const {
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const uint32_t id : ids) {
    const std::string* s = spelling(id);
    if (s && !(skip_special && added_.any_special() && added_.is_special(*s))) tokens.push_back(*s);
  }
  return decoder_.decode(std::move(tokens));
}

}  // namespace ds::tokenizer
