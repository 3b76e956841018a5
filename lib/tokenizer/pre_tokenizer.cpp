#include "tokenizer/pre_tokenizer.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/utf8.h"
#include "tokenizer/byte_alphabet.h"
#include "tokenizer/regex.h"
#include "tokenizer/split_behavior.h"
#include "tokenizer/splitter.h"
#include "tokenizer/unicode_tables.h"

namespace ds::tokenizer {

using Type = formats::PreTokenizer::Type;
using formats::PrependScheme;
using formats::SplitBehavior;

struct PreTokenizerSteps::Step {
  enum class Kind : uint8_t { known, regex, flags, delimiter, scripts, fixed_length, byte_level, metaspace };
  Kind kind = Kind::known;
  Pattern pattern = Pattern::none;  // known; byte_level: after the space, or none
  bool drops_space = false;         // known
  std::optional<Regex> regex;
  SplitBehavior behavior = SplitBehavior::isolated;
  bool invert = false;
  uint16_t flags = 0;                           // of characters that are matches
  std::string delimiter;                        // one character; metaspace: the replacement
  PrependScheme scheme = PrependScheme::never;  // byte_level: `always` when it puts a space in front
  bool split = true;
  uint64_t length = 0;
};

namespace {

using Step = PreTokenizerSteps::Step;

// Adds [begin, end) of the piece, as offsets in Pieces::text, unless it is empty.
void add(Pieces& p, const TextPiece& piece, uint32_t begin, uint32_t end) {
  if (begin == end) return;
  TextPiece next = piece;
  next.begin = begin;
  next.end = end;
  if (p.with_places) {
    next.from = p.align[begin].begin;
    next.to = p.align[end - 1].end;
  } else {
    next.from = piece.from + (begin - piece.begin);
  }
  p.next_list.push_back(next);
}

std::string_view text_of(const Pieces& p, const TextPiece& piece) {
  return p.text.substr(piece.begin, piece.end - piece.begin);
}

void split_known(Pieces& p, const TextPiece& piece, Pattern pattern, bool drops_space) {
  static thread_local std::vector<uint32_t> ends;
  ends.clear();
  const std::string_view text = text_of(p, piece);
  split(pattern, text, ends);
  uint32_t begin = 0;
  for (const uint32_t end : ends) {
    if (!drops_space || !begins_with_space(text.substr(begin, end - begin))) {
      add(p, piece, piece.begin + begin, piece.begin + end);
    }
    begin = end;
  }
}

void split_regex(Pieces& p, const TextPiece& piece, const Step& s) {
  static thread_local std::vector<TextRange> found;
  static thread_local std::vector<SplitMatch> matches;
  s.regex->find_all(text_of(p, piece), found);
  matches_of(found, piece.end - piece.begin, s.invert, matches);
  apply_behavior(matches, s.behavior, [&](uint32_t begin, uint32_t end) {
    add(p, piece, piece.begin + begin, piece.begin + end);
  });
}

// `is`: whether a character is a match.
template <class Is>
void split_chars(Pieces& p, const TextPiece& piece, SplitBehavior behavior, const Is& is) {
  const std::string_view text = text_of(p, piece);
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (behavior == SplitBehavior::removed || behavior == SplitBehavior::isolated) {
    uint32_t done = 0;
    for (const char* q = begin; q < end;) {
      const auto at = static_cast<uint32_t>(q - begin);
      if (!is(next_char(q))) continue;
      const auto after = static_cast<uint32_t>(q - begin);
      add(p, piece, piece.begin + done, piece.begin + at);
      if (behavior == SplitBehavior::isolated) add(p, piece, piece.begin + at, piece.begin + after);
      done = after;
    }
    add(p, piece, piece.begin + done, piece.end);
    return;
  }
  static thread_local std::vector<TextRange> found;
  static thread_local std::vector<SplitMatch> matches;
  found.clear();
  for (const char* q = begin; q < end;) {
    const auto at = static_cast<uint32_t>(q - begin);
    if (is(next_char(q))) found.push_back({at, static_cast<uint32_t>(q - begin)});
  }
  matches_of(found, static_cast<uint32_t>(text.size()), false, matches);
  apply_behavior(matches, behavior,
                 [&](uint32_t from, uint32_t to) { add(p, piece, piece.begin + from, piece.begin + to); });
}

// Where the script changes; characters of none go with what is before them, and at the start are lost.
void split_scripts(Pieces& p, const TextPiece& piece) {
  const uint8_t* const classes = script_classes();
  const std::string_view text = text_of(p, piece);
  uint8_t last = 0;
  std::optional<uint32_t> begin;
  for (const char* q = text.data(); q < text.data() + text.size();) {
    const auto at = piece.begin + static_cast<uint32_t>(q - text.data());
    const uint8_t now = classes[next_char(q)];
    if (now == 0) continue;
    if (now != last) {
      if (begin) add(p, piece, *begin, at);
      begin = at;
    }
    last = now;
  }
  if (begin) add(p, piece, *begin, piece.end);
}

void split_fixed(Pieces& p, const TextPiece& piece, uint64_t length) {
  const std::string_view text = text_of(p, piece);
  uint32_t begin = 0;
  uint64_t n = 0;
  for (uint32_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (n++ == length) {
      add(p, piece, piece.begin + begin, piece.begin + i);
      begin = i;
      n = 1;
    }
  }
  add(p, piece, piece.begin + begin, piece.end);
}

// --- Steps that change the text: pieces are written anew, one behind the other ----------------------------

struct Writer {
  Pieces& p;
  std::string& text;
  std::vector<Align>& align;

  explicit Writer(Pieces& pieces) : p(pieces), text(pieces.buffers[1]), align(pieces.next_align) {
    text.clear();
    align.clear();
    text.reserve(p.text.size() + p.text.size() / 2);
    if (p.with_places) align.reserve(p.text.size() + p.text.size() / 2);
  }
  uint32_t at() const { return static_cast<uint32_t>(text.size()); }
  void copy(const TextPiece& piece) {
    text.append(p.text.data() + piece.begin, piece.end - piece.begin);
    if (p.with_places) align.insert(align.end(), p.align.begin() + piece.begin, p.align.begin() + piece.end);
  }
  // A piece as it now is, from `begin` on; its place in the original stays.
  void put(TextPiece piece, uint32_t begin) {
    if (begin == at()) return;
    piece.begin = begin;
    piece.end = at();
    p.next_list.push_back(piece);
  }
  void finish() {
    if (text.size() >= UINT32_MAX) throw data_error("a text of 4 GiB or more once it is pre-tokenized");
    std::swap(p.buffers[0], p.buffers[1]);
    std::swap(p.align, p.next_align);
    std::swap(p.list, p.next_list);
    p.text = p.buffers[0];
  }
};

// The text of a piece with `s` in front, appended.
void put_prepended(Writer& w, const TextPiece& piece, std::string_view s) {
  const std::string_view text = text_of(w.p, piece);
  if (w.p.with_places) {
    prepend(text, w.p.align.data() + piece.begin, piece.from, s, w.text, w.align);
  } else {
    w.text += s;
    w.text += text;
  }
}

void add_prefix_space(Pieces& p) {
  p.next_list.clear();
  Writer w(p);
  for (const TextPiece& piece : p.list) {
    const uint32_t begin = w.at();
    if (piece.token != kNoToken || p.text[piece.begin] == ' ') {
      w.copy(piece);
    } else {
      put_prepended(w, piece, " ");
    }
    w.put(piece, begin);
  }
  w.finish();
}

void to_byte_alphabet(Pieces& p) {
  p.next_list.clear();
  Writer w(p);
  std::vector<Change> changes;
  for (const TextPiece& piece : p.list) {
    const uint32_t begin = w.at();
    const std::string_view text = text_of(p, piece);
    if (piece.token != kNoToken) {
      w.copy(piece);
    } else if (!p.with_places) {
      append_byte_characters(text, w.text);
    } else if (const Align* align = p.align.data() + piece.begin;
               piece.from != piece.to && align->begin != align->end) {
      for (size_t i = 0; i < text.size(); ++i) {
        const size_t size = w.text.size();
        append_byte_characters(text.substr(i, 1), w.text);
        w.align.insert(w.align.end(), w.text.size() - size, align[i]);
      }
    } else {
      changes.clear();
      for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        changes.push_back({byte_character(byte), (byte & 0xC0) == 0x80 ? 1 : 0});
      }
      transform(text, align, piece.from, piece.to, changes, 0, w.text, w.align);
    }
    w.put(piece, begin);
  }
  w.finish();
}

void metaspace(Pieces& p, const Step& s) {
  p.next_list.clear();
  Writer w(p);
  std::string with_places_text;
  std::vector<Align> with_places_align;
  std::vector<TextRange> spaces;
  for (const TextPiece& piece : p.list) {
    const uint32_t begin = w.at();
    const std::string_view text = text_of(p, piece);
    if (piece.token != kNoToken) {
      w.copy(piece);
      w.put(piece, begin);
      continue;
    }
    const bool marked = text[0] == ' ' || text.starts_with(s.delimiter);
    const bool prepends = !marked && (s.scheme == PrependScheme::always ||
                                      (s.scheme == PrependScheme::first && piece.from == 0));
    if (!p.with_places) {
      if (prepends) w.text += s.delimiter;
      for (size_t done = 0; done < text.size();) {
        const size_t space = std::min(text.find(' ', done), text.size());
        w.text.append(text, done, space - done);
        if (space < text.size()) w.text += s.delimiter;
        done = space + 1;
      }
    } else {
      spaces.clear();
      for (uint32_t i = 0; i < text.size(); ++i) {
        if (text[i] == ' ') spaces.push_back({i, i + 1});
      }
      const Align* align = p.align.data() + piece.begin;
      if (prepends) {
        with_places_text.clear();
        with_places_align.clear();
        replace(text, align, piece.from, spaces, s.delimiter, with_places_text, with_places_align);
        prepend(with_places_text, with_places_align.data(), piece.from, s.delimiter, w.text, w.align);
      } else {
        replace(text, align, piece.from, spaces, s.delimiter, w.text, w.align);
      }
    }
    w.put(piece, begin);
  }
  w.finish();
  if (!s.split) return;
  p.next_list.clear();
  for (const TextPiece& piece : p.list) {
    if (piece.token != kNoToken) {
      p.next_list.push_back(piece);
      continue;
    }
    const std::string_view text = text_of(p, piece);
    uint32_t begin = 0;
    for (size_t at = 0; (at = text.find(s.delimiter, at)) != std::string_view::npos;
         at += s.delimiter.size()) {
      add(p, piece, piece.begin + begin, piece.begin + static_cast<uint32_t>(at));
      begin = static_cast<uint32_t>(at);
    }
    add(p, piece, piece.begin + begin, piece.end);
  }
  std::swap(p.list, p.next_list);
}

template <class Cut>
void cut_pieces(Pieces& p, const Cut& cut) {
  p.next_list.clear();
  for (const TextPiece& piece : p.list) {
    if (piece.token != kNoToken) {
      p.next_list.push_back(piece);
    } else {
      cut(piece);
    }
  }
  std::swap(p.list, p.next_list);
}

void apply_step(const Step& s, Pieces& p) {
  using Kind = Step::Kind;
  switch (s.kind) {
    case Kind::known:
      return cut_pieces(p, [&](const TextPiece& piece) { split_known(p, piece, s.pattern, s.drops_space); });
    case Kind::regex:
      return cut_pieces(p, [&](const TextPiece& piece) { split_regex(p, piece, s); });
    case Kind::flags:
      return cut_pieces(p, [&, flags = char_flags()](const TextPiece& piece) {
        split_chars(p, piece, s.behavior, [&](uint32_t c) { return (flags[c] & s.flags) != 0; });
      });
    case Kind::delimiter: {
      const char* at = s.delimiter.data();
      const uint32_t delimiter = next_char(at);
      return cut_pieces(p, [&](const TextPiece& piece) {
        split_chars(p, piece, SplitBehavior::removed, [&](uint32_t c) { return c == delimiter; });
      });
    }
    case Kind::scripts:
      return cut_pieces(p, [&](const TextPiece& piece) { split_scripts(p, piece); });
    case Kind::fixed_length:
      return cut_pieces(p, [&](const TextPiece& piece) { split_fixed(p, piece, s.length); });
    case Kind::byte_level:
      if (s.scheme == PrependScheme::always) add_prefix_space(p);
      if (s.pattern != Pattern::none) {
        cut_pieces(p, [&](const TextPiece& piece) { split_known(p, piece, s.pattern, false); });
      }
      return to_byte_alphabet(p);
    case Kind::metaspace:
      return metaspace(p, s);
  }
}

// --- From the file ----------------------------------------------------------------------------------------

void flatten(const formats::PreTokenizer& p, std::vector<const formats::PreTokenizer*>& out) {
  if (p.type != Type::sequence) {
    out.push_back(&p);
    return;
  }
  for (const formats::PreTokenizer& part : p.parts) flatten(part, out);
}

bool plain_split(const formats::PreTokenizer& p) {
  return p.type == Type::split && p.pattern.regex && p.behavior == SplitBehavior::isolated && !p.invert;
}

Step blank(Step::Kind kind) {
  Step s;
  s.kind = kind;
  return s;
}

Step known_step(const KnownPattern& known) {
  Step s = blank(Step::Kind::known);
  s.pattern = known.pattern;
  s.drops_space = known.drops_space;
  return s;
}

// The step that stands for list[i] and the next ones that belong to it; moves `i` behind them.
Step step_of(const std::vector<const formats::PreTokenizer*>& list, size_t& i) {
  size_t end = i;
  std::vector<std::string> regexes;
  while (end < list.size() && plain_split(*list[end])) regexes.push_back(list[end++]->pattern.text);
  for (; end > i; --end, regexes.pop_back()) {
    const bool digits = end < list.size() && list[end]->type == Type::digits && list[end]->individual_digits;
    for (const bool with_digits : {true, false}) {
      if (with_digits && !digits) continue;
      if (const KnownPattern* known = match_pattern(regexes, false, with_digits)) {
        i = end + with_digits;
        return known_step(*known);
      }
    }
  }
  const formats::PreTokenizer& p = *list[i++];
  const auto by_type = [&](const char* name) {
    const KnownPattern* known = match_pattern({}, false, false, name);
    if (!known) throw internal_error(std::string("no splitter for ") + name);
    return known_step(*known);
  };
  const auto by_flags = [&](uint16_t flags, SplitBehavior behavior) {
    Step s = blank(Step::Kind::flags);
    s.flags = flags;
    s.behavior = behavior;
    return s;
  };
  switch (p.type) {
    case Type::sequence:
      break;
    case Type::split: {
      Step s = blank(Step::Kind::regex);
      s.regex = Regex::of(p.pattern, "pre_tokenizer.pattern");
      s.behavior = p.behavior;
      s.invert = p.invert;
      return s;
    }
    case Type::byte_level: {
      Step s = blank(Step::Kind::byte_level);
      s.pattern = p.use_regex ? Pattern::gpt2 : Pattern::none;
      s.scheme = p.add_prefix_space ? PrependScheme::always : PrependScheme::never;
      return s;
    }
    case Type::digits:
      return by_flags(kIsNumeric, p.individual_digits ? SplitBehavior::isolated : SplitBehavior::contiguous);
    case Type::metaspace: {
      Step s = blank(Step::Kind::metaspace);
      s.delimiter = p.replacement;
      s.scheme = p.prepend_scheme;
      s.split = p.split;
      return s;
    }
    case Type::bert:
      return by_type("BertPreTokenizer");
    case Type::whitespace:
      return by_type("Whitespace");
    case Type::whitespace_split:
      return by_type("WhitespaceSplit");
    case Type::punctuation:
      return by_flags(kIsPunctuation, p.behavior);
    case Type::char_delimiter: {
      Step s = blank(Step::Kind::delimiter);
      s.delimiter = p.replacement;
      return s;
    }
    case Type::unicode_scripts:
      return blank(Step::Kind::scripts);
    case Type::fixed_length: {
      if (p.length == 0) throw data_error("pre_tokenizer FixedLength: a length of 0");
      Step s = blank(Step::Kind::fixed_length);
      s.length = p.length;
      return s;
    }
  }
  throw internal_error("a pre-tokenizer of no type");
}

}  // namespace

PreTokenizerSteps::PreTokenizerSteps(const formats::PreTokenizer& p) {
  std::vector<const formats::PreTokenizer*> list;
  flatten(p, list);
  bool changed = false;
  for (size_t i = 0; i < list.size();) {
    auto s = std::make_shared<const Step>(step_of(list, i));
    if (s->kind == Step::Kind::metaspace && s->scheme == PrependScheme::first) {
      asks_start_ = true;
      asks_start_late_ |= changed;
    }
    changed |= s->kind == Step::Kind::metaspace || s->kind == Step::Kind::byte_level;
    steps_.push_back(std::move(s));
  }
}

void PreTokenizerSteps::apply(Pieces& pieces) const {
  for (const auto& s : steps_) apply_step(*s, pieces);
}

}  // namespace ds::tokenizer
