#include <string>

#include "base/rng.h"
#include "cases.h"
#include "catch.h"
#include "tokenizer/encoder_fast.h"
#include "tokenizer/parallel_encode.h"
#include "tokenizer/tables.h"

using namespace ds::tokenizer;

namespace {

// Texts large enough to leave the windows, the shared cache and a small one behind.
std::string large_text(uint64_t seed, size_t size) {
  static const auto corpus = stored_cases("corpus.jsonl");
  static const auto cases = stored_cases("bpe.ids.jsonl");
  const ds::Rng rng(seed, ds::RngStream::test);
  std::string text;
  for (uint64_t k = 0; text.size() < size; ++k) {
    const auto& from = rng.below(3 * k, 4) == 0 ? cases : corpus;
    text += from[rng.below(3 * k + 1, from.size())]["text"].get<std::string>();
    if (rng.below(3 * k + 2, 3) == 0) text += "\n\n";
  }
  return text;
}

// The words one by one, merged without caches and cuts.
std::vector<uint32_t> plainly(const Tables& t, std::string_view text) {
  std::vector<uint32_t> ends, ids;
  split(t.pattern, text, ends);
  uint32_t begin = 0;
  for (const uint32_t end : ends) {
    merge_word(t, text.substr(begin, end - begin), ids);
    begin = end;
  }
  return ids;
}

}  // namespace

TEST_CASE("windows, cuts and caches of any size give what merging word by word gives") {
  const Tokenizer tok = Tokenizer::load(tokenizer_data("bpe.tokenizer.json"));
  const Tables& t = tok.tables();
  const std::string text = large_text(1, 600000);
  const std::vector<uint32_t> expected = plainly(t, text);
  for (const size_t cache : {size_t{0}, size_t{4096}, size_t{200000}, size_t{64} << 20}) {
    FastEncoder e(t.bpe, t.pattern, cache);
    std::vector<uint32_t> ids;
    e.encode(text, ids);
    CHECK(ids == expected);
    ids.clear();
    e.encode(text, ids);
    CHECK(ids == expected);
  }
  FastEncoder e(t.bpe, t.pattern, 1 << 20);
  for (size_t from = 0, step = 1; from < text.size() && step < 300; ++step) {  // short texts: ends of memory
    while (from > 0 && (static_cast<uint8_t>(text[from]) & 0xC0) == 0x80) ++from;
    size_t size = std::min(step, text.size() - from);
    while (from + size < text.size() && (static_cast<uint8_t>(text[from + size]) & 0xC0) == 0x80) ++size;
    const std::string part = text.substr(from, size);  // in memory of its own
    std::vector<uint32_t> ids;
    e.encode(part, ids);
    CHECK(ids == plainly(t, part));
    from += size;
  }
}

TEST_CASE("many texts at once give what each gives alone") {
  const std::string text = large_text(4, 300000);
  const ds::Rng rng(5, ds::RngStream::test);
  std::vector<std::string> parts;  // of all sizes, some empty, some with added tokens, some no UTF-8
  for (size_t from = 0, k = 0; from < text.size(); ++k) {
    size_t size = rng.below(2 * k, k % 50 == 0 ? 40000 : k % 3 == 0 ? 8 : 300);
    size = std::min(size, text.size() - from);
    parts.push_back(text.substr(from, size));
    if (k % 2 == 0) {
      while (from + size < text.size() && (static_cast<uint8_t>(text[from + size]) & 0xC0) == 0x80) ++size;
      parts.back() = text.substr(from, size);
    }
    if (k % 97 == 5) parts.back() += "<|endoftext|>b";
    if (k % 89 == 7) parts.back().push_back('\0');
    if (k % 83 == 7) parts.back() += "e\xCC\x81";
    from += size;
  }
  const std::vector<std::string_view> texts(parts.begin(), parts.end());
  for (const char* file : {"bpe.tokenizer.json", "added.tokenizer.json"}) {
    const Tokenizer tok = Tokenizer::load(tokenizer_data(file));
    for (const size_t cache : {size_t{0}, size_t{4096}, size_t{64} << 20}) {
      std::vector<uint32_t> expected, ids;
      std::vector<size_t> expected_ends, ends;
      Encoder one(tok, cache), many(tok, cache);
      for (const std::string& part : parts) {
        one.encode(part, expected);
        expected_ends.push_back(expected.size());
      }
      many.encode_many(texts, ids, ends);
      CHECK(ids == expected);
      CHECK(ends == expected_ends);
      ids.clear();
      ends.clear();
      for (size_t i = 0; i < texts.size(); i += 7)
        many.encode_many(std::span(texts).subspan(i, std::min<size_t>(7, texts.size() - i)), ids, ends);
      CHECK(ids == expected);
    }
  }
}

TEST_CASE("several threads give the ids of one") {
  for (const char* file : {"bpe.tokenizer.json", "added.tokenizer.json"}) {
    const Tokenizer tok = Tokenizer::load(tokenizer_data(file));
    std::string text = large_text(2, 3 << 20);
    for (size_t at = 1000; at < text.size(); at += 40000) {
      while ((static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) ++at;
      text.insert(at, at % 2 ? "<|endoftext|>" : "e\xCC\x81 \xCC\x81");
    }
    std::vector<uint32_t> expected, mine;
    Encoder(tok).encode(text, expected);
    ParallelEncoder parallel(tok, 3);
    parallel.encode(text,
                    [&](std::span<const uint32_t> ids) { mine.insert(mine.end(), ids.begin(), ids.end()); });
    CHECK(mine == expected);
  }
}

TEST_CASE("a cut that is told from a text's beginning is one of every text that goes on") {
  for (const char* file : {"bpe.tokenizer.json", "added.tokenizer.json"}) {
    const Tokenizer tok = Tokenizer::load(tokenizer_data(file));
    std::string text = large_text(4, 40000);
    for (size_t at = 100; at < text.size(); at += 300) {
      while ((static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) ++at;
      text.insert(at, at % 2 ? "<|endoftext|>" : "e\xCC\x81 \xCC\x81");
    }
    // Every beginning that ends between characters gives the cut that the whole text gives, or none yet.
    size_t told = 0;
    for (size_t from = 1; from < text.size(); from += 911) {
      const size_t expected = next_encoding_cut(tok, text, from);
      for (size_t end = from; end < std::min(text.size(), from + 400); ++end) {
        if ((static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) continue;
        const auto at = next_encoding_cut_of_any(tok, std::string_view(text).substr(0, end), from);
        if (!at) continue;
        REQUIRE(*at == expected);
        ++told;
      }
    }
    if (can_encode_in_parts(tok)) CHECK(told > 1000);
  }
}

TEST_CASE("where encoding may be cut, both sides give their ids alone") {
  const Tokenizer tok = Tokenizer::load(tokenizer_data("bpe.tokenizer.json"));
  const std::string text = large_text(3, 60000);
  size_t cuts = 0;
  for (size_t pos = next_encoding_cut(tok, text, 1); pos < text.size();
       pos = next_encoding_cut(tok, text, pos + 97)) {
    const size_t from = pos - std::min<size_t>(pos, 200), size = 400;
    size_t begin = from;
    while (begin < pos && (static_cast<uint8_t>(text[begin]) & 0xC0) == 0x80) ++begin;
    size_t end = std::min(text.size(), begin + size);
    while (end < text.size() && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) ++end;
    std::vector<uint32_t> whole = tok.encode(std::string_view(text).substr(begin, end - begin));
    std::vector<uint32_t> left = tok.encode(std::string_view(text).substr(begin, pos - begin));
    const std::vector<uint32_t> right = tok.encode(std::string_view(text).substr(pos, end - pos));
    left.insert(left.end(), right.begin(), right.end());
    REQUIRE(left == whole);
    ++cuts;
  }
  CHECK(cuts > 100);
}
