#include "tokenizer/word_cache.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/error.h"
#include "base/hash.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace ds::tokenizer {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

constexpr uint32_t kFirstBits = 12;
constexpr uint64_t kElsewhereBit = uint64_t{WordCache::kElsewhere} << 56;

size_t words_for(size_t bytes) { return (bytes + 3) / 4; }

// The place of a word in a line; -1 when it is not there.
int way_of(const WordLine& line, const WordKey16& k) {
  uint64_t w[4];
  std::memcpy(w, line.key, 32);
  if (w[0] == k.a && (w[1] & ~kElsewhereBit) == k.b) return 0;
  if (w[2] == k.a && (w[3] & ~kElsewhereBit) == k.b) return 1;
  return -1;
}

// Then no word of this line went to the one beside.
bool has_room(const WordLine& line) { return line.key[1][15] == 0; }

}  // namespace

HugeMemory::HugeMemory(size_t bytes) : bytes_((bytes + kHugePage - 1) / kHugePage * kHugePage) {
#if defined(__linux__)
  if (bytes >= kHugePage) {
    // Room to begin where a huge page may: what is too much is never touched.
    mapped_ = bytes_ + kHugePage;
    map_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map_ == MAP_FAILED) {
      map_ = nullptr;
      throw resource_error("no memory for the cache of words", "give it less");
    }
    data_ =
        reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(map_) + kHugePage - 1) / kHugePage * kHugePage);
    madvise(data_, bytes_, MADV_HUGEPAGE);  // a wish only
    return;
  }
#endif
  bytes_ = (bytes + 63) / 64 * 64;
  data_ = std::aligned_alloc(64, bytes_);
  if (!data_) throw resource_error("no memory for the cache of words", "give it less");
  std::memset(data_, 0, bytes_);
}
HugeMemory& HugeMemory::operator=(HugeMemory&& o) noexcept {
  std::swap(data_, o.data_);
  std::swap(bytes_, o.bytes_);
  std::swap(map_, o.map_);
  std::swap(mapped_, o.mapped_);
  return *this;
}
HugeMemory::~HugeMemory() {
#if defined(__linux__)
  if (map_) {
    munmap(map_, mapped_);
    return;
  }
#endif
  std::free(data_);
}

WordCache::WordCache(size_t bytes, const Seed& seed)
    : seed_(seed), seed_shift_(64 - seed.bits), lines_(seed.lines), shift_(64 - seed.bits) {
  while ((sizeof(WordLine) << (largest_bits_ + 1)) <= bytes / 4 * 3) ++largest_bits_;
  arena_limit_ = bytes / 8 / sizeof(uint32_t);
  while (most_longs_ * 2 * sizeof(Long) <= bytes / 8) most_longs_ *= 2;
  if (!seed.lines) grow();
}

WordKey16 WordCache::key(const uint8_t* word, size_t size) {
  WordKey16 k{0, 0};
  std::memcpy(&k, word, size);
  k.b |= uint64_t{size} << 56;
  return k;
}

WordCache::Place WordCache::free_place(WordLine* lines, uint32_t shift, const WordKey16& k) {
  const uint64_t home = hash(k.a, k.b) >> shift;
  for (const uint64_t i : {home, home ^ 1}) {
    for (int way = 0; way < 2; ++way) {
      if (lines[i].key[way][15] == 0) return {&lines[i], way};
    }
  }
  return {&lines[home], -1};
}

bool WordCache::put(WordLine* lines, uint32_t shift, const WordKey16& k, const uint32_t* ids, size_t count) {
  const Place p = free_place(lines, shift, k);
  if (p.way < 0) return false;
  std::memcpy(p.line->key[p.way], &k, 16);
  std::memcpy(p.line->ids[p.way], ids, count * sizeof(uint32_t));
  p.line->ids[p.way][0] |= static_cast<uint32_t>(count) << 24;
  return true;
}

void WordCache::grow() {
  const size_t old_lines = mine_ ? size_t{1} << bits_ : 0;
  bits_ = std::min(largest_bits_, mine_ ? bits_ + 1 : kFirstBits);
  shift_ = 64 - bits_;
  HugeMemory memory(sizeof(WordLine) << bits_);
  auto* const lines = static_cast<WordLine*>(memory.data());
  used_ = 0;
  for (size_t i = 0; i < old_lines; ++i) {
    for (int way = 0; way < 2; ++way) {
      if (mine_[i].key[way][15] == 0) continue;
      WordKey16 k;
      std::memcpy(&k, mine_[i].key[way], 16);
      k.b &= ~kElsewhereBit;
      const Place p = free_place(lines, shift_, k);
      if (p.way < 0) continue;
      std::memcpy(p.line->key[p.way], mine_[i].key[way], 16);
      std::memcpy(p.line->ids[p.way], mine_[i].ids[way], 16);
      ++used_;
    }
  }
  memory_ = std::move(memory);
  lines_ = mine_ = lines;
}

void WordCache::clear() {
  // Values elsewhere lose their ids; the others may stay.
  for (size_t i = 0; i < size_t{1} << bits_; ++i) {
    for (int way = 0; way < 2; ++way) {
      if (!(mine_[i].key[way][15] & kElsewhere)) continue;
      std::memset(mine_[i].key[way], 0, 16);
      std::memset(mine_[i].ids[way], 0, 16);
      --used_;
    }
  }
  std::fill(longs_.begin(), longs_.end(), Long{});
  longs_used_ = 0;
  arena_.clear();
}

size_t WordCache::copy_ids(const WordLine& line, int way, uint32_t* out) const {
  uint32_t ids[4];
  std::memcpy(ids, line.ids[way], 16);
  if (line.key[way][15] & kElsewhere) {
    std::memcpy(out, arena_.data() + ids[1], ids[2] * sizeof(uint32_t));
    return ids[2];
  }
  const uint32_t count = ids[0] >> 24;
  ids[0] &= kMaxId;
  std::memcpy(out, ids, 16);
  return count;
}

size_t WordCache::find(const Asked& asked, uint32_t* out) {
  const auto& [k, h, in_seed] = asked;
  if (mine_) {
    for (const uint64_t i : {h >> shift_, (h >> shift_) ^ 1}) {
      const int way = way_of(mine_[i], k);
      if (way >= 0) return copy_ids(mine_[i], way, out);
      if (has_room(mine_[i])) break;
    }
  }
  if (!in_seed) return 0;
  for (const uint64_t i : {h >> seed_shift_, (h >> seed_shift_) ^ 1}) {
    const int way = way_of(seed_.lines[i], k);
    if (way >= 0) {
      const size_t count = copy_ids(seed_.lines[i], way, out);
      insert(asked, out, count);
      return count;
    }
    if (has_room(seed_.lines[i])) return 0;
  }
  return 0;
}

WordCache::Ids WordCache::find_long(std::string_view word) const {
  if (longs_used_ == 0) return {};
  const uint64_t h = xxh64(word);
  const size_t mask = longs_.size() - 1;
  for (size_t i = h & mask;; i = (i + 1) & mask) {
    const Long& e = longs_[i];
    if (e.count == 0) return {};
    if (e.hash != h || e.size != word.size()) continue;
    if (std::memcmp(arena_.data() + e.begin, word.data(), word.size()) != 0) continue;
    return {arena_.data() + e.begin + words_for(word.size()), e.count};
  }
}

// Whether so many words more fit, now that the arena may have been emptied.
bool WordCache::room_in_arena(size_t words) {
  if (words > arena_limit_) return false;
  if (arena_.size() + words > arena_limit_) clear();
  return true;
}

void WordCache::insert_long(std::string_view word, const uint32_t* ids, size_t count) {
  if (!mine_ || count == 0) return;
  if ((longs_used_ + 1) * 2 > most_longs_) clear();
  if (!room_in_arena(words_for(word.size()) + count)) return;
  if ((longs_used_ + 1) * 2 > longs_.size()) {
    std::vector<Long> old(std::min(most_longs_, std::max(longs_.size() * 2, size_t{64})));
    std::swap(old, longs_);
    for (const Long& e : old) {
      if (e.count != 0) free_long(e.hash) = e;
    }
  }
  const auto begin = static_cast<uint32_t>(arena_.size());
  arena_.resize(arena_.size() + words_for(word.size()));
  std::memcpy(arena_.data() + begin, word.data(), word.size());
  arena_.insert(arena_.end(), ids, ids + count);
  const uint64_t h = xxh64(word);
  free_long(h) = {h, begin, static_cast<uint16_t>(word.size()), static_cast<uint16_t>(count)};
  ++longs_used_;
}

WordCache::Long& WordCache::free_long(uint64_t hash) {
  const size_t mask = longs_.size() - 1;
  size_t i = hash & mask;
  while (longs_[i].count != 0) i = (i + 1) & mask;
  return longs_[i];
}

void WordCache::insert(const Asked& asked, const uint32_t* ids, size_t count) {
  if (!mine_ || count == 0) return;
  const WordKey16& k = asked.key;
  const uint64_t home = asked.hash >> shift_;
  if (way_of(mine_[home], k) >= 0) return;
  if (!has_room(mine_[home]) && way_of(mine_[home ^ 1], k) >= 0) return;
  if (count > 4 && !room_in_arena(count)) return;
  const Place p = free_place(mine_, shift_, k);
  WordLine& line = *p.line;
  const int way = p.way < 0 ? 1 : p.way;
  used_ += p.way >= 0;
  std::memcpy(line.key[way], &k, 16);
  uint32_t value[4] = {};
  if (count > 4) {
    value[1] = static_cast<uint32_t>(arena_.size());
    value[2] = static_cast<uint32_t>(count);
    arena_.insert(arena_.end(), ids, ids + count);
    line.key[way][15] |= kElsewhere;
  } else {
    std::memcpy(value, ids, count * sizeof(uint32_t));
    value[0] |= static_cast<uint32_t>(count) << 24;
  }
  std::memcpy(line.ids[way], value, 16);
}

}  // namespace ds::tokenizer
