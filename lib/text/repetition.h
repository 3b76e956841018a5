// How much of a text repeats itself: the measures of Rae et al. 2021 (Gopher, table A1), as datatrove
// computes them.
//
// Lines are split at one or more line ends, paragraphs at two or more; what counts as duplicate is every copy
// after the first; shares of characters are of all characters of the text, spaces included. n-grams are over
// tokens (words.h); top is the first of the most frequent n-grams, joined by spaces, times its count; dup is
// a greedy scan that adds the characters of an n-gram seen before and jumps over it. Two differences: an
// n-gram that occurs once is no repetition (0), and in texts mostly of a script written without spaces, whose
// tokens are single characters, n is taken as 5n/3 (a Chinese word has 1.6) and nothing is joined by spaces.
// n-grams of the first 2^20 tokens only, which bounds memory.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/words.h"

namespace ds::text {

struct Segments {
  double share = 0;        // duplicates / segments
  double share_chars = 0;  // characters of duplicates / characters of the text
};
Segments duplicate_lines(std::string_view text, uint64_t chars);
Segments duplicate_paragraphs(std::string_view text, uint64_t chars);

class NgramRepetition {
 public:
  NgramRepetition(std::string_view text, const std::vector<Token>& tokens, uint64_t chars, bool spaceless);
  // Shares of characters. Each call must ask for the same n as the one before or a larger one.
  double top(int n);
  double duplicate(int n);

 private:
  // A place whose n-gram occurs more than once. Only these can begin a longer n-gram that does, so the list
  // shrinks.
  struct Place {
    uint64_t hash;
    uint32_t at, gram;  // token; slot of grams_
  };
  struct Gram {
    uint64_t hash;
    uint32_t count;
    bool seen;
  };
  int length(int n) const { return spaceless_ ? (n * 5 + 1) / 3 : n; }
  void advance(int n);
  void keep_repeated();
  uint64_t gram_chars(size_t first, int n) const {
    return prefix_chars_[first + static_cast<size_t>(n)] - prefix_chars_[first];
  }

  uint64_t chars_;
  bool spaceless_;
  int n_ = 1;
  std::vector<uint64_t> words_;  // hashes of the tokens
  std::vector<Place> places_;    // in order
  std::vector<Gram> grams_;      // open table of the n-grams at the places
  std::vector<uint64_t> prefix_chars_;
};

}  // namespace ds::text
