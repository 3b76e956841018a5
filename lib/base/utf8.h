// UTF-8: checking, repairing, walking. Text is checked where it enters, so that decoding needs no checks.
// Invalid means what the Unicode Standard says (table 3-7): overlong forms, surrogates, values over U+10FFFF,
// stray or missing continuation bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ds {

// First byte that is not ASCII, or size.
size_t ascii_prefix(std::string_view s);

// The length of the valid prefix; s.size() when all of it is valid. `tail`, when given, is set to the length
// of a cut-off but so far valid character at the very end (0 to 3); it is 0 when the rest is invalid.
size_t valid_utf8_prefix(std::string_view s, size_t* tail = nullptr);
inline bool is_valid_utf8(std::string_view s) { return valid_utf8_prefix(s) == s.size(); }

// Length of the maximal invalid part at the start of `s` (1 to 3), which one U+FFFD replaces.
size_t invalid_part(std::string_view s);

// Replaces each maximal invalid part (Unicode Standard 3.9, as WHATWG and Python's errors="replace" do) by
// U+FFFD. Returns how many there were; `s` stays as it is when there were none.
uint64_t repair_utf8(std::string& s);
// The same while appending; returns how many there were.
uint64_t append_repaired(std::string& out, std::string_view s);

// Decodes the character at `p` of valid UTF-8 and steps over it.
inline char32_t next_char(const char*& p) {
  const auto* u = reinterpret_cast<const unsigned char*>(p);
  if (u[0] < 0x80) return p += 1, u[0];
  if (u[0] < 0xE0) return p += 2, (u[0] & 0x1Fu) << 6 | (u[1] & 0x3Fu);
  if (u[0] < 0xF0) return p += 3, (u[0] & 0x0Fu) << 12 | (u[1] & 0x3Fu) << 6 | (u[2] & 0x3Fu);
  return p += 4, (u[0] & 0x07u) << 18 | (u[1] & 0x3Fu) << 12 | (u[2] & 0x3Fu) << 6 | (u[3] & 0x3Fu);
}

void append_utf8(std::string& out, char32_t c);

// Characters (code points) in valid UTF-8.
uint64_t count_chars(std::string_view s);

}  // namespace ds
