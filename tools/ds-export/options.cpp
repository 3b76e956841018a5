#include "ds-export/options.h"

namespace ds::exporting {

void declare(cli::OptionTable& t, GgufCommand& o) {
  t.group("Input and output");
  t.add("--model", o.model, "DIR", "model folder, plain or quantised, or the run folder of ds-train")
      .required()
      .not_in_manifest();
  t.add("-o,--output", o.output, "FILE", "GGUF file to write; - for stdout").required().not_in_manifest();
  t.group("Content");
  t.add("--type", o.type, "TYPE", "numbers of the matrices; auto: the model's own; vectors are always F32")
      .choices({"auto", "f32", "f16", "bf16", "q8_0", "q4_0"});
  t.flag("--tokenizer", o.tokenizer, "put the tokenizer and its chat template inside");
  t.add("--name", o.name, "TEXT", "the model's name inside (general.name)");
}

void declare(cli::OptionTable& t, MergeCommand& o) {
  t.group("Input and output");
  t.add("--model", o.model, "DIR", "model folder, plain or quantised, or the run folder of ds-train")
      .required()
      .not_in_manifest();
  t.add("--adapter", o.adapter, "DIR", "PEFT LoRA adapter to add").not_in_manifest();
  t.add("-o,--output", o.output, "DIR", "model folder to write").required().not_in_manifest();
  t.group("Content");
  t.add("--max-shard-size", o.max_shard_size, "BYTES", "tensors in one safetensors file at most; 0: one file")
      .bytes()
      .range(0, 1e15);
  t.add("--dtype", o.dtype, "TYPE",
        "numbers to write; auto: as each tensor is stored, of packed ones as their scales")
      .choices({"auto", "float32", "bfloat16", "float16"});
}

void declare_inspect(cli::OptionTable& t, PathsCommand& o) {
  t.positional("PATH", o.paths,
               "model, run or adapter folder, GGUF, safetensors, tokenizer.json, token data, JSONL, manifest")
      .required()
      .not_in_manifest();
}

void declare_verify(cli::OptionTable& t, PathsCommand& o) {
  t.positional("PATH", o.paths, "folder or file with a manifest, or the manifest itself")
      .required()
      .not_in_manifest();
}

}  // namespace ds::exporting
