// Config files: strict keys and types with file and line, TOML and JSON alike, and --dump-config that reads
// back.
#include "cli/config.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "toy.h"

using namespace ds;
using namespace ds_test;

namespace {

struct Fields {
  int64_t steps = 5;
  uint64_t memory = 1 << 20, count = 3;
  double lr = 0.5;
  std::string name = "n", mode = "";
  std::vector<std::string> list;
  bool on = true;

  void declare(cli::OptionTable& t) {
    t.add("--steps", steps, "N", "steps").range(1, 100);
    t.add("--memory", memory, "SIZE", "memory").bytes();
    t.add("--count", count, "N", "count");
    t.group("Other");
    t.add("--lr", lr, "RATE", "rate\nsecond line");
    t.add("-n,--name", name, "NAME", "name");
    t.add("--mode", mode, "MODE", "mode").choices({"a", "b"});
    t.add("--list", list, "X", "list");
    t.flag("--on", on, "on");
  }
};

std::string error_of(const std::string& text) {
  Fields f;
  cli::OptionTable t;
  f.declare(t);
  try {
    cli::apply_config_text(t, text, "f");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::usage);
    return e.hint().empty() ? e.what() : std::string(e.what()) + " | " + e.hint();
  }
  return "";
}

}  // namespace

TEST_CASE("TOML and JSON set the same fields") {
  for (const char* text : {"steps = 7\nmemory = \"4K\"\nlr = 1\nname = \"x\"\nlist = [\"a\", \"b\"]\non = "
                           "false\nmode = \"b\"\ncount = 9",
                           "\xef\xbb\xbf\n {\"steps\": 7, \"memory\": 4096, \"lr\": 1, \"name\": \"x\", "
                           "\"list\": [\"a\", \"b\"],"
                           " \"on\": false, \"mode\": \"b\", \"count\": 9}"}) {
    Fields f;
    cli::OptionTable t;
    f.declare(t);
    cli::apply_config_text(t, text, "f");
    CHECK(f.steps == 7);
    CHECK(f.memory == 4096);
    CHECK(f.count == 9);
    CHECK(f.lr == 1.0);
    CHECK(f.name == "x");
    CHECK(f.mode == "b");
    CHECK(f.list == std::vector<std::string>{"a", "b"});
    CHECK_FALSE(f.on);
  }
  CHECK(error_of("").empty());
  CHECK(error_of("# only a comment\n").empty());
  CHECK(error_of("{}").empty());
  CHECK(error_of("list = \"one\"").empty());
}

TEST_CASE("errors name file, line and the nearest key") {
  CHECK(error_of("\n\nstep = 3") == "f:3: unknown key 'step' | did you mean 'steps'?");
  CHECK(error_of("{\n\"Lr\": 3}") == "f:2: unknown key 'Lr' | did you mean 'lr'?");
  CHECK(error_of("nothing-near = 3").find("f:1: unknown key 'nothing-near' | keys are") == 0);
  CHECK(error_of("[steps]\na = 1") == "f:1: steps: expected a whole number, found a table");
  CHECK(error_of("steps = \"3\"") == "f:1: steps: expected a whole number, found a string");
  CHECK(error_of("\nsteps = 3.0") == "f:2: steps: expected a whole number, found a float");
  CHECK(error_of("steps = 300") == "f:1: steps: expected a value from 1 to 100, found '300'");
  CHECK(error_of("count = -1") == "f:1: count: expected a whole number, not negative, found '-1'");
  CHECK(error_of("memory = \"4Q\"") == "f:1: memory: expected a size such as 512M or 2G, found '4Q'");
  CHECK(error_of("on = 1") == "f:1: on: expected true or false, found an integer");
  CHECK(error_of("name = 1") == "f:1: name: expected a string, found an integer");
  CHECK(error_of("lr = nan").find("f:1: lr: expected a number") == 0);
  CHECK(error_of("lr = 1979-05-27") == "f:1: lr: expected a number, found a date or time");
  CHECK(error_of("list = [1]") ==
        "f:1: list: expected a list of strings, found a list with items that are not strings");
  CHECK(error_of("{\"name\": null}") == "f:1: name: expected a string, found null");
  CHECK(error_of("mode = \"c\"").find("f:1: mode: expected one of a, b, found 'c'") == 0);
  CHECK(error_of("a = 1\nb = = 2").find("f:2: not valid TOML") == 0);
  CHECK(error_of("steps = 1\nsteps = 2").find("f:2: not valid TOML") == 0);
  CHECK(error_of("{\"steps\": 1,\n \"steps\": 2}") == "f:2: key 'steps' stands here a second time");
  CHECK(error_of("{\"steps\": 1,\n \"list\": [").find("f:2: not valid JSON") == 0);
}

TEST_CASE("what is no text or endless nesting is an error, not a crash") {
  const Rng rng(2, RngStream::test);
  uint64_t at = 0;
  for (int round = 0; round < 3000; ++round) {
    static const std::string alphabet = "{}[]\"\\=,:.#\n steplr01truenamlist\xff\x80\0";
    std::string text = rng.below(at++, 2) ? "{" : "";
    for (uint64_t n = rng.below(at++, 40); n > 0; --n) text += alphabet[rng.below(at++, alphabet.size())];
    error_of(text);
  }
  CHECK_FALSE(error_of("{\"list\": " + std::string(100000, '[')).empty());
  CHECK_FALSE(error_of("{\"list\": " + std::string(100000, '[') + std::string(100000, ']') + "}").empty());
  CHECK_FALSE(error_of("list = " + std::string(100000, '[')).empty());
}

TEST_CASE("values_as_toml reads back to the same values, whatever they are") {
  const Rng rng(3, RngStream::test);
  uint64_t at = 0;
  for (int round = 0; round < 500; ++round) {
    Fields a, b;
    cli::OptionTable ta, tb;
    a.declare(ta);
    b.declare(tb);
    const auto word = [&] {
      static const std::string alphabet = "a\"\\\n\t#='\x01\x7f[]";
      std::string w;
      for (uint64_t n = rng.below(at++, 8); n > 0; --n) w += alphabet[rng.below(at++, alphabet.size())];
      return w + "é";
    };
    a.steps = 1 + static_cast<int64_t>(rng.below(at++, 100));
    a.memory = rng.bits(at++) >> (1 + rng.below(at, 63));
    a.count = rng.bits(at++) >> 1;
    a.lr = rng.normal(at++);
    a.lr *= std::pow(10.0, static_cast<double>(rng.below(at++, 40)) - 20);
    a.name = word();
    for (uint64_t n = rng.below(at++, 3); n > 0; --n) a.list.push_back(word());
    a.on = rng.below(at++, 2) == 0;
    const std::string text = cli::values_as_toml(ta);
    INFO(text);
    cli::apply_config_text(tb, text, "dump");
    REQUIRE(cli::values(ta, false) == cli::values(tb, false));
    REQUIRE(cli::values_as_toml(tb) == text);
    cli::OptionTable tc;
    Fields c;
    c.declare(tc);
    cli::apply_config_text(tc, cli::values(ta, false).dump(), "json");
    REQUIRE(cli::values(ta, false) == cli::values(tc, false));
  }
}

TEST_CASE("--dump-config needs no other argument and re-feeds to the same dump") {
  const Outcome first = toy({"work", "--dump-config"});
  REQUIRE(first.status == 0);
  CHECK(first.err.empty());
  for (const char* key :
       {"\nlr = 0.0003\n", "\nmemory = \"512M\"\n", "\noutput = \"\"\n", "\nthreads = 0\n", "\nseed = 0\n"})
    CHECK(first.out.find(key) != std::string::npos);
  const std::string folder = scratch_folder();
  CHECK(toy({"work", "--dump-config", "-c", put(folder, "a.toml", first.out)}).out == first.out);
  const Outcome second =
      toy({"work", "--dump-config", "--lr=1e-9", "--tag=a\"b", "--no-shuffle", "-o", "some where"});
  CHECK(second.out != first.out);
  CHECK(toy({"work", "--dump-config", "-c", put(folder, "b.toml", second.out)}).out == second.out);
}

TEST_CASE("a config file that cannot be had") {
  CHECK(toy({"work", "-c", "/nonexistent/x.toml", "--dump-config"}).status == 4);
  CHECK(toy({"work", "-c", scratch_folder(), "--dump-config"}).status == 4);
}
