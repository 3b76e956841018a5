// The options of ds-tokenize's four commands.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/options.h"
#include "formats/corpus.h"

namespace ds::tokenize {

// Where documents come from; the same for train, encode and count.
struct InputOptions {
  std::vector<std::string> inputs;
  std::string input_format = "auto", split = "file", text_field = "text", id_field = "id";
  bool lines = false, paragraphs = false;  // short for --split line, --split paragraph
  uint64_t max_line = uint64_t{1} << 30;

  formats::CorpusOptions corpus() const;
};
void declare_inputs(cli::OptionTable& t, InputOptions& o, bool ids);

struct EncodeCommand {
  InputOptions in;
  std::string output, tokenizer, format = "megatron";
  bool append_eos = true, specials_in_text = true;
  // JSONL: more than ids
  bool add_special_tokens = false;
  std::string offsets = "none", truncation_side = "right", padding_side = "right", pair_field;
  int64_t max_length = 0, stride = -1, padding = 0;
  // Token data
  bool documents = true;
  std::string loss_ranges, fim_tokens;
  double fim_rate = 0, fim_spm_rate = 0.5;
  int64_t seed = 0;
  double checkpoint_every = 10;
};
void declare(cli::OptionTable& t, EncodeCommand& o);

struct DecodeCommand {
  std::vector<std::string> inputs;
  std::string output, tokenizer;
  bool keep_special_tokens = false, clean_up_spaces = false;
};
void declare(cli::OptionTable& t, DecodeCommand& o);

struct CountCommand {
  InputOptions in;
  std::string tokenizer;
  bool specials_in_text = true;
};
void declare(cli::OptionTable& t, CountCommand& o);

}  // namespace ds::tokenize
