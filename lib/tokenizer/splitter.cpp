#include "tokenizer/splitter.h"

#include "base/error.h"
#include "tokenizer/char_class.h"

namespace ds::tokenizer {
namespace {

using Byte = uint8_t;

// Classes over [p, end); 0 at the end, so that every run stops there. Masks choose what else counts as the
// end.
struct Classes {
  const Byte* end;
  const Byte* table = class_table();

  uint8_t at(const Byte* p, uint32_t& size) const {
    if (p >= end) return 0;
    if (*p < 0x80) {
      size = 1;
      return table[*p];
    }
    const Char c = char_at(p);
    size = c.size;
    return table[c.code];
  }
  uint8_t at(const Byte* p) const {
    uint32_t size;
    return at(p, size);
  }
  const Byte* run(const Byte* p, unsigned mask) const {
    uint32_t size;
    while (at(p, size) & mask) p += size;
    return p;
  }
};

bool ascii_letter(Byte b) { return static_cast<Byte>((b | 0x20) - 'a') < 26; }

// `\s*[\r\n]+|\s+(?!\S)|\s+` at a white-space character: up to the last line break of the run; else the whole
// run when the piece ends there; else all but its last character, which may belong to the next word.
template <class View>
const Byte* white_space(const View& v, const Byte* p, bool newlines_first) {
  const Byte* last = nullptr;    // start of the last character of the run
  const Byte* broken = nullptr;  // behind the last line break
  const Byte* q = p;
  uint32_t size;
  uint8_t c;
  while ((c = v.at(q, size)) & (kSpace | kNewline)) {
    last = q;
    q += size;
    if (c & kNewline) broken = q;
  }
  if (newlines_first && broken) return broken;
  if (c == 0 || last == p) return q;
  return last;
}

// DeepSeek's third pattern on one piece, whose end the view knows.
//   [ascii punct][A-Za-z]+ | [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+ | ?[\p{P}\p{S}]+[\r\n]* | \s*[\r\n]+ |
//   \s+(?!\S) | \s+
template <bool kCjkPiece>
struct PieceView : Classes {
  static uint8_t seen(uint8_t c) {
    if (kCjkPiece) return c & kCjk ? c & 0x7F : 0;
    return c & (kCjk | kNumber) ? 0 : c;
  }
  uint8_t at(const Byte* p, uint32_t& size) const { return seen(Classes::at(p, size)); }
  uint8_t at(const Byte* p) const { return seen(Classes::at(p)); }
  const Byte* run(const Byte* p, unsigned mask) const {
    uint32_t size;
    while (at(p, size) & mask) p += size;
    return p;
  }
};

template <bool kCjkPiece>
const Byte* deepseek_word(const PieceView<kCjkPiece>& v, const Byte* p) {
  uint32_t size = 1;
  const uint8_t c = v.at(p, size);
  const Byte* next = p + size;
  if (c & (kLetter | kMark)) return v.run(next, kLetter | kMark);
  if (c & kPunct) {
    if (size == 1 && next < v.end && ascii_letter(*next)) {
      do ++next;
      while (next < v.end && ascii_letter(*next));
      return next;
    }
    return v.run(v.run(next, kPunct), kNewline);
  }
  if (c & (kSpace | kOther)) {
    const uint8_t d = v.at(next);
    if (d & (kLetter | kMark)) return v.run(next, kLetter | kMark);
    if (*p == ' ' && (d & kPunct)) return v.run(v.run(next, kPunct), kNewline);
  }
  if (c & (kSpace | kNewline)) return white_space(v, p, true);
  // No alternative begins here: the gap up to the next match is a word of its own.
  while (v.at(next, size) & kOther) {
    if (v.at(next + size) & (kLetter | kMark)) break;
    next += size;
  }
  return next;
}

const Byte* up_to_three_numbers(const Classes& v, const Byte* p) {
  uint32_t size;
  for (int i = 0; i < 3 && (v.at(p, size) & kNumber); ++i) p += size;
  return p;
}

// 's 't 're 've 'm 'll 'd; without case also U+017F, which folds to s. Returns the bytes behind the
// apostrophe.
size_t contraction(const Byte* p, const Byte* end, bool any_case) {
  const auto low = [&](const Byte* q) {
    return q < end ? (any_case && ascii_letter(*q) ? *q | 0x20 : *q) : 0;
  };
  const int a = low(p), b = low(p + 1);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 1;
  if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return 2;
  if (any_case && a == 0xC5 && b == 0xBF) return 2;
  return 0;
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
template <bool kThreeNumbers>
const Byte* llama_word(const Classes& v, const Byte* p) {
  constexpr unsigned kSymbol = kMark | kPunct | kOther;  // [^\s\p{L}\p{N}]
  uint32_t size = 1;
  const uint8_t c = v.at(p, size);
  const Byte* next = p + size;
  if (*p == '\'') {
    if (const size_t n = contraction(next, v.end, true)) return next + n;
  }
  if (c & kLetter) return v.run(next, kLetter);
  if (c & kNumber) return kThreeNumbers ? up_to_three_numbers(v, p) : next;
  if (!(c & kNewline)) {
    const uint8_t d = v.at(next);
    if (d & kLetter) return v.run(next, kLetter);
    if ((c & kSymbol) || (*p == ' ' && (d & kSymbol))) return v.run(v.run(next, kSymbol), kNewline);
  }
  return white_space(v, p, true);
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
const Byte* gpt2_word(const Classes& v, const Byte* p) {
  constexpr unsigned kSymbol = kMark | kPunct | kOther;
  if (*p == '\'') {
    if (const size_t n = contraction(p + 1, v.end, false)) return p + 1 + n;
  }
  const Byte* q = p + (*p == ' ');
  const uint8_t c = v.at(q);
  for (const unsigned kind : {unsigned{kLetter}, unsigned{kNumber}, kSymbol}) {
    if (c & kind) return v.run(q, kind);
  }
  return white_space(v, p, false);
}

template <class Next>
void walk(std::string_view text, std::vector<uint32_t>& ends, const Next& next) {
  const Byte* const begin = reinterpret_cast<const Byte*>(text.data());
  const Byte* const end = begin + text.size();
  for (const Byte* p = begin; p < end;) {
    p = next(p);
    ends.push_back(static_cast<uint32_t>(p - begin));
  }
}

}  // namespace

const std::vector<KnownPattern>& known_patterns() {
  static const std::vector<KnownPattern> all = {
      {Pattern::deepseek_v3,
       "deepseek-v3",
       {R"(\p{N}{1,3})", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
        std::string(R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+)") +
            "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| "
            "?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"},
       false},
      {Pattern::llama3,
       "llama3",
       {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
       false},
      {Pattern::qwen2,
       "qwen2",
       {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
       false},
      {Pattern::gpt2, "gpt2", {}, true},
      {Pattern::none, "none", {}, false},
  };
  return all;
}

const KnownPattern* find_pattern(std::string_view name) {
  for (const KnownPattern& k : known_patterns()) {
    if (name == k.name) return &k;
  }
  return nullptr;
}

void split(Pattern pattern, std::string_view text, std::vector<uint32_t>& ends) {
  if (text.size() >= UINT32_MAX) throw data_error("a text of 4 GiB or more", "cut it into documents");
  if (text.empty()) return;
  const Byte* const end = reinterpret_cast<const Byte*>(text.data()) + text.size();
  const Classes v{end};
  switch (pattern) {
    case Pattern::none:
      ends.push_back(static_cast<uint32_t>(text.size()));
      return;
    case Pattern::gpt2:
      return walk(text, ends, [&](const Byte* p) { return gpt2_word(v, p); });
    case Pattern::llama3:
      return walk(text, ends, [&](const Byte* p) { return llama_word<true>(v, p); });
    case Pattern::qwen2:
      return walk(text, ends, [&](const Byte* p) { return llama_word<false>(v, p); });
    case Pattern::deepseek_v3: {
      const PieceView<false> plain{{end}};
      const PieceView<true> cjk{{end}};
      return walk(text, ends, [&](const Byte* p) {
        const uint8_t c = v.at(p);
        if (c & kNumber) return up_to_three_numbers(v, p);
        return c & kCjk ? deepseek_word(cjk, p) : deepseek_word(plain, p);
      });
    }
  }
}

}  // namespace ds::tokenizer
