// What a training run can be told. Torch-free: the tool's option table binds these fields, their defaults are
// the tool's defaults, and lib/train takes the struct as it is.
#pragma once

#include <cstdint>
#include <string>

namespace ds::train {

struct TrainOptions {
  // Inputs and output.
  std::string model;     // a bare config.json (random weights) or a model folder (its weights)
  std::string data;      // prefix of a .bin/.idx pair
  std::string pack;      // a packing plan of `data`: rows to train on instead of windows; "" for none
  std::string val_data;  // as `data`, held out; "" for none
  std::string output;    // the run folder

  // Length and shape of the run.
  int64_t steps = 1000;      // optimizer steps
  int64_t batch_size = 16;   // windows per micro-batch
  int64_t seq_len = 256;     // tokens per window; with `pack` what a row of the plan has
  int64_t accumulation = 1;  // micro-batches per step
  bool document_mask = true;
  bool shuffle = true;

  // Optimizer (AdamW) and learning rate.
  double lr = 1e-3;
  double min_lr_ratio = 0.1;  // last learning rate, as a part of lr
  int64_t warmup = 100;       // steps
  std::string schedule = "cosine";
  double decay_ratio = 0.2;   // wsd: the part of the run that decays
  double weight_decay = 0.1;  // on tensors of two or more dimensions
  double clip = 1.0;          // largest norm of the gradient; 0: no clipping
  double beta1 = 0.9, beta2 = 0.95, eps = 1e-8;
  std::string precision = "bf16";
  int64_t max_skips = 10;  // updates in a row that may be skipped because a number was not finite

  // Validation and early stopping.
  int64_t eval_every = 200;   // steps; 0: only at the end
  int64_t eval_windows = 64;  // at most; 0: all
  int64_t patience = 0;       // evaluations without improvement before stopping; 0: never
  double min_delta = 0.0;     // what counts as improvement, nats per token

  // Saving and telling.
  int64_t save_every = 500;  // steps; 0: only at the end
  int64_t keep_last = 2;     // checkpoints; 0: all
  std::string save_dtype = "auto";
  int64_t log_every = 10;  // steps
  bool tensorboard = true;
  int64_t max_time = 0;  // seconds; 0: no limit
};

}  // namespace ds::train
