#include "formats/manifest.h"

#include <sys/stat.h>
#include <unistd.h>

#include <limits>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;
using nlohmann::json;
using test::Scratch;
using test::thrown_by;

namespace {

Manifest sample() {
  Manifest m;
  m.tool = "ds-clean";
  m.version = "0.1.0";
  m.command = "";
  m.options = {{"min-chars", 10}, {"ratio", 0.1}, {"infinite", std::numeric_limits<double>::infinity()}};
  m.seed = -7;
  m.inputs = {{"input", {3, sha256_hex("abc")}, json()}, {"tokenizer", {0, sha256_hex("")}, {{"tool", "x"}}}};
  m.outputs = {{"out.jsonl", {5, sha256_hex("hello")}}};
  m.facts = {{"documents", 12}};
  return m;
}

// The file `name` with `bytes`, and a manifest beside it that says so.
Manifest artifact(const Scratch& s, const std::string& name, const std::string& bytes) {
  Manifest m = sample();
  m.outputs = {{name, write_file(s.file(name), bytes)}};
  write_manifest(s.file(name), m);
  return m;
}

}  // namespace

TEST_CASE("a manifest survives its own text, and equal manifests have equal bytes") {
  const Manifest m = sample();
  const std::string text = m.text();
  CHECK(text.back() == '\n');
  CHECK(text.find("{\n  \"command\": \"\",\n  \"facts\"") == 0);
  const Manifest back = parse_manifest(text, "m");
  CHECK(back.text() == text);
  CHECK(back.same_work(m));
  CHECK(m.same_work(back));
}

TEST_CASE("same_work looks at what decides the bytes and at nothing else") {
  const Manifest m = sample();
  Manifest n = m;
  n.outputs.clear();
  n.facts = json::object();
  CHECK(m.same_work(n));
  for (void (*change)(Manifest&) :
       {+[](Manifest& x) { x.tool = "y"; }, +[](Manifest& x) { x.version = "2"; },
        +[](Manifest& x) { x.command = "train"; }, +[](Manifest& x) { x.options["ratio"] = 0.2; },
        +[](Manifest& x) { ++x.seed; }, +[](Manifest& x) { x.inputs[0].digest.size = 4; },
        +[](Manifest& x) { x.inputs[1].from["tool"] = "z"; }, +[](Manifest& x) { x.inputs.pop_back(); }}) {
    Manifest changed = m;
    change(changed);
    CHECK(!m.same_work(changed));
  }
}

TEST_CASE("damaged manifests are data errors that name the place") {
  const std::string text = sample().text();
  for (size_t n = 0; n + 2 < text.size(); n += 3)
    CHECK(thrown_by<Error>([&] { parse_manifest(text.substr(0, n), "m"); }).kind() == ErrorKind::data);
  const json good = sample().to_json();
  for (const auto& [key, value] : good.items()) {
    json bad = good;
    bad.erase(key);
    CHECK(std::string(thrown_by<Error>([&] { parse_manifest(bad.dump(), "m"); }).what()).find("m: `" + key) ==
          0);
    bad[key] = nullptr;
    CHECK(thrown_by<Error>([&] { parse_manifest(bad.dump(), "m"); }).kind() == ErrorKind::data);
  }
  json bad = good;
  bad["format"] = 2;
  CHECK(std::string(thrown_by<Error>([&] { parse_manifest(bad.dump(), "m"); }).what()) ==
        "m: has manifest format 2, expected 1");
  for (const json& value : {json(-1), json(1.5), json("3")}) {
    bad = good;
    bad["inputs"][0]["size"] = value;
    CHECK(thrown_by<Error>([&] { parse_manifest(bad.dump(), "m"); }).kind() == ErrorKind::data);
  }
  bad = good;
  bad["outputs"][0] = 5;
  CHECK(thrown_by<Error>([&] { parse_manifest(bad.dump(), "m"); }).kind() == ErrorKind::data);
  const std::string deep(1000000, '[');
  CHECK(thrown_by<Error>([&] { parse_manifest(deep, "m"); }).kind() == ErrorKind::data);
}

TEST_CASE("an artifact is up to date when its manifest agrees and its files are there") {
  const Scratch s;
  Manifest m = artifact(s, "out", "hello");
  CHECK(manifest_path(s.file("out")) == s.file("out.manifest.json"));
  CHECK(up_to_date(s.file("out"), m));
  Manifest other = m;
  other.seed = 1;
  CHECK(!up_to_date(s.file("out"), other));
  write_file(s.file("out"), "hello!");
  CHECK(!up_to_date(s.file("out"), m));
  remove_file(s.file("out"));
  CHECK(!up_to_date(s.file("out"), m));
  write_file(s.file("out"), "hello");
  CHECK(up_to_date(s.file("out"), m));
  write_file(s.file("out.manifest.json"), "{}");
  CHECK(!up_to_date(s.file("out"), m));
  remove_manifest(s.file("out"));
  remove_manifest(s.file("out"));
  CHECK(!up_to_date(s.file("out"), m));
}

TEST_CASE("folders keep the manifest inside, stems beside") {
  const Scratch s;
  make_folder(s.file("run"));
  Manifest m = sample();
  make_folder(s.file("run/sub"));
  m.outputs = {{"a", write_file(s.file("run/a"), "1")}, {"sub/b", write_file(s.file("run/sub/b"), "22")}};
  CHECK(manifest_path(s.file("run")) == s.file("run/manifest.json"));
  CHECK(manifest_path("new/") == "new/manifest.json");

  const ManifestInput bare = describe_input("model", s.file("run"));
  CHECK(bare.from.is_null());
  CHECK(bare.digest.size == 3);
  write_manifest(s.file("run"), m);
  CHECK(up_to_date(s.file("run"), m));
  const ManifestInput listed = describe_input("model", s.file("run"));
  CHECK(listed.digest == bare.digest);  // the same files, however they are counted
  CHECK(listed.from.dump() == m.to_json().dump());
  write_file(s.file("run/a"), "2");  // as large as before, but not what the manifest says
  const ManifestInput edited = describe_input("model", s.file("run"));
  CHECK(edited.from.is_null());
  CHECK(edited.digest != bare.digest);

  Manifest pair = sample();
  pair.outputs = {{"data.bin", write_file(s.file("data.bin"), "bin")},
                  {"data.idx", write_file(s.file("data.idx"), "i")}};
  write_manifest(s.file("data"), pair);
  CHECK(up_to_date(s.file("data"), pair));
  const ManifestInput stem = describe_input("data", s.file("data"));
  CHECK(stem.digest.size == 4);
  CHECK(stem.from.dump() == pair.to_json().dump());
}

TEST_CASE("an input brings its history only while that is true") {
  const Scratch s;
  const Manifest m = artifact(s, "in", "hello");
  const ManifestInput known = describe_input("input", s.file("in"));
  CHECK(known.digest.sha256 == sha256_hex("hello"));
  CHECK(known.from.dump() == m.to_json().dump());
  write_file(s.file("in"), "world");
  CHECK(describe_input("input", s.file("in")).from.is_null());
  CHECK(thrown_by<Error>([&] { describe_input("input", s.file("none")); }).kind() == ErrorKind::io);
  REQUIRE(mkfifo(s.file("fifo").c_str(), 0600) == 0);
  CHECK_THROWS_AS(describe_input("input", s.file("fifo")), Error);  // and does not wait for a writer
}

TEST_CASE("make understands the dependency files") {
  const Scratch s;
  const std::vector<std::string> names = {"plain",       "two words", "sharp#", "dollar$x",
                                          "back\\slash", "back\\ sp", "a%b",    "co:lon"};
  for (const std::string& name : names) write_file(s.file(name), "x");
  std::vector<std::string> inputs = names;
  inputs.push_back("-");
  write_depfile(s.file("dep"), "the out%put", inputs);
  write_file(s.file("Makefile"),
             "all: the\\ out%put\ninclude dep\nthe\\ out\\%put:\n\t@printf '%s\\n' $(words $^) > count; "
             "touch '$@'\n");
  if (system("command -v make >/dev/null") != 0) return;
  REQUIRE(system(("make -s -C '" + s.path() + "' >/dev/null").c_str()) == 0);
  CHECK(exists(s.file("the out%put")));
  const auto touch = [&](const std::string& when, const std::string& name) {
    REQUIRE(system(("touch -d '" + when + "' '" + s.file(name) + "'").c_str()) == 0);
  };
  const auto nothing_to_do = [&] { return system(("make -s -q -C '" + s.path() + "'").c_str()) == 0; };
  for (const std::string& name : names) touch("2 hours ago", name);
  touch("2 hours ago", "dep");
  touch("1 hour ago", "the out%put");
  CHECK(nothing_to_do());
  for (const std::string& name : names) {
    INFO(name);
    touch("30 minutes ago", name);
    CHECK(!nothing_to_do());
    touch("2 hours ago", name);
    CHECK(nothing_to_do());
  }
  CHECK(thrown_by<Error>([&] { write_depfile(s.file("dep"), "a\nb", {}); }).kind() == ErrorKind::usage);
}
