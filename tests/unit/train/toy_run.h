// Shared by the training tests: a toy configuration and dataset in a fresh folder, and a request to train on
// them.
#pragma once

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/io.h"
#include "base/rng.h"
#include "formats/token_dataset.h"
#include "train/trainer.h"

namespace ds::train::testing {

// A fresh folder, removed at the end.
struct Scratch {
  std::string path;
  Scratch() {
    const char* base = std::getenv("TMPDIR");
    std::string name = std::string(base ? base : "/tmp") + "/ds-train-XXXXXX";
    path = mkdtemp(name.data());
  }
  ~Scratch() { remove_tree(path); }
  std::string operator()(const std::string& name) const { return join_path(path, name); }
};

inline void write_config(const std::string& path, const std::string& extra = "") {
  write_file(
      path,
      R"({"model_type": "llama", "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
 "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64)" +
          extra + "}");
}

// Documents that count upwards in steps of a few: easy to learn. `noise` of them are random instead.
inline void write_data(const std::string& prefix, int documents, double noise = 0.0, uint32_t sub = 0) {
  Rng rng(7, RngStream::test, sub);
  formats::TokenDatasetWriter writer(prefix, formats::TokenType::u16);
  for (int d = 0; d < documents; ++d) {
    const uint64_t base = static_cast<uint64_t>(d) * 1000;
    const bool random = rng.uniform(base) < noise;
    const uint32_t step = 1 + static_cast<uint32_t>(rng.below(base + 1, 3));
    uint32_t id = static_cast<uint32_t>(rng.below(base + 2, 64));
    std::vector<uint32_t> ids;
    for (uint64_t i = 0; i < 10 + rng.below(base + 3, 40); ++i) {
      ids.push_back(id);
      id = random ? static_cast<uint32_t>(rng.below(base + 10 + i, 64)) : (id + step) % 64;
    }
    writer.add_document(ids);
  }
  writer.commit();
}

struct Toy {
  Scratch folder;
  TrainOptions o;
  int threads = 1;
  std::string resume = "auto", device = "cpu";
  bool force = false, dry_run = false;

  Toy() {
    write_config(folder("config.json"));
    write_data(folder("data"), 60);
    o.model = folder("config.json");
    o.data = folder("data");
    o.output = folder("run");
    o.steps = 12;
    o.batch_size = 4;
    o.seq_len = 16;
    o.warmup = 2;
    o.lr = 3e-3;
    o.log_every = 1;
    o.precision = "fp32";
    o.tensorboard = false;
  }

  // What the tool would put into the manifest, as far as the tests vary it.
  nlohmann::json manifest_options() const {
    return {{"steps", o.steps},
            {"batch-size", o.batch_size},
            {"accumulation", o.accumulation},
            {"lr", o.lr},
            {"precision", o.precision},
            {"patience", o.patience},
            {"schedule", o.schedule}};
  }

  TrainResult operator()(StopToken stop = {}, Progress& progress = Progress::null()) const {
    Run run{Log::null(), progress, stop, threads};
    return train({.options = o,
                  .manifest_options = manifest_options(),
                  .seed = 5,
                  .device = device,
                  .resume = resume,
                  .depfile = "",
                  .force = force,
                  .dry_run = dry_run},
                 run);
  }
};

// Sets a stop flag when a step is reached.
struct StopAt : Progress {
  int64_t step;
  std::atomic<int> signal{0};
  explicit StopAt(int64_t n) : step(n) {}
  void start(std::string_view, std::string_view, uint64_t) override {}
  void update(uint64_t done, std::string_view) override {
    if (static_cast<int64_t>(done) == step) signal = 15;
  }
  void finish() override {}
};

}  // namespace ds::train::testing
