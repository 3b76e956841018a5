// Text to ids: added tokens first, then words, then merges (or the cache).
#include <algorithm>

#include "base/utf8.h"
#include "tokenizer/char_class.h"
#include "tokenizer/nfc.h"
#include "tokenizer/tables.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/word_cache.h"

namespace ds::tokenizer {
namespace {

bool white_space_class(uint32_t c) { return class_table()[c] & (kSpace | kNewline); }

const uint8_t* bytes(std::string_view s) { return reinterpret_cast<const uint8_t*>(s.data()); }

bool word_ends(std::string_view s) {
  return !s.empty() && is_word_character(char_before(bytes(s) + s.size()).code);
}
bool word_begins(std::string_view s) { return !s.empty() && is_word_character(char_at(bytes(s)).code); }

size_t without_space_at_end(std::string_view s) {
  size_t n = s.size();
  while (n > 0) {
    const Char c = char_before(bytes(s) + n);
    if (!white_space_class(c.code)) break;
    n -= c.size;
  }
  return n;
}
size_t space_at_start(std::string_view s) {
  size_t n = 0;
  while (n < s.size()) {
    const Char c = char_at(bytes(s) + n);
    if (!white_space_class(c.code)) break;
    n += c.size;
  }
  return n;
}

}  // namespace

struct Encoder::State {
  Tokenizer tokenizer;
  WordCache cache;
  bool cached;
  std::vector<uint32_t> ends;
  std::string repaired;

  State(const Tokenizer& t, size_t cache_bytes) : tokenizer(t), cache(cache_bytes), cached(cache_bytes > 0) {}

  // Keys are made, and their cache lines asked for, a few words ahead of their use: large caches live in slow
  // memory.
  void words(std::string_view text, std::vector<uint32_t>& out) {
    const Tables& t = tokenizer.tables();
    ends.clear();
    split(t.pattern, text, ends);
    if (!cached) {
      uint32_t begin = 0;
      for (const uint32_t end : ends) {
        merge(t, text.substr(begin, end - begin), out);
        begin = end;
      }
      return;
    }
    constexpr size_t kAhead = 16;
    std::string_view word[kAhead];
    WordKey key[kAhead];
    uint32_t begin = 0;
    for (size_t done = 0; done < ends.size(); done += kAhead) {
      const size_t n = std::min(kAhead, ends.size() - done);
      for (size_t i = 0; i < n; ++i) {
        const uint32_t end = ends[done + i];
        word[i] = text.substr(begin, end - begin);
        if (word[i].size() <= WordCache::kLongest) {
          key[i] = word_key(word[i], text.size() - begin);
          cache.prefetch(key[i]);
        }
        begin = end;
      }
      for (size_t i = 0; i < n; ++i) append(t, word[i], key[i], out);
    }
  }

  void append(const Tables& t, std::string_view word, const WordKey& key, std::vector<uint32_t>& out) {
    if (word.size() > WordCache::kLongest) return merge(t, word, out);
    const WordCache::Ids ids = cache.find(key, word);
    if (ids.count == 1) return out.push_back(*ids.data);
    if (ids.count != 0) {
      out.insert(out.end(), ids.data, ids.data + ids.count);
      return;
    }
    const size_t before = out.size();
    merge(t, word, out);
    cache.insert(key, word, out.data() + before, static_cast<uint32_t>(out.size() - before));
  }

  static void merge(const Tables& t, std::string_view word, std::vector<uint32_t>& out) {
    if (t.model.ignore_merges) {
      if (const auto it = t.words.find(word); it != t.words.end()) return out.push_back(it->second);
    }
    merge_word(t, word, out);
  }

  // Cuts `text` at the added tokens that `finder` knows; `gap` gets what lies between.
  template <class Gap>
  void cut(const TokenFinder& finder, std::string_view text, bool specials, std::vector<uint32_t>& out,
           const Gap& gap) {
    const std::vector<formats::AddedToken>& added = tokenizer.model().added;
    size_t done = 0;
    TokenFinder::Found f;
    for (size_t from = 0; finder.next(text, from, f);) {
      from = f.end;
      const formats::AddedToken& a = added[f.index];
      if (a.special && !specials) continue;
      if (a.single_word && (word_ends(text.substr(0, f.begin)) || word_begins(text.substr(f.end)))) continue;
      if (a.lstrip) f.begin = std::max(without_space_at_end(text.substr(0, f.begin)), done);
      if (a.rstrip) f.end += space_at_start(text.substr(f.end));
      if (done < f.begin) gap(text.substr(done, f.begin - done));
      out.push_back(a.id);
      done = f.end;
    }
    if (done < text.size()) gap(text.substr(done));
  }
};

Encoder::Encoder(const Tokenizer& tokenizer, size_t cache_bytes)
    : state_(std::make_unique<State>(tokenizer, cache_bytes)) {}
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder::~Encoder() = default;

void Encoder::encode(std::string_view text, std::vector<uint32_t>& out, bool specials_in_text) {
  State& s = *state_;
  const Tables& t = s.tokenizer.tables();
  if (valid_utf8_prefix(text) != text.size()) {
    s.repaired.clear();
    append_repaired(s.repaired, text);
    text = s.repaired;
  }
  s.cut(t.raw, text, specials_in_text, out, [&](std::string_view gap) {
    std::string composed;
    if (t.model.nfc) gap = composed = to_nfc(gap);
    s.cut(t.normalized, gap, specials_in_text, out, [&](std::string_view plain) { s.words(plain, out); });
  });
}

}  // namespace ds::tokenizer
