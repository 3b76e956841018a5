// Text cut into tokens, for counting, repetition rules and shingles. The rule, over kinds of unicode.h:
//  - a token is a maximal run of letters, marks, digits, numbers and '_'; ' and ’ join two letters, '.' and
//  ',' two digits
//    ("don't", "3.5", "1,200" are one token each);
//  - each letter of a script written without spaces (Han, kana, Thai, Khmer…) is a token of its own, with its
//  marks;
//  - a maximal run of punctuation and symbols is a token too, marked as such, so that "-----" and "!!!" can
//  be seen to repeat;
//  - spaces and controls separate; format characters (joiners) belong to the token before them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ds::text {

struct Token {
  uint32_t begin = 0, size = 0;  // bytes
  uint32_t chars = 0;            // code points
  bool word = false;             // false: punctuation and symbols
  bool spaceless = false;        // a letter of a script written without spaces
};

// One token after another of valid UTF-8 shorter than 4 GiB.
class TokenScanner {
 public:
  explicit TokenScanner(std::string_view text) : text_(text) {}
  bool next(Token& token);

 private:
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace ds::text
