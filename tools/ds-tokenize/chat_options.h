// The options of ds-tokenize chat.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"

namespace ds::tokenize {

struct ChatCommand {
  std::vector<std::string> inputs, variables;
  std::string output, template_file, tokenizer, model, form, tools, thinking = "auto", now, format = "jsonl";
  bool add_generation_prompt = false, ids = false, masks = false, append_eos = true;
};
void declare(cli::OptionTable& t, ChatCommand& o);

}  // namespace ds::tokenize
