#include "ds-eval/options.h"

#include "base/error.h"
#include "cli/options.h"
#include "window_options.h"

namespace ds::evaluate {

namespace {

void declare_model(cli::OptionTable& t, std::string& model, std::string& precision) {
  t.group("Model");
  t.add("--model", model, "DIR", "model folder, or the run folder of ds-train").required().not_in_manifest();
  t.add("--precision", precision, "TYPE", "numbers to compute in; auto: bf16 on a GPU, else fp32")
      .choices({"fp32", "bf16", "auto"});
}

}  // namespace

void declare(cli::OptionTable& t, PerplexityCommand& o) {
  declare_model(t, o.model, o.precision);
  t.group("Data");
  t.add("--data", o.data, "NAME", "token data, NAME.bin and NAME.idx").required().not_in_manifest();
  tools::declare_windows(t, o);
}

void declare(cli::OptionTable& t, GenerateCommand& o) {
  declare_model(t, o.model, o.precision);
  t.group("Prompt");
  t.add("--prompt", o.prompt, "TEXT", "text to continue; special tokens in it are read as such")
      .not_in_manifest();
  t.add("--prompt-file", o.prompt_file, "FILE", "the same from a file, - for stdin").not_in_manifest();
  t.add("--ids", o.ids, "FILE", "safetensors with `ids` I64 [B,S] instead of text; needs no tokenizer")
      .not_in_manifest();
  t.add("-o,--output", o.output, "FILE", "with --ids: safetensors with `generated` I64 [B,S+N]")
      .not_in_manifest();
  t.group("Generation");
  t.add("--max-tokens", o.max_tokens, "N", "tokens to add at most").range(1, 1 << 24);
  t.add("--temperature", o.temperature, "T", "0: the most likely token each time; 1: as the model says")
      .range(0, 100);
  t.add("--top-k", o.top_k, "K", "draw from the K most likely tokens; 0: from all").range(0, 1 << 24);
  t.add("--top-p", o.top_p, "P", "draw from the most likely tokens that together reach P").range(0, 1);
  t.flag("--ignore-eos", o.ignore_eos, "go on after the end-of-text token; always so with --ids");
  t.check([&o] {
    const int sources = !o.prompt.empty() + !o.prompt_file.empty() + !o.ids.empty();
    if (sources == 0)
      throw usage_error("the prompt is empty: there is nothing to continue",
                        "give --prompt, --prompt-file or --ids");
    if (sources > 1) throw usage_error("--prompt, --prompt-file and --ids exclude each other");
    if (o.ids.empty() != o.output.empty()) {
      throw usage_error(o.ids.empty() ? "-o: text goes to stdout" : "--ids: needs an output",
                        "use --ids and -o together");
    }
  });
}

void declare(cli::OptionTable& t, ForwardCommand& o) {
  declare_model(t, o.model, o.precision);
  t.group("Input and output");
  t.add("--ids", o.ids, "FILE",
        "safetensors with ids, and where wanted labels, attention_mask, position_ids, doc_ids; I64 [B,S]")
      .required()
      .not_in_manifest();
  t.add("-o,--output", o.output, "FILE", "safetensors with logits and, given labels, loss; - for stdout")
      .required()
      .not_in_manifest();
  t.flag("--grads", o.grads, "also the gradient of the loss for every tensor, grad.NAME");
  t.flag("--hidden", o.hidden, "also the input of every block and the last hidden state, hidden.N");
}

}  // namespace ds::evaluate
