#include "tokenizer/encoder_fast.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"

namespace ds::tokenizer {
namespace {

// Until so much text has come the vocabulary's own words, shared by all, are the cache.
constexpr uint64_t kBeforeOwn = 32 << 10;
bool ascii(std::string_view text) { return ascii_prefix(text) == text.size(); }

constexpr size_t kAtOnce = 2048;    // words
constexpr size_t kUncut = 64;       // bytes; what is longer is merged as it is where that is fast
constexpr size_t kAskedAgain = 16;  // words ahead whose lines are asked for before they are written
constexpr size_t kCopied = 2048;    // shorter texts are copied to where all can be read behind them

}  // namespace

FastEncoder::FastEncoder(std::shared_ptr<const CompiledBpe> bpe, Pattern pattern, size_t cache_bytes)
    : bpe_(std::move(bpe)),
      pattern_(pattern),
      core_(best_core()),
      cache_(cache_bytes, {bpe_->seed, bpe_->seed_bits, bpe_->seed_filter}),
      caching_(cache_bytes > 0) {}

void FastEncoder::encode(std::string_view text, std::vector<uint32_t>& out) {
  if (text.empty()) return;
  uint32_t begin = 0;
  if (text.size() <= kCopied) {
    copy_.resize(kCopied + kReadable);
    std::memcpy(copy_.data(), text.data(), text.size());
    text = {reinterpret_cast<const char*>(copy_.data()), text.size()};
    splitter_.start(pattern_, text);
    for (auto ends = splitter_.next(); !ends.empty(); ends = splitter_.next()) {
      block(copy_.data(), begin, ends, ascii(text), out);
      begin = ends.back();
    }
    return;
  }
  splitter_.start(pattern_, text);
  for (auto ends = splitter_.next(); !ends.empty(); ends = splitter_.next()) {
    words(text, begin, ends, out);
    begin = ends.back();
  }
}

void FastEncoder::encode_several(uint8_t* texts, size_t size, std::span<const uint32_t> text_ends,
                                 std::vector<uint32_t>& out, std::vector<size_t>& ends) {
  if (size == 0) return;
  const std::string_view all(reinterpret_cast<const char*>(texts), size);
  const bool plain = ascii(all);
  const auto words = splitter_.several(pattern_, all, text_ends);
  for (const uint32_t end : text_ends) texts[end] = kTextMark;
  marked_.clear();
  block(texts, 0, words, plain, marked_);
  auto from = marked_.cbegin();
  for (size_t i = 0; i < text_ends.size(); ++i) {
    const auto to = std::find(from, marked_.cend(), WordCache::kMaxId);
    if (to == marked_.cend()) throw internal_error("the mark between texts has no id of its own");
    out.insert(out.end(), from, to);
    ends.push_back(out.size());
    from = to + 1;
  }
}

void FastEncoder::words(std::string_view text, uint32_t begin, std::span<const uint32_t> ends,
                        std::vector<uint32_t>& out) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  // The words that begin in the last bytes of the text go through a copy that has readable bytes behind it.
  size_t n = ends.size();
  while (n > 0 && (n > 1 ? ends[n - 2] : begin) + kReadable > text.size()) --n;
  if (n > 0) {
    block(bytes, begin, ends.first(n), ascii(text.substr(begin, ends[n - 1] - begin)), out);
    begin = ends[n - 1];
  }
  if (n == ends.size()) return;
  uint8_t tail[2 * kReadable] = {};
  uint32_t tail_ends[kReadable];
  std::memcpy(tail, bytes + begin, text.size() - begin);
  for (size_t i = n; i < ends.size(); ++i) tail_ends[i - n] = ends[i] - begin;
  block(tail, 0, {tail_ends, ends.size() - n}, false, out);
}

void FastEncoder::block(const uint8_t* text, uint32_t begin, std::span<const uint32_t> ends, bool ascii,
                        std::vector<uint32_t>& out) {
  if (!ascii) {
    const size_t bytes = ends.back() - begin;
    if (cut_.size() < bytes) cut_.resize(std::max(bytes, 2 * Splitter::kWindow));
    size_t n = core_.cut(bpe_->adjacency, text, begin, ends.data(), ends.size(), cut_.data());
    if (bpe_->has_whole_words()) n = rejoin(text, begin, ends, n);
    ends = {cut_.data(), n};
  }
  for (; ends.size() > kAtOnce; ends = ends.subspan(kAtOnce)) {
    some(text, begin, ends.first(kAtOnce), out);
    begin = ends[kAtOnce - 1];
  }
  some(text, begin, ends, out);
}

void FastEncoder::some(const uint8_t* text, uint32_t begin, std::span<const uint32_t> ends,
                       std::vector<uint32_t>& out) {
  seen_ += ends.back() - begin;
  if (caching_ && seen_ > kBeforeOwn) cache_.breathe();
  constexpr size_t kMostIds = 4 * kAtOnce + 4;  // that lines give
  if (ids_.empty()) {
    ids_.resize(kMostIds);
    missed_.resize(kAtOnce);
  }
  size_t misses = 0;
  const uint32_t* const last = core_.look_up(cache_.lines(), cache_.shift(), text, begin, ends.data(),
                                             ends.size(), ids_.data(), missed_.data(), &misses);
  if (misses == 0) {
    out.insert(out.end(), static_cast<const uint32_t*>(ids_.data()), last);
    return;
  }
  const size_t known = static_cast<size_t>(last - ids_.data());
  const size_t before = out.size(), all_ids = known + look_further(text, begin, ends, misses);
  out.resize(before + all_ids);
  uint32_t* to = out.data() + before;
  size_t at = 0;
  for (size_t m = 0; m < misses; ++m) {
    to = std::copy(ids_.data() + at, ids_.data() + missed_[m].at, to);
    at = missed_[m].at;
    to =
        std::copy_n(further_[m].merged ? merged_ids_.data() + further_[m].at : found_.data() + further_[m].at,
                    further_[m].count, to);
  }
  std::copy(ids_.data() + at, ids_.data() + known, to);
}

// Fills further_ for the missed words; returns how many ids they have together.
size_t FastEncoder::look_further(const uint8_t* text, uint32_t begin, std::span<const uint32_t> ends,
                                 size_t misses) {
  const auto begin_of = [&](uint32_t w) { return w == 0 ? begin : ends[w - 1]; };
  further_.resize(misses);
  asked_.resize(misses);
  size_t room = 16;
  for (size_t m = 0; m < misses; ++m) {
    const uint32_t from = begin_of(missed_[m].word), size = ends[missed_[m].word] - from;
    room += std::max(size, 16u);
    if (size > WordCache::kShort) continue;
    asked_[m] = cache_.ask(WordCache::padded_key(text + from, size));
  }
  if (found_.size() < room) found_.resize(2 * room);
  to_merge_.clear();
  size_t used = 0, all = 0;
  for (size_t m = 0; m < misses; ++m) {
    const uint32_t from = begin_of(missed_[m].word), size = ends[missed_[m].word] - from;
    uint32_t* const to = found_.data() + used;
    size_t count = 0;
    if (size > WordCache::kShort) {
      count = static_cast<size_t>(long_word(text + from, size, to) - to);
    } else {
      count = cache_.find(asked_[m], to);
      if (count == 0 && bpe_->has_whole_words()) {
        const std::string_view word(reinterpret_cast<const char*>(text + from), size);
        if (const auto id = bpe_->may_be_whole_word(word) ? bpe_->whole_word(word) : std::nullopt) {
          *to = *id;
          cache_.insert(asked_[m], to, count = 1);
        }
      }
      if (count == 0) to_merge_.push_back(static_cast<uint32_t>(m));
    }
    further_[m] = {static_cast<uint32_t>(used), static_cast<uint32_t>(count), false};
    used += count;
    all += count;
  }
  const size_t n = to_merge_.size();
  if (n == 0) return all;
  to_merge_words_.resize(n);
  to_merge_sizes_.resize(n);
  for (size_t i = 0; i < n; ++i) {
    const uint32_t w = missed_[to_merge_[i]].word, from = begin_of(w);
    to_merge_words_[i] = text + from;
    to_merge_sizes_[i] = static_cast<uint8_t>(ends[w] - from);
  }
  if (merged_ids_.size() < 16 * n) merged_ids_.resize(32 * n);
  merged_counts_.resize(n);
  core_.merge(bpe_->merges, to_merge_words_.data(), to_merge_sizes_.data(), n, merged_ids_.data(),
              merged_counts_.data());
  for (size_t i = 0; i < n; ++i) {
    const uint32_t m = to_merge_[i];
    further_[m] = {static_cast<uint32_t>(16 * i), merged_counts_[i], true};
    if (caching_) {
      if (i + kAskedAgain < n) cache_.ask_again(asked_[to_merge_[i + kAskedAgain]]);
      cache_.insert(asked_[m], merged_ids_.data() + 16 * i, merged_counts_[i]);
    }
    all += merged_counts_[i];
  }
  return all;
}

size_t FastEncoder::rejoin(const uint8_t* text, uint32_t begin, std::span<const uint32_t> words, size_t n) {
  size_t kept = 0, w = 0;
  uint32_t word_begin = begin;
  for (size_t i = 0; i < n; ++i) {
    const uint32_t end = cut_[i];
    const bool last = end == words[w], part = !last || begin != word_begin;
    const std::string_view bytes(reinterpret_cast<const char*>(text) + begin, end - begin);
    if (part && bpe_->may_be_whole_word(bytes) && bpe_->whole_word(bytes)) {
      // Without the cut behind it, or before it when it is the last.
      if (last) {
        cut_[kept - 1] = end;
        begin = end;
      }
    } else {
      cut_[kept++] = end;
      begin = end;
    }
    if (last) word_begin = words[w++];
  }
  return kept;
}

uint32_t* FastEncoder::merge(const uint8_t* word, size_t size, uint32_t* out) {
  if (bpe_->has_whole_words()) {
    const std::string_view bytes(reinterpret_cast<const char*>(word), size);
    if (bpe_->may_be_whole_word(bytes)) {
      if (const auto id = bpe_->whole_word(bytes)) return *out = *id, out + 1;
    }
  }
  return out + merge_word(bpe_->merges, word, size, out, scratch_);
}

// A word of up to 15 bytes by itself.
uint32_t* FastEncoder::one_word(const uint8_t* word, size_t size, uint32_t* out) {
  const WordCache::Asked asked = cache_.ask(WordCache::key(word, size));
  uint32_t ids[16];
  size_t count = cache_.find(asked, ids);
  if (count == 0) {
    count = static_cast<size_t>(merge(word, size, ids) - ids);
    if (caching_) cache_.insert(asked, ids, count);
  }
  return std::copy_n(ids, count, out);
}

void FastEncoder::keep_long(const uint8_t* word, size_t size, const uint32_t* ids, const uint32_t* end) {
  cache_.insert_long({reinterpret_cast<const char*>(word), size}, ids, static_cast<size_t>(end - ids));
}

uint32_t* FastEncoder::long_word(const uint8_t* word, size_t size, uint32_t* out) {
  const bool keep = caching_ && size <= WordCache::kLongest;
  if (keep) {
    const WordCache::Ids ids = cache_.find_long({reinterpret_cast<const char*>(word), size});
    if (ids.count != 0) return std::copy(ids.data, ids.data + ids.count, out);
  }
  uint32_t* const first = out;
  if (size > kUncut && merges_long_words_fast(bpe_->merges)) {
    out = merge(word, size, first);
    if (keep) keep_long(word, size, first, out);
    return out;
  }
  const char* const end = reinterpret_cast<const char*>(word) + size;
  const char* begin = reinterpret_cast<const char*>(word);
  const char* p = begin;
  uint32_t x = next_char(p);
  bool cut = false;
  while (p < end) {
    const char* const at = p;
    const uint32_t y = next_char(p);
    if (!bpe_->adjacency.may_join(x, y)) {
      const auto* part = reinterpret_cast<const uint8_t*>(begin);
      const auto n = static_cast<size_t>(at - begin);
      // A part that is a word with ids of its own stays with what follows.
      if (!bpe_->has_whole_words() || !bpe_->whole_word({begin, n})) {
        out = n <= WordCache::kShort ? one_word(part, n, out) : merge(part, n, out);
        begin = at;
        cut = true;
      }
    }
    x = y;
  }
  const auto n = static_cast<size_t>(end - begin);
  const auto* rest = reinterpret_cast<const uint8_t*>(begin);
  if (cut && bpe_->has_whole_words() && bpe_->whole_word({begin, n})) {
    out = merge(word, size, first);
  } else {
    out = cut && n <= WordCache::kShort ? one_word(rest, n, out) : merge(rest, n, out);
  }
  if (keep) keep_long(word, size, first, out);
  return out;
}

}  // namespace ds::tokenizer
