// Text to ids: added tokens first, then words, then merges (or the cache).
#include <algorithm>
#include <cstring>
#include <optional>

#include "base/utf8.h"
#include "tokenizer/char_class.h"
#include "tokenizer/encoder_fast.h"
#include "tokenizer/nfc.h"
#include "tokenizer/pipeline.h"
#include "tokenizer/tables.h"
#include "tokenizer/tokenizer.h"

namespace ds::tokenizer {
namespace {

constexpr size_t kSeveral = Splitter::kWindow;  // bytes of texts that are encoded together

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
  std::optional<FastEncoder> fast;         // byte-level BPE
  std::optional<PipelineScratch> general;  // every other kind
  std::string repaired, composed;
  std::vector<uint8_t> several;
  std::vector<uint32_t> several_ends;

  State(const Tokenizer& t, size_t cache_bytes) : tokenizer(t) {
    if (const FastTables* tables = t.fast()) {
      fast.emplace(tables->bpe, tables->pattern, cache_bytes);
    } else {
      general.emplace(cache_bytes);
    }
  }

  // Whether `text` is not in NFC; then `composed` is, of it.
  bool compose(std::string_view text) {
    composed.clear();
    return compose_text(text, false, composed);
  }

  // Copies texts from the i-th on, as many as go together, to `several`, a NUL behind each. How many.
  size_t gather(std::span<const std::string_view> texts, size_t i) {
    several.resize(kSeveral + kReadable);
    several_ends.clear();
    size_t used = 0;
    for (; i < texts.size() && texts[i].size() < kSeveral - used; ++i) {
      std::memcpy(several.data() + used, texts[i].data(), texts[i].size());
      used += texts[i].size();
      several[used] = 0;
      several_ends.push_back(static_cast<uint32_t>(used++));
    }
    return several_ends.size();
  }
  // Whether nothing is to be done with them but to look up their words.
  bool plain(std::string_view text) {
    TokenFinder::Found found;
    const FastTables& t = *tokenizer.fast();
    return valid_utf8_prefix(text) == text.size() && !t.any.next(text, 0, found) && !(t.nfc && compose(text));
  }

  // Cuts `text` at the added tokens that `finder` knows; `gap` gets what lies between.
  template <class Gap>
  void cut(const TokenFinder& finder, std::string_view text, bool specials, std::vector<uint32_t>& out,
           const Gap& gap) {
    const std::vector<formats::AddedToken>& added = tokenizer.fast()->added;
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
  if (s.general) return s.tokenizer.pipeline().encode_ids(text, out, specials_in_text, *s.general);
  const FastTables& t = *s.tokenizer.fast();
  if (valid_utf8_prefix(text) != text.size()) {
    s.repaired.clear();
    append_repaired(s.repaired, text);
    text = s.repaired;
  }
  const auto words = [&](std::string_view plain) { s.fast->encode(plain, out); };
  TokenFinder::Found found;
  if (!t.any.next(text, 0, found)) {
    if (!t.nfc || !s.compose(text)) return words(text);
    return s.cut(t.normalized, s.composed, specials_in_text, out, words);
  }
  s.cut(t.raw, text, specials_in_text, out, [&](std::string_view gap) {
    if (t.nfc && s.compose(gap)) gap = s.composed;
    s.cut(t.normalized, gap, specials_in_text, out, words);
  });
}

void Encoder::encode_many(std::span<const std::string_view> texts, std::vector<uint32_t>& out,
                          std::vector<size_t>& ends, bool specials_in_text) {
  State& s = *state_;
  for (size_t i = 0; i < texts.size();) {
    const size_t together = s.fast ? s.gather(texts, i) : 0;
    const size_t size = together > 0 ? s.several_ends.back() + size_t{1} : 0;
    if (together > 1 && s.plain({reinterpret_cast<const char*>(s.several.data()), size})) {
      s.fast->encode_several(s.several.data(), size, s.several_ends, out, ends);
      i += together;
      continue;
    }
    for (const size_t stop = i + std::max<size_t>(together, 1); i < stop; ++i) {
      encode(texts[i], out, specials_in_text);
      ends.push_back(out.size());
    }
  }
}

}  // namespace ds::tokenizer
