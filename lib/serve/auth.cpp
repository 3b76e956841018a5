#include "serve/auth.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/io.h"

namespace ds::serve {

namespace {

std::string_view trimmed(std::string_view s) {
  const char* blank = " \t\r\n";
  const size_t begin = s.find_first_not_of(blank);
  return begin == s.npos ? std::string_view() : s.substr(begin, s.find_last_not_of(blank) - begin + 1);
}

bool is_bearer(std::string_view word) {
  static constexpr std::string_view kBearer = "bearer";
  if (word.size() != kBearer.size()) return false;
  for (size_t i = 0; i < word.size(); ++i)
    if ((word[i] | 0x20) != kBearer[i]) return false;
  return true;
}

// 1 when equal; looks at every byte either way.
unsigned equal(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0 ? 1 : 0;
}

}  // namespace

ApiKeys ApiKeys::read(const std::string& path) {
  const std::string text = read_file(path, 1 << 20);
  ApiKeys keys;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (!line.empty() && line[0] != '#') keys.hashes_.push_back(sha256_hex(line));
  }
  if (keys.hashes_.empty())
    throw usage_error(path + ": no key in it", "one key a line; without --api-key-file everybody may ask");
  return keys;
}

bool ApiKeys::accept(std::string_view authorization) const {
  if (!required()) return true;
  authorization = trimmed(authorization);
  const size_t space = authorization.find(' ');
  if (space == authorization.npos || !is_bearer(authorization.substr(0, space))) return false;
  const std::string hash = sha256_hex(trimmed(authorization.substr(space)));
  unsigned found = 0;
  for (const std::string& key : hashes_) found |= equal(hash, key);
  return found != 0;
}

}  // namespace ds::serve
