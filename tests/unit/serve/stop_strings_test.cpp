// Stop strings against the obvious search over the whole text, for random texts, strings and cuts.
#include "serve/stop_strings.h"

#include "base/rng.h"
#include "catch.h"

namespace ds {
namespace {

using serve::StopStrings;

// The text before the stop string that is complete first; of several that end there, the longest.
std::string searched(const std::string& text, const std::vector<std::string>& stops) {
  for (size_t end = 1; end <= text.size(); ++end) {
    size_t longest = 0;
    for (const std::string& s : stops)
      if (s.size() <= end && text.compare(end - s.size(), s.size(), s) == 0)
        longest = std::max(longest, s.size());
    if (longest > 0) return text.substr(0, end - longest);
  }
  return text;
}

// Text over few letters, so that prefixes repeat and overlap.
std::string random_letters(const Rng& rng, uint64_t& k, size_t size) {
  static const std::string kLetters[] = {"a", "b", "\xC3\xA9"};
  std::string s;
  for (size_t i = 0; i < size; ++i) s += kLetters[rng.below(k++, 3)];
  return s;
}

}  // namespace

TEST_CASE("stop strings: random cuts give what a search over the whole text gives") {
  const Rng rng(11, RngStream::test);
  uint64_t k = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> stops;
    for (uint64_t n = rng.below(k++, 4); n > 0; --n)
      stops.push_back(random_letters(rng, k, 1 + rng.below(k, 5)));
    const std::string text = random_letters(rng, k, rng.below(k, 40));
    const std::string wanted = searched(text, stops);
    StopStrings stream(stops);
    std::string given;
    for (size_t at = 0; at < text.size();) {
      const size_t size = std::min<size_t>(text.size() - at, rng.below(k++, 6));
      given += stream.push(text.substr(at, size));
      CAPTURE(text, given);
      REQUIRE(wanted.compare(0, given.size(), given) == 0);  // nothing is ever taken back
      at += size;
    }
    given += stream.finish();
    CAPTURE(text);
    REQUIRE(given == wanted);
    REQUIRE(stream.matched() == (wanted.size() < text.size()));
  }
}

TEST_CASE("stop strings: what is held back, and no more") {
  StopStrings s({"\n\nUser:"});
  CHECK(s.push("hello\n") == "hello");
  CHECK(s.push("there") == "\nthere");
  CHECK(s.push("\n\nUse") == "");
  CHECK(s.push("d\n\nUser") == "\n\nUsed");
  CHECK(s.push(": more") == "");
  CHECK(s.matched());
  CHECK(s.push("again") == "");
  CHECK(s.finish() == "");
}

TEST_CASE("stop strings: none, and a text that ends in the beginning of one") {
  StopStrings none({});
  CHECK(none.push("abc") == "abc");
  StopStrings s({"stop"});
  CHECK(s.push("st") == "");
  CHECK(s.finish() == "st");
  CHECK_FALSE(s.matched());
}

}  // namespace ds
