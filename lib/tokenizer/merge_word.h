// The merge loop of byte-level BPE on one word: of all neighbours that may merge, the pair of lowest rank
// does, the leftmost on ties, until none is left.
//
// Three forms with one result:
//   - up to 64 bytes: symbols in a fixed array on the stack; the lowest `rank << 8 | place` by a vector
//   minimum;
//   - longer: windows of 32 bytes, joined (below), when the merges are ordered, so the time is linear;
//   - else: a heap over a linked list, n log n.
//
// None recurses, and no input makes any of them quadratic.
//
// Why windows may be joined. Merges are ordered when every merge ranks behind all merges that make its parts
// (checked at load; every trained file is so). Then the loop takes ranks in ascending order, so what a
// stretch of symbols looks like when rank r is due depends on that stretch alone as long as nothing merged
// across its edges. Hence tokens t1 … tk are the result for their bytes if and only if every neighbouring
// pair (ti, ti+1) is the result for its own bytes: the first merge across an edge, if there were one, would
// happen in that pair alone as well. Now let a window's result be t1 … tj … and let a second window begin
// where tj begins and have the result u1 u2 …. If u1 = tj, all pairs of t1 … tj u2 … are proven by the one
// or the other window, so this is the result for both together. If it is not, the second window begins
// further left, and when no place agrees the windows grow.
//
// By the same reasoning two windows may be joined at any token that both have at the same place, wherever
// the second begins. Where the processor can merge many short words at once (merge_word_avx512.cpp), windows
// of 16 bytes at fixed distances are merged ahead, and what they do not prove is left to the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ds::tokenizer {

inline constexpr uint32_t kNoRank = (1u << 22) - 1;
inline constexpr uint32_t kMaxTokens = (1u << 21) - 1;  // ids below this fit a slot; ranks below kNoRank

inline constexpr uint64_t kPairBucket = 8;  // slots of a cache line, where a search begins

// Views into CompiledBpe. A slot of `pairs` is left << 43 | right << 22 | rank, all ones when empty; open
// addressing from the beginning of a cache line, never full. Most pairs that are asked for do not merge, and
// the table is larger than the second cache: a bit for the hash of every pair that does answers most of them
// from near by.
struct MergeTables {
  const uint32_t* byte_id = nullptr;  // 256
  const uint32_t* byte_ranks =
      nullptr;                       // 65536, by first byte << 8 | second: rank of the pair of their tokens
  const uint32_t* filter = nullptr;  // 2^filter_bits bits
  const uint64_t* pairs = nullptr;   // 2^pair_bits, eight or more
  uint32_t filter_bits = 5, pair_bits = 0;
  const uint32_t* merged = nullptr;  // id by rank
  uint32_t consecutive = 0;          // when not 0, merged[rank] is rank + this
  bool ordered = false;

  static uint64_t hash(uint64_t key) {
    const uint64_t h = key * 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
  }
  uint32_t rank(uint32_t left, uint32_t right) const {
    const uint64_t key = uint64_t{left} << 21 | right;
    const uint64_t h = hash(key);
    const uint64_t bit = h >> (64 - filter_bits);
    if (!(filter[bit >> 5] >> (bit & 31) & 1)) return kNoRank;
    const uint64_t mask = (uint64_t{1} << pair_bits) - 1;
    for (uint64_t i = h & mask & ~(kPairBucket - 1);; i = (i + 1) & mask) {
      const uint64_t slot = pairs[i];
      if (slot >> 22 == key) return static_cast<uint32_t>(slot) & kNoRank;
      if (slot == UINT64_MAX) return kNoRank;
    }
  }
  uint32_t made_by(uint32_t rank) const { return consecutive != 0 ? rank + consecutive : merged[rank]; }
};

struct MergeScratch {
  std::vector<uint32_t> ids, next, previous, ranks, window, places, window_places;
  std::vector<uint64_t> queue;
};

size_t merge_short_word(const MergeTables& t, const uint8_t* word, size_t size,
                        uint32_t* out);             // 1 to 64 bytes
bool merges_long_words_fast(const MergeTables& t);  // faster than parts of them one by one
// Writes the ids of `size` bytes to `out`, which has room for `size` of them; returns how many.
size_t merge_word(const MergeTables& t, const uint8_t* word, size_t size, uint32_t* out,
                  MergeScratch& scratch);

}  // namespace ds::tokenizer
