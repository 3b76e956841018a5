// Exit codes, streams, messages, signals and the shared options, through the toy tool.
#include "cli/tool.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/io.h"
#include "catch.h"
#include "toy.h"

using namespace ds_test;
using nlohmann::json;

namespace {
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
}  // namespace

TEST_CASE("no arguments: short help on stderr, status 2") {
  for (const Outcome& r : {toy({}), single({})}) {
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    CHECK(contains(r.err, "--help' tells more"));
  }
  CHECK(contains(toy({}).err, "work"));
}

TEST_CASE("help is on stdout, examples before options, only the command's own examples") {
  const Outcome r = toy({"work", "--nonsense", "-h"});
  CHECK(r.status == 0);
  CHECK(r.err.empty());
  CHECK(r.out.find("Examples:") < r.out.find("Training:"));
  CHECK(contains(r.out, "$ ds-toy work"));
  CHECK_FALSE(contains(r.out, "$ ds-toy other"));
  CHECK(contains(r.out, "-s, --steps N"));
  CHECK(contains(r.out, "[default: 512M]"));
  CHECK(contains(r.out, "--[no-]shuffle"));
  CHECK(contains(r.out, "[required]"));
  CHECK(contains(toy({"--help"}).out, "$ ds-toy other"));
  CHECK(toy({"--help"}).status == 0);
  CHECK(contains(single({"--help"}).out, "Usage: ds-one [OPTIONS] -o FILE INPUT..."));
  std::istringstream lines(r.out);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 110);
}

TEST_CASE("version") {
  const Outcome r = toy({"--version"});
  CHECK(r.status == 0);
  CHECK(r.out.rfind("ds-toy ", 0) == 0);
  CHECK(std::count(r.out.begin(), r.out.end(), '\n') == 1);
  const json j = json::parse(toy({"--version", "--json"}).out);
  CHECK(j.at("tool") == "ds-toy");
  CHECK(j.contains("compiler"));
  CHECK(toy({"work", "--version"}).out == r.out);
}

TEST_CASE("usage errors: status 2, nothing on stdout, one error line and at most one hint") {
  struct Case {
    std::vector<std::string> arguments;
    std::string error, hint;
  };
  const std::vector<Case> cases = {
      {{"wrok"}, "unknown command 'wrok'", "did you mean 'work'?"},
      {{"-q", "work"}, "expected a command first, found '-q'", "ds-toy COMMAND"},
      {{"work"}, "--output FILE is missing", "output file"},
      {{"work", "-ox"}, "INPUT is missing", "input files"},
      {{"work", "--stesp", "3"}, "--stesp: unknown option", "did you mean --steps?"},
      {{"work", "--no-shufle"}, "--no-shufle: unknown option", "did you mean --no-shuffle?"},
      {{"work", "-qz"}, "-z: unknown option", "--help"},
      {{"work", "--lr"}, "--lr: a value is missing", "--help"},
      {{"work", "--lr", "abc"}, "--lr: expected a number, found 'abc'", ""},
      {{"work", "--lr="}, "--lr: expected a number, found ''", ""},
      {{"work", "--lr", "1e-3x"}, "--lr: expected a number, found '1e-3x'", ""},
      {{"work", "--lr", "nan"}, "--lr: expected a number, found 'nan'", ""},
      {{"work", "--lr", "-1"}, "--lr: expected a value from 0 to 1, found '-1'", ""},
      {{"work", "--steps", "1.5"}, "--steps: expected a whole number, found '1.5'", ""},
      {{"work", "--steps", "99999999999999999999"}, "--steps: expected a whole number", ""},
      {{"work", "--memory", "4X"}, "--memory: expected a size such as 512M or 2G, found '4X'", ""},
      {{"work", "--memory", "1K", "--memory", "3"}, "--memory: expected a value from 1K to ", ""},
      {{"work", "--memory", "99999999999T"}, "--memory: expected a size", ""},
      {{"work", "--mode", "fsat"},
       "--mode: expected one of fast, slow, found 'fsat'",
       "did you mean 'fast'?"},
      {{"work", "--shuffle=maybe"}, "--shuffle: expected true or false, found 'maybe'", ""},
      {{"work", "-ox", "--fold", "--mode", "slow", "in"}, "--fold: not with --mode slow", "use --mode fast"},
      {{"work", "-o", "-", "--json", "in"}, "--json: stdout is taken by the output", "-o FILE"},
      {{"work", "--completion", "fish"}, "--completion: expected one of bash, zsh, found 'fish'", ""},
  };
  for (const Case& c : cases) {
    const Outcome r = toy(c.arguments);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    CHECK(r.err.rfind("ds-toy: error: " + c.error, 0) == 0);
    const auto lines = std::count(r.err.begin(), r.err.end(), '\n');
    CHECK(lines <= 2);
    if (!c.hint.empty()) CHECK(contains(r.err, "\nhint: "));
    CHECK(contains(r.err, c.hint));
  }
  CHECK(contains(single({"-ox", "in", "--hlep"}).err, "did you mean --help?"));
}

TEST_CASE("every way to end has its status") {
  const auto end = [](const std::string& how, std::vector<std::string> more = {}) {
    std::vector<std::string> a{"work", "-o", "x", "in", "--fail", how};
    a.insert(a.end(), more.begin(), more.end());
    return toy(a);
  };
  const Outcome data = end("data");
  CHECK(data.status == 3);
  CHECK(contains(data.err, "ds-toy: error: a.bin: truncated at byte 1\nhint: make it again\n"));
  CHECK(end("pipe").status == 0);
  CHECK_FALSE(contains(end("pipe").err, "error"));
  CHECK(end("memory").status == 5);
  CHECK(contains(end("memory").err, "out of memory"));
  CHECK(end("foreign").status == 70);
  CHECK(contains(end("foreign").err, "internal error: first line\nhint: please report this"));
  CHECK_FALSE(contains(end("foreign", {"-v"}).err, "second"));
  CHECK(contains(end("foreign", {"-vv"}).err, "second line"));
  CHECK(end("internal").status == 70);
  CHECK(end("no").status == 1);
  CHECK(end("early").status == 75);
  CHECK(end("int").status == 130);
  CHECK(end("term").status == 143);
  CHECK(end("usr1").status == 75);
  CHECK(end("finish").status == 0);
}

TEST_CASE("reports: human on stderr, JSON on stdout") {
  const Outcome plain = toy({"work", "-o", "x", "in"});
  CHECK(plain.status == 0);
  CHECK(plain.out.empty());
  CHECK(contains(plain.err, "done\n"));
  const Outcome quiet = toy({"work", "-o", "x", "-q", "in", "--json"});
  CHECK(quiet.err.empty());
  const json j = json::parse(quiet.out);
  CHECK(j.at("inputs") == json{"in"});
  CHECK(j.at("run_threads").get<int>() >= 1);
  CHECK(j.at("command") == "work");
  CHECK_FALSE(j.at("manifest").contains("output"));
  CHECK_FALSE(j.at("manifest").contains("threads"));
  CHECK(j.at("manifest").contains("seed"));
  CHECK(j.at("manifest").contains("lr"));
}

TEST_CASE("log levels and JSON log lines") {
  CHECK_FALSE(contains(toy({"work", "-ox", "in"}).err, "verbose line"));
  CHECK(contains(toy({"work", "-ox", "-v", "in"}).err, "verbose line"));
  CHECK_FALSE(contains(toy({"work", "-ox", "-v", "in"}).err, "debug line"));
  CHECK(contains(toy({"work", "-ox", "-vv", "in"}).err, "debug line"));
  for (const Outcome& r :
       {toy({"work", "-ox", "in", "--log-format", "json"}), toy({"work", "--log-format=json", "--bad"}),
        toy({"bad"}, {{{"DS_LOG_FORMAT", "json"}}, "", false})}) {
    std::istringstream lines(r.err);
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) CHECK(json::parse(line).contains("level"));
    CHECK(count > 0);
  }
}

TEST_CASE("a full or closed stdout is never a success") {
  CHECK(toy({"--help"}, {{}, "/dev/full", false}).status == 4);
  CHECK(toy({"work", "--dump-config"}, {{}, "/dev/full", false}).status == 4);
  const Outcome r = toy({"work", "-ox", "in", "--json"}, {{}, "/dev/full", false});
  CHECK(r.status == 4);
  CHECK(contains(r.err, "stdout"));
  CHECK(toy({"--version"}, {{}, "", true}).status == 4);
  CHECK(toy({"work", "-ox", "in"}, {{}, "", true}).status == 0);  // nothing to say there
}

TEST_CASE("no escape codes or carriage returns when stderr is no terminal") {
  const Outcome r = toy({"work", "-ox", "in"}, {{{"TERM", "xterm"}}, "", false});
  CHECK(r.err.find_first_of("\r\x1b") == std::string::npos);
}
