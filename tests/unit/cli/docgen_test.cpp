// The manual page, completions and option list that come from the tables, checked with the programs that read
// them.
#include "cli/docgen.h"

#include <cstdlib>
#include <sstream>

#include "catch.h"
#include "toy.h"

using namespace ds_test;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Output and exit status of a shell command.
std::pair<int, std::string> shell(const std::string& command) {
  FILE* pipe = popen(("(" + command + ") 2>&1").c_str(), "r");
  std::string out;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  return {pclose(pipe), out};
}

bool have(const char* program) { return shell(std::string("command -v ") + program).first == 0; }

}  // namespace

TEST_CASE("the manual page has every option and groff has no complaint") {
  for (const Outcome& r : {toy({"--help-man"}), single({"--help-man"})}) {
    CHECK(r.status == 0);
    for (const char* part :
         {".TH DS", ".SH EXAMPLES", "\\-\\-memory SIZE", ".SH EXIT STATUS", "\\&.how to work"})
      CHECK(contains(r.out, part));
    const std::string file = put(scratch_folder(), "toy.1", r.out);
    if (have("groff")) CHECK(shell("groff -man -ww -z -Tutf8 " + file).second.empty());
    if (have("man")) {
      const auto [status, text] = shell("MANWIDTH=80 LC_ALL=C.UTF-8 man -l " + file + " | cat");
      CHECK(status == 0);
      if (contains(text, "has been minimized")) continue;  // Ubuntu's images have a man that only says so
      CHECK(contains(text, "peak learning rate, 'quoted' and back\\slashed"));
    }
  }
}

TEST_CASE("bash completes commands, flags and choices") {
  const auto complete = [](const Outcome& script, const std::string& words) {
    REQUIRE(script.status == 0);
    const std::string file = put(scratch_folder(), "c.bash", script.out);
    const std::string function = contains(script.out, "_ds_toy") ? "_ds_toy" : "_ds_one";
    return shell("bash -c 'set -u; complete() { :; }; source " + file + "; COMP_WORDS=(" + words +
                 "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); " + function + "; echo ${COMPREPLY[*]-}'")
        .second;
  };
  const Outcome two = toy({"--completion", "bash"}), one = single({"--completion=bash"});
  CHECK(complete(two, "ds-toy wo") == "work\n");
  CHECK(complete(two, "ds-toy work --mem") == "--memory\n");
  CHECK(complete(two, "ds-toy work --mode \"\"") == "fast slow\n");
  CHECK(complete(two, "ds-toy work --mode = s") == "slow\n");
  CHECK(complete(two, "ds-toy work --no-sh") == "--no-shuffle\n");
  CHECK(complete(two, "ds-toy other --thr") == "\n");  // a shared option this command does not have
  CHECK(complete(one, "ds-one --log-format j") == "json\n");
  CHECK(complete(one, "ds-one --outp") == "--output\n");
}

TEST_CASE("the zsh script names everything and parses") {
  for (const Outcome& r : {toy({"--completion", "zsh"}), single({"--completion", "zsh"})}) {
    CHECK(r.status == 0);
    CHECK(contains(r.out, "#compdef ds-"));
    CHECK(contains(r.out, "(fast slow)"));
    CHECK(contains(r.out, "'--no-shuffle'"));
    const std::string file = put(scratch_folder(), "_toy", r.out);
    if (have("zsh")) CHECK(shell("zsh -n " + file).second.empty());
  }
}

TEST_CASE("the option list is sorted and complete") {
  const Outcome r = toy({"--list-options"});
  CHECK(r.status == 0);
  std::istringstream lines(r.out);
  std::string last;
  for (std::string line; std::getline(lines, line); last = line) CHECK(last < line);
  for (const char* line : {"ds-toy work --memory SIZE 512M\n", "ds-toy work --output -o FILE (required)\n",
                           "ds-toy other --mode fast|slow fast\n", "ds-toy work INPUT... (required)\n"})
    CHECK(contains(r.out, line));
  CHECK(contains(single({"--list-options"}).out, "ds-one --shuffle true\n"));
}
