#include "tokenizer/normalizer.h"

#include <algorithm>
#include <optional>

#include "tokenizer/byte_alphabet.h"
#include "tokenizer/char_streams.h"
#include "tokenizer/charsmap.h"
#include "tokenizer/nfc.h"
#include "tokenizer/normal_form.h"
#include "tokenizer/normalizer_bert.h"
#include "tokenizer/regex.h"

namespace ds::tokenizer {

using Type = formats::Normalizer::Type;

struct NormalizerSteps::Step {
  Type type;
  bool left = true, right = true;
  std::string content;
  BertSteps bert;
  std::optional<Regex> pattern;
  std::optional<Charsmap> map;
};

namespace {

using Step = NormalizerSteps::Step;

bool is_ascii(std::string_view s) { return ascii_prefix(s) == s.size(); }

bool is_white_space(uint32_t c) {
  return c < 128 ? c == ' ' || (c >= 9 && c <= 13) : (char_flags()[c] & kIsWhiteSpace) != 0;
}

template <class F>
void for_chars(std::string_view text, const F& f) {
  for (const char* p = text.data(); p < text.data() + text.size();) f(static_cast<uint32_t>(next_char(p)));
}

// --- The characters of each step, to either kind of Out ---------------------------------------------------

template <class Out>
void normal_form(std::string_view text, Type type, Out& out) {
  const bool compatible = type == Type::nfkc || type == Type::nfkd;
  const auto run = [&](auto& to) {
    Decomposer<std::remove_reference_t<decltype(to)>> decomposer(to, compatible);
    for_chars(text, [&](uint32_t c) { decomposer.put(c); });
    decomposer.finish();
  };
  if (type == Type::nfd || type == Type::nfkd) return run(out);
  Composer<Out> composer(out);
  run(composer);
  composer.finish();
}

// Nmt: controls go, separators become spaces.
constexpr bool nmt_drops(uint32_t c) {
  return (c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
}
constexpr uint32_t nmt_becomes(uint32_t c) {
  const bool space = c == 9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 ||
                     (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
                     c == 0xFEFF || c == 0xFFFD;
  return space ? ' ' : c;
}

// Where the text without white space at its ends begins and ends.
std::string_view stripped(std::string_view text, bool left, bool right) {
  const char* p = text.data();
  const char* end = p + text.size();
  while (left && p < end) {
    const char* next = p;
    if (!is_white_space(next_char(next))) break;
    p = next;
  }
  while (right && end > p) {
    const char* last = end - 1;
    while ((static_cast<unsigned char>(*last) & 0xC0) == 0x80) --last;
    const char* next = last;
    if (!is_white_space(next_char(next))) break;
    end = last;
  }
  return {p, static_cast<size_t>(end - p)};
}

// --- With places ------------------------------------------------------------------------------------------

template <class Keep>
void filter(AlignedText& t, const Keep& keep) {
  std::vector<Change> changes;
  int32_t removed = 0;
  size_t at_start = 0;
  bool any = false;
  for_chars(t.text, [&](uint32_t c) {
    if (!keep(c)) {
      ++removed;
      return;
    }
    if (any) {
      changes.back().change = -removed;
    } else {
      at_start = static_cast<size_t>(removed);
    }
    any = true;
    changes.push_back({c, 0});
    removed = 0;
  });
  if (any) changes.back().change = -removed;
  transform(t, changes, at_start);
}

template <class To>
void map_chars(AlignedText& t, const To& to) {
  std::vector<Change> changes;
  changes.reserve(t.text.size());
  for_chars(t.text, [&](uint32_t c) { changes.push_back({to(c), 0}); });
  transform(t, changes, 0);
}

void lower(AlignedText& t) {
  std::vector<Change> changes;
  ChangesOut out{changes};
  LowerOut<ChangesOut> to{out};
  for_chars(t.text, [&](uint32_t c) { to.put(c, 0); });
  transform(t, changes, 0);
}

void normal_form(AlignedText& t, Type type) {
  // ASCII stays as it is; but a text with bytes that stand for nothing takes the reference's way.
  if (is_ascii(t.text) && t.begin != t.end && !t.align.empty() && t.align[0].begin != t.align[0].end) return;
  std::vector<Change> changes;
  ChangesOut out{changes};
  normal_form(t.text, type, out);
  transform(t, changes, 0);
}

void strip(AlignedText& t, bool left, bool right) {
  const std::string_view rest = stripped(t.text, left, right);
  if (rest.size() == t.text.size()) return;
  std::vector<Change> changes;
  for_chars(rest, [&](uint32_t c) { changes.push_back({c, 0}); });
  const std::string_view text = t.text;
  transform(t, changes, count_chars(text.substr(0, static_cast<size_t>(rest.data() - text.data()))));
}

void bert(AlignedText& t, const BertSteps& s) {
  const uint16_t* const flags = char_flags();
  if (s.clean) {
    filter(t, [&](uint32_t c) {
      if (c < 128) return c == 9 || c == 10 || c == 13 || (c >= 32 && c != 127);
      return c != 0xFFFD && !(flags[c] & kIsBertControl);
    });
    map_chars(t, [](uint32_t c) { return is_white_space(c) ? uint32_t{' '} : c; });
  }
  if (s.chinese) {
    std::vector<Change> changes;
    for_chars(t.text, [&](uint32_t c) {
      if (is_bert_chinese(c)) {
        changes.insert(changes.end(), {{' ', 0}, {c, 1}, {' ', 1}});
      } else {
        changes.push_back({c, 0});
      }
    });
    transform(t, changes, 0);
  }
  if (s.accents) {
    normal_form(t, Type::nfd);
    filter(t, [&](uint32_t c) { return c < 128 || !(flags[c] & kIsNonspacing); });
  }
  if (s.lower) lower(t);
}

void byte_level(AlignedText& t) {
  if (t.text.empty()) return;
  std::vector<Change> changes;
  changes.reserve(t.text.size());
  for (const char c : t.text) {
    const auto byte = static_cast<unsigned char>(c);
    changes.push_back({byte_character(byte), (byte & 0xC0) == 0x80 ? 1 : 0});
  }
  transform(t, changes, 0);
}

void replace(AlignedText& t, const Regex& pattern, std::string_view content) {
  if (t.text.empty()) return;  // what matches nothing matches in no empty text, as in the reference
  std::vector<TextRange> found;
  pattern.find_all(t.text, found);
  if (found.empty()) return;
  AlignedText old = std::move(t);
  t = {};
  t.begin = old.begin;
  t.end = old.end;
  replace(old.text, old.align.data(), old.begin, found, content, t.text, t.align);
}

void apply_step(const Step& s, AlignedText& t) {
  switch (s.type) {
    case Type::sequence:
      return;
    case Type::nfc:
    case Type::nfd:
    case Type::nfkc:
    case Type::nfkd:
      return normal_form(t, s.type);
    case Type::lowercase:
      return lower(t);
    case Type::strip:
      if (s.left && s.right) return strip(t, true, true);
      if (s.left) strip(t, true, false);
      if (s.right) strip(t, false, true);
      return;
    case Type::strip_accents:
      return filter(t, [flags = char_flags()](uint32_t c) { return c < 128 || !(flags[c] & kIsCombining); });
    case Type::replace:
      return replace(t, *s.pattern, s.content);
    case Type::prepend:
      return prepend(t, s.content);
    case Type::bert:
      return bert(t, s.bert);
    case Type::precompiled: {
      std::vector<Change> changes;
      ChangesOut out{changes};
      if (apply_charsmap(*s.map, t.text, out)) transform(t, changes, 0);
      return;
    }
    case Type::nmt:
      filter(t, [](uint32_t c) { return !nmt_drops(c); });
      return map_chars(t, nmt_becomes);
    case Type::byte_level:
      return byte_level(t);
  }
}

// --- From text to text ------------------------------------------------------------------------------------

template <class Out>
void lower_text(std::string_view text, Out& out, std::string& to) {
  LowerOut<Out> low{out};
  while (!text.empty()) {
    const size_t n = ascii_prefix(text);
    const size_t size = to.size();
    to.append(text, 0, n);
    for (size_t i = size; i < to.size(); ++i) {
      const char c = to[i];
      to[i] = static_cast<char>(c + (static_cast<unsigned char>(c - 'A') < 26 ? 32 : 0));
    }
    text.remove_prefix(n);
    const char* p = text.data();
    const char* const end = p + text.size();
    while (p < end && static_cast<unsigned char>(*p) >= 128) {
      const uint32_t c = next_char(p);
      low.put(c, 0);
    }
    text = {p, static_cast<size_t>(end - p)};
  }
}

// True when `to` holds the new text; false: it stays as it is.
bool apply_step(const Step& s, std::string_view& text, std::string& to) {
  to.clear();
  TextOut out{to};
  switch (s.type) {
    case Type::sequence:
      return false;
    case Type::nfc:
    case Type::nfkc:
      return compose_text(text, s.type == Type::nfkc, to);
    case Type::nfd:
    case Type::nfkd:
      if (is_ascii(text)) return false;
      normal_form(text, s.type, out);
      return true;
    case Type::lowercase:
      lower_text(text, out, to);
      return true;
    case Type::strip:
      text = stripped(text, s.left, s.right);
      return false;
    case Type::strip_accents: {
      if (is_ascii(text)) return false;
      WithoutOut<TextOut> without{out, kIsCombining};
      for_chars(text, [&](uint32_t c) { without.put(c, 0); });
      return true;
    }
    case Type::replace: {
      static thread_local std::vector<TextRange> found;
      if (text.empty()) return false;
      s.pattern->find_all(text, found);
      if (found.empty()) return false;
      size_t done = 0;
      for (const TextRange& r : found) {
        to.append(text, done, r.begin - done);
        to += s.content;
        done = r.end;
      }
      to.append(text, done);
      return true;
    }
    case Type::prepend:
      if (text.empty()) return false;
      to = s.content;
      to += text;
      return true;
    case Type::bert:
      bert_normalize(text, s.bert, to);
      return true;
    case Type::precompiled:
      apply_charsmap(*s.map, text, out);
      return true;
    case Type::nmt:
      for_chars(text, [&](uint32_t c) {
        if (!nmt_drops(c)) out.put(nmt_becomes(c), 0);
      });
      return true;
    case Type::byte_level:
      append_byte_characters(text, to);
      return true;
  }
  return false;
}

void flatten(const formats::Normalizer& n, std::vector<std::shared_ptr<const Step>>& steps) {
  if (n.type == Type::sequence) {
    for (const formats::Normalizer& part : n.parts) flatten(part, steps);
    return;
  }
  auto s = std::make_shared<Step>();
  s->type = n.type;
  s->left = n.left;
  s->right = n.right;
  s->content = n.content;
  if (n.type == Type::bert) {
    s->bert = {n.clean_text, n.handle_chinese_chars, n.strip_accents.value_or(n.lowercase), n.lowercase};
  }
  if (n.type == Type::replace) {
    s->pattern = Regex::of(n.pattern, "normalizer.pattern");
  }
  if (n.type == Type::precompiled) s->map.emplace(n.charsmap);
  steps.push_back(std::move(s));
}

}  // namespace

NormalizerSteps::NormalizerSteps(const formats::Normalizer& n) {
  flatten(n, steps_);
  for (const auto& s : steps_) {
    needs_places_ |=
        (s->pattern && s->pattern->may_match_empty()) || (s->type == Type::prepend && s->content.empty());
  }
}

void NormalizerSteps::apply(AlignedText& t) const {
  for (const auto& s : steps_) apply_step(*s, t);
}

std::string_view NormalizerSteps::apply(std::string_view text, std::string& a, std::string& b) const {
  std::string* free = &a;
  std::string* other = &b;
  for (const auto& s : steps_) {
    if (!apply_step(*s, text, *free)) continue;
    text = *free;
    std::swap(free, other);
  }
  return text;
}

std::string NormalizerSteps::text_of(std::string_view text) const {
  if (needs_places_) {
    AlignedText t = aligned(text, 0);
    apply(t);
    return t.text;
  }
  std::string a, b;
  return std::string(apply(text, a, b));
}

}  // namespace ds::tokenizer
