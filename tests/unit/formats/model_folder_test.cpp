// Model folders: one file, shards, a bare config, and folders that are broken.
#include "formats/model_folder.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/fault.h"
#include "catch.h"
#include "scratch.h"
#include "support/golden.h"

using namespace ds;
using namespace ds::formats;
using Catch::Matchers::Contains;

namespace {

struct Toy {
  std::map<std::string, std::string> bytes;
  ModelFolderPlan plan;
  Toy() {
    plan.config = {{"model_type", "toy"}};
    plan.generation_config = {{"eos_token_id", 1}};
    for (int i = 0; i < 7; ++i) {
      const std::string name = "t" + std::to_string(i);
      bytes[name] = std::string(static_cast<size_t>(4 * (i + 1)), static_cast<char>('a' + i));
      plan.tensors.push_back({name, DType::f32, {i + 1}});
    }
  }
  std::vector<ManifestOutput> write(const std::string& folder) {
    AtomicFolder out(folder);
    const auto outputs = write_model_folder(
        out.path(), plan, [&](const TensorInfo& t) { return std::string_view(bytes[t.name]); });
    out.commit();
    return outputs;
  }
};

}  // namespace

TEST_CASE("model folder: a folder that is written is read, in one file and in shards") {
  const test::Scratch scratch;
  write_file(scratch.file("tokenizer.json"), "{}");
  for (const uint64_t max : {uint64_t{0}, uint64_t{1} << 40, uint64_t{50}, uint64_t{30}, uint64_t{1}}) {
    Toy toy;
    toy.plan.max_shard_size = max;
    toy.plan.tokenizer_files = {scratch.file("tokenizer.json")};
    const std::string folder = scratch.file("m" + std::to_string(max));
    const auto outputs = toy.write(folder);
    std::vector<std::string> names;
    for (const ManifestOutput& o : outputs) {
      names.push_back(o.name);
      CHECK(digest_file(join_path(folder, o.name)) == o.digest);
    }
    CHECK(names == list_folder(folder));
    const ModelFolder model = open_model_folder(folder);
    CHECK(model.config.at("model_type") == "toy");
    CHECK(model.generation_config.at("eos_token_id") == 1);
    CHECK(model.tokenizer_files == std::vector<std::string>{"tokenizer.json"});
    CHECK(model.tensors().size() == 7);
    for (const auto& [name, bytes] : toy.bytes) CHECK(model.at(name).bytes() == bytes);
    CHECK_FALSE(model.find("t9"));
    CHECK_THROWS_WITH(model.at("t9"), Contains("there is no tensor t9"));
    // 4, 8, … 28 bytes: files are filled in order up to the limit.
    CHECK(model.files.size() == (max == 0 || max > 1000 ? 1 : max == 50 ? 3 : max == 30 ? 5 : 7));
    for (const auto& file : model.files) {
      uint64_t data = 0;
      for (const TensorInfo& t : file->tensors()) data += t.bytes();
      CHECK((max == 0 || data <= max || file->tensors().size() == 1));
    }
  }
  const auto index = read_json(scratch.file("m50") + "/model.safetensors.index.json");
  CHECK(index.at("metadata").at("total_size") == 112);
  CHECK(index.at("weight_map").at("t0") == "model-00001-of-00003.safetensors");
}

TEST_CASE("model folder: a bare config, and what is missing") {
  const test::Scratch scratch;
  write_file(scratch.file("config.json"), "{\"model_type\":\"llama\"}");
  const ModelFolder bare = open_model_folder(scratch.file("config.json"));
  CHECK_FALSE(bare.has_weights());
  CHECK(bare.folder == scratch.path());
  CHECK_THROWS_WITH(open_model_folder(scratch.path()), Contains("there is no model.safetensors"));
  CHECK_FALSE(open_model_folder(scratch.path(), true).has_weights());
  make_folder(scratch.file("empty"));
  CHECK_THROWS_WITH(open_model_folder(scratch.file("empty")), Contains("there is no config.json"));
  const Error missing = test::thrown_by<Error>([&] { open_model_folder(scratch.file("nowhere")); });
  CHECK(missing.kind() == ErrorKind::io);
  write_file(scratch.file("list.json"), "[1]");
  CHECK_THROWS_WITH(open_model_folder(scratch.file("list.json")), Contains("not a JSON object"));
  write_file(scratch.file("bad.json"), "{\"model_type\"");
  CHECK_THROWS_WITH(open_model_folder(scratch.file("bad.json")), Contains("bad.json: not JSON"));
}

TEST_CASE("model folder: an index that lies") {
  const test::Scratch scratch;
  Toy toy;
  toy.plan.max_shard_size = 50;
  const std::string folder = scratch.file("m"), index = folder + "/model.safetensors.index.json";
  toy.write(folder);
  const nlohmann::json good = read_json(index);
  const auto lie = [&](const std::string& tensor, const nlohmann::json& file) {
    nlohmann::json j = good;
    j["weight_map"][tensor] = file;
    write_file(index, j.dump());
    const Error e = test::thrown_by<Error>([&] { open_model_folder(folder); });
    CHECK(e.kind() == ErrorKind::data);
    return std::string(e.what());
  };
  CHECK_THAT(lie("t0", "model-00002-of-00003.safetensors"), Contains("tensor t0 is not in model-00002"));
  CHECK_THAT(lie("t9", "model-00001-of-00003.safetensors"), Contains("tensor t9 is not in"));
  CHECK_THAT(lie("t0", "../secret.safetensors"), Contains("expected a name in the same folder"));
  CHECK_THAT(lie("t0", "/etc/passwd"), Contains("expected a name in the same folder"));
  CHECK_THAT(lie("t0", ""), Contains("expected a name"));
  CHECK_THAT(lie("t0", 5), Contains("is no string"));
  CHECK_THAT(lie("t0", "model-00009-of-00003.safetensors"), Contains("is missing"));
  for (const char* text : {"{}", "[]", "{\"weight_map\":{}}", "{\"weight_map\":[]}"}) {
    write_file(index, text);
    CHECK_THROWS_WITH(open_model_folder(folder), Contains("weight_map"));
  }
  write_file(index, good.dump());
  write_file(folder + "/model-00002-of-00003.safetensors",
             read_file(folder + "/model-00001-of-00003.safetensors"));
  CHECK_THROWS_WITH(open_model_folder(folder), Contains("is in another shard too"));
}

TEST_CASE("model folder: a failing disk leaves the old folder or the new one") {
  const test::Scratch scratch;
  const std::string folder = scratch.file("m");
  Toy before, after;
  after.bytes["t3"] = std::string(16, 'X');
  after.plan.max_shard_size = 50;
  for (uint64_t n = 1;; ++n) {
    remove_tree(folder);
    before.write(folder);
    fault::arm(n, ENOSPC);
    bool failed = false;
    try {
      after.write(folder);
    } catch (const Error&) {
      failed = true;
    }
    fault::disarm();
    const ModelFolder model = open_model_folder(folder);
    CHECK(model.tensors().size() == 7);
    CHECK(model.at("t3").bytes() == (model.files.size() == 1 ? before : after).bytes["t3"]);
    if (!failed) {
      CHECK(model.files.size() == 3);
      break;
    }
    REQUIRE(n < 500);
  }
}

TEST_CASE("model folder: golden models can be made") {
  for (const std::string& name : test::golden_cases()) {
    const ModelFolder model = open_model_folder(test::golden_model(name));
    const SafetensorsFile golden(model.folder + "/golden.safetensors");
    for (const StoredTensor& t : model.tensors())
      CHECK(golden.at("grad." + t.info->name).shape == t.info->shape);
    CHECK(golden.at("logits").shape.size() == 3);
  }
}
