// MinHash signatures for near-duplicate search (Broder 1997), with the parameters of FineWeb: word 5-grams,
// 14 bands of 8 rows.
//
// Text is folded first: lower case, every number (digits with one decimal part) becomes 0, punctuation and
// symbols become spaces, marks go (NFD without Mn), white space collapses; tokens by words.h. A shingle is
// five tokens as they stand in the folded text, hashed with XXH64. Slot i of a signature is the least (a_i h
// + b_i mod 2^64) mod (2^61 - 1) over the shingles h, a and b drawn from MT19937 with seed 1 as numpy does,
// so that signatures equal datatrove's for equal shingles. Two texts of Jaccard similarity s share a band
// with probability 1 - (1 - s^8)^14: .56 at .7, .77 at .75, .92 at .8, .99 at .85.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ds::text {

inline constexpr int kBands = 14, kRows = 8, kSlots = kBands * kRows, kShingleWords = 5;
using Signature = std::array<uint64_t, kSlots>;

// The text as shingles see it.
std::string fold(std::string_view text);
// XXH64 of every shingle of folded text, in order, repeats included; none for fewer than five tokens.
std::vector<uint64_t> shingles(std::string_view folded);
void add_to_signature(const std::vector<uint64_t>& hashes, Signature& signature);
Signature empty_signature();

// The set of a text's shingles in little memory, for exact Jaccard similarity: each shingle as 31 bits of its
// hash and the bit that says whether it survives the next halving. Texts of more than kMaxSketch distinct
// shingles keep those whose hash ends in `level` zero bits, so that the similarity is exact up to kMaxSketch
// and a sample's beyond (standard error about 1%).
struct Sketch {
  static constexpr size_t kMaxSketch = 2048;
  int level = 0;
  std::vector<uint32_t> items;  // sorted, distinct
};
Sketch make_sketch(std::vector<uint64_t> hashes);
double jaccard(const Sketch& a, const Sketch& b);  // 0 when the sizes differ more than fourfold

}  // namespace ds::text
