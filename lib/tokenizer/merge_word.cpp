// The merge loop of BPE on one word.
#include <algorithm>
#include <queue>

#include "tokenizer/tables.h"

namespace ds::tokenizer {
namespace {

constexpr size_t kShort = 40;  // bytes; up to here scanning for the lowest rank beats a heap

void merge_short(const Tables& t, std::string_view word, std::vector<uint32_t>& out) {
  uint32_t ids[kShort];
  Merge merges[kShort];  // of ids[i] and ids[i + 1]
  size_t n = word.size();
  for (size_t i = 0; i < n; ++i) ids[i] = t.byte_id[static_cast<uint8_t>(word[i])];
  for (size_t i = 0; i + 1 < n; ++i) merges[i] = t.merges.find(ids[i], ids[i + 1]);
  while (n > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < n; ++i) {
      if (merges[i].rank < merges[best].rank) best = i;
    }
    if (merges[best].rank == UINT32_MAX) break;
    ids[best] = merges[best].id;
    std::copy(ids + best + 2, ids + n, ids + best + 1);
    if (best + 2 < n) std::copy(merges + best + 2, merges + n - 1, merges + best + 1);
    --n;
    if (best + 1 < n) merges[best] = t.merges.find(ids[best], ids[best + 1]);
    if (best > 0) merges[best - 1] = t.merges.find(ids[best - 1], ids[best]);
  }
  out.insert(out.end(), ids, ids + n);
}

// Symbols in a doubly linked list by position; the heap holds rank << 32 | position, entries that no longer
// hold are skipped when they come up. Each merge pushes at most two, so the heap sees at most three entries
// per byte.
void merge_long(const Tables& t, std::string_view word, std::vector<uint32_t>& out) {
  struct Symbol {
    uint32_t id, previous, next;
    Merge merge;  // with the next one
  };
  constexpr uint32_t kNone = UINT32_MAX;
  const auto n = static_cast<uint32_t>(word.size());
  std::vector<Symbol> s(n);
  std::vector<uint64_t> queue;
  queue.reserve(n);
  for (uint32_t i = 0; i < n; ++i) {
    s[i] = {t.byte_id[static_cast<uint8_t>(word[i])], i == 0 ? kNone : i - 1, i + 1 == n ? kNone : i + 1, {}};
  }
  const auto look_up = [&](uint32_t i) {
    s[i].merge = s[i].next == kNone ? Merge{} : t.merges.find(s[i].id, s[s[i].next].id);
    return s[i].merge.rank != UINT32_MAX;
  };
  for (uint32_t i = 0; i < n; ++i) {
    if (look_up(i)) queue.push_back(uint64_t{s[i].merge.rank} << 32 | i);
  }
  std::make_heap(queue.begin(), queue.end(), std::greater<>());
  const auto push = [&](uint32_t i) {
    if (!look_up(i)) return;
    queue.push_back(uint64_t{s[i].merge.rank} << 32 | i);
    std::push_heap(queue.begin(), queue.end(), std::greater<>());
  };
  while (!queue.empty()) {
    const uint64_t top = queue.front();
    std::pop_heap(queue.begin(), queue.end(), std::greater<>());
    queue.pop_back();
    const auto i = static_cast<uint32_t>(top);
    if (s[i].merge.rank != top >> 32) continue;  // changed or merged away since
    const uint32_t right = s[i].next;
    s[i].id = s[i].merge.id;
    s[i].next = s[right].next;
    s[right].merge = {};
    if (s[i].next != kNone) s[s[i].next].previous = i;
    push(i);
    if (s[i].previous != kNone) push(s[i].previous);
  }
  for (uint32_t i = 0; i != kNone; i = s[i].next) out.push_back(s[i].id);
}

}  // namespace

void merge_word(const Tables& t, std::string_view word, std::vector<uint32_t>& out) {
  if (word.empty()) return;
  if (word.size() <= kShort) {
    merge_short(t, word, out);
  } else {
    merge_long(t, word, out);
  }
}

}  // namespace ds::tokenizer
