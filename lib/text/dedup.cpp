// See dedup.h.
#include "text/dedup.h"

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"

namespace ds::text {
namespace {
constexpr size_t kMaxCandidates = 1000;  // per band; bounds the time that texts made to collide can cost
}

Fingerprint fingerprint(std::string_view normal_text, bool with_minhash) {
  Fingerprint f;
  f.exact = {xxh64(normal_text, 0), xxh64(normal_text, 1)};
  if (!with_minhash) return f;
  std::vector<uint64_t> hashes = shingles(fold(normal_text));
  if (hashes.empty()) return f;
  Signature signature = empty_signature();
  add_to_signature(hashes, signature);
  for (int band = 0; band < kBands; ++band) {
    const auto* rows = reinterpret_cast<const char*>(signature.data() + band * kRows);
    f.bands[static_cast<size_t>(band)] = xxh64({rows, kRows * sizeof(uint64_t)}, static_cast<uint64_t>(band));
  }
  f.sketch = make_sketch(std::move(hashes));
  return f;
}

size_t HashTable::place(uint64_t key) const {
  const size_t mask = slots_.size() - 1;
  size_t at = key & mask;
  while (slots_[at].value != kNone && slots_[at].key != key) at = (at + 1) & mask;
  return at;
}

uint32_t HashTable::find(uint64_t key) const { return slots_.empty() ? kNone : slots_[place(key)].value; }

void HashTable::set(uint64_t key, uint32_t value) {
  if (used_ * 3 >= slots_.size() * 2) {
    std::vector<Slot> old(std::max<size_t>(1024, slots_.size() * 2));
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.value != kNone) slots_[place(slot.key)] = slot;
    }
  }
  Slot& slot = slots_[place(key)];
  used_ += slot.value == kNone;
  slot = {key, value};
}

std::optional<DedupIndex::Match> DedupIndex::find_exact(const Fingerprint& f) const {
  const uint32_t at = exact_.find(f.exact[0]);
  if (at == HashTable::kNone || entries_[at].exact != f.exact) return std::nullopt;
  return Match{entries_[at].id, 1};
}

std::optional<DedupIndex::Match> DedupIndex::find_near(const Fingerprint& f, double min_similarity) const {
  if (f.sketch.items.empty()) return std::nullopt;
  std::vector<uint32_t> candidates;
  for (size_t band = 0; band < kBands; ++band) {
    uint32_t at = bands_.find(f.bands[band]);
    for (size_t n = 0; at != HashTable::kNone && n < kMaxCandidates; ++n) {
      candidates.push_back(at);
      at = entries_[at].next[band];
    }
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  for (const uint32_t at : candidates) {
    const double similarity = jaccard(f.sketch, entries_[at].sketch);
    if (similarity >= min_similarity) return Match{entries_[at].id, similarity};
  }
  return std::nullopt;
}

void DedupIndex::insert(Fingerprint f, std::string id) {
  if (entries_.size() >= HashTable::kNone)
    throw resource_error("more than 4294967294 documents", "clean them in parts");
  const auto self = static_cast<uint32_t>(entries_.size());
  Entry& entry = entries_.emplace_back();
  entry.exact = f.exact;
  entry.id = std::move(id);
  if (exact_.find(f.exact[0]) == HashTable::kNone) exact_.set(f.exact[0], self);
  entry.next.fill(HashTable::kNone);
  if (f.sketch.items.empty()) return;
  for (size_t band = 0; band < kBands; ++band) {
    entry.next[band] = bands_.find(f.bands[band]);
    bands_.set(f.bands[band], self);
  }
  entry.sketch = std::move(f.sketch);
}

}  // namespace ds::text
