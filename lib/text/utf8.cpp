// See utf8.h. ASCII is skipped eight bytes at a time; the rest is a small automaton over table 3-7 of the
// Unicode Standard.
#include "text/utf8.h"

#include <cstring>

namespace ds::text {
namespace {

// The bytes of one character at p: its length when valid; otherwise 0, with `bad` the length of the maximal
// invalid part.
inline size_t one_char(const unsigned char* p, size_t left, size_t& bad) {
  const unsigned char b = p[0];
  bad = 1;
  if (b < 0x80) return 1;
  size_t length;
  unsigned char low = 0x80, high = 0xBF;  // of the second byte
  if (b >= 0xC2 && b <= 0xDF) {
    length = 2;
  } else if (b >= 0xE0 && b <= 0xEF) {
    length = 3;
    if (b == 0xE0) low = 0xA0;
    if (b == 0xED) high = 0x9F;
  } else if (b >= 0xF0 && b <= 0xF4) {
    length = 4;
    if (b == 0xF0) low = 0x90;
    if (b == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  for (size_t i = 1; i < length; ++i) {
    if (i >= left || p[i] < low || p[i] > high) {
      bad = i;
      return 0;
    }
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

}  // namespace

size_t ascii_prefix(std::string_view s) {
  size_t i = 0;
  for (; i + 8 <= s.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, s.data() + i, 8);
    if (word & 0x8080808080808080u) break;
  }
  while (i < s.size() && static_cast<unsigned char>(s[i]) < 0x80) ++i;
  return i;
}

size_t valid_utf8_prefix(std::string_view s) {
  const auto* p = reinterpret_cast<const unsigned char*>(s.data());
  size_t i = 0, bad;
  while (i < s.size()) {
    if (p[i] < 0x80) {
      i += ascii_prefix(s.substr(i));
      continue;
    }
    const size_t length = one_char(p + i, s.size() - i, bad);
    if (length == 0) return i;
    i += length;
  }
  return i;
}

uint64_t repair_utf8(std::string& s) {
  size_t good = valid_utf8_prefix(s);
  if (good == s.size()) return 0;
  std::string out;
  out.reserve(s.size() + s.size() / 16 + 16);
  uint64_t repairs = 0;
  std::string_view rest = s;
  for (;;) {
    out.append(rest.substr(0, good));
    rest.remove_prefix(good);
    if (rest.empty()) break;
    size_t bad;
    one_char(reinterpret_cast<const unsigned char*>(rest.data()), rest.size(), bad);
    rest.remove_prefix(bad);
    out += "\xEF\xBF\xBD";
    ++repairs;
    good = valid_utf8_prefix(rest);
  }
  s = std::move(out);
  return repairs;
}

void append_char(std::string& out, char32_t c) {
  char b[4];
  if (c < 0x80) {
    out += static_cast<char>(c);
    return;
  }
  size_t n;
  if (c < 0x800) {
    b[0] = static_cast<char>(0xC0 | c >> 6);
    n = 2;
  } else if (c < 0x10000) {
    b[0] = static_cast<char>(0xE0 | c >> 12);
    n = 3;
  } else {
    b[0] = static_cast<char>(0xF0 | c >> 18);
    n = 4;
  }
  for (size_t i = n - 1; i > 0; --i, c >>= 6) b[i] = static_cast<char>(0x80 | (c & 0x3F));
  out.append(b, n);
}

uint64_t count_chars(std::string_view s) {
  uint64_t n = 0;
  for (const char c : s) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return n;
}

}  // namespace ds::text
