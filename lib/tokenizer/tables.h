// What a tokenizer needs while it runs, built once from the model: merge ranks by pair, words by bytes, the
// finder of added tokens. Immutable afterwards, shared by all encoders.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/tokenizer_json.h"
#include "tokenizer/splitter.h"

namespace ds::tokenizer {

struct Merge {
  uint32_t rank = UINT32_MAX;  // UINT32_MAX: these two never merge
  uint32_t id = 0;
};

// (left id, right id) -> Merge: open addressing, at most half full.
class MergeTable {
 public:
  MergeTable() = default;
  explicit MergeTable(const formats::TokenizerJson& model);

  Merge find(uint32_t left, uint32_t right) const {
    const uint64_t key = uint64_t{left} << 32 | right;
    for (size_t i = slot(key);; i = (i + 1) & mask_) {
      if (slots_[i].key == key) return slots_[i].merge;
      if (slots_[i].key == kEmpty) return {};
    }
  }

 private:
  static constexpr uint64_t kEmpty = UINT64_MAX;
  struct Slot {
    uint64_t key = kEmpty;
    Merge merge;
  };
  size_t slot(uint64_t key) const {
    return static_cast<size_t>((key * 0x9E3779B97F4A7C15u) >> shift_) & mask_;
  }
  std::vector<Slot> slots_{Slot{}};
  size_t mask_ = 0;
  int shift_ = 63;
};

// Finds tokens in a text: the leftmost, among those the longest, then the next behind it (what an
// Aho-Corasick automaton in leftmost-longest mode gives). A trie is tried wherever a first byte fits; tokens
// are short, so this stays linear.
class TokenFinder {
 public:
  TokenFinder() = default;
  struct Found {
    size_t begin, end;
    uint32_t index;  // of the token, as numbered by add()
  };
  void add(std::string_view token, uint32_t index);
  bool empty() const { return nodes_.size() <= 1; }
  bool next(std::string_view text, size_t from, Found& found) const;

 private:
  struct Node {
    uint32_t token = UINT32_MAX;
    std::vector<std::pair<uint8_t, uint32_t>> next;
  };
  std::vector<Node> nodes_{Node{}};
  std::array<bool, 256> first_{};
  int only_first_ = -1;  // the one first byte, if all tokens share it
};

struct Tables {
  explicit Tables(formats::TokenizerJson m);  // throws data on splits that are not known

  formats::TokenizerJson model;
  Pattern pattern = Pattern::none;
  std::array<uint32_t, 256> byte_id;
  MergeTable merges;
  TokenFinder raw, normalized;  // added tokens by index, sought before and after normalisation
  std::unordered_map<std::string_view, uint32_t>
      words;  // the model's vocabulary by bytes; views into model.tokens
  std::unordered_map<std::string_view, uint32_t> contents;  // added tokens by content
  std::vector<bool> special;                                // by id
};

// Appends the ids of one word to `out`: merges the pair of lowest rank, leftmost on ties, until none is left.
// O(n^2) for short words in registers and cache lines, O(n log n) with a heap for long ones.
void merge_word(const Tables& t, std::string_view word, std::vector<uint32_t>& out);

}  // namespace ds::tokenizer
