#include "text/cleaner.h"

#include <atomic>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::text;

namespace {

struct Result {
  std::string kept, rejected;
  CleanStats stats;
};

Result cleaned(const std::vector<std::string>& paths, CleanOptions options = {}, int threads = 1) {
  Result r;
  Run run;
  run.threads = threads;
  const CleanSinks sinks{[&](std::string_view s) { r.kept += s; },
                         [&](std::string_view s) { r.rejected += s; }};
  r.stats = clean(formats::list_corpus(paths, options.corpus.format), options, sinks, run);
  return r;
}

// A word of letters (numbers fold to 0).
std::string word(uint64_t n) {
  std::string s = "w";
  for (; n; n /= 26) s += static_cast<char>('a' + n % 26);
  return s;
}

// Documents of random words, some of them copies or near copies of earlier ones, some damaged in other ways.
std::string random_jsonl(uint64_t documents) {
  const Rng rng(11, RngStream::test);
  std::vector<std::string> texts;
  std::string out;
  uint64_t at = 0;
  for (uint64_t i = 0; i < documents; ++i) {
    std::string text;
    if (!texts.empty() && rng.below(at++, 4) == 0) {
      text = texts[rng.below(at++, texts.size())];
      if (rng.below(at++, 2)) text += " changed";
    } else {
      for (uint64_t k = 0, n = rng.below(at++, 200); k < n; ++k) text += word(rng.below(at++, 3000)) + " ";
      if (rng.below(at++, 10) == 0) text += "\xFF\xE2\x80\x8B";
    }
    texts.push_back(text);
    formats::append_document(out,
                             {"d" + std::to_string(i), "", text, i % 3 ? "" : "\"n\":" + std::to_string(i)});
  }
  return out;
}

}  // namespace

TEST_CASE("cleaner: the same bytes for any number of threads") {
  test::Scratch s;
  write_file(s.file("in.jsonl"), random_jsonl(3000));
  for (const char* variant : {"all", "limit", "sample"}) {
    CleanOptions o;
    if (variant == std::string("limit")) o.limit = 500;
    if (variant == std::string("sample")) o.sample = 0.3, o.seed = 5;
    const Result one = cleaned({s.file("in.jsonl")}, o, 1);
    CHECK(one.stats.kept.documents > 300);
    CHECK(one.stats.rejected.at("near_duplicate") > 5);
    for (const int threads : {2, 7}) {
      const Result many = cleaned({s.file("in.jsonl")}, o, threads);
      CHECK(many.kept == one.kept);
      CHECK(many.rejected == one.rejected);
      CHECK(many.stats.to_json() == one.stats.to_json());
    }
    if (o.limit) CHECK(one.stats.kept.documents == 500);
    if (o.sample < 1) CHECK(one.stats.not_sampled == Approx(2100).margin(150));
  }
}

TEST_CASE("cleaner: cleaning twice changes nothing") {
  test::Scratch s;
  write_file(s.file("in.jsonl"), random_jsonl(500));
  const Result once = cleaned({s.file("in.jsonl")});
  write_file(s.file("again.jsonl"), once.kept);
  const Result twice = cleaned({s.file("again.jsonl")});
  CHECK(twice.kept == once.kept);
  CHECK(twice.rejected.empty());
}

TEST_CASE("cleaner: reasons, ids and originals") {
  test::Scratch s;
  write_file(s.file("in.jsonl"),
             "{\"id\":\"a\",\"text\":\"The first text says something  \"}\n{\"id\":7,\"text\":\"The first "
             "text says something\",\"k\":[1]}\n"
             "{\"text\":\" \"}\n{\"id\":\"z\",\"text\":\"the first text, says SOMETHING\"}\n");
  const Result r = cleaned({s.file("in.jsonl")});
  CHECK(r.kept == "{\"id\":\"a\",\"text\":\"The first text says something\"}\n");
  CHECK(r.rejected ==
        "{\"id\":7,\"text\":\"The first text says "
        "something\",\"k\":[1],\"reject\":{\"rule\":\"exact_duplicate\",\"value\":1,\"limit\":1,\"of\":\"a\"}"
        "}\n"
        "{\"id\":\"in.jsonl:3\",\"text\":\" \",\"reject\":{\"rule\":\"min_chars\",\"value\":0,\"limit\":1}}\n"
        "{\"id\":\"z\",\"text\":\"the first text, says "
        "SOMETHING\",\"reject\":{\"rule\":\"near_duplicate\",\"value\":1,\"limit\":0.8,\"of\":\"a\"}}\n");
}

TEST_CASE("cleaner: against a reference") {
  test::Scratch s;
  write_file(s.file("held.jsonl"),
             "{\"id\":\"h\",\"text\":\"A held out text of a few words.\"}\n{\"id\":\"short\",\"text\":\"Two "
             "words\"}\n");
  write_file(
      s.file("in.jsonl"),
      "{\"id\":\"1\",\"text\":\"a held-out text of a few words\"}\n{\"id\":\"2\",\"text\":\"Two words\"}\n"
      "{\"id\":\"3\",\"text\":\"Something else\"}\n{\"id\":\"4\",\"text\":\"Something else\"}\n");
  CleanOptions o;
  o.against = {s.file("held.jsonl")};
  o.dedup = Dedup::none;
  const Result r = cleaned({s.file("in.jsonl")}, o);
  CHECK(r.stats.rejected.at("near_duplicate_of_reference") == 2);
  CHECK(r.stats.kept.documents == 2);
  CHECK(r.stats.reference_documents == 2);
}

TEST_CASE("cleaner: invalid UTF-8") {
  test::Scratch s;
  write_file(s.file("in.jsonl"), "{\"text\":\"a\xFF\xFEz\",\"k\":\"\x80\"}\n{\"text\":\"fine\"}\n");
  CleanOptions o;
  Result r = cleaned({s.file("in.jsonl")}, o);
  CHECK(r.kept.starts_with("{\"id\":\"in.jsonl:1\",\"text\":\"a\uFFFD\uFFFDz\",\"k\":\"\uFFFD\"}\n"));
  CHECK(r.stats.invalid_utf8_sequences == 3);
  o.invalid_utf8 = InvalidUtf8::reject;
  CHECK(cleaned({s.file("in.jsonl")}, o).stats.rejected.at("invalid_utf8") == 1);
  o.invalid_utf8 = InvalidUtf8::error;
  const Error e = test::thrown_by<Error>([&] { cleaned({s.file("in.jsonl")}, o); });
  CHECK(std::string(e.what()).find("in.jsonl: line 1: invalid UTF-8 (3 places)") != std::string::npos);
}

TEST_CASE("cleaner: damaged records fail in order or are counted") {
  test::Scratch s;
  write_file(s.file("in.jsonl"),
             "{\"text\":\"one\"}\n{\"text\":\"two\"}\nnot json\n{\"no\":1}\n{\"text\":\"three\"}\n");
  CleanOptions o;
  const Error e = test::thrown_by<Error>([&] { cleaned({s.file("in.jsonl")}, o, 3); });
  CHECK(std::string(e.what()).find("line 3: byte 1: expected a JSON object, found 'n'") != std::string::npos);
  o.limit = 2;  // reached before the damage
  CHECK(cleaned({s.file("in.jsonl")}, o, 3).stats.kept.documents == 2);
  o.limit = 0;
  o.skip_bad_lines = true;
  const Result r = cleaned({s.file("in.jsonl")}, o, 3);
  CHECK(r.stats.bad_records == 2);
  CHECK(r.stats.kept.documents == 3);
}

TEST_CASE("cleaner: an empty input is an error only when it is all there is") {
  test::Scratch s;
  write_file(s.file("empty.jsonl"), "");
  write_file(s.file("in.jsonl"), "{\"text\":\"one\"}\n");
  CHECK(test::thrown_by<Error>([&] { cleaned({s.file("empty.jsonl")}); }).kind() == ErrorKind::data);
  CHECK(cleaned({s.file("empty.jsonl"), s.file("in.jsonl")}).stats.kept.documents == 1);
}

TEST_CASE("cleaner: a stop request leaves the rest") {
  test::Scratch s;
  write_file(s.file("in.jsonl"), random_jsonl(3000));
  const std::atomic<int> signal = 15;
  Run run;
  run.stop = StopToken(&signal);
  const CleanSinks sinks{[](std::string_view) {}, {}};
  CHECK(clean(formats::list_corpus({s.file("in.jsonl")}, {}), {}, sinks, run).stopped);
}
