// What an artifact is, where it came from, and whether it is still the same.
#include "export/artifact.h"

#include "base/error.h"
#include "base/io.h"
#include "catch.h"
#include "export/provenance.h"
#include "folders.h"

using namespace ds;
using namespace ds::exporting;
using Catch::Matchers::Contains;

namespace {

const std::string kData = DS_TESTDATA;

formats::Manifest manifest_of(const std::string& tool, std::vector<formats::ManifestInput> inputs,
                              std::vector<formats::ManifestOutput> outputs) {
  formats::Manifest m;
  m.tool = tool;
  m.version = "1";
  m.options = {{"alpha", 1}, {"empty", ""}, {"off", false}};
  m.inputs = std::move(inputs);
  m.outputs = std::move(outputs);
  return m;
}

}  // namespace

TEST_CASE("artifact: kinds and facts") {
  const test::Scratch scratch;
  const auto kind = [](const std::string& path) { return identify(path).kind; };
  CHECK(kind(kData + "/toy/model") == "model folder");
  CHECK(kind(kData + "/toy/model/model.safetensors") == "safetensors");
  CHECK(kind(kData + "/toy/model/tokenizer.json") == "tokenizer");
  CHECK(kind(kData + "/toy/model/config.json") == "model config");
  CHECK(kind(kData + "/toy/held") == "token data");
  CHECK(kind(kData + "/toy/held.bin") == "token data");
  CHECK(kind(kData + "/toy/held.idx") == "token data");
  CHECK(kind(kData + "/toy/held.manifest.json") == "manifest");
  CHECK(kind(kData + "/tokenizer/corpus.jsonl") == "JSONL");
  CHECK(kind(kData + "/README.md") == "file");
  CHECK(test::thrown_by<Error>([&] { identify(scratch.file("none")); }).kind() == ErrorKind::io);
  CHECK(test::thrown_by<Error>([&] { identify(scratch.path()); }).kind() == ErrorKind::data);

  const auto model = describe(identify(kData + "/toy/model"));
  CHECK(model["parameters"] == 27872);
  CHECK(model["architecture"] == "llama");
  CHECK(model["types"]["BF16"].get<int>() > 0);
  CHECK(describe(identify(kData + "/toy/held"))["documents"].get<uint64_t>() > 0);
  CHECK(describe(identify(kData + "/tokenizer/corpus.jsonl"))["lines"].get<uint64_t>() > 100);
  for (const char* p : {"/toy/model/model.safetensors", "/toy/model/tokenizer.json", "/toy/model/config.json",
                        "/toy/held.manifest.json"})
    CHECK(describe(identify(kData + p)).contains("size"));

  write_file(scratch.file("x.gguf"), "GGUFxxxx");
  CHECK(test::thrown_by<Error>([&] { describe(identify(scratch.file("x.gguf"))); }).kind() ==
        ErrorKind::data);
}

TEST_CASE("artifact: the chain of manifests") {
  const std::string h(64, 'a'), k(64, 'b');
  const auto first = manifest_of("clean", {{"input", {10, h}, {}}}, {});
  const auto second = manifest_of(
      "train",
      {{"data", {20, k}, first.to_json()}, {"config", {3, h}, {}}, {"more", {20, k}, first.to_json()}}, {});
  const auto chain = provenance(second);
  CHECK(chain["tool"] == "train");
  CHECK(chain["inputs"][0]["made_by"]["inputs"][0]["raw"] == true);
  CHECK(chain["inputs"][1]["raw"] == true);
  const std::string text = provenance_text(chain, 2);
  CHECK_THAT(text,
             Contains("  train 1\n    alpha=1\n    data: 20 bytes, sha256 " + k +
                      "\n      clean 1\n        alpha=1\n        input: 10 bytes, sha256 " + h + ", raw\n"));
  CHECK_THAT(text, Contains("more: 20 bytes, sha256 " + k + ", see above"));
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1234567) == "1,234,567");
}

TEST_CASE("artifact: files are compared with the manifest") {
  const test::Scratch scratch;
  make_folder(scratch.file("f"));
  const FileDigest a = write_file(scratch.file("f/a"), "one"), b = write_file(scratch.file("f/b"), "two");
  formats::write_manifest(scratch.file("f"), manifest_of("t", {}, {{"a", a}, {"b", b}, {"c", b}}));
  auto files = verify_files(identify(scratch.file("f")), 2);
  REQUIRE(files.size() == 3);
  CHECK(files[0].same());
  CHECK(files[1].same());
  CHECK_FALSE(files[2].same());
  CHECK_FALSE(files[2].found);
  write_file(scratch.file("f/c"), "twO");
  files = verify_files(identify(scratch.file("f/manifest.json")), 1);
  CHECK_FALSE(files[2].same());
  CHECK(files[2].found->size == 3);
  CHECK(verify_files(identify(scratch.file("f/a")), 1).size() ==
        3);  // a file of the folder: the folder's manifest

  formats::write_manifest(scratch.file("f"), manifest_of("t", {}, {{"../x", a}}));
  CHECK_THAT(test::thrown_by<Error>([&] { verify_files(identify(scratch.file("f")), 1); }).what(),
             Contains("below its own folder"));
  write_file(scratch.file("lone.jsonl"), "{}\n");
  CHECK(test::thrown_by<Error>([&] { verify_files(identify(scratch.file("lone.jsonl")), 1); }).kind() ==
        ErrorKind::io);
}
