// See words.h.
#include "text/words.h"

#include <array>

#include "base/utf8.h"
#include "text/unicode.h"

namespace ds::text {
namespace {

enum class Class : uint8_t { gap, letter, digit, single, mark, sign, joiner };

Class classify(char32_t c) {
  const Property& known = property(c);
  if (c == '_') return Class::letter;
  if (known.flags & kSpaceless) return known.kind == Kind::mark ? Class::mark : Class::single;
  switch (known.kind) {
    case Kind::letter:
      return Class::letter;
    case Kind::digit:
    case Kind::number:
      return Class::digit;
    case Kind::mark:
    case Kind::nonspacing:
      return Class::mark;
    case Kind::format:
      return Class::joiner;
    case Kind::space:
    case Kind::control:
      return Class::gap;
    default:
      return Class::sign;
  }
}

const std::array<Class, 128> kAscii = [] {
  std::array<Class, 128> table{};
  for (char32_t c = 0; c < 128; ++c) table[c] = classify(c);
  return table;
}();

inline bool is_ascii_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 128 && (kAscii[byte] == Class::letter || kAscii[byte] == Class::digit);
}

inline Class next_class(const char*& p) {
  const auto byte = static_cast<unsigned char>(*p);
  if (byte < 128) return ++p, kAscii[byte];
  return classify(next_char(p));
}

// The character at p joins what stands before it, of class `before`, to what follows.
bool joins(const char* p, const char* end, Class before) {
  const bool right_quote = end - p >= 3 && p[0] == '\xE2' && p[1] == '\x80' && p[2] == '\x99';
  const bool apostrophe = *p == '\'' || right_quote;
  if (!apostrophe && *p != '.' && *p != ',') return false;
  const Class wanted = apostrophe ? Class::letter : Class::digit;
  const char* after = p + (right_quote ? 3 : 1);
  return before == wanted && after < end && next_class(after) == wanted;
}

}  // namespace

bool TokenScanner::next(Token& token) {
  const char* const base = text_.data();
  const char* const end = base + text_.size();
  const char* p = base + at_;
  const char* start = p;
  Class first = Class::gap;
  while (p < end) {
    start = p;
    first = next_class(p);
    if (first != Class::gap && first != Class::joiner) break;
    first = Class::gap;
  }
  if (first == Class::gap) {
    at_ = text_.size();
    return false;
  }
  token.begin = static_cast<uint32_t>(start - base);
  token.chars = 1;
  token.word = first != Class::sign;
  token.spaceless = first == Class::single;
  Class last = first;
  while (p < end) {
    if (first == Class::letter || first == Class::digit) {  // nearly all bytes of nearly all texts
      const char* const run = p;
      while (p < end && is_ascii_word(*p)) ++p;
      if (p > run) {
        token.chars += static_cast<uint32_t>(p - run);
        last = kAscii[static_cast<unsigned char>(p[-1])];
        if (p == end) break;
      }
    }
    const char* here = p;
    const Class c = next_class(p);
    const bool goes_on =
        c == Class::mark || c == Class::joiner ||
        (first == Class::sign ? c == Class::sign
                              : first != Class::single && (c == Class::letter || c == Class::digit ||
                                                           (c == Class::sign && joins(here, end, last))));
    if (!goes_on) {
      p = here;
      break;
    }
    ++token.chars;
    if (c != Class::mark && c != Class::joiner) last = c;
  }
  token.size = static_cast<uint32_t>(p - start);
  at_ = static_cast<size_t>(p - base);
  return true;
}

}  // namespace ds::text
