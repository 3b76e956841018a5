// Training state: round trips and damaged files.
#include "formats/train_state.h"

#include <map>

#include "base/atomic_file.h"
#include "base/error.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;
using Catch::Matchers::Contains;

TEST_CASE("train state: what is saved is resumed") {
  const test::Scratch scratch;
  TrainState state;
  state.step = 17;
  state.tokens = 123456789012;
  state.position = 4242;
  state.seed = -1;
  state.best_loss = 3.0000000000000004;
  state.best_step = 16;
  state.bad_evals = 2;
  state.fingerprint = "abc";
  state.options = {{"lr", 1e-3}};
  const std::vector<TensorDecl> weights = {{"w", DType::bf16, {2, 3}}, {"b", DType::bf16, {2}}};
  const auto tensors = optimizer_tensors(weights, {"master", "exp_avg", "exp_avg_sq"});
  CHECK(tensors.size() == 6);
  std::map<std::string, std::string> bytes;
  for (const TensorDecl& t : tensors)
    bytes[t.name] = std::string(*tensor_bytes(t.dtype, t.shape), static_cast<char>(t.name.size()));
  CHECK_FALSE(has_train_state(scratch.path()));
  const auto source = [&](const TensorInfo& t) { return std::string_view(bytes[t.name]); };
  const auto outputs = write_train_state(scratch.path(), state, tensors, source);
  CHECK(outputs.size() == 2);
  for (const ManifestOutput& o : outputs) CHECK(digest_file(scratch.file(o.name)) == o.digest);
  CHECK(has_train_state(scratch.path()));
  CHECK(read_train_state(scratch.path()) == state);
  const SafetensorsFile optimizer = open_optimizer_state(scratch.path());
  const TensorInfo& t = optimizer.at("exp_avg_sq.w");
  CHECK(t.dtype == DType::f32);
  CHECK(t.shape == std::vector<int64_t>{2, 3});
  CHECK(optimizer.bytes(t) == bytes["exp_avg_sq.w"]);

  state.best_loss.reset();
  write_train_state(scratch.path(), state, tensors, source);
  CHECK(read_train_state(scratch.path()) == state);
}

TEST_CASE("train state: a damaged state is a data error that names the file") {
  const test::Scratch scratch;
  write_train_state(scratch.path(), {}, {}, [](const TensorInfo&) { return std::string_view(); });
  const std::string path = scratch.file("train_state/state.json"), good = read_file(path);
  const auto damaged = [&](const std::string& text) {
    Fd fd = open_create(path);
    write_all(fd.get(), text, path);
    fd.close(path);
    const Error e = test::thrown_by<Error>([&] { read_train_state(scratch.path()); });
    CHECK(e.kind() == ErrorKind::data);
    CHECK_THAT(e.what(), Contains("state.json"));
    return std::string(e.what());
  };
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    REQUIRE(text.find(from) != std::string::npos);
    return damaged(text.replace(text.find(from), from.size(), to));
  };
  CHECK_THAT(replaced("\"format\": 1", "\"format\": 2"), Contains("format 2, expected 1"));
  CHECK_THAT(replaced("\"step\": 0", "\"step\": \"0\""), Contains("\"step\" is missing or of another type"));
  CHECK_THAT(replaced("\"position\": 0", "\"position\": -1"), Contains("position"));
  CHECK_THAT(replaced("\"tokens\": 0", "\"tokens\": -1"), Contains("negative"));
  CHECK_THAT(damaged("[]"), Contains("not a JSON object"));
  for (size_t n = 0; n + 2 < good.size(); ++n) damaged(good.substr(0, n));
}
