// See repetition.h. n-grams are 64-bit hashes made from those of the (n-1)-grams; equal hashes are taken for
// equal n-grams.
#include "text/repetition.h"

#include <bit>
#include <cstring>
#include <unordered_set>

#include "base/hash.h"
#include "base/utf8.h"

namespace ds::text {
namespace {

constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15u;

uint64_t mix(uint64_t h) {  // finaliser of splitmix64
  h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
  h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
  return h ^ (h >> 31);
}

// Tokens hold no NUL, so up to eight bytes are their own name.
uint64_t token_hash(std::string_view text, const Token& token) {
  if (token.size > 8) return xxh64(text.substr(token.begin, token.size));
  uint64_t bytes = 0;
  if (text.size() - token.begin >= 8) {
    std::memcpy(&bytes, text.data() + token.begin, 8);
    bytes &= ~uint64_t{0} >> (64 - 8 * token.size);
  } else {
    std::memcpy(&bytes, text.data() + token.begin, token.size);
  }
  return mix(bytes);
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
  places_.reserve(tokens.size());
  prefix_chars_.reserve(tokens.size() + 1);
  prefix_chars_.push_back(0);
  for (const Token& token : tokens) {
    words_.push_back(token_hash(text, token));
    places_.push_back({words_.back(), static_cast<uint32_t>(places_.size()), 0});
    prefix_chars_.push_back(prefix_chars_.back() + token.chars);
  }
  keep_repeated();
}

void NgramRepetition::keep_repeated() {
  grams_.assign(std::bit_ceil(places_.size() * 2 + 1), Gram{0, 0, false});
  const size_t mask = grams_.size() - 1;
  for (Place& place : places_) {
    size_t slot = place.hash & mask;
    while (grams_[slot].count && grams_[slot].hash != place.hash) slot = (slot + 1) & mask;
    grams_[slot].hash = place.hash;
    ++grams_[slot].count;
    place.gram = static_cast<uint32_t>(slot);
  }
  std::erase_if(places_, [&](const Place& place) { return grams_[place.gram].count < 2; });
}

void NgramRepetition::advance(int n) {
  for (; n_ < n && !places_.empty(); ++n_) {
    const auto size = static_cast<size_t>(n_);
    while (!places_.empty() && places_.back().at + size >= words_.size()) places_.pop_back();
    for (Place& place : places_) place.hash = mix(place.hash * kMultiplier + words_[place.at + size]);
    keep_repeated();
  }
}

double NgramRepetition::top(int n) {
  n = length(n);
  advance(n);
  const Place* top = nullptr;
  uint32_t most = 0;
  for (const Place& place : places_) {
    if (grams_[place.gram].count > most) most = grams_[place.gram].count, top = &place;
  }
  if (!top) return 0;
  const uint64_t joined = gram_chars(top->at, n) + (spaceless_ ? 0 : static_cast<uint64_t>(n) - 1);
  return static_cast<double>(joined * most) / static_cast<double>(chars_);
}

double NgramRepetition::duplicate(int n) {
  n = length(n);
  advance(n);
  for (const Place& place : places_) grams_[place.gram].seen = false;
  uint64_t repeated = 0;
  size_t next = 0;
  for (const Place& place : places_) {
    if (place.at < next) continue;
    Gram& gram = grams_[place.gram];
    if (gram.seen) {
      repeated += gram_chars(place.at, n);
      next = place.at + static_cast<size_t>(n);
    }
    gram.seen = true;
  }
  return repeated ? static_cast<double>(repeated) / static_cast<double>(chars_) : 0;
}

}  // namespace ds::text
