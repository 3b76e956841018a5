// Texts too large for lists of their words: the same values, and memory as promised in item.h.
#include "clean/item.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "base/rng.h"
#include "catch.h"
#include "clean/clean.h"
#include "clean/repetition.h"
#include "engine.h"
#include "run_step.h"
#include "scratch.h"

using namespace ds;

namespace {

// Prose of a kind: sentences of words that repeat as words do, lines, some lines twice.
std::string prose(uint64_t bytes, uint64_t seed, bool lines = true) {
  const Rng rng(seed, RngStream::test);
  std::string out, line, last;
  for (uint64_t i = 0; out.size() < bytes;) {
    line.clear();
    for (uint64_t words = 4 + rng.below(i++, 20); words > 0; --words) {
      const uint64_t r = rng.below(i++, 1000);
      line += fmt::format("{}{}{} ", r % 11 == 0 ? "the" : "w", r * r / 1000,
                          r % 97 == 0 ? ":)"
                          : r % 7     ? ""
                                      : ",");
    }
    line.back() = '.';
    out += rng.below(i++, 9) == 0 ? last : line;
    out += lines ? '\n' : ' ';
    last = line;
  }
  return out;
}

}  // namespace

TEST_CASE("recipes decide on a large text as on others") {
  for (const char* name : {"fineweb", "gopher", "c4"}) {
    clean::Recipe recipe;
    for (const clean::StepSpec& spec : clean::built_in_recipe(name)) {
      if (spec.kind->make) recipe.push_back(spec);
    }
    const clean::Pipeline pipeline(recipe, {});
    for (uint64_t seed = 0; seed < 6; ++seed) {
      clean::Item item;
      item.document.text = prose(seed == 5 ? 300000 : 3000 << seed, seed, seed % 3 != 2);
      if (seed == 1) item.document.text += " a@b.com 8.8.8.8 lorem [1] x";
      item.set_language(text::Language::english);
      test::check_as_large(pipeline, item);
    }
  }
}

TEST_CASE("tables that hold a part of the hashes count what one table counts") {
  const std::string text = prose(400000, 7);
  clean::Item item;
  item.document.text = text;
  item.large_above = 0;
  item.set_language(text::Language::english);
  std::vector<text::Word> words;
  text::split_words(text, text::Language::english, words);
  clean::RepeatedGrams grams;
  clean::GreedyGrams greedy;
  grams.start(words);
  greedy.start(text, words);
  for (const uint64_t room : {uint64_t{1}, uint64_t{1} << 18, uint64_t{1} << 30}) {
    item.room = room;
    const auto top = clean::large_top_grams(item);
    grams.start(words);
    for (size_t i = 0; i < 3; ++i) {
      if (i > 0) grams.advance();
      CHECK(top[i].chars == grams.top().chars);
      CHECK(top[i].count == grams.top().count);
    }
    std::vector<std::string_view> pieces;
    clean::split_at_each_newline(text, pieces);
    const clean::SegmentCounts expected = clean::count_segments(pieces);
    const clean::SegmentCounts found = clean::count_segments(
        [&](const clean::UseSegment& use) {
          for (const std::string_view piece : pieces) use(piece);
        },
        room);
    CHECK(found.segments == expected.segments);
    CHECK(found.repeats == expected.repeats);
    CHECK(found.repeat_chars == expected.repeat_chars);
    CHECK(found.copies == expected.copies);
    CHECK(found.copy_chars == expected.copy_chars);
  }
  for (int n = 5; n <= 10; ++n)
    CHECK(clean::LargeGreedyGrams(item).repeated_chars(n) <= clean::LargeGreedyGrams(item).bound());
  for (int n = 5; n <= 10; ++n)
    CHECK(clean::LargeGreedyGrams(item).repeated_chars(n) == greedy.repeated_chars(n));
}

TEST_CASE("a list that does not fit is an error that names the document") {
  clean::Item item;
  item.document.id = "big";
  item.document.text = prose(100000, 1);
  item.large_above = 0;
  item.room = 1000;
  const auto error = test::thrown_by<Error>([&] { item.words(); });
  CHECK(error.kind() == ErrorKind::resource);
  CHECK(std::string(error.what()).find("\"big\"") != std::string::npos);
}

TEST_CASE("large documents among others: every way out") {
  const test::Scratch scratch;
  std::string in, all;
  std::vector<std::string> lines;
  const auto add = [&](const std::string& id, const std::string& text, const char* written_as) {
    formats::Document d;
    d.id = id, d.text = text, d.rest = "\"n\":1";
    std::string line;
    formats::append_document(line, d);
    lines.push_back(line);
    in += *written_as ? fmt::format("{{\"text\":\"{}{}\",\"id\":\"{}\",\"n\":1}}\n", text, written_as, id)
                      : line;
  };
  for (int i = 0; i < 40; ++i) add(fmt::format("s{}", i), prose(2000, static_cast<uint64_t>(i), false), "");
  add("large1", prose(5000000, 50), "");
  add("s40", "one two", "");
  add("s41", "one two", "");
  add("large2", prose(6000000, 51), "");
  add("large3", prose(5000000, 50), "");  // as large1
  add("s42", "three", "");
  write_file(scratch.file("in.jsonl"), in);
  for (const std::string& line : lines) all += line;
  const auto inputs = formats::list_corpus({scratch.file("in.jsonl")}, formats::CorpusFormat::automatic);
  const auto run_all = [&](const clean::Recipe& recipe, int threads, uint64_t memory, uint64_t limit = 0) {
    const clean::Pipeline pipeline(recipe, {});
    clean::CleanOptions options;
    options.work_folder = scratch.file("work");
    options.memory = memory;
    options.limit = limit;
    test::Results results;
    clean::CleanSinks sinks = results.sinks();
    sinks.values = nullptr;
    Run run;
    run.threads = threads;
    clean::clean(inputs, pipeline, options, sinks, run);
    remove_tree(options.work_folder);
    return results;
  };
  for (const int threads : {1, 3}) {
    CHECK(run_all({}, threads, uint64_t{1} << 30).keep.text == all);
    CHECK(run_all({}, threads, 1, 41).keep.text == all.substr(0, all.find("{\"id\":\"s40\"")));
    clean::Recipe recipe = {clean::make_spec("length"), clean::make_spec("exact")};
    recipe[0].params.set("max_chars", int64_t{5500000});
    const test::Results cut = run_all(recipe, threads, uint64_t{1} << 26);
    std::string kept;
    for (size_t i = 0; i < lines.size(); ++i) {
      if (i != 42 && i != 43 && i != 44) kept += lines[i];
    }
    CHECK(cut.keep.text == kept);
    const std::string& r = cut.reject.text;
    CHECK(r.find("{\"id\":\"s41\",") == 0);
    const size_t second = r.find("{\"id\":\"large2\","), third = r.find("{\"id\":\"large3\",");
    REQUIRE((second != r.npos && third != r.npos && second < third));
    CHECK(r.substr(second, 6000) == lines[43].substr(0, 6000));
    CHECK(r.substr(second, third - second)
              .ends_with(
                  "\"n\":1,\"reason\":\"max_chars\",\"reject\":{\"step\":\"length\",\"rule\":\"max_chars\","
                  "\"value\":" +
                  r.substr(r.rfind("\"value\":", third) + 8, third - r.rfind("\"value\":", third) - 8)));
    CHECK(r.ends_with("\"of\":\"large1\"}}\n"));
  }
}

TEST_CASE("one document of 64 MB stays within the memory that is promised", "[full]") {
  const test::Scratch scratch;
  constexpr uint64_t kMiB = uint64_t{1} << 20, kText = 64 * kMiB, kMemory = 64 * kMiB;
  {
    formats::Document d;
    d.id = "a";
    const std::string some = prose(kMiB, 3);
    while (d.text.size() < kText) d.text += some.substr(d.text.size() / some.size() * 100);
    std::string line;
    formats::append_document(line, d);
    write_file(scratch.file("in.jsonl"), line);
  }
  struct Case {
    const char* recipe;
    double most;  // times the text
  };
  for (const Case& c : {Case{"", 1.3}, Case{"minimal", 3}, Case{"fineweb", 3}}) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        const clean::Pipeline pipeline(*c.recipe ? clean::built_in_recipe(c.recipe) : clean::Recipe{}, {});
        clean::CleanOptions options;
        options.work_folder = scratch.file("work");
        options.memory = kMemory;
        struct Nowhere final : LineSink {
          void write(std::string_view) override {}
        } keep;
        Run run;
        clean::clean(formats::list_corpus({scratch.file("in.jsonl")}, formats::CorpusFormat::automatic),
                     pipeline, options, {&keep}, run);
      } catch (...) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    int status = 0;
    struct rusage usage{};
    REQUIRE(::wait4(child, &status, 0, &usage) == child);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    const auto rss = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
    CAPTURE(c.recipe, rss >> 20);
    CHECK(static_cast<double>(rss) < c.most * kText + kMemory);
  }
}
