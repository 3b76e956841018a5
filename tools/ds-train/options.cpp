#include "ds-train/options.h"

#include "base/error.h"
#include "cli/options.h"

namespace ds::train {

namespace {

constexpr double kMany = 1e12;

void declare_files(cli::OptionTable& t, TrainOptions& o) {
  t.group("Input and output");
  t.add("--model", o.model, "PATH",
        "a config.json (random weights) or a model folder (goes on from its weights)")
      .required()
      .not_in_manifest();
  t.add("--data", o.data, "NAME", "token data, NAME.bin and NAME.idx").required().not_in_manifest();
  t.add("--pack", o.pack, "FILE",
        "rows of this plan (ds-tokenize pack) instead of windows; --seq-len as in it")
      .not_in_manifest();
  t.add("--val-data", o.val_data, "NAME", "held-out token data for the validation loss").not_in_manifest();
  t.add("-o,--output", o.output, "DIR", "run folder: model, checkpoints, metrics")
      .required()
      .not_in_manifest();
}

void declare_run(cli::OptionTable& t, TrainOptions& o) {
  t.group("Batches");
  t.add("--steps", o.steps, "N", "optimizer steps").range(1, kMany);
  t.add("--batch-size", o.batch_size, "N", "windows in one forward pass").range(1, 1 << 20);
  t.add("--seq-len", o.seq_len, "N", "tokens of a window").range(1, 1 << 24);
  t.add("--accumulation", o.accumulation, "N", "forward passes per step").range(1, 1 << 20);
  t.flag("--document-mask", o.document_mask, "documents in a window do not see each other");
  t.flag("--shuffle", o.shuffle, "windows in random order, another one each epoch");
}

void declare_optimizer(cli::OptionTable& t, TrainOptions& o) {
  t.group("Optimizer (AdamW)");
  t.add("--lr", o.lr, "RATE", "largest learning rate").range(0, 1e3);
  t.add("--min-lr-ratio", o.min_lr_ratio, "R", "last learning rate as a part of --lr").range(0, 1);
  t.add("--warmup", o.warmup, "N", "steps in which the learning rate rises").range(0, kMany);
  t.add("--schedule", o.schedule, "NAME", "what follows; wsd: constant, then down at the end")
      .choices({"cosine", "linear", "constant", "wsd"});
  t.add("--decay-ratio", o.decay_ratio, "R", "wsd: the part of the steps that goes down").range(0, 1);
  t.add("--weight-decay", o.weight_decay, "W", "on tensors of two or more dimensions").range(0, 1e3);
  t.add("--clip", o.clip, "NORM", "largest norm of the gradient; 0: no clipping").range(0, 1e9);
  t.add("--beta1", o.beta1, "B", "decay of the first moment").range(0, 1);
  t.add("--beta2", o.beta2, "B", "decay of the second moment").range(0, 1);
  t.add("--eps", o.eps, "E", "added to the root of the second moment").range(0, 1);
  t.add("--precision", o.precision, "TYPE", "numbers to compute in; master weights and moments are fp32")
      .choices({"bf16", "fp32"});
  t.add("--max-skips", o.max_skips, "N", "give up after so many updates in a row that are not finite")
      .range(1, kMany);
}

void declare_watching(cli::OptionTable& t, TrainOptions& o) {
  t.group("Validation");
  t.add("--eval-every", o.eval_every, "N", "steps between validations; 0: only at the end").range(0, kMany);
  t.add("--eval-windows", o.eval_windows, "N", "windows of one validation at most; 0: all").range(0, kMany);
  t.add("--patience", o.patience, "N",
        "stop after so many validations without improvement, keep the best; 0: never")
      .range(0, kMany);
  t.add("--min-delta", o.min_delta, "NATS", "what counts as improvement").range(0, 1e9);
  t.group("Saving and telling");
  t.add("--save-every", o.save_every, "N", "steps between checkpoints; 0: only at the end")
      .range(0, kMany)
      .not_in_manifest();
  t.add("--keep-last", o.keep_last, "N", "checkpoints to keep; 0: all").range(0, kMany).not_in_manifest();
  t.add("--save-dtype", o.save_dtype, "TYPE", "of the saved weights; auto: that of --precision")
      .choices({"auto", "bf16", "fp32"});
  t.add("--log-every", o.log_every, "N", "steps between lines of metrics.jsonl")
      .range(1, kMany)
      .not_in_manifest();
  t.flag("--tensorboard", o.tensorboard, "event files in DIR/tensorboard").not_in_manifest();
  t.add("--max-time", o.max_time, "SECONDS", "then save and end with status 75; 0: no limit")
      .range(0, kMany)
      .not_in_manifest();
}

}  // namespace

void declare(cli::OptionTable& t, TrainOptions& o) {
  declare_files(t, o);
  declare_run(t, o);
  declare_optimizer(t, o);
  declare_watching(t, o);
  t.check([&o] {
    if (o.beta1 >= 1 || o.beta2 >= 1) throw usage_error("--beta1 and --beta2 must be below 1");
    if (o.output == "-") throw usage_error("-o: the output is a folder, not stdout");
  });
}

}  // namespace ds::train
