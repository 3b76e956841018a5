#include "tokenizer/merge_word.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>

#include "tokenizer/encoder_core.h"

namespace ds::tokenizer {
namespace {

constexpr size_t kShort = 64;   // bytes
constexpr size_t kPeriod = 60;  // what repeats itself after 1 to 6 bytes does so after these
constexpr size_t kWindow = 32;  // bytes of a window at first: a few tokens; the work for each grows with it

// `places`, when given, gets where each token begins.
[[gnu::always_inline]] inline size_t merge_short_body(const MergeTables& t, const uint8_t* word, size_t n,
                                                      uint32_t* out, uint32_t* places) {
  // keys[i]: rank << 8 | i of the symbol at i and the next one; the greatest where there is none.
  alignas(64) uint32_t keys[kShort];
  uint32_t ids[kShort + 1];
  uint8_t next[kShort + 1], previous[kShort + 1];
  constexpr uint32_t kNever = UINT32_MAX;
  const auto key = [](uint32_t rank, size_t i) {
    return rank == kNoRank ? kNever : rank << 8 | static_cast<uint32_t>(i);
  };
  const size_t padded = (n + 15) & ~size_t{15};
  for (size_t i = 0; i < n; ++i) {
    ids[i] = t.byte_id[word[i]];
    next[i] = static_cast<uint8_t>(i + 1);
    previous[i] = static_cast<uint8_t>(i - 1);
  }
  for (size_t i = 0; i + 1 < n; ++i) keys[i] = key(t.byte_ranks[word[i] << 8 | word[i + 1]], i);
  for (size_t i = n - 1; i < padded; ++i) keys[i] = kNever;
  for (;;) {
    uint32_t best = kNever;
    for (size_t b = 0; b < padded; b += 16) {
      for (size_t i = 0; i < 16; ++i) best = std::min(best, keys[b + i]);
    }
    if (best == kNever) break;
    const size_t i = best & 0xFF, j = next[i], k = next[j];
    const uint32_t id = t.made_by(best >> 8);
    ids[i] = id;
    next[i] = static_cast<uint8_t>(k);
    previous[k] = static_cast<uint8_t>(i);  // k may be n: the array has room
    keys[j] = kNever;
    keys[i] = k < n ? key(t.rank(id, ids[k]), i) : kNever;
    if (i > 0) {
      const size_t h = previous[i];
      keys[h] = key(t.rank(ids[h], id), h);
    }
  }
  size_t count = 0;
  for (size_t i = 0; i < n; i = next[i]) {
    if (places) places[count] = static_cast<uint32_t>(i);
    out[count++] = ids[i];
  }
  return count;
}

size_t merge_short_plain(const MergeTables& t, const uint8_t* word, size_t n, uint32_t* out,
                         uint32_t* places) {
  return merge_short_body(t, word, n, out, places);
}
#if defined(__x86_64__)
[[gnu::target("avx2,bmi,bmi2")]] size_t merge_short_avx2(const MergeTables& t, const uint8_t* word, size_t n,
                                                         uint32_t* out, uint32_t* places) {
  return merge_short_body(t, word, n, out, places);
}
#endif

using MergeShort = size_t (*)(const MergeTables&, const uint8_t*, size_t, uint32_t*, uint32_t*);
MergeShort choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) return merge_short_avx2;
#endif
  return merge_short_plain;
}
const MergeShort merge_short = choose();

// The heap holds rank << 32 | place, lowest first; entries that no longer hold are skipped when they come
// up. Each merge pushes at most two, so there are never more than three per byte.
size_t merge_heap(const MergeTables& t, const uint8_t* word, size_t n, uint32_t* out, uint32_t* places,
                  MergeScratch& s) {
  s.ids.resize(n);
  s.next.resize(n);
  s.previous.resize(n);
  s.ranks.assign(n, kNoRank);
  s.queue.clear();
  for (size_t i = 0; i < n; ++i) {
    s.ids[i] = t.byte_id[word[i]];
    s.next[i] = static_cast<uint32_t>(i + 1);
    s.previous[i] = static_cast<uint32_t>(i - 1);
    if (i + 1 == n) break;
    s.ranks[i] = t.byte_ranks[word[i] << 8 | word[i + 1]];
    if (s.ranks[i] != kNoRank) s.queue.push_back(uint64_t{s.ranks[i]} << 32 | i);
  }
  std::make_heap(s.queue.begin(), s.queue.end(), std::greater<>());
  const auto look = [&](size_t i) {
    s.ranks[i] = s.next[i] < n ? t.rank(s.ids[i], s.ids[s.next[i]]) : kNoRank;
    if (s.ranks[i] == kNoRank) return;
    s.queue.push_back(uint64_t{s.ranks[i]} << 32 | i);
    std::push_heap(s.queue.begin(), s.queue.end(), std::greater<>());
  };
  while (!s.queue.empty()) {
    const uint64_t top = s.queue.front();
    std::pop_heap(s.queue.begin(), s.queue.end(), std::greater<>());
    s.queue.pop_back();
    const auto i = static_cast<uint32_t>(top);
    if (s.ranks[i] != top >> 32) continue;  // changed or merged away since
    const uint32_t j = s.next[i], k = s.next[j];
    s.ids[i] = t.made_by(s.ranks[i]);
    s.next[i] = k;
    s.ranks[j] = kNoRank;
    if (k < n) s.previous[k] = i;
    look(i);
    if (i > 0) look(s.previous[i]);
  }
  size_t count = 0;
  for (size_t i = 0; i < n; i = s.next[i]) {
    if (places) places[count] = static_cast<uint32_t>(i);
    out[count++] = s.ids[i];
  }
  return count;
}

size_t merge_any(const MergeTables& t, const uint8_t* word, size_t n, uint32_t* out, uint32_t* places,
                 MergeScratch& s) {
  return n <= kShort ? merge_short(t, word, n, out, places) : merge_heap(t, word, n, out, places, s);
}

constexpr size_t kShortWindow = 16;
#if defined(__x86_64__)
// Windows of 16 bytes at every kStride-th byte of a word, merged many at a time, as they are asked for.
class ShortWindows {
 public:
  static constexpr size_t kSize = kShortWindow, kStride = 8, kAtOnce = 64;
  ShortWindows(const MergeTables& t, const uint8_t* word, size_t n) : t_(t), word_(word), n_(n) {}

  // Joins the next windows to the `done` tokens so far, which cover [0, end), until one does not agree.
  void join(uint32_t* out, uint32_t* places, size_t& done, size_t& end) {
    // The first that covers more than is known.
    for (size_t k = end < kSize ? 0 : (end - kSize) / kStride + 1;; ++k) {
      const size_t begin = k * kStride;
      if (begin + kSize > n_ || begin >= end) return;
      if (k < first_ || k >= first_ + count_) merge_from(k);
      const uint32_t* ids = &ids_[16 * (k - first_)];
      uint32_t begins = begins_[k - first_];
      size_t j = done;
      while (j > 0 && places[j - 1] >= begin) --j;
      // A token of both: the same id at the same place.
      while (begins != 0 && j < done) {
        const size_t place = begin + static_cast<size_t>(std::countr_zero(begins));
        if (places[j] < place) {
          ++j;
        } else if (places[j] == place && out[j] == *ids) {
          break;
        } else {
          begins &= begins - 1;
          ++ids;
        }
      }
      if (begins == 0 || j == done) return;
      for (; begins != 0; begins &= begins - 1, ++j) {
        out[j] = *ids++;
        places[j] = static_cast<uint32_t>(begin) + static_cast<uint32_t>(std::countr_zero(begins));
      }
      done = j;
      end = begin + kSize;
    }
  }

 private:
  void merge_from(size_t k) {
    first_ = k;
    count_ = std::min(kAtOnce, (n_ - kSize) / kStride - k + 1);
    std::array<const uint8_t*, kAtOnce> words;
    std::array<uint8_t, kAtOnce> sizes, counts;
    for (size_t i = 0; i < count_; ++i) words[i] = word_ + (k + i) * kStride;
    sizes.fill(kSize);
    merge_words_avx512(t_, words.data(), sizes.data(), count_, ids_.data(), counts.data(), begins_.data());
  }

  const MergeTables& t_;
  const uint8_t* word_;
  size_t n_, first_ = 0, count_ = 0;
  std::array<uint32_t, 16 * kAtOnce> ids_;
  std::array<uint16_t, kAtOnce> begins_;
};
const bool short_windows = avx512_core_runs();
#else
struct ShortWindows {
  static constexpr size_t kSize = kShortWindow;
  ShortWindows(const MergeTables&, const uint8_t*, size_t) {}
  void join(uint32_t*, uint32_t*, size_t&, size_t&) {}
};
const bool short_windows = false;
#endif

// Windows of `width` bytes joined where they agree. The ids so far are final but for the last ones, which
// the next window may still change. 0 when the windows are too narrow for this word.
size_t merge_windows(const MergeTables& t, const uint8_t* word, size_t n, size_t width, uint32_t* out,
                     MergeScratch& s) {
  s.places.resize(n);  // where each token of `out` begins
  s.window.resize(width);
  s.window_places.resize(width);
  size_t done = merge_any(t, word, width, out, s.places.data(), s), end = width;
  size_t last_begin = 0, last_size = 0, last_count = 0;  // what s.window is of
  ShortWindows many(t, word, n);
  while (end < n) {
    // Not for runs, which the look at the bytes below makes short work of.
    if (short_windows && width == kWindow && end >= kPeriod && n - end > ShortWindows::kSize &&
        std::memcmp(word + end, word + end - kPeriod, ShortWindows::kSize) != 0) {
      many.join(out, s.places.data(), done, end);
      if (end == n) break;
    }
    // The next window begins at a token, the more to the left the more often it failed.
    bool joined = false;
    for (size_t back = 2; back <= done && !joined; back *= 2) {
      const size_t j = done - back, begin = s.places[j];
      const size_t size = std::min(width, n - begin);
      if (begin + size <= end) break;  // no progress
      // Long words tend to be runs: the window before often had the same bytes.
      if (size != last_size || std::memcmp(word + begin, word + last_begin, size) != 0) {
        last_count = merge_any(t, word + begin, size, s.window.data(), s.window_places.data(), s);
        last_begin = begin;
        last_size = size;
      }
      const size_t count = last_count;
      // Agreement anywhere in both will do: the same token at the same place.
      if (s.window[0] != out[j]) continue;
      const size_t first_end = j + 1 < done ? s.places[j + 1] : end;
      const size_t second_end = count > 1 ? begin + s.window_places[1] : begin + size;
      if (first_end != second_end) continue;
      for (size_t i = 0; i < count; ++i) {
        out[j + i] = s.window[i];
        s.places[j + i] = static_cast<uint32_t>(begin) + s.window_places[i];
      }
      done = j + count;
      end = begin + size;
      joined = true;
    }
    if (!joined) return 0;
  }
  return done;
}

}  // namespace

bool merges_long_words_fast(const MergeTables& t) { return t.ordered && short_windows; }

size_t merge_short_word(const MergeTables& t, const uint8_t* word, size_t size, uint32_t* out) {
  return merge_short(t, word, size, out, nullptr);
}

size_t merge_word(const MergeTables& t, const uint8_t* word, size_t size, uint32_t* out,
                  MergeScratch& scratch) {
  if (size == 0) return 0;
  if (size <= kShort) return merge_short(t, word, size, out, nullptr);
  if (t.ordered) {
    for (size_t width = kWindow; width < size; width *= 16) {
      if (const size_t count = merge_windows(t, word, size, width, out, scratch)) return count;
    }
  }
  return merge_heap(t, word, size, out, nullptr, scratch);
}

}  // namespace ds::tokenizer
