// See repetition.h. n-grams are 64-bit hashes, built from the hashes of the (n-1)-grams, in open tables of
// the size of the text; equal hashes are taken for equal n-grams.
#include "text/repetition.h"

#include <bit>
#include <unordered_set>

#include "base/hash.h"
#include "text/utf8.h"

namespace ds::text {
namespace {

constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15u;

uint64_t mix(uint64_t h) {  // finaliser of splitmix64
  h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
  h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
  return h ^ (h >> 31);
}

// Segments between runs of at least `run` line ends. As a regular expression's split gives them: with empty
// ones at the edges.
Segments duplicate_segments(std::string_view text, size_t run, uint64_t chars) {
  std::unordered_set<uint64_t> seen;
  uint64_t segments = 0, duplicates = 0, duplicate_chars = 0;
  size_t begin = 0, at = 0;
  for (;;) {
    const size_t newline = text.find('\n', at);
    size_t after = newline;
    if (newline != std::string_view::npos) {
      after = text.find_first_not_of('\n', newline);
      if (after == std::string_view::npos) after = text.size();
      if (after - newline < run) {
        at = after;
        continue;
      }
    }
    const std::string_view segment =
        text.substr(begin, newline == std::string_view::npos ? newline : newline - begin);
    ++segments;
    if (!seen.insert(xxh64(segment)).second) {
      ++duplicates;
      duplicate_chars += count_chars(segment);
    }
    if (newline == std::string_view::npos) break;
    begin = at = after;
  }
  return {static_cast<double>(duplicates) / static_cast<double>(segments),
          chars ? static_cast<double>(duplicate_chars) / static_cast<double>(chars) : 0};
}

}  // namespace

Segments duplicate_lines(std::string_view text, uint64_t chars) { return duplicate_segments(text, 1, chars); }

Segments duplicate_paragraphs(std::string_view text, uint64_t chars) {
  const size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return duplicate_segments(text.substr(first, text.find_last_not_of(" \t\n") + 1 - first), 2, chars);
}

NgramRepetition::NgramRepetition(std::string_view text, const std::vector<Token>& tokens, uint64_t chars,
                                 bool spaceless)
    : chars_(chars), spaceless_(spaceless) {
  words_.reserve(tokens.size());
  prefix_chars_.reserve(tokens.size() + 1);
  prefix_chars_.push_back(0);
  for (const Token& token : tokens) {
    words_.push_back(xxh64(text.substr(token.begin, token.size)));
    prefix_chars_.push_back(prefix_chars_.back() + token.chars);
  }
  grams_ = words_;
}

void NgramRepetition::advance(int n) {
  for (; n_ < n; ++n_) {
    if (grams_.empty()) return;
    grams_.pop_back();
    for (size_t i = 0; i < grams_.size(); ++i)
      grams_[i] = mix(grams_[i] * kMultiplier + words_[i + static_cast<size_t>(n_)]);
  }
}

double NgramRepetition::top(int n) {
  n = length(n);
  advance(n);
  if (grams_.empty() || distinct_ || chars_ == 0) return 0;
  struct Slot {
    uint64_t gram;
    uint32_t count, first;
  };
  std::vector<Slot> table(std::bit_ceil(grams_.size() * 2));
  const size_t mask = table.size() - 1;
  uint32_t most = 0;
  for (size_t i = 0; i < grams_.size(); ++i) {
    size_t at = grams_[i] & mask;
    while (table[at].count && table[at].gram != grams_[i]) at = (at + 1) & mask;
    if (!table[at].count) table[at] = {grams_[i], 0, static_cast<uint32_t>(i)};
    most = std::max(most, ++table[at].count);
  }
  if (most < 2) {
    distinct_ = true;
    return 0;
  }
  uint32_t first = UINT32_MAX;
  for (const Slot& slot : table) {
    if (slot.count == most) first = std::min(first, slot.first);
  }
  const uint64_t joined = gram_chars(first, n) + (spaceless_ ? 0 : static_cast<uint64_t>(n) - 1);
  return static_cast<double>(joined * most) / static_cast<double>(chars_);
}

double NgramRepetition::duplicate(int n) {
  n = length(n);
  advance(n);
  if (grams_.empty() || distinct_ || chars_ == 0) return 0;
  std::vector<uint64_t> table(
      std::bit_ceil(grams_.size() * 2));  // 0: free (a gram that hashes to 0 counts as new)
  const size_t mask = table.size() - 1;
  uint64_t repeated = 0;
  for (size_t i = 0; i < grams_.size();) {
    size_t at = grams_[i] & mask;
    while (table[at] && table[at] != grams_[i]) at = (at + 1) & mask;
    if (table[at]) {
      repeated += gram_chars(i, n);
      i += static_cast<size_t>(n);
    } else {
      table[at] = grams_[i++];
    }
  }
  distinct_ = repeated == 0;
  return static_cast<double>(repeated) / static_cast<double>(chars_);
}

}  // namespace ds::text
