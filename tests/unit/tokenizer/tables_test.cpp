#include "tokenizer/tables.h"

#include <algorithm>

#include "base/rng.h"
#include "cases.h"
#include "catch.h"

using namespace ds::tokenizer;
using ds::formats::TokenizerJson;
using ds::formats::TokenizerModel;

namespace {

// BPE as its definition says it: look for the lowest rank, leftmost, merge, look again.
std::vector<uint32_t> obvious(const TokenizerModel& m, const Tables& t, std::string_view word) {
  std::vector<uint32_t> ids;
  for (const char c : word) ids.push_back(t.bpe->merges.byte_id[static_cast<uint8_t>(c)]);
  for (;;) {
    size_t best = SIZE_MAX, at = 0;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto it = std::find(m.merges.rbegin(), m.merges.rend(), std::pair(ids[i], ids[i + 1]));
      const size_t rank = it == m.merges.rend() ? SIZE_MAX : static_cast<size_t>(m.merges.rend() - it - 1);
      if (rank < best) best = rank, at = i;
    }
    if (best == SIZE_MAX) return ids;
    ids[at] = m.merged[best];
    ids.erase(ids.begin() + static_cast<long>(at) + 1);
  }
}

// Random merges over a few letters.
TokenizerJson random_model(uint64_t seed) {
  const ds::Rng rng(seed, ds::RngStream::test);
  uint64_t k = 0;
  TokenizerJson t;
  set_byte_level(t, Pattern::gpt2);
  TokenizerModel& m = t.model;
  for (int b = 0; b < 256; ++b)
    m.tokens.push_back(ds::formats::to_byte_alphabet(std::string(1, static_cast<char>(b))));
  std::vector<uint32_t> pool = {'a', 'b', 'c'};
  for (int i = 0; i < 60; ++i) {
    const uint32_t l = pool[rng.below(k++, pool.size())], r = pool[rng.below(k++, pool.size())];
    const std::string token = m.tokens[l] + m.tokens[r];
    if (token.size() > 12) continue;
    auto id = static_cast<uint32_t>(std::find(m.tokens.begin(), m.tokens.end(), token) - m.tokens.begin());
    if (id == m.tokens.size()) {
      m.tokens.push_back(token);
      pool.push_back(id);
    }
    m.merges.emplace_back(l, r);
    m.merged.push_back(id);
  }
  m.known.assign(m.tokens.size(), true);
  return t;
}

}  // namespace

TEST_CASE("merging short and long words equals the definition") {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const TokenizerJson m = random_model(seed);
    const Tables t(m);
    const ds::Rng rng(seed, ds::RngStream::test, 1);
    uint64_t k = 0;
    for (int i = 0; i < 40; ++i) {
      std::string word;
      for (uint64_t n = 1 + rng.below(k++, i % 2 ? 120 : 45); n > 0; --n)
        word += static_cast<char>('a' + rng.below(k++, 3));
      std::vector<uint32_t> ids;
      merge_word(t, word, ids);
      REQUIRE(ids == obvious(m.model, t, word));
    }
  }
}

TEST_CASE("a pair that is listed twice has its later rank") {
  TokenizerJson t = random_model(3);
  TokenizerModel& m = t.model;
  m.merges = {{'a', 'b'}, {'b', 'c'}, {'a', 'b'}};
  m.tokens.resize(256);
  m.tokens.insert(m.tokens.end(), {"ab", "bc"});
  m.merged = {256, 257, 256};
  m.known.assign(258, true);
  std::vector<uint32_t> ids;
  merge_word(Tables(t), "abc", ids);
  CHECK(ids == std::vector<uint32_t>{'a', 257});
}

TEST_CASE("the finder takes the leftmost and longest token") {
  TokenFinder f;
  TokenFinder::Found found;
  CHECK(!f.next("abc", 0, found));
  f.add("<a", 0);
  f.add("<ab>", 1);
  f.add("x", 2);
  f.add("", 3);
  const auto next = [&](std::string_view s, size_t from) {
    return f.next(s, from, found) ? std::tuple(found.begin, found.end, found.index)
                                  : std::tuple(size_t{0}, size_t{0}, UINT32_MAX);
  };
  CHECK(next("..<ab><a", 0) == std::tuple(size_t{2}, size_t{6}, 1u));
  CHECK(next("..<ab><a", 6) == std::tuple(size_t{6}, size_t{8}, 0u));
  CHECK(next("<abx", 0) == std::tuple(size_t{0}, size_t{2}, 0u));
  CHECK(next("<abx", 2) == std::tuple(size_t{3}, size_t{4}, 2u));
  CHECK(next("<", 0) == std::tuple(size_t{0}, size_t{0}, UINT32_MAX));
}

TEST_CASE("the finder finds what looking everywhere does") {
  const ds::Rng rng(9, ds::RngStream::test);
  uint64_t k = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> tokens;
    TokenFinder f;
    for (size_t n = 1 + rng.below(k++, 6); tokens.size() < n;) {
      std::string token;
      for (size_t size = 1 + rng.below(k++, 5); token.size() < size;)
        token.push_back("<|a\xEF\xBD"[rng.below(k++, 5)]);
      f.add(token, static_cast<uint32_t>(tokens.size()));
      tokens.push_back(token);
    }
    std::string text;
    for (size_t size = rng.below(k++, 200); text.size() < size;)
      text.push_back("<|a\xEF\xBD......................"[rng.below(k++, round % 2 ? 25 : 7)]);
    for (size_t from = 0; from <= text.size(); ++from) {
      size_t begin = from, longest = 0;
      for (; begin < text.size() && longest == 0; ++begin) {
        for (const std::string& token : tokens)
          if (text.compare(begin, token.size(), token) == 0) longest = std::max(longest, token.size());
      }
      TokenFinder::Found found{};
      REQUIRE(f.next(text, from, found) == (longest != 0));
      if (longest == 0) break;
      REQUIRE(std::pair(found.begin, found.end) == std::pair(begin - 1, begin - 1 + longest));
    }
  }
}

TEST_CASE("of added tokens that NFC makes equal the special, then the first counts") {
  for (const int special : {-1, 0, 1}) {
    FastTables t;
    t.nfc = true;
    t.size = 2;
    t.added.resize(2);
    t.added[0].content = "<e\u0301>";
    t.added[1].content = "<\u00e9>";
    for (int i = 0; i < 2; ++i) {
      t.added[i].id = static_cast<uint32_t>(i);
      t.added[i].normalized = true;
      t.added[i].special = i == special;
    }
    t.index_added();
    TokenFinder::Found found;
    REQUIRE(t.normalized.next("a<\u00e9>", 0, found));
    CHECK(found.index == (special == 1 ? 1u : 0u));
  }
}

TEST_CASE("unknown split patterns are refused") {
  TokenizerJson m = random_model(1);
  set_byte_level(m, Pattern::llama3);
  m.pre_tokenizer->parts[0].pattern.text = "\\w+";
  CHECK_THROWS(Tables(m));
}
