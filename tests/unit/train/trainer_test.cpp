// Whole runs at toy size: learning, exact resume, accumulation, determinism, early stopping, and what must be
// refused.
#include "train/trainer.h"

#include <cmath>

#include "base/error.h"
#include "catch.h"
#include "data/packing.h"
#include "formats/metrics.h"
#include "formats/model_folder.h"
#include "formats/train_state.h"
#include "toy_run.h"
#include "train/run_folder.h"

using namespace ds;
using namespace ds::train;
using namespace ds::train::testing;

namespace {

std::vector<double> losses(const Toy& toy) {
  std::vector<double> all;
  for (const auto& line : formats::read_metrics(join_path(toy.o.output, "metrics.jsonl"))) {
    CHECK(line.at("step").get<size_t>() == all.size() + 1);  // each step once, in order
    all.push_back(line.at("loss").get<double>());
  }
  return all;
}

std::string bytes(const Toy& toy, const std::string& name) {
  return read_file(join_path(toy.o.output, name));
}

std::string state_bytes(const Toy& toy, int64_t step) {
  const std::string checkpoint = checkpoint_path(toy.o.output, step);
  return read_file(join_path(checkpoint, "train_state/state.json")) +
         read_file(join_path(checkpoint, "train_state/optimizer.safetensors")) +
         read_file(join_path(checkpoint, "manifest.json"));
}

ErrorKind refused(const Toy& toy) {
  try {
    toy();
  } catch (const Error& e) {
    INFO(e.what());
    return e.kind();
  }
  FAIL("no error");
  return ErrorKind::internal;
}

}  // namespace

TEST_CASE("a toy language is learned, in fp32 and in bf16") {
  for (const char* precision : {"fp32", "bf16"}) {
    Toy toy;
    toy.o.precision = precision;
    toy.o.steps = 150;
    const TrainResult result = toy();
    CHECK(result.status == 0);
    const auto curve = losses(toy);
    CHECK(curve.size() == 150);
    CHECK(curve.front() == Approx(std::log(64.0)).epsilon(0.03));
    CHECK(curve.back() < 1.6);
    const auto model = formats::open_model_folder(toy.o.output);
    CHECK(model.at("model.norm.weight").info->dtype ==
          (precision == std::string("bf16") ? formats::DType::bf16 : formats::DType::f32));
    CHECK(exists(join_path(toy.o.output, "manifest.json")));
    CHECK(toy().json.at("ended") == "up to date");
  }
}

TEST_CASE("a run that was stopped and goes on gives the same bytes") {
  for (const char* precision : {"fp32", "bf16"}) {
    Toy whole, parts;
    whole.o.precision = parts.o.precision = precision;
    whole();
    for (const int64_t at : {5, 9}) {
      StopAt stop(at);
      const TrainResult result = parts(StopToken(&stop.signal), stop);
      CHECK(result.status == kExitStopped);
      CHECK(checkpoint_steps(parts.o.output).back() == at);
      CHECK_FALSE(exists(join_path(parts.o.output, "manifest.json")));
    }
    CHECK(parts().status == 0);
    CHECK(losses(whole) == losses(parts));
    CHECK(bytes(whole, "model.safetensors") == bytes(parts, "model.safetensors"));
    CHECK(bytes(whole, "manifest.json") == bytes(parts, "manifest.json"));
    CHECK(state_bytes(whole, 12) == state_bytes(parts, 12));
  }
}

TEST_CASE("accumulation gives the step of one large batch") {
  Toy large, small;
  large.o.batch_size = 8;
  small.o.batch_size = 2;
  small.o.accumulation = 4;
  large();
  small();
  const auto a = losses(large), b = losses(small);
  for (size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).epsilon(2e-5));
}

TEST_CASE("two threads give the same bytes each time") {
  Toy a, b;
  a.threads = b.threads = 2;
  a();
  b();
  CHECK(bytes(a, "model.safetensors") == bytes(b, "model.safetensors"));
}

TEST_CASE("another configuration, a foreign folder and a missing checkpoint are refused") {
  Toy toy;
  toy();
  Toy other = [&] {
    Toy t;
    t.o.output = toy.o.output;
    t.o.lr = 1e-3;
    return t;
  }();
  CHECK(refused(other) == ErrorKind::usage);
  other.force = true;
  CHECK(other().status == 0);

  Toy foreign;
  make_folder(foreign.o.output);
  write_file(join_path(foreign.o.output, "letter.txt"), "dear");
  CHECK(refused(foreign) == ErrorKind::usage);

  Toy must;
  must.resume = "must";
  CHECK(refused(must) == ErrorKind::usage);
}

TEST_CASE("what the data and the config say must agree") {
  Toy toy;
  formats::TokenDatasetWriter writer(toy.folder("bad"), formats::TokenType::u16);
  std::vector<uint32_t> ids(100, 3);
  ids[60] = 64;
  writer.add_document(ids);
  writer.commit();
  toy.o.data = toy.folder("bad");
  CHECK(refused(toy) == ErrorKind::data);
  toy.o.data = toy.folder("data");
  toy.o.seq_len = 65;
  CHECK(refused(toy) == ErrorKind::usage);
  toy.o.seq_len = 16;
  toy.o.output = toy.folder("missing/run");
  CHECK(refused(toy) == ErrorKind::io);
}

TEST_CASE("numbers that are not finite change nothing and end the run") {
  Toy toy;
  toy.o.lr = 1e38;
  toy.o.clip = 0;
  toy.o.weight_decay = 0;
  toy.o.max_skips = 3;
  const TrainResult result = toy();
  CHECK(result.status == kExitNo);
  CHECK(result.json.at("skipped") == 3);
  CHECK_FALSE(exists(join_path(toy.o.output, "manifest.json")));
}

TEST_CASE("early stopping keeps the best checkpoint in the root") {
  Toy toy;
  write_data(toy.folder("held"), 20, /*noise=*/1.0, /*sub=*/9);
  toy.o.val_data = toy.folder("held");
  toy.o.steps = 200;
  toy.o.eval_every = 5;
  toy.o.patience = 2;
  toy.o.lr = 1e-2;
  const TrainResult result = toy();
  CHECK(result.status == 0);
  CHECK(result.json.at("ended") == "early");
  const int64_t best = result.json.at("best_step");
  CHECK(best > 0);
  CHECK(best < result.json.at("steps").get<int64_t>());
  CHECK(bytes(toy, "model.safetensors") ==
        read_file(join_path(checkpoint_path(toy.o.output, best), "model.safetensors")));
  CHECK(toy().json.at("ended") == "up to date");
}

TEST_CASE("a damaged newest checkpoint is passed over") {
  Toy toy, whole;
  whole();
  toy.o.save_every = 4;
  toy.o.keep_last = 0;
  StopAt stop(9);
  toy(StopToken(&stop.signal), stop);
  CHECK(checkpoint_steps(toy.o.output) == std::vector<int64_t>{4, 8, 9});
  write_file(join_path(checkpoint_path(toy.o.output, 9), "train_state/state.json"), "{");
  CHECK(checkpoint_steps(toy.o.output) == std::vector<int64_t>{4, 8});
  const std::string optimizer =
      join_path(checkpoint_path(toy.o.output, 8), "train_state/optimizer.safetensors");
  write_file(optimizer, std::string(file_size(optimizer), 'x'));  // the size is right, the contents are not
  CHECK(toy().status == 0);
  CHECK(losses(toy) == losses(whole));
  CHECK(bytes(toy, "model.safetensors") == bytes(whole, "model.safetensors"));
}

namespace {

uint64_t write_plan(const Toy& toy, const data::PackOptions& options) {
  data::PackSummary summary;
  const formats::TokenDataset data(toy.o.data);
  formats::write_pack_plan(toy.o.pack, data::pack(data, options, summary));
  return summary.rows;
}

}  // namespace

TEST_CASE("packed documents do not see each other: rows of any length give the loss of documents alone") {
  std::vector<double> first;
  for (const uint64_t row : {49, 53, 61, 64}) {  // from few documents a row to several, and padding
    Toy toy;
    toy.o.pack = toy.folder("data.pack");
    toy.o.seq_len = static_cast<int64_t>(row);
    toy.o.batch_size = static_cast<int64_t>(write_plan(toy, {.row = row}));
    toy.o.steps = 1;
    toy.o.warmup = 0;
    toy();
    first.push_back(losses(toy).at(0));
    CHECK(first.back() == Approx(first.front()).epsilon(1e-5));
  }
  CHECK(first.front() != 0.0);
}

TEST_CASE("a run along a packing plan that was stopped and goes on gives the same bytes") {
  for (const data::PackStrategy strategy :
       {data::PackStrategy::best_fit, data::PackStrategy::buckets, data::PackStrategy::sequential}) {
    Toy whole, parts;
    for (Toy* toy : {&whole, &parts}) {
      toy->o.pack = toy->folder("data.pack");
      toy->o.seq_len = 32;
      write_plan(*toy, {.row = 32, .strategy = strategy});
    }
    whole();
    StopAt stop(5);
    CHECK(parts(StopToken(&stop.signal), stop).json.at("ended") == "stopped");
    CHECK(parts().json.at("ended") == "complete");
    CHECK(losses(parts) == losses(whole));
    CHECK(bytes(parts, "model.safetensors") == bytes(whole, "model.safetensors"));
  }
}

TEST_CASE("a packing plan of other rows or of other data is refused") {
  Toy toy;
  toy.o.pack = toy.folder("data.pack");
  write_plan(toy, {.row = 32});
  CHECK(refused(toy) == ErrorKind::usage);  // --seq-len 16
  toy.o.seq_len = 32;
  CHECK(toy().status == 0);
  write_data(toy.folder("data"), 61);
  toy.o.output = toy.folder("other");
  CHECK(refused(toy) == ErrorKind::data);
  toy.o.pack = toy.folder("missing.pack");
  CHECK(refused(toy) == ErrorKind::io);
}

TEST_CASE("dry run touches nothing") {
  Toy toy;
  toy.dry_run = true;
  const TrainResult result = toy();
  CHECK(result.status == 0);
  CHECK(result.json.at("parameters") ==
        64 * 32 * 2 + 2 * (32 * 32 * 2 + 16 * 32 * 2 + 3 * 32 * 48 + 64) + 32);
  CHECK(result.json.at("memory").at("total") > 0);
  CHECK_FALSE(exists(toy.o.output));
}

TEST_CASE("a GPU follows the CPU's loss curve, and resumes", "[gpu]") {
  for (const char* precision : {"fp32", "bf16"}) {
    Toy cpu, gpu;
    cpu.o.precision = gpu.o.precision = precision;
    cpu.o.steps = gpu.o.steps = 30;
    gpu.device = "cuda";
    StopAt stop(11);
    CHECK(gpu(StopToken(&stop.signal), stop).status == kExitStopped);
    CHECK(gpu().status == 0);
    cpu();  // last: once torch has looked for CUDA without its library, it finds none
    const auto a = losses(cpu), b = losses(gpu);
    REQUIRE(a.size() == b.size());
    for (size_t i = 0; i < a.size(); ++i)
      CHECK(a[i] == Approx(b[i]).epsilon(precision == std::string("fp32") ? 1e-3 : 3e-2));
  }
}
