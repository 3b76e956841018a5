// Near-duplicate decisions against brute force: mutated texts, exact Jaccard similarity of their shingle
// sets.
#include "text/dedup.h"

#include <set>

#include "base/rng.h"
#include "catch.h"

using namespace ds;
using namespace ds::text;

namespace {

std::set<uint64_t> shingle_set(const std::string& text) {
  const auto hashes = shingles(fold(text));
  return {hashes.begin(), hashes.end()};
}

double exact_jaccard(const std::set<uint64_t>& a, const std::set<uint64_t>& b) {
  size_t both = 0;
  for (const uint64_t h : a) both += b.count(h);
  const size_t either = a.size() + b.size() - both;
  return either ? static_cast<double>(both) / static_cast<double>(either) : 0;
}

// A word of letters (numbers fold to 0).
std::string word(uint64_t n) {
  std::string s = "w";
  for (; n; n /= 26) s += static_cast<char>('a' + n % 26);
  return s;
}

std::string random_text(const Rng& rng, uint64_t at, uint64_t words) {
  std::string s;
  for (uint64_t k = 0; k < words; ++k) s += word(rng.below(at + k, 5000)) + " ";
  return s;
}

}  // namespace

TEST_CASE("dedup: hash table") {
  HashTable table;
  const Rng rng(5, RngStream::test);
  CHECK(table.find(7) == HashTable::kNone);
  for (uint32_t i = 0; i < 20000; ++i) table.set(rng.bits(i % 15000), i);
  CHECK(table.size() == 15000);
  for (uint32_t i = 0; i < 15000; ++i) CHECK(table.find(rng.bits(i)) == (i < 5000 ? i + 15000 : i));
  CHECK(table.find(rng.bits(15001)) == HashTable::kNone);
}

TEST_CASE("dedup: exact") {
  DedupIndex index;
  index.insert(fingerprint("one text", false), "a");
  CHECK(index.find_exact(fingerprint("one text", false))->id == "a");
  CHECK(!index.find_exact(fingerprint("one text.", false)));
  CHECK(!index.find_near(fingerprint("one text", true), 0.5));  // fewer than five words
}

TEST_CASE("dedup: case, punctuation and numbers do not hide a near duplicate") {
  DedupIndex index;
  index.insert(
      fingerprint("The train of 10.15 leaves from platform 3 today, not from platform 5 as usual.", true),
      "a");
  const auto match = index.find_near(
      fingerprint("the train of 11.45 leaves from platform 4 today not from platform 7 as usual", true), 0.8);
  REQUIRE(match);
  CHECK(match->id == "a");
  CHECK(match->similarity == 1);
}

TEST_CASE("dedup: decisions agree with brute force") {
  const Rng rng(6, RngStream::test);
  constexpr double kLimit = 0.8;
  uint64_t above = 0, found = 0, well_above = 0, found_well_above = 0;
  for (uint64_t i = 0; i < 400; ++i) {
    const uint64_t words = 30 + rng.below(i << 32, 300), at = (i << 32) + 10;
    const std::string original = random_text(rng, at, words);
    std::string changed;  // each word replaced with a small probability
    const double rate = 0.06 * rng.uniform((i << 32) + 1);
    size_t from = 0;
    for (uint64_t k = 0; k < words; ++k) {
      const size_t space = original.find(' ', from);
      changed += rng.uniform(at + 1000 + k) < rate ? "new" + word(k) : original.substr(from, space - from);
      changed += ' ';
      from = space + 1;
    }
    DedupIndex index;
    index.insert(fingerprint(random_text(rng, at + 5000, words), true), "other");
    index.insert(fingerprint(original, true), "original");
    const double similarity = exact_jaccard(shingle_set(original), shingle_set(changed));
    const auto match = index.find_near(fingerprint(changed, true), kLimit);
    if (match) {
      CHECK(match->id == "original");
      CHECK(match->similarity == Approx(similarity));
      CHECK(similarity >= kLimit);  // never wrong about what it rejects
    }
    above += similarity >= kLimit;
    found += match.has_value();
    well_above += similarity >= 0.9;
    found_well_above += match && similarity >= 0.9;
  }
  CHECK(above > 100);
  CHECK(found > above * 93 / 100);  // what banding promises: .92 at .8, .99 at .85
  CHECK(found_well_above == well_above);
}

TEST_CASE("dedup: the first of several stays") {
  DedupIndex index;
  const Rng rng(7, RngStream::test);
  const std::string text = random_text(rng, 0, 200);
  index.insert(fingerprint(text + "x", true), "first");
  index.insert(fingerprint(text + "y", true), "second");
  const auto match = index.find_near(fingerprint(text + "z", true), 0.8);
  REQUIRE(match);
  CHECK(match->id == "first");
}
