#include "tokenizer/compare.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "formats/jsonl.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/trace.h"

namespace ds::tokenizer {
namespace {

constexpr size_t kNamed = 6;      // words or texts in a sentence
constexpr size_t kContext = 32;   // bytes of text on either side
constexpr size_t kStretch = 160;  // bytes of the stretch itself that are shown

std::string shown(std::string_view text) {
  std::string out;
  const bool cut = text.size() > kStretch;
  if (cut) text = text.substr(0, kStretch);
  std::string valid;
  append_repaired(valid, text);
  formats::append_json_string(out, valid);
  return cut ? out + "…" : out;
}

bool inside_character(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// The two lists of ids with what is known of the text; they differ.
struct Both {
  const Trace& trace;  // of the tokenizer that is looked at
  std::span<const uint32_t> expected, found;
  Difference d;

  // The stretch: ids [d.token, expected_end) and [d.token, found_end), bytes [begin, end) of the text.
  void stretch(size_t expected_end, size_t found_end, uint64_t begin, uint64_t end) {
    const std::string_view text = trace.text;
    begin = std::min<uint64_t>(begin, text.size());
    end = std::clamp<uint64_t>(end, begin, text.size());
    d.byte = begin;
    d.end = end;
    d.character = count_chars(text.substr(0, begin));
    size_t left = begin > kContext ? begin - kContext : 0, right = std::min(end + kContext, text.size());
    while (inside_character(text, left)) ++left;
    while (inside_character(text, right)) ++right;
    left = std::min(left, begin);
    d.before = text.substr(left, begin - left);
    d.at = text.substr(begin, end - begin);
    d.after = text.substr(end, right - end);
    d.expected.assign(expected.begin() + static_cast<ptrdiff_t>(d.token),
                      expected.begin() + static_cast<ptrdiff_t>(expected_end));
    d.found.assign(found.begin() + static_cast<ptrdiff_t>(d.token),
                   found.begin() + static_cast<ptrdiff_t>(found_end));
  }
  Difference blame(Stage stage, std::string reason) {
    d.stage = stage;
    d.reason = std::move(reason);
    return std::move(d);
  }
};

Both both(const Trace& trace, std::span<const uint32_t> expected, std::span<const uint32_t> found) {
  Both b{trace, expected, found, {}};
  const auto [e, f] = std::mismatch(expected.begin(), expected.end(), found.begin(), found.end());
  b.d.token = static_cast<size_t>(e - expected.begin());
  return b;
}

size_t prefix_size(const Tokenizer& t, const CompareOptions& o) {
  return o.add_special_tokens ? t.prefix().size() : 0;
}

std::vector<uint32_t> ids_of(const Tokenizer& t, std::string_view text, const CompareOptions& o) {
  Encoder encoder(t, 0);
  std::vector<uint32_t> ids;
  append_ids(t, encoder, text, o, ids);
  return ids;
}

// The fast way and the pipeline are two programs for the same ids.
bool same_ids(const Tokenizer& t, const Trace& trace, std::span<const uint32_t> ids,
              const CompareOptions& o) {
  const size_t before = prefix_size(t, o);
  return ids.size() >= before + trace.tokens.size() &&
         std::equal(trace.tokens.begin(), trace.tokens.end(), ids.begin() + static_cast<ptrdiff_t>(before),
                    [](const TraceToken& a, uint32_t id) { return a.id == id; });
}

// --- Two tokenizers ---------------------------------------------------------------------------------------

std::vector<TracePiece> pieces_in(const std::vector<TracePiece>& all, uint64_t begin, uint64_t end) {
  std::vector<TracePiece> out;
  for (const TracePiece& p : all) {
    if (p.begin < end && p.end > begin) out.push_back(p);
  }
  return out;
}

bool same_pieces(const std::vector<TracePiece>& a, const std::vector<TracePiece>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const TracePiece& x, const TracePiece& y) {
    return x.begin == y.begin && x.end == y.end && x.added == y.added && x.text == y.text;
  });
}

// What the normalizer makes of the bytes [begin, end).
std::string normal_in(const Trace& t, uint64_t begin, uint64_t end) {
  std::string out;
  for (const TracePiece& p : t.normal) {
    if (p.begin >= end || p.end <= begin) continue;
    for (size_t i = 0; i < p.text.size(); ++i) {
      if (p.from[i] >= begin && p.from[i] < end) out += p.text[i];
    }
  }
  return out;
}

std::string listed(const std::vector<TracePiece>& pieces, std::string_view text) {
  std::string out;
  for (size_t i = 0; i < pieces.size() && i < kNamed; ++i) {
    out += (i ? " " : "") + shown(text.substr(pieces[i].begin, pieces[i].end - pieces[i].begin));
  }
  return pieces.size() > kNamed ? out + " …" : pieces.empty() ? "nothing" : out;
}

// The first added token that one of the lists has and the other has not.
std::string added_reason(const std::vector<TracePiece>& found, const std::vector<TracePiece>& expected) {
  const auto only_in = [](const std::vector<TracePiece>& a, const std::vector<TracePiece>& b) {
    for (const TracePiece& p : a) {
      const auto same = [&](const TracePiece& q) { return q.added && q.begin == p.begin && q.end == p.end; };
      if (p.added && std::none_of(b.begin(), b.end(), same)) return &p;
    }
    return static_cast<const TracePiece*>(nullptr);
  };
  const TracePiece* const here = only_in(found, expected);
  const TracePiece* const there = only_in(expected, found);
  if (here && there) return shown(here->text) + " is an added token here, " + shown(there->text) + " there";
  if (here) return shown(here->text) + " is an added token, but text where the ids are expected from";
  if (there) return shown(there->text) + " is text, but an added token where the ids are expected from";
  return "added tokens differ";
}

// Behind the last token of `t` that begins before `end`: those of one character may share its place.
size_t tokens_until(const Trace& t, size_t at, uint64_t end) {
  while (at < t.tokens.size() && t.tokens[at].begin < end) ++at;
  return at;
}

Difference two_traces(const Tokenizer& found, const Tokenizer& expected, const Trace& f, const Trace& e,
                      Both b, const CompareOptions& o) {
  const size_t before = prefix_size(found, o);
  if (o.add_special_tokens && found.prefix() != expected.prefix()) {
    b.stretch(prefix_size(expected, o), before, 0, 0);
    return b.blame(Stage::post_processor, "what it puts before a text differs");
  }
  const size_t first = b.d.token - before;
  if (first >= f.tokens.size() && first >= e.tokens.size()) {
    b.stretch(b.expected.size(), b.found.size(), f.text.size(), f.text.size());
    return b.blame(Stage::post_processor, "what it puts behind a text differs");
  }
  const auto begin_of = [&](const Trace& t) {
    return first < t.tokens.size() ? t.tokens[first].begin : uint64_t{t.text.size()};
  };
  const uint64_t begin = std::min(begin_of(f), begin_of(e));
  // To the first place where a token of either ends.
  size_t fi = first, ei = first;
  uint64_t f_end = begin, e_end = begin;
  while (!(fi > first && ei > first && f_end == e_end)) {
    const bool f_next = fi < f.tokens.size() && (f_end <= e_end || ei == e.tokens.size());
    if (f_next) {
      f_end = std::max(f_end, f.tokens[fi++].end);
    } else if (ei < e.tokens.size()) {
      e_end = std::max(e_end, e.tokens[ei++].end);
    } else {
      break;
    }
  }
  const uint64_t end = std::max(f_end, e_end);
  fi = tokens_until(f, fi, end);
  ei = tokens_until(e, ei, end);
  b.stretch(before + ei, before + fi, begin, end);

  const auto f_words = pieces_in(f.words, begin, end), e_words = pieces_in(e.words, begin, end);
  if (same_pieces(f_words, e_words)) {
    if (first < f.tokens.size() && f.words[f.tokens[first].word].added)
      return b.blame(Stage::added_tokens, "the same added token has another id");
    const auto spelled = [](const Tokenizer& t, const std::vector<uint32_t>& ids) {
      std::vector<std::string_view> all;
      for (const uint32_t id : ids) all.push_back(t.spelling(id));
      return all;
    };
    return b.blame(Stage::model, spelled(found, b.d.found) == spelled(expected, b.d.expected)
                                     ? "the same pieces have other ids"
                                     : "the same words become other pieces");
  }
  const auto f_added = pieces_in(f.added, begin, end), e_added = pieces_in(e.added, begin, end);
  if (!same_pieces(f_added, e_added)) {
    const bool tokens = std::any_of(f_added.begin(), f_added.end(), [](const auto& p) { return p.added; }) ||
                        std::any_of(e_added.begin(), e_added.end(), [](const auto& p) { return p.added; });
    if (tokens) return b.blame(Stage::added_tokens, added_reason(f_added, e_added));
  }
  const std::string f_normal = normal_in(f, begin, end), e_normal = normal_in(e, begin, end);
  if (f_normal != e_normal) {
    return b.blame(Stage::normalizer,
                   fmt::format("the text becomes {}, expected was {}", shown(f_normal), shown(e_normal)));
  }
  const auto f_gaps = pieces_in(f.normal, begin, end), e_gaps = pieces_in(e.normal, begin, end);
  const auto token_in = [](const std::vector<TracePiece>& gaps) {
    return std::any_of(gaps.begin(), gaps.end(), [](const TracePiece& p) { return p.added; });
  };
  if (!same_pieces(f_gaps, e_gaps) && (token_in(f_gaps) || token_in(e_gaps)))
    return b.blame(Stage::added_tokens, added_reason(f_gaps, e_gaps));
  return b.blame(Stage::pre_tokenizer, fmt::format("the words are {}, expected were {}",
                                                   listed(f_words, f.text), listed(e_words, e.text)));
}

// --- Ids alone --------------------------------------------------------------------------------------------

// Without case, accents, forms and white space: what a normalizer may change.
std::string folded(std::string_view text) {
  using formats::Normalizer;
  Normalizer all;
  for (const Normalizer::Type type :
       {Normalizer::Type::nfkd, Normalizer::Type::strip_accents, Normalizer::Type::lowercase}) {
    Normalizer part;
    part.type = type;
    all.parts.push_back(part);
  }
  std::string valid, out;
  append_repaired(valid, text);
  for (const char c : NormalizerSteps(all).text_of(valid)) {
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') out += c;
  }
  return out;
}

bool is_unknown(const formats::TokenizerModel& m, uint32_t id) {
  if (m.type == formats::TokenizerModel::Type::unigram) return m.unk_id == id;
  return m.unk_token && id < m.tokens.size() && m.tokens[id] == *m.unk_token;
}

// Two neighbours that a merge joins: a word of these merges never ends up with them side by side.
std::optional<std::pair<uint32_t, uint32_t>> mergeable(const formats::TokenizerModel& m,
                                                       std::vector<std::pair<uint32_t, uint32_t>> pairs) {
  if (m.type != formats::TokenizerModel::Type::bpe || pairs.empty() || m.ignore_merges) return std::nullopt;
  std::sort(pairs.begin(), pairs.end());
  for (const auto& merge : m.merges) {
    if (std::binary_search(pairs.begin(), pairs.end(), merge)) return merge;
  }
  return std::nullopt;
}

Difference against_ids(const Tokenizer& t, const Trace& trace, Both b, const CompareOptions& o) {
  const formats::TokenizerJson& json = t.model();
  const auto e = b.expected, f = b.found;
  const size_t i = b.d.token, before = prefix_size(t, o);
  const std::string_view text = trace.text;
  const auto added = [&](uint32_t id) { return json.added_at(id); };
  if (i < before) {
    b.stretch(std::min(e.size(), before), before, 0, 0);
    return b.blame(Stage::post_processor, "what is put before a text is not expected so");
  }
  const size_t first = i - before;
  const auto begin_of = [&](size_t k) {
    return k < trace.tokens.size() ? trace.tokens[k].begin : uint64_t{text.size()};
  };
  const uint64_t begin = begin_of(first);
  const bool ended = first >= trace.tokens.size();
  // A special token that the text does not have there was put round it.
  const auto* const special = i < e.size() && t.is_special(e[i]) ? added(e[i]) : nullptr;
  if (special && text.substr(begin).substr(0, special->content.size()) != special->content) {
    b.stretch(i + 1, i, begin, begin);
    return b.blame(Stage::post_processor,
                   fmt::format("{} is expected {} the text, which has none", shown(special->content),
                               ended        ? "behind"
                               : first == 0 ? "before"
                                            : "in"));
  }
  if (ended || i == e.size()) {
    b.stretch(e.size(), f.size(), begin, text.size());
    if (ended && i < f.size())
      return b.blame(Stage::post_processor, "what is put behind a text is not expected so");
    return b.blame(Stage::text, ended ? "the expected ids go on behind the end of the text"
                                      : "the expected ids end before the text does");
  }

  // As many tokens of each as stand for the same number of bytes.
  size_t ei = i, fi = i, e_bytes = 0, f_bytes = 0;
  const size_t f_last = before + trace.tokens.size();
  std::string e_text, f_text;
  while (!(ei > i && fi > i && e_bytes == f_bytes)) {
    if (ei < e.size() && (e_bytes <= f_bytes || fi == f_last)) {
      e_text += t.bytes_of(e[ei++]);
      e_bytes = e_text.size();
    } else if (fi < f_last) {
      f_text += t.bytes_of(f[fi++]);
      f_bytes = f_text.size();
    } else {
      break;
    }
  }
  const uint64_t end = trace.tokens[fi - 1 - before].end;
  b.stretch(ei, fi, begin, end);
  const auto here = std::span(f).subspan(i, fi - i), there = std::span(e).subspan(i, ei - i);

  for (const uint32_t id : there) {
    if (t.spelling(id).empty())
      return b.blame(Stage::model, fmt::format("id {} is not in the vocabulary", id));
  }
  for (const uint32_t id : there) {
    const formats::AddedToken* const a = added(id);
    if (a && text.substr(begin).find(a->content) == 0)
      return b.blame(Stage::added_tokens, shown(a->content) + " is expected as an added token");
  }
  for (size_t k = first; k < fi - before; ++k) {
    if (trace.words[trace.tokens[k].word].added)
      return b.blame(Stage::added_tokens,
                     shown(t.spelling(trace.tokens[k].id)) + " is an added token, expected as text");
  }
  for (const auto& side : {here, there}) {
    for (const uint32_t id : side) {
      if (is_unknown(json.model, id)) return b.blame(Stage::model, "a piece is unknown to one of the two");
    }
  }
  if (e_text != f_text) {
    std::vector<uint32_t> known;
    for (const uint32_t id : e) {  // others may come later
      if (id < t.vocab_size()) known.push_back(id);
    }
    const bool same = folded(t.decode(known, true)) == folded(t.decode(f, true));
    const std::string spell =
        fmt::format("the expected ids spell {}, found was {}", shown(e_text), shown(f_text));
    return b.blame(same ? Stage::normalizer : Stage::text, spell);
  }
  // The same bytes in other pieces. Where do words end, in them?
  std::vector<size_t> ends;
  size_t at = 0;
  for (size_t k = first; k < fi - before; ++k) {
    at += t.bytes_of(trace.tokens[k].id).size();
    if (k + 1 < fi - before && trace.tokens[k + 1].word != trace.tokens[k].word) ends.push_back(at);
  }
  std::vector<std::pair<uint32_t, uint32_t>> neighbours;
  at = 0;
  for (size_t k = 0; k < there.size(); ++k) {
    const size_t next = at + t.bytes_of(there[k]).size();
    const auto crossed = std::upper_bound(ends.begin(), ends.end(), at);
    if (crossed != ends.end() && *crossed < next) {
      return b.blame(Stage::pre_tokenizer,
                     fmt::format("{} is expected as a token, but a word ends inside of it",
                                 shown(t.bytes_of(there[k]))));
    }
    const bool word_ends = std::binary_search(ends.begin(), ends.end(), next);
    if (k + 1 < there.size() && !word_ends) neighbours.emplace_back(there[k], there[k + 1]);
    at = next;
  }
  if (const auto pair = mergeable(json.model, std::move(neighbours))) {
    return b.blame(
        Stage::pre_tokenizer,
        fmt::format("the expected ids leave {} and {} apart, which a merge joins: a word ends there, or "
                    "that merge is missing",
                    shown(t.bytes_of(pair->first)), shown(t.bytes_of(pair->second))));
  }
  return b.blame(Stage::model, "the same words become other pieces");
}

constexpr const char* kOurBug = "the fast way and the pipeline give different ids: please report it";

}  // namespace

const char* stage_name(Stage stage) {
  constexpr const char* kNames[] = {"added tokens",   "normalizer", "pre-tokenizer", "model",
                                    "post-processor", "text",       "fast way"};
  return kNames[static_cast<int>(stage)];
}

void append_ids(const Tokenizer& t, Encoder& encoder, std::string_view text, const CompareOptions& o,
                std::vector<uint32_t>& out) {
  if (o.add_special_tokens) out.insert(out.end(), t.prefix().begin(), t.prefix().end());
  encoder.encode(text, out, o.specials_in_text);
  if (o.add_special_tokens) out.insert(out.end(), t.suffix().begin(), t.suffix().end());
}

std::optional<Difference> compare(const Tokenizer& found, const Tokenizer& expected, std::string_view text,
                                  const CompareOptions& o) {
  const std::vector<uint32_t> e = ids_of(expected, text, o), f = ids_of(found, text, o);
  if (e == f) return std::nullopt;
  const Trace ft = trace(found, text, o.specials_in_text), et = trace(expected, text, o.specials_in_text);
  Both b = both(ft, e, f);
  if (!same_ids(found, ft, f, o) || !same_ids(expected, et, e, o)) {
    b.stretch(e.size(), f.size(), 0, 0);
    return b.blame(Stage::fast_way, kOurBug);
  }
  return two_traces(found, expected, ft, et, std::move(b), o);
}

std::optional<Difference> compare(const Tokenizer& found, std::span<const uint32_t> expected,
                                  std::string_view text, const CompareOptions& o) {
  const std::vector<uint32_t> f = ids_of(found, text, o);
  if (std::equal(f.begin(), f.end(), expected.begin(), expected.end())) return std::nullopt;
  const Trace ft = trace(found, text, o.specials_in_text);
  Both b = both(ft, expected, f);
  if (!same_ids(found, ft, f, o)) {
    b.stretch(expected.size(), f.size(), 0, 0);
    return b.blame(Stage::fast_way, kOurBug);
  }
  return against_ids(found, ft, std::move(b), o);
}

}  // namespace ds::tokenizer
