// Finds documents that were seen before, the same or nearly. Holds hashes, never texts: about 0.5 KB a
// document for the bands and 4 bytes for each of its shingles, 8 KB at most.
//
// Exact means: the same bytes (128 bits of XXH64). Near means: at least one of the 14 MinHash bands in common
// and a Jaccard similarity of the shingle sets (minhash.h) of at least the limit. The first of several is the
// one that stays, so the result depends on the order of the documents and on nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/minhash.h"

namespace ds::text {

// What a document is compared by. Made in parallel; the index is then asked in order.
struct Fingerprint {
  std::array<uint64_t, 2> exact{};
  std::array<uint64_t, kBands> bands{};  // hash of each band's slots
  Sketch sketch;  // empty for texts of fewer than five tokens, which are never near duplicates
};
Fingerprint fingerprint(std::string_view normal_text, bool with_minhash);

// 64-bit keys to 32-bit values, open addressing, never shrinks. Keys must be hashes already.
class HashTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t find(uint64_t key) const;
  void set(uint64_t key, uint32_t value);  // inserts or replaces; value is not kNone
  size_t size() const { return used_; }

 private:
  struct Slot {
    uint64_t key = 0;
    uint32_t value = kNone;
  };
  size_t place(uint64_t key) const;
  std::vector<Slot> slots_;
  size_t used_ = 0;
};

class DedupIndex {
 public:
  struct Match {
    std::string id;
    double similarity;  // 1 for exact ones
  };

  std::optional<Match> find_exact(const Fingerprint& f) const;
  std::optional<Match> find_near(const Fingerprint& f, double min_similarity) const;
  void insert(Fingerprint f, std::string id);
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::array<uint64_t, 2> exact;
    std::array<uint32_t, kBands> next;  // entry before it in the same band's chain
    Sketch sketch;
    std::string id;
  };
  std::vector<Entry> entries_;
  HashTable exact_, bands_;
};

}  // namespace ds::text
