#include "tokenizer/added_tokens.h"

#include <algorithm>
#include <unordered_set>

#include "base/utf8.h"
#include "tokenizer/unicode_tables.h"

namespace ds::tokenizer {
namespace {

bool has(uint32_t c, uint16_t flag) { return (char_flags()[c] & flag) != 0; }

const char* before(const char* p) {
  do --p;
  while ((static_cast<unsigned char>(*p) & 0xC0) == 0x80);
  return p;
}

uint32_t char_of(const char* p) { return next_char(p); }

}  // namespace

AddedTokens::AddedTokens(const std::vector<formats::AddedToken>& added, const NormalizerSteps& normalizer) {
  // Of tokens that the normalizer makes equal the first one counts, and special ones come first.
  std::unordered_set<std::string> taken[2];
  const auto add = [&](const formats::AddedToken& a) {
    const auto index = static_cast<uint32_t>(tokens_.size());
    tokens_.push_back({a.id, a.single_word, a.lstrip, a.rstrip, a.special});
    std::string spelling = a.normalized ? normalizer.text_of(a.content) : a.content;
    if (spelling.empty() && !nothing_) nothing_ = index;
    longest_ = std::max(longest_, spelling.size());
    if (taken[a.normalized].insert(spelling).second) (a.normalized ? normalized_ : raw_).add(spelling, index);
    spellings_.insert_or_assign(a.id, std::move(spelling));
    if (a.special) specials_.emplace(a.content, true);
  };
  for (const bool special : {true, false}) {
    for (const formats::AddedToken& a : added) {
      if (a.special == special && !a.content.empty()) add(a);
    }
  }
}

const std::string* AddedTokens::spelling(uint32_t id) const {
  const auto it = spellings_.find(id);
  return it == spellings_.end() ? nullptr : &it->second;
}

bool AddedTokens::next(const TokenFinder& finder, bool normalized, std::string_view text, size_t& from,
                       TokenFinder::Found& f) const {
  if (!normalized || !nothing_) {
    if (!finder.next(text, from, f)) return false;
    from = f.end;
    return true;
  }
  if (text.empty() || from > text.size()) return false;
  if (from == text.size()) {
    f = {from, from, *nothing_};
    ++from;
    return true;
  }
  if (finder.next(text.substr(0, from + longest_), from, f) && f.begin == from) {
    from = f.end;
    return true;
  }
  f = {from, from, *nothing_};
  const char* p = text.data() + from;
  next_char(p);
  from = static_cast<size_t>(p - text.data());
  return true;
}

bool AddedTokens::accept(std::string_view text, TokenFinder::Found& f, bool specials, size_t done) const {
  const Token& t = tokens_[f.index];
  if (t.special && !specials) return false;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* from = begin + f.begin;
  const char* to = begin + f.end;
  if (t.single_word) {
    if (from > begin && has(char_of(before(from)), kIsWord)) return false;
    if (to < end && has(char_of(to), kIsWord)) return false;
  }
  if (t.lstrip) {
    while (from > begin && has(char_of(before(from)), kIsWhiteSpace)) from = before(from);
    f.begin = std::max(static_cast<size_t>(from - begin), done);
  }
  if (t.rstrip) {
    while (to < end && has(char_of(to), kIsWhiteSpace)) next_char(to);
    f.end = static_cast<size_t>(to - begin);
  }
  return true;
}

}  // namespace ds::tokenizer
