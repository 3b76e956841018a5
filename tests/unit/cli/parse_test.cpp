// The command line against a reference: whatever values are, the fields get exactly them; and the four-way
// precedence.
#include "cli/parse.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "cli/config.h"
#include "cli/value.h"
#include "toy.h"

using namespace ds;
using namespace ds_test;
using nlohmann::json;

namespace {
json values_of(std::vector<std::string> arguments, const Setting& setting = {}) {
  arguments.insert(arguments.begin(), "work");
  arguments.insert(arguments.end(), {"-q", "--json", "-o", "x", "in"});
  const Outcome r = toy(arguments, setting);
  INFO(r.err);
  REQUIRE(r.status == 0);
  return json::parse(r.out);
}
}  // namespace

TEST_CASE("spellings of options and values") {
  CHECK(values_of({"--lr", "0.5"}).at("lr") == 0.5);
  CHECK(values_of({"--lr=5e-1"}).at("lr") == 0.5);
  CHECK(values_of({"--lr", "1", "--lr", "0.25"}).at("lr") == 0.25);  // the last repeat wins
  CHECK(values_of({"-s5"}).at("steps") == 5);
  CHECK(values_of({"-nfs", "5"}).at("steps") == 5);  // a cluster, its last takes a value
  CHECK(values_of({"-nfs", "5"}).at("force") == true);
  CHECK(values_of({"--rank", "-7"}).at("rank") == -7);
  CHECK(values_of({"--rank=-7"}).at("rank") == -7);
  CHECK(values_of({"--fail", "-"}).at("fail") == "-");
  CHECK(values_of({"--mode", "slow"}).at("mode") == "slow");
  CHECK(values_of({"--no-shuffle"}).at("shuffle") == false);
  CHECK(values_of({"--no-shuffle", "--shuffle"}).at("shuffle") == true);
  CHECK(values_of({"--shuffle=false"}).at("shuffle") == false);
  CHECK(values_of({"--fold", "--no-fold"}).at("fold") == false);
  CHECK(values_of({"--tag", "a", "--tag=b,c"}).at("tag") == json{"a", "b,c"});
  CHECK(values_of({"--tag", "--lr"}).at("tag") == json{"--lr"});  // a value is whatever follows
  for (const char* odd :
       {"", "[a,b]", "[[x]]", "{}", "\"q\"", "'q'", "a=b", "-", "-x", "--x", "%", "\\n", "a b", "é"}) {
    INFO(odd);
    CHECK(values_of({std::string("--tag=") + odd}).at("tag") == json{odd});
    CHECK(values_of({"--tag", odd}).at("tag") == json{odd});
  }
}

TEST_CASE("sizes") {
  const std::vector<std::pair<const char*, uint64_t>> cases = {
      {"4K", 4096},         {"4k", 4096},
      {"4KiB", 4096},       {"4KB", 4096},
      {"512M", 512u << 20}, {"2G", uint64_t{2} << 30},
      {"3MiB", 3u << 20},   {"1T", uint64_t{1} << 40},
      {"2048", 2048},       {"2048B", 2048}};
  for (const auto& [text, bytes] : cases) CHECK(values_of({"--memory", text}).at("memory") == bytes);
  CHECK(cli::size_text(0) == "0");
  CHECK(cli::size_text(1536) == "1536");
  CHECK(cli::size_text(uint64_t{5} << 30) == "5G");
}

TEST_CASE("positionals: anything but flags, and everything after --") {
  const auto inputs = [](std::vector<std::string> a) {
    a.insert(a.begin(), {"work", "-q", "--json", "-o", "x"});
    const Outcome r = toy(a);
    INFO(r.err);
    REQUIRE(r.status == 0);
    return json::parse(r.out).at("inputs");
  };
  CHECK(inputs({"a", "-", "b"}) == json{"a", "-", "b"});
  CHECK(inputs({"a", "--lr", "0.1", "b"}) == json{"a", "b"});
  CHECK(inputs({"a", "--", "--lr", "-x", "--"}) == json{"a", "--lr", "-x", "--"});
  CHECK(inputs({"[a,b]", "", "{}"}) == json{"[a,b]", "", "{}"});
}

TEST_CASE("random values arrive unchanged") {
  cli::OptionTable table;
  std::string text;
  std::vector<std::string> list, inputs;
  bool flag = false;
  table.add("-t,--text", text, "T", "");
  table.add("-l,--list", list, "L", "");
  table.flag("-f,--flag", flag, "");
  table.positional("IN", inputs, "");
  const Rng rng(1, RngStream::test);
  const std::string alphabet = "ab-=[]{}\"'\\, 1.\n\xc3\xa9";
  uint64_t at = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto word = [&](bool positional) {
      std::string w;
      for (uint64_t n = rng.below(at++, 6); n > 0; --n) w += alphabet[rng.below(at++, alphabet.size())];
      if (positional && w.size() > 1 && w[0] == '-') w[0] = 'p';
      return w;
    };
    std::vector<std::string> arguments, expected_list, expected_inputs;
    std::string expected_text = text;
    bool expected_flag = flag;
    for (uint64_t n = rng.below(at++, 8); n > 0; --n) {
      std::string w = word(false);
      switch (rng.below(at++, 6)) {
        case 0:
          arguments.insert(arguments.end(), {"--text=" + w});
          expected_text = w;
          break;
        case 1:
          w = w == "--" ? "-" : w;
          arguments.insert(arguments.end(), {"-t", w});
          expected_text = w;
          break;
        case 2:
          w = w == "--" ? "-" : w;
          arguments.insert(arguments.end(), {"--list", w});
          expected_list.push_back(w);
          break;
        case 3:
          arguments.push_back("-f");
          expected_flag = true;
          break;
        case 4:
          arguments.push_back("--no-flag");
          expected_flag = false;
          break;
        default:
          w = word(true);
          arguments.push_back(w);
          expected_inputs.push_back(w);
          break;
      }
    }
    list.clear();
    inputs.clear();
    const cli::Parsed parsed = cli::parse_arguments(table, arguments);
    cli::apply_options(parsed);
    cli::apply_positionals(table, parsed.positionals);
    REQUIRE(text == expected_text);
    REQUIRE(list == expected_list);
    REQUIRE(flag == expected_flag);
    REQUIRE(inputs == expected_inputs);
  }
}

TEST_CASE("flag > environment > config file > default") {
  const std::string file = put(scratch_folder(), "c.toml", "lr = 0.1\ntag = [\"file\"]\nshuffle = false\n");
  const Setting environment{{{"DS_LR", "0.2"}, {"DS_TAG", "a,b"}, {"DS_THREADS", "3"}}, "", false};
  CHECK(values_of({}).at("lr") == 3e-4);
  CHECK(values_of({"-c", file}).at("lr") == 0.1);
  CHECK(values_of({"-c", file}).at("shuffle") == false);
  CHECK(values_of({"-c", file, "--shuffle"}).at("shuffle") == true);
  CHECK(values_of({"-c", file}, environment).at("lr") == 0.2);
  CHECK(values_of({"-c", file, "--lr", "0.3"}, environment).at("lr") == 0.3);
  CHECK(values_of({"-c", file}).at("tag") == json{"file"});
  CHECK(values_of({"-c", file}, environment).at("tag") == json{"a", "b"});
  CHECK(values_of({"-c", file, "--tag", "flag"}, environment).at("tag") == json{"flag"});
  CHECK(values_of({}, environment).at("run_threads") == 3);
  CHECK(values_of({"-t1"}, environment).at("run_threads") == 1);
}

TEST_CASE("the environment is checked like flags and the error names the variable") {
  const Outcome r = toy({"work", "-ox", "in"}, {{{"DS_LR", "2"}}, "", false});
  CHECK(r.status == 2);
  CHECK(r.err == "ds-toy: error: DS_LR: expected a value from 0 to 1, found '2'\n");
  CHECK(toy({"work", "-ox", "in"}, {{{"DS_SHUFFLE", "x"}}, "", false}).status == 2);
  CHECK(toy({"work", "-ox", "in"}, {{{"DS_UNKNOWN", "x"}, {"DS_HELP", "1"}}, "", false}).status == 0);
}
