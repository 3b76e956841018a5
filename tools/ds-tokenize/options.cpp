#include "ds-tokenize/options.h"

#include "base/error.h"
#include "corpus_flags.h"

namespace ds::tokenize {

void declare_inputs(cli::OptionTable& t, InputOptions& o, bool ids) {
  t.positional("INPUT", o.inputs,
               "JSONL, text, CSV, JSON, WARC or HTML, also packed; folders; - for JSONL on stdin")
      .required()
      .not_in_manifest();
  t.group("Input");
  tools::declare_corpus_format(t, o.input_format, o.split);
  t.flag("--lines", o.lines, "the same as --split line");
  t.flag("--paragraphs", o.paragraphs, "the same as --split paragraph");
  t.add("--text-field", o.text_field, "NAME", "member or column that holds the text");
  if (ids) t.add("--id-field", o.id_field, "NAME", "member or column that holds the id");
  tools::declare_max_line(t, o.max_line);
}

formats::CorpusOptions InputOptions::corpus() const {
  formats::CorpusOptions c;
  c.fields = {text_field, id_field};
  tools::set_corpus_format(c, input_format, lines ? "line" : paragraphs ? "paragraph" : split);
  c.max_record = max_line;
  return c;
}

void declare(cli::OptionTable& t, EncodeCommand& o) {
  declare_inputs(t, o.in, true);
  t.group("Output");
  t.add("-o,--output", o.output, "NAME", "NAME.bin and NAME.idx; with --format jsonl a file, or - for stdout")
      .required()
      .not_in_manifest();
  t.add("--format", o.format, "FORMAT", "megatron: .bin and .idx; jsonl: {\"id\":…,\"ids\":[…]} a line")
      .choices({"megatron", "jsonl"});
  t.group("Tokens");
  t.add("--tokenizer", o.tokenizer, "FILE", "tokenizer.json, or what convert reads")
      .required()
      .not_in_manifest();
  t.flag("--append-eos", o.append_eos,
         "megatron: end every document with the end-of-text token, if the tokenizer has one; jsonl never has "
         "it");
  t.flag("--specials-in-text", o.specials_in_text,
         "read special tokens written in a text as such, not as text");
  t.group("JSONL lines");
  t.flag("--add-special-tokens", o.add_special_tokens, "what the tokenizer puts round a text: [CLS], <s>, …");
  t.add("--offsets", o.offsets, "UNIT", "where each token comes from: \"offsets\":[[begin,end],…]")
      .choices({"none", "bytes", "characters"});
  t.add("--max-length", o.max_length, "N", "cut to N tokens, special ones included; 0: not").range(0, 1e9);
  t.add("--stride", o.stride, "N",
        "what is cut off comes as further lines that share N tokens; -1: it does not")
      .range(-1, 1e9);
  t.add("--truncation-side", o.truncation_side, "SIDE", "where to cut").choices({"right", "left"});
  t.add("--padding", o.padding, "N", "fill up to N tokens, with \"attention_mask\"; 0: not").range(0, 1e9);
  t.add("--padding-side", o.padding_side, "SIDE", "where to fill up").choices({"right", "left"});
  t.add("--pair-field", o.pair_field, "NAME", "member with a second text; adds \"type_ids\"");
  t.group("Token data");
  t.flag("--documents", o.documents, "ids of the documents beside the data, in NAME.documents.jsonl");
  t.add("--loss-ranges", o.loss_ranges, "MEMBER",
        "member with [[begin, end], …] in characters: only tokens that touch a range count in the loss "
        "(NAME.mask)");
  t.add("--fim-rate", o.fim_rate, "SHARE", "of the documents, cut and told prefix, suffix, middle")
      .range(0, 1);
  t.add("--fim-spm-rate", o.fim_spm_rate, "SHARE", "of those, told suffix, prefix, middle").range(0, 1);
  t.add("--fim-tokens", o.fim_tokens, "P,S,M",
        "tokens before prefix, suffix and middle; else by their usual names");
  t.add("--seed", o.seed, "N", "of what is drawn").range(0, 9e15);
  t.group("Work");
  t.add("--checkpoint-every", o.checkpoint_every, "SECONDS", "how much work a killed run may lose")
      .range(0, 1e6)
      .not_in_manifest();
  t.check([&o] {
    if (!o.loss_ranges.empty() && o.fim_rate > 0)
      throw usage_error("--loss-ranges and --fim-rate exclude each other: the text's places would change");
    if (o.format == "megatron" && (o.add_special_tokens || o.offsets != "none" || o.max_length > 0 ||
                                   o.padding > 0 || !o.pair_field.empty())) {
      throw usage_error("special tokens, offsets, lengths and pairs are for --format jsonl");
    }
    if (o.stride >= 0 && o.stride >= o.max_length)
      throw usage_error("--stride: less than --max-length is needed");
    if (o.format == "megatron" && o.output == "-") {
      throw usage_error("-o -: .bin and .idx cannot go to stdout", "name a file, or add --format jsonl");
    }
  });
}

void declare(cli::OptionTable& t, DecodeCommand& o) {
  t.positional("INPUT", o.inputs, "JSONL with \"ids\", also .gz or .zst; - for stdin")
      .required()
      .not_in_manifest();
  t.group("Decoding");
  t.add("-o,--output", o.output, "FILE", "{\"id\":…,\"text\":…} a line; - for stdout")
      .required()
      .not_in_manifest();
  t.add("--tokenizer", o.tokenizer, "FILE", "tokenizer.json, or what convert reads")
      .required()
      .not_in_manifest();
  t.flag("--keep-special-tokens", o.keep_special_tokens, "leave special tokens in the text");
  t.flag("--clean-up-spaces", o.clean_up_spaces,
         "no space before . ? ! , and English contractions (clean_up_tokenization_spaces)");
}

void declare(cli::OptionTable& t, CountCommand& o) {
  declare_inputs(t, o.in, false);
  t.group("Tokens");
  t.add("--tokenizer", o.tokenizer, "FILE", "tokenizer.json, or what convert reads").required();
  t.flag("--specials-in-text", o.specials_in_text,
         "read special tokens written in a text as such, not as text");
}

}  // namespace ds::tokenize
