#include "tokenizer/char_class.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>

#include "tokenizer/char_runs.inc"

namespace ds::tokenizer {
namespace {

// The length of a UTF-8 character at the start of `s` when it is whole and valid, else 0. `seen` is the
// number of bytes that are a possible beginning (at least 1).
size_t character(const uint8_t* p, size_t size, size_t* seen) {
  const uint8_t a = p[0];
  *seen = 1;
  if (a < 0x80) return 1;
  if (a < 0xC2 || a > 0xF4) return 0;
  const size_t need = a < 0xE0 ? 2 : a < 0xF0 ? 3 : 4;
  uint8_t low = 0x80,
          high = 0xBF;  // bounds of the second byte: no overlong forms, surrogates, or beyond U+10FFFF
  if (a == 0xE0) low = 0xA0;
  if (a == 0xED) high = 0x9F;
  if (a == 0xF0) low = 0x90;
  if (a == 0xF4) high = 0x8F;
  for (size_t i = 1; i < need; ++i) {
    if (i >= size || p[i] < low || p[i] > high) return 0;
    *seen = i + 1;
    low = 0x80;
    high = 0xBF;
  }
  return need;
}

}  // namespace

const uint8_t* class_table() {
  static const std::unique_ptr<uint8_t[]> table = [] {
    auto t = std::make_unique_for_overwrite<uint8_t[]>(0x110000);
    const size_t n = std::size(detail::kClassRuns);
    for (size_t i = 0; i < n; ++i) {
      const uint32_t begin = detail::kClassRuns[i] >> 8;
      const uint32_t end = i + 1 < n ? detail::kClassRuns[i + 1] >> 8 : 0x110000;
      std::memset(t.get() + begin, static_cast<int>(detail::kClassRuns[i] & 0xFF), end - begin);
    }
    return t;
  }();
  return table.get();
}

bool is_word_character(uint32_t c) {
  const auto* end = std::end(detail::kWordRuns);
  const auto* next = std::upper_bound(std::begin(detail::kWordRuns), end, c);
  return (next - std::begin(detail::kWordRuns)) % 2 == 0;
}

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

size_t valid_utf8_prefix(std::string_view s, size_t* tail) {
  const auto* p = reinterpret_cast<const uint8_t*>(s.data());
  const size_t n = s.size();
  size_t i = 0;
  if (tail) *tail = 0;
  while (i < n) {
    if (i + 8 <= n) {  // eight ASCII bytes at once
      uint64_t word;
      std::memcpy(&word, p + i, 8);
      if ((word & 0x8080808080808080u) == 0) {
        i += 8;
        continue;
      }
    }
    size_t seen;
    const size_t size = character(p + i, n - i, &seen);
    if (size == 0) {
      if (tail && i + seen == n && p[i] >= 0xC2 && p[i] <= 0xF4) *tail = seen;
      break;
    }
    i += size;
  }
  return i;
}

size_t invalid_part(std::string_view s) {
  size_t seen;
  character(reinterpret_cast<const uint8_t*>(s.data()), s.size(), &seen);
  return seen;
}

void append_repaired(std::string& out, std::string_view s) {
  while (!s.empty()) {
    const size_t good = valid_utf8_prefix(s);
    out.append(s.substr(0, good));
    s.remove_prefix(good);
    if (s.empty()) break;
    out += "\xEF\xBF\xBD";
    s.remove_prefix(invalid_part(s));
  }
}

}  // namespace ds::tokenizer
