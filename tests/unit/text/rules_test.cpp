// The rules against the obvious way of computing them (strings in maps, as the definition says).
#include "text/rules.h"

#include <map>
#include <set>

#include "base/rng.h"
#include "base/utf8.h"
#include "catch.h"

using namespace ds;
using namespace ds::text;

namespace {

std::vector<std::string> words_of(const Measured& m) {
  std::vector<std::string> words;
  for (const Token& t : m.tokens) words.emplace_back(m.text.substr(t.begin, t.size));
  return words;
}

std::string joined(const std::vector<std::string>& w, size_t at, size_t n, const char* between) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += (i ? between : "") + w[at + i];
  return out;
}

double obvious_top(const Measured& m, size_t n) {
  const auto words = words_of(m);
  std::vector<std::string> order;
  std::map<std::string, uint64_t> count;
  for (size_t i = 0; i + n <= words.size(); ++i) {
    const std::string gram = joined(words, i, n, " ");
    if (count[gram]++ == 0) order.push_back(gram);
  }
  std::string top;
  for (const std::string& gram : order) {
    if (top.empty() || count[gram] > count[top]) top = gram;
  }
  if (top.empty() || count[top] < 2) return 0;
  return static_cast<double>(count_chars(top) * count[top]) / static_cast<double>(m.chars);
}

double obvious_dup(const Measured& m, size_t n) {
  const auto words = words_of(m);
  std::set<std::string> seen;
  uint64_t repeated = 0;
  for (size_t i = 0; i + n <= words.size();) {
    const std::string gram = joined(words, i, n, "");
    if (seen.insert(gram).second) {
      ++i;
    } else {
      repeated += count_chars(gram);
      i += n;
    }
  }
  return static_cast<double>(repeated) / static_cast<double>(m.chars);
}

std::string repeat(const std::string& s, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += s;
  return out;
}

std::string failure(const std::string& text, RuleLimits limits = {}) {
  const auto r = first_failure(Measured(text), limits);
  return r ? r->rule : "";
}

}  // namespace

TEST_CASE("rules: lengths") {
  RuleLimits limits;
  CHECK(failure("") == "min_chars");
  CHECK(failure("x") == "");
  limits.min_chars = 0;
  CHECK(failure("", limits) == "");
  limits.max_chars = 3;
  CHECK(failure("äöü", limits) == "");
  CHECK(failure("äöüß", limits) == "max_chars");
  limits = {};
  limits.min_words = 3;
  CHECK(failure("two words !", limits) == "min_words");
  CHECK(failure("今天好", limits) == "");
  limits = {};
  limits.max_words = 2;
  CHECK(failure("one two three", limits) == "max_words");
  const auto r = first_failure(Measured("one two three"), limits);
  CHECK(r->value == 3);
  CHECK(r->limit == 2);
}

TEST_CASE("rules: repetition by example") {
  CHECK(failure(repeat("spam ", 50)) == "top_2_gram");
  CHECK(failure(repeat("The same line again and again.\n", 12)) == "dup_line_frac");
  CHECK(failure(repeat("The same paragraph again and again,\nof two lines, always.\n\n", 8)) ==
        "dup_para_frac");
  CHECK(failure(repeat("spam ", 15)) == "");  // too short to be tried
  RuleLimits off;
  off.repetition = false;
  CHECK(failure(repeat("spam ", 50), off) == "");
  CHECK(failure("It was the best of times, it was the worst of times, it was the age of wisdom, it was the "
                "age of foolishness, "
                "it was the epoch of belief, it was the epoch of incredulity") == "top_2_gram");
  CHECK(failure("We shall go to the station in the morning, when the light is good and nobody is in the "
                "street yet, and "
                "take the first train that runs to the coast.") == "");
  CHECK(
      failure("春天来了，公园里的花都开了，孩子们在草地上跑来跑去，老人坐在树下聊天，远处传来悠扬的琴声。") ==
      "");
  CHECK(failure(repeat("买就送，", 30)) != "");
}

TEST_CASE("rules: line and paragraph shares") {
  const Measured m("a\nb\na\n\nb b\nc\n\na");
  CHECK(rule_value(m, "dup_line_frac") == Approx(2.0 / 6));
  CHECK(rule_value(m, "dup_line_char_frac") == Approx(2.0 / 15));
  const Measured p("x y\n\nz\n\n\nx y\n\nx y");
  CHECK(rule_value(p, "dup_para_frac") == Approx(2.0 / 4));
  CHECK(rule_value(p, "dup_para_char_frac") == Approx(6.0 / 17));
}

TEST_CASE("rules: n-gram measures equal the obvious ones on random texts") {
  const Rng rng(3, RngStream::test);
  const char* pool[] = {"a", "bb", "ccc", "é", "don't", "x1", ".", "—", "the", "of", "word", "longer"};
  for (uint64_t i = 0; i < 300; ++i) {
    std::string text;
    const uint64_t size = rng.below(i << 20, 120), kinds = 1 + rng.below((i << 20) + 1, std::size(pool));
    for (uint64_t k = 0; k < size; ++k)
      text.append(pool[rng.below((i << 20) + k + 2, kinds)]).append(k % 7 ? " " : "\n");
    const Measured m(text);
    if (m.chars == 0) continue;
    for (int n = 2; n <= 4; ++n) {
      CAPTURE(i, n, text);
      CHECK(rule_value(m, "top_" + std::to_string(n) + "_gram") ==
            Approx(obvious_top(m, static_cast<size_t>(n))));
    }
    for (int n = 5; n <= 10; ++n) {
      CAPTURE(i, n, text);
      CHECK(rule_value(m, "dup_" + std::to_string(n) + "_gram") ==
            Approx(obvious_dup(m, static_cast<size_t>(n))));
    }
  }
}

TEST_CASE("rules: a ten-word block repeated after thirty other words has .21 duplicate 5-gram characters") {
  std::string text, block;
  for (int i = 0; i < 10; ++i) block += "blk" + std::string(1, static_cast<char>('a' + i)) + " ";
  text = block;
  for (int i = 0; i < 30; ++i)
    text += "w" + std::string(1, static_cast<char>('A' + i % 26)) + (i < 26 ? "q " : "r ");
  text += block;
  CHECK(rule_value(Measured(text), "dup_5_gram") == Approx(40.0 / 220).margin(0.05));
}
